"""Find the ink in an image: drawn or photographed, dark on light or light on dark, in any colour.

No single way is right for all images. Several are tried, from the plainest to the boldest: on even
or uneven ground, without ruled lines, without printed boxes, within a sheet of paper that lies on
something else. The one is taken whose shapes look most like digits (`shapes.py`); bolder ways must
look clearly better.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from core.errors import ImageError
from core.preprocessing import frames, sheet
from core.preprocessing.digits import MOST_DIGITS, split_rows
from core.preprocessing.ground import Contrast, curved_contrasts, even_contrasts, uneven_contrasts
from core.preprocessing.normalise import crop_to_ink, normalise_digit
from core.preprocessing.rules import without_rules
from core.preprocessing.shapes import load_shapes
from core.preprocessing.strokes import beside_strong, ink_amount
from core.preprocessing.views import views

MOST_PIXELS = 360_000  # larger images are reduced first; a digit needs far fewer pixels
LONGEST_SIDE = 3200  # of a long row of digits
BLANK = "The image is blank: no stroke stands out from the background. Draw or show one digit."
_FAINT, _PLAIN = 0.6, 0.2
_DRAWN = 0.8
_TINY, _SMALL = 0.5, 0.12
_USUAL = 1.5  # strangeness below which real digits differ for no reason
_SWAPPED, _SHEET, _DARK_SHEET, _RULES, _EDGES, _TOUCHES, _UNEVEN, _CHANNEL, _MARGINS = 0.8, 0.3, 0.9, 0.3, 0.45, 0.6, 0.2, 0.3, 1.0
_CAP = 6.0  # stranger than this is equally hopeless


@dataclass(frozen=True)
class Ink:
    """Where the ink is.

    Attributes:
        amount: uint8, shape `(H, W)`; 0 is bare ground, 255 full ink.
        sentence: how it was found.
        rows: the digits, row by row, each uint8 of one shape.
        strangeness: how unlike digits the shapes are, steps taken included.
    """

    amount: np.ndarray
    sentence: str
    rows: tuple[tuple[np.ndarray, ...], ...] = ()
    strangeness: float = _CAP


def reduced(image: np.ndarray) -> np.ndarray:
    """The image with no more pixels than the search for ink needs."""
    height, width = image.shape[:2]
    factor = min(1, (MOST_PIXELS / (height * width)) ** 0.5, LONGEST_SIDE / max(height, width))
    if factor == 1:
        return image
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def find_ink(image: np.ndarray) -> Ink:
    """Find the strokes in an image.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)` RGB.

    Raises:
        ImageError: if nothing stands out from the ground.
    """
    search = _Search()
    for order, (name, channel) in enumerate(views(reduced(image))):
        search.look_in(channel, _CHANNEL * order, name)
    if search.best is None:
        raise ImageError(BLANK)
    return search.best


class _Search:
    """Tries ways to find ink, and leaves out those too bold to beat the best so far."""

    def __init__(self) -> None:
        self.best: Ink | None = None

    def look_in(self, channel: np.ndarray, bold: float, name: str) -> None:
        """Look in all of one channel, then in a sheet that lies in it."""
        inside = sheet.without_margins(channel)
        whole = channel
        if inside is not None:
            whole = np.ascontiguousarray(channel[inside])
            self.look_on(channel, bold + _MARGINS, name)
        self.look_on(whole, bold, name)
        for is_light, more in ((True, _SHEET), (False, _DARK_SHEET)):
            if self.hopeful(bold + more) and (found := sheet.find_sheet(whole, is_light)):
                where, on_sheet = found
                filled = sheet.outside_filled(np.ascontiguousarray(whole[where]), on_sheet)
                self.look_on(filled, bold + more, name)

    def look_on(self, scene: np.ndarray, bold: float, name: str) -> None:
        """Against even and uneven ground, in both polarities."""
        drawn = 0.0
        for contrasts, more in ((even_contrasts, 0), (curved_contrasts, _UNEVEN), (uneven_contrasts, 1.5 * _UNEVEN)):
            more += drawn
            if not self.hopeful(bold + more):
                continue
            likelier = None
            for contrast in contrasts(scene):
                drawn = _DRAWN if contrast.exact else drawn
                likelier = contrast.dark_ink if likelier is None else likelier
                swapped = _SWAPPED * (contrast.dark_ink != likelier)
                if self.hopeful(bold + more + swapped):
                    self.look_at(contrast, bold + more + swapped, name)

    def look_at(self, contrast: Contrast, bold: float, name: str) -> None:
        """With and without what is printed."""
        self.judge_without_surroundings(ink_amount(contrast), contrast, bold, name)
        if self.hopeful(bold + _RULES):
            unruled = without_rules(contrast.values)
            if unruled is not contrast.values:
                amount = ink_amount(replace(contrast, values=unruled))
                self.judge_without_surroundings(amount, contrast, bold + _RULES, name)

    def judge_without_surroundings(self, amount, contrast, bold, name):
        if amount is None:
            return
        bare = frames.without_frames(amount)
        if bare is not amount:
            bare = beside_strong(bare)
        self.judge(bare, contrast, bold, name)
        if self.hopeful(bold + _EDGES):
            inner = frames.without_edge_pieces(bare)
            if inner is not bare:
                self.judge(beside_strong(inner), contrast, bold + _EDGES, name)

    def hopeful(self, bold: float) -> bool:
        return self.best is None or _USUAL + bold < self.best.strangeness

    def judge(self, amount: np.ndarray, contrast: Contrast, bold: float, name: str) -> None:
        if not amount.any():
            return
        ink = _judged(amount, bold, contrast, name)
        if TRACE is not None:
            TRACE.append(ink)
        if self.best is None or ink.strangeness < self.best.strangeness:
            self.best = ink


TRACE = None


def _judged(amount: np.ndarray, penalty: float, contrast: Contrast, name: str) -> Ink:
    rows = split_rows(amount)
    digits = [digit for row in rows for digit in row]
    if len(digits) > MOST_DIGITS:
        return Ink(amount, "", rows, _CAP + penalty)
    finals = np.stack([normalise_digit(digit)[-1].image for digit in digits])
    strange = np.minimum(load_shapes().strangeness(finals), _CAP)
    worst = max(_USUAL, float(strange.mean() + strange.max()) / 2)
    if frames.touches_edge(amount):
        penalty += _TOUCHES
    tallest = max(max(crop_to_ink(digit).shape) for digit in digits)
    penalty += _TINY * max(0, 1 - tallest / (_SMALL * min(amount.shape)))
    strength = float(np.median(contrast.values[amount >= 100])) if (amount >= 100).any() else 0
    penalty += _FAINT * max(0, 1 - strength / _PLAIN)
    kind = "dark ink on a light ground" if contrast.dark_ink else "light ink on a dark ground"
    ground = "" if contrast.even else " in uneven light"
    return Ink(amount, f"Found {kind}{ground}, by {name}.", rows, worst + penalty)
