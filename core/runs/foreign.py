"""What a card says of a model that was trained elsewhere: where it is from, how it is spoken to."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Le

from core.stored import Name

FOREIGN = "foreign"  # family and model of what is no package of a studio
Pixels = Literal["0..1", "-1..1", "0..255", "imagenet"]
Order = Literal["rgb", "bgr"]
Layout = Literal["nhwc", "nchw", "nhw", "flat"]
Fit = Literal["crop", "whole", "stretch"]
Output = Literal["probabilities", "logits"]
Format = Literal["keras", "h5", "tflite", "onnx", "package"]
Place = Annotated[int, Ge(0), Le(100_000)]


@dataclass(frozen=True)
class Foreign:
    """Where a model comes from, and what is known of its input and output.

    Attributes:
        file, sha256: name and digest of the file that was imported.
        format: of that file.
        pixels: the range that pixels are brought to; `imagenet`: 0 to 1, less the mean of
            ImageNet's channels, divided by their standard deviation.
        order: of the colour channels.
        layout: order of the axes: `nhwc` (channels last), `nchw` (channels first), `nhw` (no
            axis for the one channel) or `flat` (a row of numbers).
        fit: how an image is brought to the size of the input, see `core.preprocessing`.
        output: whether it gives probabilities, or scores that softmax makes probabilities of.
        outputs: for each class, which of the model's outputs it is; empty if they are in order.
    """

    file: Name
    sha256: Name
    format: Format
    pixels: Pixels = "0..255"
    order: Order = "rgb"
    layout: Layout = "nhwc"
    fit: Fit = "crop"
    output: Output = "probabilities"
    outputs: tuple[Place, ...] = ()
