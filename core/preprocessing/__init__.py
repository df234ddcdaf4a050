"""Any picture becomes what a model was trained on, keeping each step for show.

image ─ ink.find_ink, with digits.split_rows ─ normalise.normalise_digit ─ batch
"""

from core.preprocessing.digits import split_rows
from core.preprocessing.ink import find_ink
from core.preprocessing.normalise import MNIST_RECIPE, OPTDIGITS_RECIPE, Recipe, normalise_digit
from core.preprocessing.recipes import RECIPES, prepare
from core.preprocessing.step import Prepared, Step

__all__ = [
    "MNIST_RECIPE",
    "OPTDIGITS_RECIPE",
    "RECIPES",
    "Prepared",
    "Recipe",
    "Step",
    "find_ink",
    "normalise_digit",
    "prepare",
    "split_rows",
]
