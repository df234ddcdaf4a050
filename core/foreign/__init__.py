"""Models from elsewhere become runs, which are served from a process of their own."""

from core.foreign.description import (
    CHOICES,
    PHOTO,
    Choice,
    Description,
    parsed_classes,
    parsed_input,
    parsed_size,
)
from core.foreign.evaluating import check as check_evaluation
from core.foreign.evaluating import evaluate_on, fitting
from core.foreign.files import PACKAGE, SUFFIXES, TITLES, Found, look
from core.foreign.importing import Order, check, check_allowed, import_model

__all__ = [
    "CHOICES",
    "Choice",
    "Description",
    "Found",
    "Order",
    "PACKAGE",
    "PHOTO",
    "SUFFIXES",
    "TITLES",
    "check",
    "check_allowed",
    "check_evaluation",
    "evaluate_on",
    "fitting",
    "import_model",
    "look",
    "parsed_classes",
    "parsed_input",
    "parsed_size",
]
