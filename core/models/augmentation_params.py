"""Hyperparameters of augmentation."""

from core.augmentation import CUSTOM, FILLS, POLICIES, USUAL
from core.param import Param


def _changes(name: str, title: str, text: str, high: float, kind: type = float) -> Param:
    return Param(
        name,
        title,
        kind(0),
        text,
        0,
        high,
        group="augmentation",
        only_if=("augmentation", (CUSTOM,)),
    )


AUGMENTATION = (
    Param(
        "augmentation",
        "Augmentation policy",
        USUAL,
        "Changes the training images at random in every epoch, which reduces overfitting. "
        "usual: the policy that suits the dataset. custom: the settings below.",
        choices=(USUAL, *POLICIES, CUSTOM),
        group="augmentation",
    ),
    _changes("rotation", "Rotation, degrees", "Maximum angle in either direction.", 180.0),
    _changes("shift", "Shift", "Maximum shift along each axis, as a fraction of the side.", 0.5),
    _changes("zoom", "Zoom", "Maximum change of size, as a fraction of it.", 0.5),
    _changes("shear", "Shear", "Maximum slant: pixels sideways for each pixel down.", 1.0),
    _changes(
        "flip",
        "Horizontal flip",
        "Probability of a horizontal flip, 0 to 1. Not for digits or letters: a mirrored 2 is "
        "no longer a 2.",
        1.0,
    ),
    _changes("brightness", "Brightness", "Maximum change, as a fraction of full brightness.", 1.0),
    _changes("contrast", "Contrast", "Maximum change of contrast, as a fraction of it.", 1.0),
    _changes(
        "flip_vertical",
        "Vertical flip",
        "Probability of a vertical flip, 0 to 1. For images taken from above.",
        1.0,
    ),
    _changes("perspective", "Perspective", "Maximum fraction by which an edge recedes.", 0.3),
    _changes("colour", "Colour", "Maximum change of saturation and, less, of hue.", 1.0),
    _changes("blur", "Blur", "Maximum standard deviation of a blur, in pixels.", 5.0),
    _changes(
        "noise", "Noise", "Maximum standard deviation, as a fraction of full brightness.", 0.5
    ),
    _changes(
        "salt_pepper", "Salt and pepper", "Maximum fraction of pixels turned white or black.", 0.5
    ),
    _changes(
        "cutout", "Cutout", "Side of a hidden square, as a fraction of the shorter side.", 0.7
    ),
    Param(
        "fill",
        "Fill mode",
        "black",
        "How the empty border is filled when an image is rotated or shifted. black: with zeros. "
        "edge: with the outermost pixels. reflect: with a mirror image.",
        choices=tuple(FILLS),
        group="augmentation",
        only_if=("augmentation", (CUSTOM,)),
    ),
    _changes(
        "random_operations",
        "Random operations",
        "RandAugment: number of operations, drawn at random from ten, applied to each image.",
        4,
        int,
    ),
    Param(
        "magnitude",
        "Magnitude of random operations",
        0.3,
        "RandAugment: strength of each operation.",
        0.0,
        1.0,
        group="augmentation",
        only_if=("augmentation", (CUSTOM,)),
    ),
    Param(
        "mixup",
        "MixUp",
        0.0,
        "Blends pairs of images and their labels. The value is the parameter of the Beta "
        "distribution that mixes them: 0 is off, 0.2 is usual.",
        0.0,
        2.0,
        group="augmentation",
    ),
    Param(
        "cutmix",
        "CutMix",
        0.0,
        "Pastes a patch of another image and mixes the labels by area. The value is the "
        "parameter of the Beta distribution: 0 is off, 1 is usual.",
        0.0,
        2.0,
        group="augmentation",
    ),
)
