"""Digits as people show them, generated here: what is read in each."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from core import datasets, runs
from core.errors import ImageError, NothingFound
from core.preprocessing.digits import MOST_DIGITS
from core.serving import load_predictor
from tests.digits.photos import PHOTOS

STROKES = {  # lines of a digit in a square of 100: x and y of their points
    "0": ["50,10 30,18 22,50 30,82 50,90 70,82 78,50 70,18 50,10"],
    "1": ["50,8 50,92"],
    "2": ["26,30 34,14 52,9 70,18 72,34 60,52 24,90 78,90"],
    "3": ["28,18 48,9 68,18 68,36 46,47 70,56 74,74 58,90 26,84"],
    "4": ["60,10 22,62 80,62", "60,34 60,92"],
    "5": ["74,10 32,10 28,46 52,42 72,56 72,76 56,90 26,86"],
    "6": ["66,8 42,28 28,58 32,82 50,91 68,82 70,62 54,52 34,60"],
    "7": ["24,12 78,12 44,92"],
    "9": ["70,30 58,12 38,12 28,30 38,48 58,46 70,30 66,92"],
}


class Pen(NamedTuple):
    """How digits are written: pixels of height and stroke, ink, and how far they are apart."""

    size: int
    width: int = 8
    ink: float = 0
    step: float = 0.85


def write(image: Image.Image, text: str, at: tuple, pen: Pen):
    """Write digits on an image, in place."""
    size, width, ink, step = pen
    draw = ImageDraw.Draw(image)
    for place, digit in enumerate(text):
        for stroke in STROKES[digit]:
            pairs = (map(int, pair.split(",")) for pair in stroke.split())
            points = [
                (at[0] + place * size * step + x * size / 100, at[1] + y * size / 100)
                for x, y in pairs
            ]
            draw.line(points, fill=ink, width=width, joint="curve")
            for x, y in points:
                r = width / 2
                draw.ellipse((x - r, y - r, x + r, y + r), fill=ink)
    return image


def drawn(size, text, at, pen, ground=255):
    return np.asarray(write(Image.new("L", size, ground), text, at, pen))


def paper(size, light=215.0, fall=25.0, grain=2.0):
    noise = np.random.default_rng(1).normal(0, grain, size[::-1])
    return light - np.linspace(0, fall, size[0])[None, :] + noise


def photo(ground, text, at, pen, dark=0.35):
    """Ink as a fraction of the paper's light, a little soft."""
    mask = write(Image.new("L", ground.shape[::-1], 0), text, at, pen._replace(ink=255))
    mask = np.asarray(mask.filter(ImageFilter.GaussianBlur(0.8)), float) / 255
    return np.clip(ground * (1 - mask * (1 - dark)), 0, 255).astype(np.uint8)


def lighter_third():
    light = np.full((260, 260), 180.0) + 24 * np.clip((np.arange(260) - 160) / 95, 0, 1)
    return photo(light + paper((260, 260), 0, 0), "2", (40, 60), Pen(120, 3), 0.6)


def darker_third():
    light = np.full((260, 260), 150.0) - 30 * np.clip((np.arange(260) - 160) / 60, 0, 1)
    return photo(light + paper((260, 260), 0, 0), "3", (30, 40), Pen(150, 5), 0.45)


def within_margins(level):
    def make():
        image = np.full((420, 210), level, np.uint8)
        image[100:310] = photo(paper((210, 210)), "3", (50, 50), Pen(100, 7))
        return image

    return make


def on_a_desk(ground):
    def make():
        sheet = Image.fromarray(photo(paper((220, 200), fall=10), "5", (60, 50), Pen(100, 8), 0.2))
        return np.asarray(sheet.rotate(-11, expand=True, fillcolor=ground))

    return make


def framed():
    image = np.zeros((220, 200), np.uint8)
    image[12:-12, 12:-12] = drawn((176, 196), "6", (38, 48), Pen(100))
    return image


def beside_a_table():
    image = photo(paper((260, 260), 195, 0), "9", (90, 60), Pen(140, 9), 0.4)
    image[:, :22] = 60
    return image


def below_a_table():
    pen = Pen(34, 3, step=0.62)
    image = Image.fromarray(photo(paper((300, 420), fall=60), "7421", (90, 230), pen, 0.3))
    ImageDraw.Draw(image).polygon([(40, 0), (300, 0), (300, 9)], fill=30)
    return np.asarray(image)


def squared(turn: float):
    def make():
        lines = Image.new("L", (600, 600), 0)
        pen = ImageDraw.Draw(lines)
        for at in range(0, 600, 34):
            pen.line((at, 0, at, 600), fill=255, width=2)
            pen.line((0, at, 600, at), fill=255, width=2)
        lines = np.asarray(lines.rotate(turn).crop((100, 100, 500, 500)), float) / 255
        return photo(paper((400, 400)) * (1 - 0.4 * lines), "5", (110, 100), Pen(190, 10), 0.25)

    return make


def dark_lines():
    ground = paper((400, 400), 235, 40, 1)
    for y in range(26, 400, 41):
        ground[y : y + 2] *= 0.45
    return photo(ground, "4", (110, 100), Pen(190, 10), 0.2)


def stroke_across():
    return photo(paper((200, 200), fall=60), "1", (-18, -18), Pen(236, 9), 0.25)


def specked(*spots):
    def make():
        image = write(Image.new("L", (300, 300), 255), "4", (110, 110), Pen(80, 7))
        for x, y in spots:
            ImageDraw.Draw(image).rectangle((x, y, x + 3, y + 3), fill=200)
        return np.asarray(image)

    return make


def boxed():
    image = Image.new("L", (260, 110), 255)
    pen = ImageDraw.Draw(image)
    write(image, "301", (42, 32), Pen(44, 4, 30, 1.43))
    for k in range(3):
        pen.rectangle((30 + 63 * k, 20, 93 + 63 * k, 90), outline=60, width=2)
    return np.asarray(image)


def ringed():
    image = Image.fromarray(drawn((200, 200), "3", (60, 60), Pen(80)))
    ImageDraw.Draw(image).ellipse((20, 20, 180, 180), outline=0, width=6)
    return np.asarray(image)


def rows():
    image = write(Image.new("L", (300, 260), 255), "123", (30, 20), Pen(80, 7))
    return np.asarray(write(image, "456", (30, 150), Pen(80, 7)))


def column():
    image = Image.new("L", (110, 330), 255)
    for k, digit in enumerate("739"):
        write(image, digit, (15, 6 + 108 * k), Pen(80))
    return np.asarray(image)


def above_buttons():
    image = Image.fromarray(drawn((200, 320), "2", (40, 20), Pen(160, 12)))
    for left in (10, 105):
        ImageDraw.Draw(image).rectangle((left, 212, left + 82, 240), fill=0)
    return np.asarray(image)


def long_row(count):
    return lambda: photo(
        paper((60 + 40 * count, 110), fall=120), LONG[:count], (30, 30), Pen(44, 4), 0.3
    )


def coloured(ground, ink):
    image = Image.new("RGB", (200, 200), ground)
    return lambda: np.asarray(write(image, "4", (50, 50), Pen(100, 10, ink)))


LONG = "3141592653597932314671204"
SCENES: dict[str, tuple[Callable[[], np.ndarray], str]] = {
    "a third of the sheet is lighter": (lighter_third, "2"),
    "a third of the sheet is darker": (darker_third, "3"),
    "white margins around a photo": (within_margins(255), "3"),
    "black margins around a photo": (within_margins(0), "3"),
    "a black frame around a drawing": (framed, "6"),
    "a sheet on a dark desk": (on_a_desk(52), "5"),
    "a sheet on a black desk": (on_a_desk(5), "5"),
    "the edge of a table at the left": (beside_a_table, "9"),
    "the edge of a table at the top": (below_a_table, "7421"),
    "a stroke from edge to edge": (stroke_across, "1"),
    "dark lines": (dark_lines, "4"),
    "squared paper": (squared(0), "5"),
    "squared paper, tilted": (squared(7), "5"),
    "a faint speck far away": (specked((8, 8)), "4"),
    "faint specks in all corners": (specked((8, 8), (290, 290), (290, 8), (8, 290)), "4"),
    "boxes of a form": (boxed, "301"),
    "a ring": (ringed, "3"),
    "two rows": (rows, "123 456"),
    "a column": (column, "7 3 9"),
    "buttons below": (above_buttons, "2"),
    "a row of 14": (long_row(14), LONG[:14]),
    "a row of 25": (long_row(25), LONG),
    "green on red": (coloured((172, 56, 50), (40, 124, 60)), "4"),
    "yellow on white": (coloured((236, 233, 228), (238, 224, 80)), "4"),
}


@pytest.fixture(scope="module")
def predictor():
    return load_predictor(runs.load("mnist-cnn"))


@pytest.fixture(scope="module")
def validation():
    dataset = datasets.load("mnist")
    return dataset.x_val[..., 0], dataset.y_val


@pytest.mark.parametrize("name", SCENES)
def test_what_is_shown_is_read(predictor, name):
    make, expected = SCENES[name]
    prediction = predictor.predict(make())
    assert prediction.label == expected
    assert prediction.rows == tuple(expected.split())


@pytest.mark.parametrize("condition", PHOTOS)
@pytest.mark.few(6)
def test_digits_in_photos_are_found(predictor, validation, condition):
    """A few of each kind; `tests/test_accuracy.py` measures them."""
    digits, labels = validation
    count = PHOTOS[condition].digits[1]
    rng = np.random.default_rng(3)
    right = []
    for first in range(3):
        chosen = range(100 + 7 * first, 100 + 7 * first + count)
        images = [digits[index] for index in chosen]
        truth = "".join(str(labels[index]) for index in chosen)
        try:
            label = predictor.predict(PHOTOS[condition].make(images, rng)).label.replace(" ", "")
        except ImageError:
            label = ""
        right.append(label == truth or (count > 1 and len(label) == len(truth)))
    assert sum(right) >= 2


@pytest.mark.parametrize(
    ("image", "reason", "steps"),
    [
        (np.full((60, 60), 200, np.uint8), "blank", ["Contrast"]),
        (np.full((60, 60, 3), (200, 90, 90), np.uint8), "blank", ["Brightness", "Contrast"]),
        (np.pad(np.zeros((6, 6), np.uint8), 200, constant_values=255), "too small", ["Ink"]),
        (np.array([[0, 255]], np.uint8), "too small", ["Ink"]),
    ],
    ids=["grey", "coloured", "a speck", "two pixels"],
)
def test_where_nothing_is_found_the_error_holds_what_was_looked_at(predictor, image, reason, steps):
    with pytest.raises(NothingFound, match=reason) as caught:
        predictor.predict(image)
    assert [step.name for step in caught.value.steps] == steps
    assert all(step.image.dtype == np.uint8 and step.sentence for step in caught.value.steps)


def test_more_digits_than_can_be_read_are_refused(predictor):
    text = 5 * LONG
    image = drawn((36 * len(text) + 20, 60), text, (10, 10), Pen(40, 4))
    with pytest.raises(ImageError, match=f"At most {MOST_DIGITS} digits.*about {len(text)}"):
        predictor.predict(image)
