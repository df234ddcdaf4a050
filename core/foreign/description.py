"""What somebody says of a model from elsewhere: its classes, its input, its output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.datasets.choices import clean_name
from core.errors import ForeignError, unknown

LARGEST_SIDE = 1024  # pixels
MOST_CLASSES = 10_000
MOST_NAME = 200  # characters of the name of a class


@dataclass(frozen=True)
class Choice:
    """Something that is said of a model, from a fixed set.

    Attributes:
        title: what it is called on a page.
        help: what it means.
        values: what can be said, each with its title.
    """

    title: str
    help: str
    values: Mapping[str, str]


PHOTO = "photo"
CHOICES: dict[str, Choice] = {
    "pixels": Choice(
        "Range of the pixels",
        "To which numbers images were brought before the model was trained on them.",
        {
            "0..255": "0 to 255, as they are",
            "0..1": "0 to 1",
            "-1..1": "-1 to 1",
            "imagenet": "ImageNet's mean and standard deviation (PyTorch)",
        },
    ),
    "order": Choice(
        "Order of the colours",
        "Programs that read images with OpenCV often have blue first.",
        {"rgb": "Red, green, blue", "bgr": "Blue, green, red"},
    ),
    "fit": Choice(
        "Fit to the input",
        "How an image of other proportions is brought to the size that the model takes.",
        {"crop": "Crop to the centre", "whole": "Pad", "stretch": "Stretch"},
    ),
    "output": Choice(
        "Output",
        "Probabilities add up to 1; logits become probabilities by softmax.",
        {"auto": "Find out", "probabilities": "Probabilities", "logits": "Logits"},
    ),
    "preprocessing": Choice(
        "What it recognises",
        "Digits are found in an image, cut out and centred, as in MNIST. Photos are shown whole.",
        {
            PHOTO: "Photos, or images of any kind",
            "mnist_digit": "Handwritten digits (28×28, as in MNIST)",
            "optdigits_digit": "Handwritten digits (8×8, as in scikit-learn)",
            "fashion_item": "Clothes (28×28, as in Fashion-MNIST)",
        },
    ),
}
_FIXED = {"mnist_digit": (28, 28, 1), "optdigits_digit": (8, 8, 1), "fashion_item": (28, 28, 1)}


@dataclass(frozen=True)
class Description:
    """What is said of a model.

    Attributes:
        classes: a name for each, in the order of the outputs.
        size: height, width and channels of an image; None: as the file says.
        pixels, order, fit, output, preprocessing: see `CHOICES`.

    Raises:
        ForeignError: if it cannot be.
    """

    classes: tuple[str, ...]
    size: tuple[int, int, int] | None = None
    pixels: str = "0..255"
    order: str = "rgb"
    fit: str = "crop"
    output: str = "auto"
    preprocessing: str = PHOTO

    def __post_init__(self) -> None:
        _check_classes(self.classes)
        for name, choice in CHOICES.items():
            if getattr(self, name) not in choice.values:
                raise ForeignError(
                    unknown(f"{name} of an input", getattr(self, name), choice.values)
                )
        if self.size is not None:
            _check_size(self.size)
        fixed = _FIXED.get(self.preprocessing)
        if fixed and self.size not in (None, fixed):
            raise ForeignError(
                f"Images prepared as {self.preprocessing} have height, width and channels "
                f"{'x'.join(map(str, fixed))}. Received: {'x'.join(map(str, self.size))}."
            )
        if fixed and self.size is None:
            object.__setattr__(self, "size", fixed)

    @classmethod
    def from_mapping(cls, said: Mapping[str, Any], classes: Sequence[str]) -> "Description":
        """From what a form or a job says: `size` as `28x28x1` and the names of `CHOICES`.

        Raises:
            ForeignError: if a name or a value is unknown.
        """
        known = ("size", *CHOICES)
        if others := [name for name in said if name not in known]:
            raise ForeignError(unknown("property of an input", others[0], known))
        values = {name: str(said[name]) for name in CHOICES if said.get(name)}
        size = parsed_size(str(said["size"])) if said.get("size") else None
        return cls(tuple(clean_name(str(name)) for name in classes), size, **values)

    def about(self) -> dict[str, Any]:
        """What the process that opens the file is told; None for what it finds out."""
        return {
            "input_shape": self.size,
            "pixels": self.pixels,
            "order": self.order,
            "layout": None,
            "output": None if self.output == "auto" else self.output,
            "outputs": (),
        }


def parsed_input(text: str) -> dict[str, str]:
    """`"size=28x28x1,pixels=0..1"` as a mapping.

    Raises:
        ForeignError: if it is none.
    """
    said: dict[str, str] = {}
    for entry in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, value = entry.partition("=")
        if not equals or not value.strip():
            raise ForeignError(
                "An input is described as NAME=VALUE,NAME=VALUE, for example "
                f"size=224x224x3,pixels=0..1. Received: {entry!r}."
            )
        said[name.strip()] = value.strip()
    return said


def parsed_size(text: str) -> tuple[int, int, int]:
    """`"28x28x1"` as height, width and channels.

    Raises:
        ForeignError: if it is none.
    """
    numbers = text.lower().replace("×", "x").replace(" ", "").split("x")
    if len(numbers) != 3 or not all(n.isascii() and n.isdecimal() and len(n) < 6 for n in numbers):
        raise ForeignError(
            "The size of an input is height, width and channels, for example 224x224x3. "
            f"Received: {text!r}."
        )
    return tuple(map(int, numbers))


def parsed_classes(text: str) -> tuple[str, ...]:
    """Names of classes, one a line, or with commas between them if it is one line."""
    lines = [line.strip() for line in text.lstrip("\N{BOM}").splitlines() if line.strip()]
    if len(lines) == 1:
        lines = [name.strip() for name in lines[0].split(",") if name.strip()]
    return tuple(lines)


def _check_classes(names: Sequence[str]) -> None:
    if len(names) < 2:
        raise ForeignError(
            "A classifier has at least two classes. Give their names, in the order of the model's "
            f"outputs. Received: {', '.join(names) or 'none'}."
        )
    if len(names) > MOST_CLASSES:
        raise ForeignError(
            f"At most {MOST_CLASSES:,} classes are allowed. Received: {len(names):,}."
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ForeignError(f"Two classes have the same name: {twice!r}. Each needs its own.")
    if bad := [name for name in names if not name or len(name) > MOST_NAME]:
        raise ForeignError(
            f"The name of a class is 1 to {MOST_NAME} characters. Received: {bad[0][:50]!r}."
        )


def _check_size(size: tuple[int, int, int]) -> None:
    height, width, channels = size
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE and channels in (1, 3)):
        raise ForeignError(
            f"Height and width of an input are 1 to {LARGEST_SIDE:,} pixels, and it has 1 or 3 "
            f"channels. Received: {height}x{width}x{channels}."
        )
