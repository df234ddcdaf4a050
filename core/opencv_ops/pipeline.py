"""Operations one after another: checked, applied, written as a script, packed into a URL."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode

import numpy as np

from core.errors import ImageError, ModelError, unknown
from core.opencv_ops import changes, colour, edges, filters, threshold
from core.opencv_ops.operation import Operation
from core.script import Listing

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for module in (edges, threshold, filters, colour, changes)
    for operation in module.OPERATIONS
}
_HELPERS = "core.opencv_ops.operation"
MOST_STEPS = 12
MOST_PIXELS = 4_000_000  # some operations need 40 bytes for each


@dataclass(frozen=True)
class Step:
    """One operation with its values, in a pipeline.

    Attributes:
        operation: name of one of `OPERATIONS`.
        values: its parameters; those left out have their defaults.
        on: whether it is done; one that is switched off is passed over.

    Raises:
        ImageError: if the operation or a parameter is unknown, or a value is not allowed.
    """

    operation: str
    values: Mapping[str, Any] = field(default_factory=dict)
    on: bool = True

    def __post_init__(self) -> None:
        if self.operation not in OPERATIONS:
            raise ImageError(unknown("operation", self.operation, OPERATIONS))
        params = {param.name: param for param in self.spec.params}
        for name in self.values:
            if name not in params:
                raise ImageError(unknown(f"parameter of {self.operation}", name, params))
        try:
            values = {
                name: param.parse(self.values.get(name, param.default))
                for name, param in params.items()
            }
        except ModelError as error:
            raise ImageError(f"{self.spec.title}: {error}") from error
        object.__setattr__(self, "values", values)

    @property
    def spec(self) -> Operation:
        return OPERATIONS[self.operation]

    @property
    def call(self) -> str:
        """Its OpenCV call, as text."""
        return self.spec.call(self.values)


def apply(image: np.ndarray, step: Step) -> np.ndarray:
    """One operation done to an image.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)`; left as it is.
        step: what to do.

    Returns:
        A new uint8 array of shape `(H, W)` or `(H, W, 3)`; the same image if it is switched off.

    Raises:
        ImageError: if the image is of another type or shape, or the result would be too large.
    """
    if (
        image.dtype != np.uint8
        or not (image.ndim == 2 or image.shape[2:] == (3,))
        or not image.size
    ):
        raise ImageError(
            "An image must be uint8 of shape (H, W) or (H, W, 3). "
            f"Received: {image.dtype} of shape {image.shape}."
        )
    if not step.on:
        return image
    factor = (step.values.get("percent", 100) / 100) ** 2
    pixels = image.shape[0] * image.shape[1] * factor
    if pixels > MOST_PIXELS:
        millions = math.ceil(pixels / 1e5) / 10  # never as few as are allowed
        raise ImageError(
            f"{step.spec.title} would make an image of {millions:,.1f} million pixels; at most "
            f"{MOST_PIXELS / 1e6:,.0f} million are allowed."
        )
    return np.ascontiguousarray(step.spec.run(np.ascontiguousarray(image), **step.values))


def run(image: np.ndarray, steps: Sequence[Step]) -> Iterator[np.ndarray]:
    """The image after each step in turn; see `apply`."""
    for step in steps:
        image = apply(image, step)
        yield image


def as_code(steps: Sequence[Step]) -> str:
    """A Python script that does the same to a file, with cv2 and NumPy alone."""
    done = [step for step in steps if step.on]
    listing = Listing(shown=(_HELPERS, *{step.spec.run.__module__ for step in done}))
    for line in ("import sys", "import cv2", "import numpy as np"):
        listing.uses(line)
    for step in done:
        listing.add(step.spec.run)
    body = "\n    ".join(f"image = {_call(step)}" for step in done) or "pass"
    return listing.text(_DOCSTRING, _MAIN.format(body=body))


def _call(step: Step) -> str:
    values = ", ".join(f"{name}={value!r}" for name, value in step.values.items())
    return f"{step.spec.run.__name__}(image{', ' if values else ''}{values})"


_DOCSTRING = "Run it: python pipeline.py image.png result.png\n\nTransparency is left aside."

_MAIN = """def pipeline(image):
    {body}
    return image


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Run it: python pipeline.py image.png result.png")
    image = cv2.imread(sys.argv[1], cv2.IMREAD_ANYCOLOR)
    if image is None:
        sys.exit(f"There is no image {{sys.argv[1]}}.")
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB) if image.ndim == 3 else image
    image = pipeline(np.ascontiguousarray(image))
    image = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else image
    if not cv2.haveImageWriter(sys.argv[2]) or not cv2.imwrite(sys.argv[2], image):
        sys.exit(f"{{sys.argv[2]}} cannot be written.")"""


def to_text(steps: Sequence[Step]) -> str:
    """A pipeline as a short text, for a URL; values that are as usual are left out."""
    return "~".join(
        step.operation
        + ("" if step.on else "!")
        + "".join(
            f";{urlencode({name: value})}"
            for name, value in step.values.items()
            if value != step.spec.defaults()[name]
        )
        for step in steps
    )


def from_text(text: str) -> tuple[Step, ...]:
    """The pipeline that `to_text` has written.

    Raises:
        ImageError: if it is longer than 12 steps, or anything in it is unknown or not allowed.
    """
    parts = [part for part in text.split("~") if part]
    if len(parts) > MOST_STEPS:
        raise ImageError(f"A pipeline has at most {MOST_STEPS} steps. Received: {len(parts)}.")
    steps = []
    for part in parts:
        name, *entries = part.split(";")
        steps.append(Step(name.removesuffix("!"), _values(entries), not name.endswith("!")))
    return tuple(steps)


def _values(entries: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        name = unquote_plus(name)
        if not (equals and name and value) or name in values:
            raise ImageError(
                "A step is written as operation;name=value;name=value, each name once. "
                f"Received: {entry!r}."
            )
        values[name] = unquote_plus(value)
    return values
