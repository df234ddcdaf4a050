"""Seeded augmentation of batches of images: the only augmentation there is.

Training, previews and charts all call `augment`, so what a person is shown is what a model is
trained on. Everything works on uint8 with OpenCV and NumPy; nothing here needs TensorFlow.
"""

from core.augmentation.changes import augment
from core.augmentation.mixing import mix
from core.augmentation.policy import (
    CUSTOM,
    DRAWN_DIGITS,
    FILLS,
    POLICIES,
    USUAL,
    Policy,
    chosen_policy,
    usual_policy,
    why_usual,
)

__all__ = [
    "CUSTOM",
    "DRAWN_DIGITS",
    "FILLS",
    "POLICIES",
    "USUAL",
    "Policy",
    "augment",
    "chosen_policy",
    "mix",
    "usual_policy",
    "why_usual",
]
