"""Take digits apart that touch: where they may be parted, and what lies between.

What hangs together is one piece of ink. A small network (`core.serving.touching`) says for each of
its pixels where the middle of the digit lies that it belongs to. Pixels of one digit agree on its
middle, however strokes cross or lean over each other, so digits are parted along these middles
instead of along the columns of the image. Between two crowds of middles there may be a cut; several
cuts make several ways to read the ink, which a model judges.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from core.preprocessing.normalise import MNIST_LAYOUT, DigitLayout, normalise_digit
from core.preprocessing.shapes import load_shapes
from core.preprocessing.step import Step

HEIGHT, WIDTH = 24, 144  # pixels that the network sees at once
FAR = 16.0  # pixels: unit of the distances that it gives
INK = 60  # of 255: amount that belongs to a digit
_WIDEST = 40  # times its height: longer ink is no row of digits
_BIN = 0.5  # pixels, of the histogram of middles
_BLUR = 0.8  # bins
_SHALLOW = 0.98  # of the lower crowd beside it: a valley that is no lower is none
_SHARED = 3.0  # pixels: ink whose middle lies so near a cut may belong to both sides
_LEAST = 0.012  # of the square of the height: ink of the smallest digit, a thin 1
_BROADEST = 1.8  # times the height: how far apart two cuts of one digit are
_COLOURS = ((214, 90, 0), (0, 114, 178))  # of boxes, told apart by the colour-blind
_SPECK = 0.06  # of a digit's area: smaller pieces that come with it are remains of its neighbours


@dataclass(frozen=True)
class Span:
    """What lies between two cuts: perhaps a digit.

    Attributes:
        first, last: numbers of the cuts; 0 is the left end of the ink.
        steps: how it is brought to what a model sees, as for any digit.
        strangeness: how unlike a digit it looks, see `core.preprocessing.shapes`.
        box: left, top, right and bottom of its ink, pixels of the crop.
        share: its height as a fraction of that of all ink.
        spread: standard deviation of the middles that its pixels name, pixels of the network.
    """

    first: int
    last: int
    steps: tuple[Step, ...]
    strangeness: float
    box: tuple[int, int, int, int]
    share: float
    spread: float


@dataclass(frozen=True)
class Pieces:
    """Every way to take a piece of ink apart.

    Attributes:
        clear: of each cut between the ends, how clearly it parts two digits, 0 to 1, float `(N,)`.
        spans: what lies between any two cuts; the ends are cuts 0 and N + 1.
    """

    clear: np.ndarray
    spans: tuple[Span, ...]


def network_input(crop: np.ndarray) -> np.ndarray | None:
    """Ink as the network takes it, in windows that overlap by half.

    Args:
        crop: uint8, shape `(H, W)`, of `core.preprocessing.step.reduced_crop`.

    Returns:
        uint8, shape `(N, HEIGHT, WIDTH, 1)`; None if it is too long for a row of digits.
    """
    if crop.shape[1] > _WIDEST * crop.shape[0]:
        return None
    small = _small(crop)
    starts = _starts(small.shape[1])
    padded = np.pad(small, ((0, 0), (0, starts[-1] + WIDTH - small.shape[1])))
    return np.stack([padded[:, start : start + WIDTH, None] for start in starts])


def _small(crop: np.ndarray) -> np.ndarray:
    width = max(4, round(crop.shape[1] * HEIGHT / crop.shape[0]))
    method = cv2.INTER_AREA if crop.shape[0] > HEIGHT else cv2.INTER_CUBIC
    return cv2.resize(crop, (width, HEIGHT), interpolation=method)


def _starts(width: int) -> list[int]:
    return list(range(0, max(1, width - WIDTH // 2), WIDTH // 2))


def part(crop: np.ndarray, found: np.ndarray, layout: DigitLayout) -> Pieces | None:
    """Every way to take ink apart; None if nothing speaks for more than one digit.

    Args:
        crop: uint8, shape `(H, W)`, of `core.preprocessing.step.reduced_crop`.
        found: what the network says of `network_input`, float, shape `(N, HEIGHT, WIDTH, 2)`.
        layout: what the model was trained on.
    """
    small = _small(crop)
    middles = _middles(found, small)
    cuts, clear = _valleys(middles, small)
    if not len(cuts):
        return None
    # Each pixel of the crop belongs where the next pixel of the small copy belongs.
    large = cv2.resize(middles, crop.shape[::-1], interpolation=cv2.INTER_LINEAR)
    ends = np.concatenate([[-np.inf], cuts, [np.inf]])
    on_ink = middles[small > INK]
    spans = []
    for first in range(len(ends) - 1):
        for last in range(first + 1, len(ends)):
            broad = min(ends[last], small.shape[1]) - max(ends[first], 0)
            if broad > _BROADEST * HEIGHT and last - first <= len(cuts):  # all may be one digit
                continue
            named = on_ink[(on_ink >= ends[first]) & (on_ink < ends[last])]
            spread = float(named.std()) if named.size else 0.0
            for ink in _between(crop, large, ends[first], ends[last]):
                spans.append(_span(ink, first, last, layout, spread))
    return Pieces(clear, tuple(spans))


def _between(crop: np.ndarray, middles: np.ndarray, low: float, high: float) -> list[np.ndarray]:
    """The ink between two cuts, alone and with what both sides may own."""
    inks: list[np.ndarray] = []
    for shared in (0.0, _SHARED):
        between = ((middles >= low - shared) & (middles < high + shared)).any(axis=2)
        ink = _without_remains(np.where(between, crop, 0).astype(np.uint8))
        if ink is not None and not any(np.array_equal(ink, other) for other in inks):
            inks.append(ink)
    return inks


def _middles(found: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Columns of the middles that each pixel belongs to, float32 `(HEIGHT, W, 2)`; bare ground
    has those of the nearest ink."""
    starts, width = _starts(small.shape[1]), small.shape[1]
    columns = np.arange(width)
    nearest = np.abs(columns[:, None] - np.array(starts) - WIDTH / 2).argmin(axis=1)
    away = found[nearest, :, columns - np.array(starts)[nearest]]  # (W, HEIGHT, 2)
    middles = columns[None, :, None] + FAR * away.transpose(1, 0, 2)
    _, labels = cv2.distanceTransformWithLabels(
        (small <= INK).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    place = np.zeros(labels.max() + 1, np.int64)
    on_ink = np.flatnonzero(small > INK)
    place[labels.ravel()[on_ink]] = on_ink
    return middles.reshape(-1, 2)[place[labels]].astype(np.float32)


def _valleys(middles: np.ndarray, small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where crowds of middles are parted, and how clearly, 0 to 1."""
    width, ink = small.shape[1], small > INK
    counts = np.zeros(int(width / _BIN) + 1)
    for side in (0, 1):
        bins = np.clip(middles[..., side][ink] / _BIN, 0, len(counts) - 1).astype(np.int64)
        counts += np.bincount(bins, small[ink] / 255 / 2, len(counts))
    counts = cv2.GaussianBlur(counts[None], (0, 0), _BLUR, borderType=cv2.BORDER_CONSTANT)[0]
    inner = counts[1:-1]
    tops = np.flatnonzero((inner > counts[:-2]) & (inner >= counts[2:])) + 1
    cuts, clear = [], []
    for left, right in zip(tops, tops[1:], strict=False):
        stretch = counts[left : right + 1]
        lowest = stretch.min()
        bottom = left + int(np.flatnonzero(stretch == lowest).mean())
        # A crowd is as large as all beyond the valley until the next one: its top may be sharp.
        depth = lowest / max(min(counts[left], counts[right]), 1e-6)
        if depth < _SHALLOW:
            cuts.append(bottom * _BIN)
            clear.append(1 - depth)
    parted = np.split(counts, [round(cut / _BIN) for cut in cuts])
    least = _LEAST * HEIGHT**2
    # A crowd too small to be a digit is no reason for a cut: the shallower valley beside it goes.
    while len(cuts) and min(piece.sum() for piece in parted) < least:
        weak = int(np.argmin([piece.sum() for piece in parted]))
        beside = [index for index in (weak - 1, weak) if 0 <= index < len(cuts)]
        doomed = min(beside, key=lambda index: clear[index])
        del cuts[doomed], clear[doomed]
        parted = np.split(counts, [round(cut / _BIN) for cut in cuts])
    return np.array(cuts), np.array(clear)


def _without_remains(ink: np.ndarray) -> np.ndarray | None:
    """One span without small pieces of its neighbours; None if nothing is left."""
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(
        (ink > INK).astype(np.uint8), connectivity=8
    )
    if count < 2:
        return None
    areas = stats[1:, cv2.CC_STAT_AREA]
    if count > 2:
        keep = 1 + np.flatnonzero(areas >= _SPECK * areas.sum())
        near = cv2.dilate(np.isin(pieces, keep).astype(np.uint8), np.ones((3, 3), np.uint8))
        ink = np.where(near > 0, ink, 0).astype(np.uint8)
    return ink


def _span(ink: np.ndarray, first: int, last: int, layout: DigitLayout, spread: float) -> Span:
    steps = normalise_digit(ink, layout)
    usual = steps if layout is MNIST_LAYOUT else normalise_digit(ink, MNIST_LAYOUT)
    strangeness = float(load_shapes().strangeness(usual[-1].image[None])[0])
    left, top, width, height = cv2.boundingRect(ink)
    box = left, top, left + width, top + height
    return Span(first, last, steps, strangeness, box, height / ink.shape[0], spread)


def boxes_step(crop: np.ndarray, boxes: list[tuple[int, int, int, int]]) -> Step:
    """The ink with a box around each digit that was taken apart."""
    image = cv2.cvtColor(255 - crop, cv2.COLOR_GRAY2RGB)
    for number, (left, top, right, bottom) in enumerate(boxes):
        colour = _COLOURS[number % len(_COLOURS)]
        cv2.rectangle(image, (left, top), (right - 1, bottom - 1), colour, 1)
    return Step(
        "Taken apart", image, f"These {len(boxes)} digits touch each other, so they were split."
    )
