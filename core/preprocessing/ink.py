"""Find the ink in an image: drawn or photoed, dark on light or light on dark, in any colour.

No single way works for all images, so several are tried, from the plainest to the boldest: on
even or uneven ground, without printed lines, without what comes in at the edge, within a sheet of
paper that lies on something else, in other channels than brightness. The one is taken whose shapes
look most like digits (`shapes.py`), where bolder ways must look clearly better. Ways too bold to
beat the best so far are left out, so a plain drawing costs one look.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from core.errors import NothingFound
from core.preprocessing import frames, sheet
from core.preprocessing.digits import MOST_DIGITS, split_rows
from core.preprocessing.ground import (
    Contrast,
    curved_contrasts,
    even_contrasts,
    uneven_contrasts,
)
from core.preprocessing.normalise import crop_to_ink, normalise_digit
from core.preprocessing.rules import without_rules
from core.preprocessing.shapes import load_shapes
from core.preprocessing.small import median
from core.preprocessing.step import Step
from core.preprocessing.strokes import STRONG, beside_strong, ink_amount
from core.preprocessing.views import BRIGHTNESS, views

MOST_PIXELS = 360_000  # larger images are reduced first; a digit needs far fewer pixels
LONGEST_SIDE = 3200  # of a long row of digits
BLANK = "The image is blank: no stroke stands out from the background. Draw or show one digit."
TOO_SMALL = (
    "What stands out in the image is too small to be a digit. Draw it larger, or take the photo "
    "from closer up."
)
_LEAST_PIXELS = 4  # how tall or wide a digit is at least,
_LEAST = 0.02  # and which fraction of the image's shorter side

# All of the following is in units of strangeness: 0.9 is a typical digit, 3 is hardly one. Chosen
# on validation digits shown as in `tests/digits/photos.py`.
_USUAL = 1.5  # below it, real digits differ from each other for no reason that matters here
_TOO_MANY = 1.75  # of what is not taken apart: rather refused than cut to fewer digits
_CAP = 6.0  # stranger than this is equally hopeless
_FAINT, _PLAIN = 0.6, 0.2  # at most this is added where contrast is below that fraction
_TINY, _SMALL = 0.5, 0.12  # and where digits are smaller than that fraction of the shorter side
_TOUCHES = 0.6  # ink that comes near the edge; twice that if something solid lies along a side
_IS_BLOCK = 0.8  # a solid block
_LOSES = 0.6  # taking all strong ink away; less in proportion
# How much bolder is
_CURVED, _CLOSED = 0.2, 0.3  # uneven light, by a surface or a closing,
_DRAWN = 0.8  # the same although the ground has exactly one level,
_SWAPPED = 1.0  # the less likely of light and dark ink,
_RULES = 0.2  # taking printed lines off,
_EDGES = 0.3  # taking off what comes in at the edge,
_SHEET, _DARK_SHEET = 0.3, 1.1  # looking only on a sheet,
_MARGINS = 0.2  # looking at the margins around a photo too,
_CHANNEL = 0.3  # each channel after brightness


@dataclass(frozen=True)
class Ink:
    """Where the ink is.

    Attributes:
        amount: uint8, shape `(H, W)`; 0 is bare ground, 255 full ink.
        sentence: how it was found.
        rows: the digits, row by row, each uint8, all of one shape.
        scene: the channel that was looked at, or a part of it: uint8, shape `(H, W)`.
        is_part: whether that was not all of the image.
        strangeness: how unlike digits the shapes are, plus how bold the way was.
        tallest: longer side of the largest digit, pixels.
        normalised: the steps of each digit in the layout of MNIST; none if there are too many.
    """

    amount: np.ndarray
    sentence: str
    rows: tuple[tuple[np.ndarray, ...], ...]
    scene: np.ndarray
    is_part: bool
    strangeness: float
    tallest: int
    normalised: tuple[tuple[Step, ...], ...] = ()


def find_ink(image: np.ndarray) -> Ink:
    """Find the strokes in an image.

    Args:
        image: uint8, shape `(H, W)` or `(H, W, 3)` RGB.

    Raises:
        NothingFound: if nothing stands out from the ground, or nothing large enough.
    """
    image = reduced(image)
    search = _Search()
    for order, (name, channel) in enumerate(views(image)):
        search.look_in(channel, _Way(name, _CHANNEL * order))
    if search.best is None:
        raise _nothing(image, search.too_small)
    return search.best


def reduced(image: np.ndarray) -> np.ndarray:
    """The image with no more pixels than the search for ink needs."""
    height, width = image.shape[:2]
    factor = min(1, (MOST_PIXELS / (height * width)) ** 0.5, LONGEST_SIDE / max(height, width))
    if factor == 1:
        return image
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _nothing(image: np.ndarray, too_small: Ink | None) -> NothingFound:
    """The error, with the steps so far to look at."""
    if too_small is not None:
        step = Step(
            "Ink", too_small.amount, "Everything that stands out. It is too small to be a digit."
        )
        return NothingFound(TOO_SMALL, (step,))
    _, channel = next(iter(views(image)))
    values = next(uneven_contrasts(channel)).values
    contrast = Step(
        "Contrast",
        np.round(255 * values).astype(np.uint8),
        "How much each pixel differs from what lies around it. Nothing looks like a stroke. A "
        "darker pen, more even light or a photo from closer up may help.",
    )
    brightness = Step("Brightness", channel, "How bright each pixel is, without its colour.")
    return NothingFound(BLANK, (brightness, contrast) if image.ndim == 3 else (contrast,))


@dataclass(frozen=True)
class _Way:
    """A way to look: in which channel, whether in a part of it, and how bold it is so far."""

    channel: str
    bold: float
    is_part: bool = False

    def and_(self, more: float) -> "_Way":
        return _Way(self.channel, self.bold + more, self.is_part)


class _Search:
    """Tries ways to find ink, and leaves out those too bold to beat the best so far."""

    def __init__(self) -> None:
        self.best: Ink | None = None
        self.too_small: Ink | None = None

    def look_in(self, channel: np.ndarray, way: _Way) -> None:
        """Look in all of one channel, then on a sheet that lies in it."""
        inside = sheet.without_margins(channel)
        whole = channel if inside is None else np.ascontiguousarray(channel[inside])
        self.look_on(whole, replace(way, is_part=inside is not None))
        for is_light, more in ((True, _SHEET), (False, _DARK_SHEET)):
            if self.hopeful(way.and_(more)) and (found := sheet.find_sheet(whole, is_light)):
                where, on_sheet = found
                scene = sheet.outside_filled(np.ascontiguousarray(whole[where]), on_sheet)
                self.look_on(scene, replace(way.and_(more), is_part=True))
        if inside is not None and self.hopeful(way.and_(_MARGINS)):
            self.look_on(channel, way.and_(_MARGINS))

    def look_on(self, scene: np.ndarray, way: _Way) -> None:
        """Against even and uneven ground, for dark and light ink."""
        drawn = 0.0
        for contrasts, bold in (
            (even_contrasts, 0),
            (curved_contrasts, _CURVED),
            (uneven_contrasts, _CLOSED),
        ):
            if not self.hopeful(way.and_(bold + drawn)):
                continue
            for number, contrast in enumerate(contrasts(scene)):
                drawn = _DRAWN if contrast.exact else drawn
                more = bold + _SWAPPED * number
                more += 0 if contrast.even else drawn
                if self.hopeful(way.and_(more)):
                    self.look_at(contrast, scene, way.and_(more))

    def look_at(self, contrast: Contrast, scene: np.ndarray, way: _Way) -> None:
        """With printed lines, and without."""
        plain = ink_amount(contrast)
        self.look_within(plain, contrast, scene, way)
        if not self.hopeful(way.and_(_RULES)):
            return
        unruled = without_rules(contrast.values)
        if unruled is not contrast.values:
            amount = ink_amount(replace(contrast, values=unruled))
            way = way.and_(_RULES + _LOSES * _lost(plain, amount))
            self.look_within(amount, contrast, scene, way)

    def look_within(
        self, amount: np.ndarray | None, contrast: Contrast, scene: np.ndarray, way: _Way
    ) -> None:
        """Without boxes around the digits; then also without what comes in at the edge."""
        if amount is None:
            return
        pieces = frames.pieces_of(amount)
        bare = frames.without_frames(amount, pieces)
        if bare is not amount:
            bare = beside_strong(bare, contrast.exact)
            pieces = frames.pieces_of(bare)
        self.judge(bare, pieces, contrast, scene, way)
        if not self.hopeful(way.and_(_EDGES)):
            return
        inner = frames.without_edge_pieces(bare, pieces)
        if inner is not bare:
            inner = beside_strong(inner, contrast.exact)
            more = _EDGES + _LOSES * _lost(bare, inner)
            self.judge(inner, frames.pieces_of(inner), contrast, scene, way.and_(more))

    def hopeful(self, way: _Way) -> bool:
        """Whether a way so bold can still beat the best."""
        return self.best is None or _USUAL + way.bold < self.best.strangeness

    def judge(
        self,
        amount: np.ndarray,
        pieces: frames.Pieces,
        contrast: Contrast,
        scene: np.ndarray,
        way: _Way,
    ) -> None:
        """Keep it if it is the best so far."""
        if not amount.any():
            return
        ink = _judged(amount, pieces, contrast, scene, way)
        if ink.tallest < max(_LEAST_PIXELS, _LEAST * min(amount.shape)):
            self.too_small = self.too_small or ink
        elif self.best is None or ink.strangeness < self.best.strangeness:
            self.best = ink


def _lost(before: np.ndarray | None, after: np.ndarray | None) -> float:
    """The fraction of strong ink that was removed."""
    if before is None or after is None:
        return 0.0
    strong = before >= STRONG
    return 1 - float((strong & (after >= STRONG)).sum()) / max(1, int(strong.sum()))


def _judged(
    amount: np.ndarray, pieces: frames.Pieces, contrast: Contrast, scene: np.ndarray, way: _Way
) -> Ink:
    """The ink with its digits, and how strange they are."""
    rows = split_rows(amount)
    digits = [digit for row in rows for digit in row]
    if len(digits) > MOST_DIGITS:
        return Ink(amount, "", rows, scene, way.is_part, _TOO_MANY + way.bold, max(amount.shape))
    normalised = tuple(normalise_digit(digit) for digit in digits)
    finals = np.stack([steps[-1].image for steps in normalised])
    strange = np.minimum(load_shapes().strangeness(finals), _CAP)
    tallest = max(max(crop_to_ink(digit).shape) for digit in digits)
    strong = amount >= STRONG
    strength = median(contrast.values[strong]) if strong.any() else 0.0
    at_edge, is_block = frames.surroundings(amount, pieces)
    doubts = (
        max(_TOUCHES * at_edge, _IS_BLOCK * is_block)
        + _TINY * max(0, 1 - tallest / (_SMALL * min(amount.shape)))
        + _FAINT * max(0, 1 - strength / _PLAIN)
    )
    # One strange digit among many counts, but less than if all were strange.
    worst = max(_USUAL, float(strange.mean() + strange.max()) / 2)
    strangeness = worst + doubts + way.bold
    sentence = _sentence(contrast, way)
    return Ink(amount, sentence, rows, scene, way.is_part, strangeness, tallest, normalised)


def _sentence(contrast: Contrast, way: _Way) -> str:
    """How the ink was found."""
    kind = "dark ink on a light ground" if contrast.dark_ink else "light ink on a dark ground"
    if way.channel != BRIGHTNESS:
        kind = f"ink by its colour ({way.channel})"
    light = "" if contrast.even else " in uneven light"
    return f"Found {kind}{light}: everything that differs clearly from the background."
