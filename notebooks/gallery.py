"""Images side by side, as the notebooks show them."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np


def gallery(
    images: Sequence[np.ndarray],
    titles: Sequence[str] = (),
    columns: int = 10,
    side: float = 1.0,
    heading: str = "",
) -> None:
    """Draw images in rows.

    Args:
        images: uint8, each of shape `(H, W)`, `(H, W, 1)` or `(H, W, 3)`, of any sizes.
        titles: a text above each; none if empty.
        columns: how many there are in a row.
        side: room for each, in inches.
        heading: a text above all of them.
    """
    rows = -(-len(images) // columns)
    lines = max((title.count("\n") + 1 for title in titles), default=0)
    tallest = max(image.shape[0] / image.shape[1] for image in images)
    height = rows * (side * min(1.0, tallest) + 0.16 * lines) + (0.35 if heading else 0)
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * side, height), squeeze=False, layout="constrained"
    )
    for place in axes.flat:
        place.axis("off")
    for number, (place, image) in enumerate(zip(axes.flat, images, strict=False)):
        place.imshow(np.squeeze(image), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        if titles:
            place.set_title(titles[number], fontsize=8, pad=3, parse_math=False)
    if heading:
        figure.suptitle(heading, fontsize=10)
    plt.show()
