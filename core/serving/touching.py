"""Digits that touch are taken apart, with the model itself as the judge.

`core.preprocessing.touching` proposes cuts. Between any two of them may be a digit; the model says
how probable its most probable class is. The best way through all of the ink is found by dynamic
programming, and one digit is one of the ways (R. Casey & E. Lecolinet (1996), "A survey of methods
and strategies in character segmentation": recognition-based segmentation).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from core.preprocessing import Prepared
from core.preprocessing.step import reduced_crop
from core.preprocessing.touching import Pieces, Span, boxes_step, network_input, part
from core.serving.models import PredictFunction, open_network

FILE = Path(__file__).with_name("touching.tflite")
# Chosen on strings of MNIST's validation digits, and such that hardly a single one is split: see
# `python -m benchmarks touching`. What counts against a digit is in units of a logarithm.
_WIDE = 1.2  # times as wide as high: perhaps several digits, however sure the model is
_SURE = 0.99  # else only ink that the model is less sure of is looked at
_CLEAR, _OFFSET, _SLOPE = 0.31, 1.8, 0.72  # how much clear cuts count, and what makes one clear
_MODEL, _LEAST = 2.6, -4.9  # how much the model counts, and the least logarithm of a probability
_STRANGE, _USUAL = 1.66, 0.4  # what a digit stranger than usual costs
_LOW, _LOWEST = 19.8, 0.76  # what a digit lower than that fraction of the ink costs
_BROAD, _BROADEST = 5.5, 1.02  # what a digit costs that is broader than so many times its height
_APART, _TOGETHER = 0.146, 3.0  # what it costs if its pixels do not agree where its middle is
_EACH = 0.47  # what one more digit costs
_BETTER = 1.75  # by so much taking apart must be more probable than one digit

Probabilities = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class _Candidate:
    """Ink of one item that may be several digits."""

    item: int
    crop: np.ndarray
    pieces: Pieces


def part_touching(
    prepared: Prepared, rows: np.ndarray, probabilities: Probabilities
) -> tuple[Prepared, np.ndarray]:
    """Take digits apart that touch, if the model finds that more probable.

    Args:
        prepared: digits, of `core.preprocessing.prepare`.
        rows: what the model predicts for them, float32, shape `(N, K)`.
        probabilities: the model.

    Returns:
        Both with more digits; the same objects if none were taken apart.
    """
    doubtful = [item for item in range(len(prepared.crops)) if _is_doubtful(prepared, rows, item)]
    candidates = [one for item in doubtful if (one := _candidate(prepared, item)) is not None]
    if not candidates:
        return prepared, rows
    spans = [span for candidate in candidates for span in candidate.pieces.spans]
    found = probabilities(np.stack([span.steps[-1].image[..., None] for span in spans]))
    ends = np.cumsum([len(candidate.pieces.spans) for candidate in candidates])[:-1]
    paths = {}
    for candidate, of_spans in zip(candidates, np.split(found, ends), strict=True):
        path = best_path(candidate.pieces, of_spans)
        if len(path) > 1:
            paths[candidate.item] = candidate, path, of_spans
    return _with_parts(prepared, rows, paths) if paths else (prepared, rows)


def _is_doubtful(prepared: Prepared, rows: np.ndarray, item: int) -> bool:
    height, width = prepared.crops[item].shape
    return width >= _WIDE * height or rows[item].max() < _SURE


def _candidate(prepared: Prepared, item: int) -> _Candidate | None:
    crop = reduced_crop(prepared.crops[item])
    seen = network_input(crop)
    if seen is None:
        return None
    pieces = part(crop, _network()(seen), prepared.layout)
    return None if pieces is None else _Candidate(item, crop, pieces)


@lru_cache(maxsize=1)
def _network() -> PredictFunction:
    return open_network(FILE)


def best_path(pieces: Pieces, probabilities: np.ndarray) -> list[int]:
    """The most probable way through all of the ink.

    The probability of a way is that of all its digits and of its cuts: used ones should be clear,
    unused ones not.

    Args:
        pieces: every way to take ink apart.
        probabilities: what the model predicts for each span, shape `(N, K)`.

    Returns:
        Which spans are digits, from left to right; a single one if it is one digit, or if taking
        it apart is not clearly better.
    """
    used, unused = _weights(pieces.clear)
    passed = np.concatenate([[0.0], np.cumsum(unused)])  # cuts before each cut
    end = len(pieces.clear) + 1
    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    whole = -np.inf, []
    for index, span in sorted(enumerate(pieces.spans), key=lambda found: found[1].first):
        if span.first not in best:
            continue
        score = _score(span, probabilities[index])
        score += passed[span.last - 1] - passed[span.first]
        if (span.first, span.last) == (0, end):
            whole = score, [index]
            continue
        before, path = best[span.first]
        score += before + (used[span.last - 1] if span.last < end else 0.0)
        if span.last not in best or score > best[span.last][0]:
            best[span.last] = score, [*path, index]
    parted = best.get(end, whole)
    return parted[1] if parted[0] > whole[0] + _BETTER else whole[1]


def _weights(clear: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What speaks for each cut, and against it; logarithms."""
    clear = np.clip(clear, 1e-3, 1 - 1e-3)
    probable = 1 / (1 + np.exp(-(_OFFSET + _SLOPE * np.log(clear / (1 - clear)))))
    return _CLEAR * np.log(probable), _CLEAR * np.log(1 - probable)


def _score(span: Span, probabilities: np.ndarray) -> float:
    """How probable it is that a span is one digit; a logarithm."""
    left, top, right, bottom = span.box
    score = _MODEL * max(_LEAST, float(np.log(max(probabilities.max(), 1e-6)))) - _EACH
    score -= _STRANGE * max(0.0, span.strangeness - _USUAL)
    score -= _LOW * max(0.0, _LOWEST - span.share)
    score -= _APART * max(0.0, span.spread - _TOGETHER) ** 2
    return score - _BROAD * max(0.0, (right - left) / (bottom - top) - _BROADEST)


def _with_parts(
    prepared: Prepared, rows: np.ndarray, paths: dict[int, tuple]
) -> tuple[Prepared, np.ndarray]:
    """The digits of each path in the place of what hung together."""
    batch, item_steps, crops, parted, found, steps = [], [], [], [], [], []
    counts = list(prepared.rows)
    row_of = np.repeat(np.arange(len(counts)), counts)
    for item in range(len(rows)):
        if item not in paths:
            batch.append(prepared.batch[item])
            item_steps += prepared.item_steps[item : item + 1]
            crops.append(prepared.crops[item])
            found.append(rows[item])
            continue
        candidate, path, probabilities = paths[item]
        counts[row_of[item]] += len(path) - 1
        spans = [candidate.pieces.spans[index] for index in path]
        parted += range(len(batch), len(batch) + len(path))
        batch += [span.steps[-1].image[..., None] for span in spans]
        item_steps += [span.steps for span in spans]
        crops += [span.steps[0].image for span in spans]
        found += [probabilities[index] for index in path]
        steps.append(boxes_step(candidate.crop, [span.box for span in spans]))
    whole = prepared
    if prepared.steps:
        prepared = replace(prepared, steps=(*prepared.steps, *steps), item_steps=tuple(item_steps))
    return replace(
        prepared,
        batch=np.stack(batch),
        crops=tuple(crops),
        rows=tuple(counts),
        parted=tuple(parted),
        whole=whole,
    ), np.stack(found)
