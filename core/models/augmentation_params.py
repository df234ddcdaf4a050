"""What may be set on the random changes to training images."""

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
        "Kind of changes",
        USUAL,
        "The network sees every image a little changed each time, and learns not to mind. "
        "usual: what suits the dataset.",
        choices=(USUAL, *POLICIES, CUSTOM),
        group="augmentation",
    ),
    _changes("rotation", "Turn, degrees", "Largest turn either way.", 180.0),
    _changes("shift", "Shift", "Largest move along each axis, as a part of the side.", 0.5),
    _changes("zoom", "Zoom", "Largest change of size, as a part of it.", 0.5),
    _changes("shear", "Shear", "Largest slant: pixels sideways for each pixel down.", 1.0),
    _changes(
        "flip",
        "Flip sideways",
        "How often an image is mirrored, 0 to 1. Not for digits or letters: mirrored, a 2 is "
        "no 2 any more.",
        1.0,
    ),
    _changes("brightness", "Brightness", "Largest change, as a part of full brightness.", 1.0),
    _changes("contrast", "Contrast", "Largest change of contrast, as a part of it.", 1.0),
    _changes(
        "flip_vertical",
        "Flip upside down",
        "How often an image is mirrored top for bottom, 0 to 1. For images from above.",
        1.0,
    ),
    _changes("perspective", "Perspective", "Largest part by which an edge recedes.", 0.3),
    _changes("colour", "Colour", "Largest change of saturation and, less, of hue.", 1.0),
    _changes("blur", "Blur", "Largest standard deviation of a blur, in pixels.", 5.0),
    _changes("noise", "Noise", "Largest grain, as a part of full brightness.", 0.5),
    _changes("salt_pepper", "Salt and pepper", "Largest part of pixels gone white or black.", 0.5),
    _changes("cutout", "Cut-out", "Side of a hidden square, as a part of the shorter side.", 0.7),
    Param(
        "fill",
        "What fills the rim",
        "black",
        "What moves in from outside when an image is turned or shifted. black: nothing. edge: "
        "the outermost pixels again. reflect: a mirror image.",
        choices=tuple(FILLS),
        group="augmentation",
        only_if=("augmentation", (CUSTOM,)),
    ),
    _changes(
        "random_operations",
        "Random operations",
        "How many operations, drawn at random from a list of ten, each image goes through.",
        4,
        int,
    ),
    Param(
        "magnitude",
        "Strength of random operations",
        0.3,
        "How far each of them goes.",
        0.0,
        1.0,
        group="augmentation",
        only_if=("augmentation", (CUSTOM,)),
    ),
    Param(
        "mixup",
        "MixUp",
        0.0,
        "Lays two images over each other and asks for both classes in proportion. The number "
        "says how evenly they are mixed; 0 is off, 0.2 usual.",
        0.0,
        2.0,
        group="augmentation",
    ),
    Param(
        "cutmix",
        "CutMix",
        0.0,
        "Pastes a piece of another image in and asks for both classes in proportion. 0 is off, "
        "1 usual.",
        0.0,
        2.0,
        group="augmentation",
    ),
)
