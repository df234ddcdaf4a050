"""What the numbers of a row should be, computed with NumPy from what a browser is given."""

import numpy as np

ACTIVATIONS = {
    "": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
}


def full(row: dict) -> np.ndarray:
    """A row's numbers where they were sent, NaN elsewhere, float64 `(H, W, C)`."""
    numbers = np.full(row["shape"], np.nan)
    values = row["values"]
    sent, top, left = values["numbers"], values["top"], values["left"]
    height, width, _ = sent.shape
    channels = values["channels"]
    place = numbers[top : top + height, left : left + width]
    place[:, :, slice(None) if channels is None else channels] = sent
    return numbers


def _windows(row: dict, source: np.ndarray, filler: float):
    """For each place of the window, what it covers for all pixels of the row, `(H, W, C)`."""
    (height, width, _), (down, right) = row["shape"], row["stride"]
    (tall, wide), (top, left), far = row["window"], row["padding"], row["dilation"]
    reach = [s * n + w * d for s, n, w, d in zip((down, right), (height, width), (tall, wide), far,
                                                 strict=True)]  # fmt: skip
    shape = (max(reach[0], source.shape[0] + top), max(reach[1], source.shape[1] + left))
    padded = np.full((*shape, source.shape[2]), filler)
    padded[top : top + source.shape[0], left : left + source.shape[1]] = source
    for i in range(tall):
        for j in range(wide):
            first = i * far[0], j * far[1]
            yield i, j, padded[first[0] :: down, first[1] :: right][:height, :width]


def _convolution(row, source):
    filters = range(row["shape"][2]) if row["filters"] is None else row["filters"]
    depth, found = row["weights"].shape[3], np.full(row["shape"], np.nan)
    found[:, :, filters] = row["bias"]
    for i, j, seen in _windows(row, source, 0.0):
        for place, number in enumerate(filters):
            first = number // (row["shape"][2] // row["groups"]) * depth
            found[:, :, number] += seen[:, :, first : first + depth] @ row["weights"][place, i, j]
    return found


def _dense(row, source):
    found = np.full(row["shape"], np.nan)
    units = slice(None) if row["filters"] is None else row["filters"]
    found[0, 0, units] = row["weights"].astype(float) @ source.reshape(-1) + row["bias"]
    return found


def _softmax(row, source):
    powers = np.exp(row["beta"] * (source - source.max()))
    return powers / powers.sum()


def _pad(row, source):
    (height, width, _), (top, left) = row["shape"], row["padding"]
    borders = (
        (top, height - source.shape[0] - top),
        (left, width - source.shape[1] - left),
        (0, 0),
    )
    return np.pad(source, borders)


def _along(row, source, axis):
    count, size = row["shape"][axis], source.shape[axis]
    places = np.arange(count) * size / count
    if row["corners"] == 1:
        places = np.arange(count) * (size - 1) / (count - 1)
    if row["corners"] == 2:
        places = (np.arange(count) + 0.5) * size / count - 0.5
    if row["nearest"]:
        return np.take(source, np.floor(places).astype(int), axis)
    places = np.clip(places, 0, size - 1)
    below = np.floor(places).astype(int)
    share = (places - below).reshape([-1 if one == axis else 1 for one in range(3)])
    above = np.minimum(below + 1, size - 1)
    return np.take(source, below, axis) * (1 - share) + np.take(source, above, axis) * share


def _resize(row, source):
    return _along(row, _along(row, source, 0), 1)


_BETWEEN = {"add": np.add, "multiply": np.multiply, "subtract": np.subtract}


def recomputed(rows: list[dict], index: int) -> np.ndarray | None:
    """The numbers of a row, float64 `(H, W, C)`, NaN where too little was sent.

    None for rows of which no arithmetic is known.
    """
    row = rows[index]
    kind, sources = row["kind"], [full(rows[place]) for place in row["sources"]]
    if kind in ("input", "other"):
        return None
    if kind in _BETWEEN:
        operands = [*sources, row["weights"].reshape(1, 1, -1)] if "weights" in row else sources
        found = _BETWEEN[kind](*operands)
    elif kind == "concatenation":
        found = np.concatenate(sources, axis=2)
    elif kind == "max_pooling":
        found = np.max([seen for *_, seen in _windows(row, sources[0], -np.inf)], axis=0)
    elif kind == "average_pooling":
        stack = np.stack([seen for *_, seen in _windows(row, sources[0], np.inf)])
        inside = np.isfinite(stack)
        found = np.where(inside, stack, 0).sum(axis=0) / inside.sum(axis=0)
    elif kind == "mean":
        found = sources[0].mean(axis=(0, 1)).reshape(row["shape"])
    elif kind == "flatten":
        found = sources[0].reshape(row["shape"])
    elif kind == "activation":
        found = sources[0]
    else:
        known = {"convolution": _convolution, "dense": _dense, "softmax": _softmax, "pad": _pad}
        found = {**known, "resize": _resize}[kind](row, sources[0])
    return ACTIVATIONS[row["activation"]](found)
