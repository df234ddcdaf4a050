import cv2
import numpy as np
import pytest

from core.preprocessing import find_ink, normalise_digit, split_rows
from core.preprocessing.digits import MOST_DIGITS
from core.preprocessing.normalise import crop_to_ink
from tests.digits.conditions import row_of_digits


def split_digits(ink: np.ndarray) -> list[np.ndarray]:
    """The digits of all rows, one after the other."""
    return [digit for row in split_rows(ink) for digit in row]


def middle(ink: np.ndarray) -> float:
    """Column of the middle of the ink."""
    left, _, width, _ = cv2.boundingRect(ink)
    return left + width / 2


def split_row(digits: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    return split_digits(find_ink(row_of_digits(digits, rng)).amount)


def test_single_digits_stay_single(mnist_test):
    counts = [len(split_digits(image)) for image in mnist_test[0][:1000]]
    assert np.mean(np.equal(counts, 1)) >= 0.995


def test_a_single_digit_comes_back_as_it_is(digit_image):
    (part,) = split_digits(digit_image(0))
    assert (part == crop_to_ink(digit_image(0))).all()


@pytest.mark.parametrize("count", [2, 3, 4, 5, 8])
def test_rows_are_split_into_the_right_number_from_left_to_right(mnist_test, count):
    rng = np.random.default_rng(count)
    wrong = 0
    for _ in range(40):
        chosen = mnist_test[0][rng.integers(0, 10_000, count)]
        parts = split_row(list(chosen), rng)
        wrong += len(parts) != count
        middles = [middle(part) for part in parts]
        assert middles == sorted(middles)
    assert wrong <= 0.01 * 40 * count  # of 100 digits, one may be broken or touch another


def test_every_digit_of_a_row_is_itself(digit_image):
    order = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]
    parts = split_row([digit_image(label) for label in order], np.random.default_rng(0))
    assert len(parts) == len(order)
    finals = [normalise_digit(part)[-1].image.astype(float).ravel() for part in parts]
    wanted = [digit_image(label).astype(float).ravel() for label in order]
    likeness = np.corrcoef(finals, wanted)[: len(order), len(order) :]
    assert likeness.argmax(axis=1).tolist() == list(range(len(order)))


def test_parts_hold_nothing_of_their_neighbours(digit_image):
    row = crop_to_ink(np.hstack([digit_image(label) for label in (1, 7, 3)]))
    parts = split_digits(row)
    assert [part.shape for part in parts] == [row.shape] * 3
    assert (np.stack(parts).astype(bool).sum(axis=0) <= 1).all()
    assert (np.max(parts, axis=0) == row).all()


@pytest.mark.parametrize(
    ("name", "rectangles", "expected"),
    [
        ("two tall strokes far apart", [(20, 20, 20, 100), (120, 20, 20, 100)], 2),
        ("the loose bar of a 5", [(40, 50, 40, 80), (45, 30, 45, 10)], 1),
        ("a dot beside a digit", [(40, 20, 40, 100), (95, 100, 14, 14)], 1),
        ("a speck far from any digit", [(20, 20, 40, 100), (180, 5, 4, 4)], 1),
        ("one digit above another", [(40, 10, 40, 60), (40, 80, 40, 60)], 1),
        ("a stroke broken in the middle", [(40, 10, 20, 50), (40, 62, 20, 50)], 1),
        ("three strokes", [(10, 20, 15, 90), (70, 25, 15, 90), (130, 15, 15, 90)], 3),
    ],
)
def test_pieces_become_digits(name, rectangles, expected):
    ink = np.zeros((150, 200), np.uint8)
    for left, top, width, height in rectangles:
        ink[top : top + height, left : left + width] = 255
    assert len(split_digits(ink)) == expected, name


def test_a_long_row_is_taken_apart():
    ink = np.zeros((40, 600), np.uint8)
    for left in range(5, 595, 15):
        ink[5:35, left : left + 5] = 255
    assert len(split_digits(ink)) == 40


def test_many_more_than_can_be_read_are_counted_but_not_taken_apart():
    ink = np.zeros((40, 3000), np.uint8)
    for left in range(5, 2995, 15):
        ink[5:35, left : left + 5] = 255
    parts = split_digits(ink)
    assert len(parts) == 200 > MOST_DIGITS
    assert all(part is parts[0] for part in parts)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 2), (1, 800)])
@pytest.mark.parametrize("fill", ["full", "alternating", "empty"])
def test_the_smallest_images_do_not_crash(shape, fill):
    pattern = {"full": 1, "alternating": np.indices(shape).sum(axis=0) % 2, "empty": 0}[fill]
    ink = np.full(shape, 255, np.uint8) * np.uint8(pattern)
    parts = split_digits(ink)
    assert len(parts) >= 1
    assert {part.shape for part in parts} == {crop_to_ink(ink).shape if ink.any() else shape}
