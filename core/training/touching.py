"""Teach a small network whose ink is whose, where digits touch: `core/serving/touching.tflite`.

For each pixel of a string it says how far away the middle of the digit lies that the pixel belongs
to, as in panoptic segmentation (B. Cheng et al. (2020), "Panoptic-DeepLab"). Where strokes cross,
a pixel belongs to two digits, so there are two answers: the digit farther left and farther right.
It has the shape of a U-Net (O. Ronneberger, P. Fischer & T. Brox, 2015). MNIST's training digits,
put together by `core.training.strings`, are all it learns from.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from core import datasets
from core.preprocessing.touching import FAR, HEIGHT, INK, WIDTH
from core.serving.touching import FILE
from core.training.fitting import load_keras
from core.training.network import export_litert
from core.training.strings import touching_string

_SEED = 0
_WINDOW = 72  # columns of a training image
_BATCH = 32
_AT_ONCE = 100  # batches that are made at once
_CYCLES = ((2200, 4e-3), (800, 2e-3))  # batches, and the largest learning rate
_LENGTHS = (1, 1, 1, 2, 2, 2, 3, 3, 4)  # digits in a string; single ones stay whole
_FILTERS = (16, 24, 48, 64)


def training_image(
    digits: list[np.ndarray], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A window of a string, and how far away the middles of its digits are.

    Returns:
        uint8, shape `(HEIGHT, _WINDOW, 1)`; and float32, shape `(HEIGHT, _WINDOW, 3)`: how far to
        the right the middle of the digit farther left and of the one farther right lies, as a
        fraction of `FAR`, and 1 where there is ink.
    """
    string, layers = touching_string([_slanted(digit, rng) for digit in digits], rng)
    rows = np.flatnonzero(string.max(axis=1) > INK)
    where = slice(rows[0], rows[-1] + 1)
    size = max(4, round(string.shape[1] * HEIGHT / (where.stop - where.start))), HEIGHT
    middles, alone = [], []
    for layer in layers:
        alone.append(cv2.resize(layer[where], size, interpolation=cv2.INTER_CUBIC) > INK)
        columns = np.flatnonzero(alone[-1].any(axis=0))
        middles.append((columns[0] + columns[-1]) / 2 if len(columns) else 0.0)
    each = np.array(alone)
    far_left = np.where(each, np.array(middles)[:, None, None], np.inf).min(axis=0)
    far_right = np.where(each, np.array(middles)[:, None, None], -np.inf).max(axis=0)
    owned = each.any(axis=0)
    columns = np.arange(size[0])[None]
    offsets = [np.where(owned, middle - columns, 0) / FAR for middle in (far_left, far_right)]
    targets = np.stack([*offsets, owned], axis=-1).astype(np.float32)
    return _window(_drawn(string[where], size, rng), targets, rng)


def _slanted(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Leaning a little more to the right or to the left."""
    lean = rng.uniform(-0.25, 0.25)
    matrix = np.array([[1, lean, -lean * 14], [0, 1, 0]], np.float32)
    return cv2.warpAffine(digit, matrix, (28, 28), flags=cv2.INTER_LINEAR)


def _drawn(string: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """The string as it is, or with the crisp edges and another pen of a large drawing."""
    if rng.random() < 0.3:
        return cv2.resize(string, size, interpolation=cv2.INTER_CUBIC)
    large = cv2.resize(string, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    crisp = np.where(large > 110, 255, 0).astype(np.uint8)
    if (reach := int(rng.integers(-2, 4))) != 0:
        kernel = np.ones((abs(reach) + 1,) * 2, np.uint8)
        crisp = (cv2.dilate if reach > 0 else cv2.erode)(crisp, kernel)
    return cv2.resize(crisp, size, interpolation=cv2.INTER_AREA)


def _window(
    image: np.ndarray, targets: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A stretch of `_WINDOW` columns; a shorter string stands anywhere on bare ground."""
    spare = _WINDOW - image.shape[1]
    at = int(rng.integers(0, abs(spare) + 1))
    if spare < 0:
        image, targets = image[:, at : at + _WINDOW], targets[:, at : at + _WINDOW]
    else:
        image = np.pad(image, ((0, 0), (at, spare - at)))
        targets = np.pad(targets, ((0, 0), (at, spare - at), (0, 0)))
    return image[..., None], targets


def separator(width: int):
    """The untrained network: uint8 `(N, HEIGHT, width, 1)` to float `(N, HEIGHT, width, 2)`."""
    import keras
    from keras import layers

    def convolved(x, filters, kernel=3, strides=1):
        x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))

    inputs = keras.Input((HEIGHT, width, 1), name="ink")
    x = convolved(layers.Rescaling(1 / 255)(inputs), _FILTERS[0], strides=2)
    x = fine = convolved(x, _FILTERS[1])
    x = convolved(layers.MaxPooling2D()(x), _FILTERS[2])
    x = coarse = convolved(x, _FILTERS[2])
    x = layers.MaxPooling2D()(x)
    for _ in range(3):
        x = convolved(x, _FILTERS[3])
    for before in (coarse, fine):
        x = layers.UpSampling2D()(convolved(x, before.shape[-1], 1))
        x = convolved(layers.Add()([x, before]), before.shape[-1])
    x = layers.Conv2D(8, 1)(x)  # of each pixel of half the size, what four of full size say
    rows, columns = HEIGHT // 2, width // 2
    x = layers.Permute((1, 3, 2, 4, 5))(layers.Reshape((rows, columns, 2, 2, 2))(x))
    outputs = layers.Reshape((HEIGHT, width, 2), name="middles")(x)
    return keras.Model(inputs, outputs, name="separator")


def learn_touching(path: Path = FILE, cycles: Sequence[tuple[int, float]] = _CYCLES) -> None:
    """Train the network and write it as a LiteRT file.

    Args:
        path: of the file.
        cycles: numbers of batches, and the largest learning rate while they last.
    """
    load_keras()
    import keras

    keras.utils.set_random_seed(_SEED)
    rng = np.random.default_rng(_SEED)
    digits = datasets.load("mnist").x_train[..., 0]
    network, begun = separator(_WINDOW), time.perf_counter()
    for steps, rate in cycles:
        schedule = keras.optimizers.schedules.CosineDecay(
            rate / 20, steps, alpha=0.002, warmup_target=rate, warmup_steps=max(1, steps // 8)
        )
        network.compile(optimizer=keras.optimizers.Adam(schedule), loss=pixels_off)
        for done in range(_AT_ONCE, steps + 1, _AT_ONCE):
            images, targets = _some(digits, rng)
            history = network.fit(images, targets, batch_size=_BATCH, verbose=0)
            off, seconds = history.history["loss"][-1], time.perf_counter() - begun
            sys.stdout.write(f"{done:,} of {steps:,}: {off:.2f} pixels off, {seconds:.0f} s\n")
            sys.stdout.flush()
    wide = separator(WIDTH)
    wide.set_weights(network.get_weights())
    export_litert(wide, path, half=True)


def _some(digits: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Images and targets of the next `_AT_ONCE` batches."""
    made = [
        training_image(list(digits[rng.integers(0, len(digits), rng.choice(_LENGTHS))]), rng)
        for _ in range(_AT_ONCE * _BATCH)
    ]
    images, targets = zip(*made, strict=True)
    return np.stack(images), np.stack(targets)


def pixels_off(targets, predictions):
    """How far from the true middle that of a pixel is, in pixels; bare ground does not count."""
    from keras import ops

    apart = ops.abs(targets[..., :2] - predictions) * targets[..., 2:]
    return FAR / 2 * ops.sum(apart) / (ops.sum(targets[..., 2:]) + 1)
