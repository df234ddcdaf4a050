"""The weights of a model that is linear in the pixels, found by asking it.

For softmax over linear scores z = Wx + b, the differences log p_i − log p_j are linear in x. So the
prediction for a black image gives b, and one image for each pixel gives that pixel's weights: up to
what all classes share, which no probability depends on and which is taken off here. Nothing needs
to be known of how a model is stored, and whether it is linear at all is checked on other images.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.serving import Predictor, model_sha256

MOST_PIXELS = 64 * 64 * 3  # that are asked about, one image each
_WHITE = 255
_AT_ONCE = 512  # images
_CHECKS = 4
_DARK = 0.9  # of the pixels of an image for checking, as in most drawings
_OFF = 1e-3  # of log probabilities: what float32 makes of the sum of thousands of products


@dataclass(frozen=True)
class Linear:
    """A linear function of pixels, one for each class.

    Attributes:
        weights: of each pixel for each class, float64, shape `(H, W, C, K)`; their mean over the
            classes is 0.
        bias: float64, shape `(K,)`, mean 0.
        relative: whether an image is divided by its brightest value first, else by 255.
    """

    weights: np.ndarray
    bias: np.ndarray
    relative: bool

    def scaled(self, batch: np.ndarray) -> np.ndarray:
        """Pixels as the weights take them, 0 to 1, float64 `(N, H, W, C)`.

        Args:
            batch: uint8, shape `(N, H, W, C)`.
        """
        brightest = batch.max(axis=(1, 2, 3), keepdims=True) if self.relative else _WHITE
        return batch / np.maximum(brightest, 1).astype(np.float64)

    def products(self, image: np.ndarray) -> np.ndarray:
        """What each pixel adds to the logit of each class, float64 `(H, W, C, K)`.

        Args:
            image: uint8, shape `(H, W, C)`.
        """
        return self.scaled(image[None])[0][..., None] * self.weights

    def logits(self, batch: np.ndarray) -> np.ndarray:
        """Float64 `(N, K)`; their softmax is what the model predicts.

        Args:
            batch: uint8, shape `(N, H, W, C)`.
        """
        return np.tensordot(self.scaled(batch), self.weights, 3) + self.bias


def linear_of(predictor: Predictor) -> Linear | None:
    """The linear function of a run; None if its model is no linear function of the pixels.

    Imported models and ensembles are not asked. Found once, then remembered.
    """
    card = predictor.run.card
    if card.foreign is not None or card.members or np.prod(card.input_shape) > MOST_PIXELS:
        return None
    return _found(_Model(predictor, model_sha256(predictor.run)))


@dataclass(frozen=True)
class _Model:
    """A predictor that is remembered by its run's folder and model."""

    predictor: Predictor
    sha256: str

    def __hash__(self) -> int:
        return hash(self._name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Model) and self._name == other._name

    @property
    def _name(self) -> tuple[str, str]:
        return str(self.predictor.run.folder), self.sha256


@lru_cache(maxsize=8)
def _found(model: _Model) -> Linear | None:
    predictor = model.predictor
    trials = _trials(tuple(predictor.run.card.input_shape))
    if not _adds_up(predictor, trials):
        return None  # most models are told so with few questions
    weights, bias = _probed(predictor)
    trials = trials // 2  # none of them has a white pixel
    expected = _log_probabilities(predictor, trials)
    for relative in (False, True):
        linear = Linear(weights, bias, relative)
        if np.abs(linear.logits(trials) - expected).max() < _OFF:
            return linear
    return None


def _probed(predictor: Predictor) -> tuple[np.ndarray, np.ndarray]:
    """Weights and bias, from an image with one white pixel for each of the pixels."""
    shape = tuple(predictor.run.card.input_shape)
    count, rows = int(np.prod(shape)), []
    (bias,) = _log_probabilities(predictor, np.zeros((1, *shape), np.uint8))
    for start in range(0, count, _AT_ONCE):
        pixels = np.arange(start, min(start + _AT_ONCE, count))
        batch = np.zeros((len(pixels), count), np.uint8)
        batch[np.arange(len(pixels)), pixels] = _WHITE
        rows.append(_log_probabilities(predictor, batch.reshape(-1, *shape)) - bias)
    return np.concatenate(rows).reshape(*shape, -1), bias


def _trials(shape: tuple[int, ...]) -> np.ndarray:
    """Mostly dark images whose halves both have a white pixel, uint8 `(N, H, W, C)`."""
    rng = np.random.default_rng(0)
    trials = rng.integers(0, _WHITE, (_CHECKS, *shape), dtype=np.uint8, endpoint=True)
    trials[rng.random(trials.shape) < _DARK] = 0
    trials[:, 0, 0] = trials[:, 0, -1] = _WHITE
    return trials


def _adds_up(predictor: Predictor, trials: np.ndarray) -> bool:
    """Whether two halves of an image add up to the whole."""
    left, right = trials.copy(), trials.copy()
    left[:, :, trials.shape[2] // 2 :] = 0
    right[:, :, : trials.shape[2] // 2] = 0
    black = np.zeros((1, *trials.shape[1:]), np.uint8)
    whole, one, other, none = (
        _log_probabilities(predictor, batch) for batch in (trials, left, right, black)
    )
    return bool(np.abs(one + other - none - whole).max() < _OFF)


def _log_probabilities(predictor: Predictor, batch: np.ndarray) -> np.ndarray:
    """Without what the classes share, float64 `(N, K)`; not finite where a probability is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(predictor.probabilities(batch).astype(np.float64))
        return logs - logs.mean(axis=1, keepdims=True)
