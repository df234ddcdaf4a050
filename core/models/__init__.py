"""A name and hyperparameters become an unfitted model: `MODELS["random_forest"]`."""

from core.models.registry import MODELS, first_choice, preset_values, resolve
from core.models.spec import ANY, OWN_PHOTOS, ModelSpec
from core.param import Param, Value

__all__ = [
    "ANY",
    "MODELS",
    "OWN_PHOTOS",
    "ModelSpec",
    "Param",
    "Value",
    "first_choice",
    "preset_values",
    "resolve",
]
