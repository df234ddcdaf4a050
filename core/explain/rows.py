"""One layer of a network, with all that its numbers are computed from."""

from dataclasses import dataclass, field

import numpy as np

NAMES = {
    "relu": "ReLU",
    "relu_n1": "ReLU from −1 to 1",
    "relu6": "ReLU6",
    "tanh": "tanh",
    "sigmoid": "Sigmoid",
    "hard_swish": "Hard swish",
}
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Row:
    """A layer, or what else a network computes on its way.

    Attributes:
        kind: how its numbers are computed: `input`, `convolution`, `max_pooling`,
            `average_pooling`, `mean`, `dense`, `softmax`, `add`, `multiply`, `subtract`,
            `activation`, `flatten`, `pad`, `concatenation`, `resize`, or `other`, of which no more
            is known than its name.
        title: as a student reads it, `Convolution 3×3, 32 filters + ReLU`.
        tensor: number of its array in the file.
        sources: places of the rows it is computed from.
        shape: height, width and channels of its array; a vector of N numbers is `(1, 1, N)`.
        weights: float32: of convolutions `(filters, height, width, channels of one group)`, of
            dense layers `(units, inputs)`, of `add`, `multiply` and `subtract` the constant `(C,)`
            or `(1,)`.
        bias: float32, shape `(filters,)` or `(units,)`.
        activation: applied last: `relu`, `relu6`, `relu_n1`, `tanh`, `sigmoid`, `hard_swish`, or
            empty.
        stride: of a window, downwards and to the right.
        window: its height and width.
        padding: rows above and columns to the left that are added, zeros for a convolution.
        dilation: distance between the pixels that a filter looks at.
        groups: of channels that a convolution keeps apart; as many as channels if it is depthwise.
        corners: of `resize`: 1 if pixels are aligned by their corners, 2 if by half a pixel.
        nearest: whether a resize takes the nearest pixel, without interpolation.
        beta: of a softmax, what its inputs are multiplied by.
    """

    kind: str
    title: str
    tensor: int
    sources: tuple[int, ...]
    shape: Shape
    weights: np.ndarray | None = field(default=None, repr=False)
    bias: np.ndarray | None = field(default=None, repr=False)
    activation: str = ""
    stride: tuple[int, int] = (1, 1)
    window: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    corners: int = 0
    nearest: bool = False
    beta: float = 1.0
