"""A fitted classical model to the file that serves it without scikit-learn.

convert         writes that file, compares it with the original, and refuses it if it differs
WAYS            the writers, by what the model's entry says in `served_by`
"""

from core.conversion.converting import (
    LARGEST_DIFFERENCE,
    MOST_IMAGES,
    ORIGINAL,
    WAYS,
    convert,
    difference,
    refusal,
)

__all__ = [
    "LARGEST_DIFFERENCE",
    "MOST_IMAGES",
    "ORIGINAL",
    "WAYS",
    "convert",
    "difference",
    "refusal",
]
