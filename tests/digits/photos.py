"""Photos, forms and drawings of digits: what the search for ink is measured on.

Each condition takes MNIST digits (28x28 uint8, light on dark), writes them with a pen on a
generated background, and gives the image, uint8 `(H, W, 3)`, as a camera or a scanner would.
Settings are chosen on validation digits; nobody's photos are used.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from tests.digits.pens import Rng, paper, pen, pen_strokes, put, shoot


@dataclass(frozen=True)
class PhotoCondition:
    """How digits are shown.

    Attributes:
        make: digits and a generator to an image, uint8 `(H, W, 3)`.
        digits: how many go on one image, from and to.
    """

    make: Callable[[list[np.ndarray], Rng], np.ndarray]
    digits: tuple[int, int] = (1, 1)


def _sheet(rng: Rng) -> tuple[int, int]:
    return int(rng.integers(240, 720)), int(rng.integers(240, 720))


def _write_one(page: np.ndarray, digit: np.ndarray, rng: Rng, width: float = 0.0, **more) -> None:
    """One digit anywhere on the page, upright."""
    short = min(page.shape[:2])
    low, high = more.get("sizes", (0.35, 0.95))
    size = int(short * rng.uniform(low, high))
    margin = more.get("margin", 0.02) * short
    top, left = (
        int(rng.uniform(margin, max(margin + 1, side - size - margin))) for side in page.shape[:2]
    )
    put(page, pen_strokes(digit, size, width), top, left, more.get("colour") or pen(rng))


def even_light(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """A sheet of paper in even light."""
    page = paper(_sheet(rng), rng, rng.uniform(0, 0.06))
    _write_one(page, digits[0], rng)
    return shoot(page, rng, rng.uniform(0.3, 2))


def uneven_light(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """Light that falls off, often with the shadow of a hand."""
    shadow = rng.uniform(0.15, 0.45) if rng.random() < 0.6 else 0
    page = paper(_sheet(rng), rng, rng.uniform(0.15, 0.5), shadow)
    _write_one(page, digits[0], rng)
    return shoot(page, rng)


def thin_pen(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """A ball pen: strokes of 1.5 to 3 % of the digit's square."""
    page = paper(_sheet(rng), rng, rng.uniform(0, 0.25))
    _write_one(page, digits[0], rng, rng.uniform(0.015, 0.03))
    return shoot(page, rng)


def thick_pen(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """A marker: strokes of 10 to 15 % of the digit's square, often filling the image."""
    page = paper(_sheet(rng), rng, rng.uniform(0, 0.25))
    _write_one(page, digits[0], rng, rng.uniform(0.1, 0.15), sizes=(0.5, 1.2), margin=0)
    return shoot(page, rng)


def desk_around(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """A sheet, turned a little, on a desk that is darker."""
    sheet = paper(_sheet(rng), rng, rng.uniform(0, 0.2))
    _write_one(sheet, digits[0], rng, rng.choice([0, 0, 0.03]), margin=0.08, sizes=(0.4, 0.8))
    height, width = sheet.shape[:2]
    desk = np.array(rng.uniform(20, 95) * (1 + rng.uniform(-0.2, 0.2, 3)), np.float32)
    grow = rng.uniform(1.1, 1.5)
    full = (int(height * grow), int(width * grow))
    page = np.ones((*full, 3), np.float32) * desk
    page *= (
        1
        + 0.05
        * cv2.resize(rng.normal(0, 1, (full[0] // 9, 5)).astype(np.float32), full[::-1])[..., None]
    )
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-14, 14), 1)
    turn[:, 2] += (
        (full[1] - width) * rng.uniform(0.2, 0.8),
        (full[0] - height) * rng.uniform(0.2, 0.8),
    )
    laid = cv2.warpAffine(sheet, turn, full[::-1])
    there = cv2.warpAffine(np.ones((height, width), np.float32), turn, full[::-1])[..., None]
    return shoot(page * (1 - there) + laid * there, rng)


def table_edge(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """Something dark along one side of the image: the table beyond the sheet, a book, a shadow."""
    page = paper(_sheet(rng), rng, rng.uniform(0, 0.25))
    height, width = page.shape[:2]
    strip = rng.uniform(0.03, 0.16)
    _write_one(page, digits[0], rng, rng.choice([0, 0, 0.03]), margin=0.2, sizes=(0.3, 0.6))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    side = int(rng.integers(4))
    first, second = corners[side], corners[(side + 1) % 4]
    inward = (corners[(side + 2) % 4] - second) * strip
    near, far = (inward * rng.uniform(0, 1.6) for _ in range(2))
    shape = np.array([first, second, second + far, first + near]).round().astype(np.int32)
    cv2.fillPoly(page, [shape], tuple(rng.uniform(15, 90, 3)))
    return shoot(page, rng)


def _rules(page: np.ndarray, rng: Rng, squared: bool, turn: float) -> None:
    """Printed lines, in place; `turn` in degrees."""
    height, width = page.shape[:2]
    reach = int(np.hypot(height, width)) + 4
    lines = np.zeros((2 * reach, 2 * reach), np.float32)
    spacing = float(rng.uniform(0.06, 0.2) * min(height, width))
    thick = int(rng.choice([1, 1, 2, 2, 3]))
    for at in np.arange(0, 2 * reach, spacing).round().astype(int):
        lines[at : at + thick] = 1
        if squared:
            lines[:, at : at + thick] = 1
    matrix = cv2.getRotationMatrix2D((reach, reach), turn, 1)
    lines = cv2.warpAffine(lines, matrix, lines.shape[::-1])
    top, left = reach - height // 2, reach - width // 2
    lines = lines[top : top + height, left : left + width, None]
    dark = rng.uniform(0.55, 0.88) * (1 + rng.uniform(-0.1, 0.1, 3))
    page *= 1 - lines + lines * np.minimum(dark, 0.95).astype(np.float32)


def _ruled(squared: bool, tilted: bool) -> Callable[[list[np.ndarray], Rng], np.ndarray]:
    def make(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
        page = paper(_sheet(rng), rng, rng.uniform(0, 0.3))
        turn = rng.choice([-1, 1]) * rng.uniform(2, 12) if tilted else rng.uniform(-0.6, 0.6)
        _rules(page, rng, squared, float(turn))
        _write_one(page, digits[0], rng, rng.choice([0, 0, 0.035]))
        return shoot(page, rng)

    return make


def printed_box(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """A cell of a form: the box printed around the digit, cut out more or less exactly."""
    side = int(rng.integers(60, 320))
    page = paper((side, int(side * rng.uniform(0.8, 1.2))), rng, rng.uniform(0, 0.15))
    height, width = page.shape[:2]
    inset = rng.uniform(-0.03, 0.1, 4) * min(height, width)
    if rng.random() < 0.5:
        inset = abs(inset) + 3
    left, top = int(inset[0]), int(inset[1])
    right, bottom = int(width - 1 - inset[2]), int(height - 1 - inset[3])
    thick = max(1, round(side * rng.uniform(0.006, 0.025)))
    cv2.rectangle(page, (left, top), (right, bottom), (rng.uniform(20, 130),) * 3, thick)
    _write_one(page, digits[0], rng, rng.choice([0, 0.05, 0.07]), sizes=(0.6, 0.85), margin=0.1)
    return shoot(page, rng)


def specks(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """Dust and crumbs, dark and faint, on paper or on a drawing's plain ground."""
    if rng.random() < 0.5:
        page = paper(_sheet(rng), rng, rng.uniform(0, 0.2))
    else:
        page = np.full((*_sheet(rng), 3), 255, np.float32)
    colour = pen(rng)
    _write_one(page, digits[0], rng, rng.choice([0, 0, 0.04]), sizes=(0.4, 0.9), colour=colour)
    for _ in range(int(rng.integers(1, 25))):
        radius = int(rng.integers(0, max(2, min(page.shape[:2]) // 90)))
        at = int(rng.integers(page.shape[1])), int(rng.integers(page.shape[0]))
        cv2.circle(page, at, radius, (rng.uniform(30, 215),) * 3, -1, cv2.LINE_AA)
    return shoot(page, rng, rng.uniform(0, 1.5))


def white_margins(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """A photo on a screenshot: plain margins of white, grey or black around it."""
    photo = even_light(digits, rng) if rng.random() < 0.5 else uneven_light(digits, rng)
    height, width = photo.shape[:2]
    around = [int(side * rng.uniform(0, 0.6)) for side in (height, height, width, width)]
    if rng.random() < 0.5:
        around[2 * int(rng.integers(2)) :][:2] = [0, 0]
    level = int(rng.choice([255, 255, 248, 0, 30]))
    return cv2.copyMakeBorder(photo, *around, cv2.BORDER_CONSTANT, value=(level,) * 3)


def ink_to_the_edge(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """Cut so close that strokes touch the edges of the image, or run out of it a little."""
    size = int(rng.integers(120, 500))
    strokes = pen_strokes(digits[0], size, rng.choice([0, 0.05, 0.08]))
    rows, columns = (np.flatnonzero(strokes.max(axis=axis) > 0.5) for axis in (1, 0))
    cut = [int(size * rng.uniform(-0.005, 0.02)) for _ in range(4)]
    if rng.random() < 0.5:
        cut[2 * int(rng.integers(2)) :][:2] = [-int(0.15 * size)] * 2
    top, bottom = rows[0] + cut[0], rows[-1] + 1 - cut[1]
    left, right = columns[0] + cut[2], columns[-1] + 1 - cut[3]
    page = paper((bottom - top, right - left), rng, rng.uniform(0, 0.2))
    put(page, strokes, -top, -left, pen(rng))
    return shoot(page, rng)


def _line_of(digits: list[np.ndarray], size: int, rng: Rng, width: float) -> np.ndarray:
    """Digits side by side, as a mask, 3 to 9 pixels (of 28) apart."""
    pieces = []
    for digit in digits:
        strokes = pen_strokes(digit, size, width)
        columns = np.flatnonzero(strokes.max(axis=0) > 0.3)
        pieces.append(strokes[:, columns[0] : columns[-1] + 1])
        pieces.append(np.zeros((size, int(size * rng.uniform(3, 9) / 28)), np.float32))
    return np.hstack(pieces[:-1])


def _on_page(lines: list[np.ndarray], rng: Rng, gap: float) -> np.ndarray:
    """Rows of writing on paper that is just large enough, with margins."""
    size = lines[0].shape[0]
    margin = int(size * rng.uniform(0.3, 0.8))
    step = int(size * (1 + gap))
    page = paper(
        (
            2 * margin + size + step * (len(lines) - 1),
            2 * margin + max(line.shape[1] for line in lines),
        ),
        rng,
        rng.uniform(0, 0.35),
    )
    colour = pen(rng)
    for number, line in enumerate(lines):
        put(page, line, margin + number * step, margin, colour)
    return shoot(page, rng)


def two_rows(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """Two rows of digits, one below the other."""
    size, width = int(rng.integers(60, 160)), rng.choice([0, 0.05])
    half = (len(digits) + 1) // 2
    lines = [_line_of(part, size, rng, width) for part in (digits[:half], digits[half:])]
    return _on_page(lines, rng, rng.uniform(0.05, 0.6))


def many_digits(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """A long row of digits."""
    size, width = int(rng.integers(40, 120)), rng.choice([0, 0.05])
    return _on_page([_line_of(digits, size, rng, width)], rng, 0)


def colour_only(digits: list[np.ndarray], rng: Rng) -> np.ndarray:
    """A marker that is hardly darker than the ground, but of another colour."""
    shape = _sheet(rng)
    pairs = (
        ((235, 232, 225), (238, 222, 70)),  # yellow on white
        ((172, 56, 50), (40, 124, 60)),
        ((70, 110, 190), (196, 84, 120)),
        ((240, 190, 190), (160, 222, 190)),
        ((90, 130, 90), (150, 100, 150)),
    )
    ground, ink = pairs[rng.integers(len(pairs))]
    page = np.ones((*shape, 3), np.float32) * np.array(ground, np.float32)
    size = int(min(shape) * rng.uniform(0.5, 0.95))
    strokes = pen_strokes(digits[0], size, rng.choice([0, 0.1]))
    top, left = (int(rng.uniform(0, side - size)) for side in shape)
    alpha = strokes[..., None]
    window = page[top : top + size, left : left + size]
    window[:] = window * (1 - alpha) + alpha * np.array(ink, np.float32)
    return shoot(page, rng, rng.uniform(0, 2))


PHOTOS: dict[str, PhotoCondition] = {
    "paper, even light": PhotoCondition(even_light),
    "paper, uneven light": PhotoCondition(uneven_light),
    "thin pen": PhotoCondition(thin_pen),
    "thick pen": PhotoCondition(thick_pen),
    "dark desk around": PhotoCondition(desk_around),
    "table edge": PhotoCondition(table_edge),
    "ruled": PhotoCondition(_ruled(squared=False, tilted=False)),
    "ruled, tilted": PhotoCondition(_ruled(squared=False, tilted=True)),
    "squared": PhotoCondition(_ruled(squared=True, tilted=False)),
    "squared, tilted": PhotoCondition(_ruled(squared=True, tilted=True)),
    "printed box": PhotoCondition(printed_box),
    "specks": PhotoCondition(specks),
    "margins around a photo": PhotoCondition(white_margins),
    "ink to the edge": PhotoCondition(ink_to_the_edge),
    "two rows": PhotoCondition(two_rows, (4, 12)),
    "13 to 25 digits": PhotoCondition(many_digits, (13, 25)),
    "colour only": PhotoCondition(colour_only),
}
