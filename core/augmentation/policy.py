"""Augmentation policies: how far each change may go, and which policy suits which images."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from core.opencv_ops import FILLS as NAMES
from core.opencv_ops import border

FILLS = {name: border(name) for name in NAMES}
USUAL, CUSTOM = "usual", "custom"
_MOST = {
    "flip": 1,
    "flip_vertical": 1,
    "perspective": 0.3,
    "salt_pepper": 1,
    "cutout": 1,
    "thickness": 1,
    "coarseness": 1,
    "magnitude": 1,
}


@dataclass(frozen=True)
class Policy:
    """How far each change of an augmentation may go. The default changes nothing.

    Attributes:
        shift: largest move along each axis, as a fraction of the side (0.1 = a tenth).
        rotation: largest turn in degrees, either way.
        scale: largest relative change of size, drawn separately for width and height.
        zoom: largest relative change of size, the same for width and height.
        shear: largest slant, as horizontal pixels per vertical pixel.
        flip: probability of being mirrored, left for right.
        flip_vertical: probability of being mirrored, top for bottom.
        perspective: largest fraction of a side by which an edge recedes, 0 to 0.3.
        brightness: largest change of brightness, as a fraction of 255.
        contrast: largest relative change of contrast about the mean.
        colour: largest relative change of saturation; the hue turns by up to 90 degrees times it.
        blur: largest standard deviation of a Gaussian blur, in pixels.
        noise: largest standard deviation of Gaussian noise, as a fraction of 255.
        salt_pepper: largest fraction of the pixels that becomes white or black.
        cutout: side of a square that is hidden, as a fraction of the shorter side.
        fill: what moves in from outside, one of `FILLS`.
        wobble: standard deviation, in pixels, of a smooth random displacement
            (Simard, Steinkraus & Platt, 2003, "Best practices for convolutional neural
            networks applied to visual document analysis").
        thickness: probability of a thinner or thicker stroke.
        coarseness: probability of being scanned at 30-60 % of the resolution and enlarged again.
        random_operations: operations drawn at random for each image (Cubuk, Zoph, Shlens & Le,
            2020, "RandAugment").
        magnitude: how far each of them goes, 0 to 1.

    Raises:
        ValueError: if a value is negative or too large, or the fill unknown.
    """

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    flip: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    flip_vertical: float = 0.0
    perspective: float = 0.0
    colour: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    salt_pepper: float = 0.0
    cutout: float = 0.0
    fill: str = "black"
    wobble: float = 0.0
    thickness: float = 0.0
    coarseness: float = 0.0
    random_operations: int = 0
    magnitude: float = 0.3

    def __post_init__(self) -> None:
        if self.fill not in FILLS:
            raise ValueError(f"`fill` must be one of {', '.join(FILLS)}. Received: {self.fill!r}")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "fill" and value < 0:
                raise ValueError(
                    f"`{field.name}` must be zero or more. Received: {field.name}={value}"
                )
        for name, most in _MOST.items():
            value = getattr(self, name)
            if value > most:
                raise ValueError(f"`{name}` must be 0 to {most}. Received: {name}={value}")

    @property
    def moves(self) -> bool:
        """Whether pixels change their places, other than by mirroring."""
        return any((self.shift, self.rotation, self.scale, self.zoom, self.shear))

    @property
    def changes(self) -> bool:
        """Whether it does anything at all."""
        still = ("fill", "magnitude")
        return any(getattr(self, f.name) for f in fields(self) if f.name not in still)


DRAWN_DIGITS = Policy(
    shift=0.06,
    rotation=12.0,
    scale=0.13,
    shear=0.18,
    wobble=0.6,
    thickness=0.35,
    coarseness=0.1,
)

POLICIES: dict[str, Policy] = {
    "none": Policy(),
    "small_moves": Policy(shift=0.06, rotation=8.0, zoom=0.08),
    "drawn_digits": DRAWN_DIGITS,
    "clothing": Policy(shift=0.07, zoom=0.05, flip=0.5),
    "photos": Policy(shift=0.125, flip=0.5, fill="reflect"),
    "strong_photos": Policy(
        shift=0.125, flip=0.5, fill="reflect", random_operations=1, magnitude=0.4
    ),
}

_BY_RECIPE = {
    "mnist_digit": "drawn_digits",
    "optdigits_digit": "small_moves",
    "fashion_item": "clothing",
    "photo": "photos",
}
_WHY = {
    "drawn_digits": "Digits are rotated, stretched, shifted and drawn with another pen, but never "
    "flipped: a mirrored 2 is no longer a 2.",
    "small_moves": "These digits are only 8×8 pixels, so they are rotated and shifted a little, "
    "but never flipped: a mirrored 2 is no longer a 2.",
    "clothing": "Clothes are shifted, zoomed and flipped: a mirrored shoe is still a shoe.",
    "photos": "Photos are shifted and flipped: a mirrored horse is still a horse. If "
    "yours show letters or anything else that must not be flipped, choose another policy.",
}


def usual_policy(recipe: str) -> str:
    """The name of the policy that suits images of a preprocessing recipe."""
    return _BY_RECIPE.get(recipe, "photos")


def why_usual(recipe: str) -> str:
    """Why that policy suits them, in a sentence or two."""
    return _WHY[usual_policy(recipe)]


def chosen_policy(hyperparameters: Mapping[str, Any]) -> Policy:
    """The policy that hyperparameters of a network describe.

    Raises:
        ValueError: if `augmentation` is not the name of a policy or `custom`.
    """
    name = hyperparameters["augmentation"]
    if name == CUSTOM:
        names = {field.name for field in fields(Policy)}
        return Policy(**{key: value for key, value in hyperparameters.items() if key in names})
    if name not in POLICIES:
        raise ValueError(f"`augmentation` must be a policy. Received: {name!r}")
    return POLICIES[name]
