"""Any image becomes what a model was trained on, keeping each step for show.

image ─ ink.find_ink, with digits.split_rows ─ normalise.normalise_digit ─ batch
"""

from core.preprocessing.digits import split_rows
from core.preprocessing.ink import find_ink
from core.preprocessing.normalise import (
    MNIST_LAYOUT,
    OPTDIGITS_LAYOUT,
    DigitLayout,
    normalise_digit,
)
from core.preprocessing.recipes import RECIPES, Recipe, prepare, reads
from core.preprocessing.step import Prepared, Step

__all__ = [
    "MNIST_LAYOUT",
    "OPTDIGITS_LAYOUT",
    "RECIPES",
    "DigitLayout",
    "Prepared",
    "Recipe",
    "Step",
    "find_ink",
    "normalise_digit",
    "prepare",
    "reads",
    "split_rows",
]
