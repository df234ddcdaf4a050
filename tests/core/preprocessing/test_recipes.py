from itertools import product

import cv2
import numpy as np
import pytest

from core.datasets import DATASETS
from core.errors import ImageError, RunError
from core.images import FITS, decode, to_gray
from core.preprocessing import RECIPES, Prepared, prepare
from tests.digits.conditions import CONDITIONS, row_of_digits

SHAPES = {"mnist_digit": (28, 28, 1), "optdigits_digit": (8, 8, 1)}


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    a, b = first.ravel().astype(float), second.ravel().astype(float)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def assert_whole(prepared: Prepared, shape: tuple[int, int, int]) -> None:
    """Batch and steps fit together, and every step can be shown."""
    assert prepared.batch.dtype == np.uint8
    assert prepared.batch.shape[1:] == shape
    assert len(prepared.item_steps) == len(prepared.batch) >= 1
    for item, steps in zip(prepared.batch, prepared.item_steps, strict=True):
        assert (steps[-1].image == item[..., 0]).all()
    for step in [*prepared.steps, *(step for steps in prepared.item_steps for step in steps)]:
        assert step.name
        assert step.image.dtype == np.uint8
        assert step.image.ndim == 2 or step.image.shape[2:] == (3,)
        assert step.image.size > 0
        assert step.sentence[0].isupper() and step.sentence.endswith(".")


def test_every_recipe_is_tested_and_every_dataset_of_digits_has_one():
    assert set(RECIPES) == {*SHAPES, "photo", "photo_centre", "fashion_item"}
    sample = {"mnist": "mnist_digit", "digits": "optdigits_digit"}
    for name, recipe in sample.items():
        assert SHAPES[recipe] == DATASETS[name].input_shape


@pytest.mark.parametrize("shape", [(32, 32, 3), (64, 64, 1), (12, 16, 3)])
@pytest.mark.parametrize("size", [(40, 90, 3), (300, 20), (1, 1), (12, 16, 3)])
def test_a_photo_is_fitted_from_its_middle(shape, size):
    photo = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    prepared = prepare("photo", photo, shape)
    assert prepared.batch.shape == (1, *shape)
    assert prepared.item_steps[0][-1].image.shape[:2] == shape[:2]


@pytest.mark.parametrize("shape", [(32, 32, 3), (64, 64, 1)])
@pytest.mark.parametrize(
    ("fit", "sentence"),
    [
        ("crop", "Centre crop, at {} pixels."),
        ("whole", "The whole image on a grey background, at {} pixels."),
        ("stretch", "The whole image, stretched, at {} pixels."),
    ],
)
def test_a_photo_is_fitted_as_it_was_asked_for(shape, fit, sentence):
    photo = np.random.default_rng(0).integers(0, 256, (40, 90, 3), np.uint8)
    prepared = prepare("photo", photo, shape, fit)
    final = prepared.item_steps[0][-1]
    assert final.sentence == sentence.format(f"{shape[1]}×{shape[0]}")
    expected = FITS[fit](photo if shape[2] == 3 else to_gray(photo), shape[:2])
    assert (final.image == expected).all()
    assert (prepared.batch[0] == expected.reshape(shape)).all()
    assert prepared.steps[0].image.shape[:2] == (40, 90)


def test_a_photo_is_cropped_unless_something_else_is_asked_for():
    photo = np.random.default_rng(0).integers(0, 256, (40, 90, 3), np.uint8)
    plain = prepare("photo", photo, (32, 32, 3)).batch
    assert (plain == prepare("photo", photo, (32, 32, 3), "crop").batch).all()
    assert (plain != prepare("photo", photo, (32, 32, 3), "whole").batch).any()


def test_an_unknown_way_to_fit_a_photo_is_refused():
    with pytest.raises(ImageError, match="no way to fit an image named 'tile'. Known: crop"):
        prepare("photo", np.zeros((9, 9), np.uint8), (32, 32, 3), "tile")


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("name", SHAPES)
def test_a_drawing_is_read_the_same_however_photos_are_fitted(drawn_digit, name, fit):
    plain = prepare(name, drawn_digit(3), SHAPES[name]).batch
    assert (prepare(name, drawn_digit(3), SHAPES[name], fit).batch == plain).all()


@pytest.mark.parametrize("ground", [0, 255])
def test_clothing_is_trimmed_centred_and_light_on_dark(ground):
    photo = np.full((200, 300, 3), ground, np.uint8)
    photo[50:150, 100:150] = 255 - ground
    image = prepare("fashion_item", photo, (28, 28, 1)).batch[0, ..., 0]
    assert (image[:, 7:21] == 255).all()
    assert (image[:, :7] == 0).all() and (image[:, 21:] == 0).all()


def test_clothing_needs_something_to_be_seen():
    with pytest.raises(ImageError, match="blank"):
        prepare("fashion_item", np.full((50, 50), 200, np.uint8), (28, 28, 1))


@pytest.mark.parametrize("name", SHAPES)
def test_a_drawn_digit_is_prepared(drawn_digit, name):
    for label, colour in product(range(10), [False, True]):
        page = np.dstack([drawn_digit(label)] * 3) if colour else drawn_digit(label)
        prepared = prepare(name, page, SHAPES[name])
        assert len(prepared.batch) == 1
        assert_whole(prepared, SHAPES[name])
        assert [step.name for step in prepared.steps] == ["Your image", "Ink"]
        assert (prepared.steps[0].image == page).all()


@pytest.mark.parametrize("name", SHAPES)
def test_either_polarity_gives_the_same_image(drawn_digit, name):
    for label in range(10):
        dark = prepare(name, drawn_digit(label), SHAPES[name]).batch
        light = prepare(name, 255 - drawn_digit(label), SHAPES[name]).batch
        assert np.abs(dark.astype(int) - light).max() <= 2


def test_mnist_digits_come_out_nearly_as_they_went_in(mnist_test):
    images = mnist_test[0][:200]
    finals = np.stack([prepare("mnist_digit", image, (28, 28, 1)).batch[0] for image in images])
    assert np.abs(finals[..., 0].astype(int) - images).mean() < 1


def test_scikit_learn_digits_come_out_much_as_they_went_in():
    images = DATASETS["digits"].read_test()[0][:100]
    alike = [
        similarity(prepare("optdigits_digit", image[..., 0], (8, 8, 1)).batch[0], image)
        for image in images
    ]
    assert np.mean(alike) > 0.9


@pytest.mark.parametrize("condition", CONDITIONS)
def test_digits_shown_in_other_ways_come_out_much_the_same(mnist_test, condition):
    rng = np.random.default_rng(0)
    alike, single = [], []
    for digit in mnist_test[0][:10]:
        prepared = prepare("mnist_digit", CONDITIONS[condition](digit, rng), (28, 28, 1))
        assert_whole(prepared, (28, 28, 1))
        single.append(len(prepared.batch) == 1)
        alike.append(similarity(prepared.batch[0], digit))
    assert np.mean(single) == 1
    assert np.mean(alike) > 0.8


@pytest.mark.parametrize(
    ("name", "dataset"), [("mnist_digit", "mnist"), ("optdigits_digit", "digits")]
)
def test_a_wider_margin_changes_nothing_of_importance(name, dataset):
    alike = []
    for digit in DATASETS[dataset].read_test()[0][:12, ..., 0]:
        page = 255 - cv2.resize(digit, (168, 168), interpolation=cv2.INTER_CUBIC)
        wide = cv2.copyMakeBorder(page, *[42] * 4, cv2.BORDER_CONSTANT, value=255)
        near, far = (prepare(name, image, SHAPES[name]).batch[0] for image in (page, wide))
        alike.append(similarity(near, far))
    assert np.mean(alike) > 0.95


def test_a_photo_format_changes_little(drawn_digit):
    for label in range(10):
        content = cv2.imencode(".jpg", drawn_digit(label), [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
        exact = prepare("mnist_digit", drawn_digit(label), (28, 28, 1)).batch[0]
        lossy = prepare("mnist_digit", decode(content.tobytes()), (28, 28, 1)).batch[0]
        assert similarity(exact, lossy) > 0.75


@pytest.mark.parametrize("count", [2, 5])
def test_a_row_of_digits_gives_one_item_each(mnist_test, count):
    page = row_of_digits(list(mnist_test[0][:count]), np.random.default_rng(1))
    prepared = prepare("mnist_digit", page, (28, 28, 1))
    assert len(prepared.batch) == count
    assert_whole(prepared, (28, 28, 1))
    for item, digit in zip(prepared.batch, mnist_test[0], strict=False):
        assert similarity(item, digit) > 0.7


SIDE = 200
DOWN, ACROSS = np.mgrid[:SIDE, :SIDE] / SIDE
BLANK = {
    "white": np.full((SIDE, SIDE), 255, np.uint8),
    "black": np.zeros((SIDE, SIDE), np.uint8),
    "grey": np.full((SIDE, SIDE), 128, np.uint8),
    "coloured": np.full((SIDE, SIDE, 3), (200, 30, 90), np.uint8),
    "grain": np.random.default_rng(0).normal(230, 3, (SIDE, SIDE)).astype(np.uint8),
    "falling light": (140 + 90 * ACROSS).astype(np.uint8),
    "a vignette": (230 - 100 * np.hypot(ACROSS - 0.5, DOWN - 0.5)).astype(np.uint8),
    "one pixel": np.full((1, 1), 7, np.uint8),
}


@pytest.mark.parametrize("recipe", SHAPES)
@pytest.mark.parametrize("name", BLANK)
def test_a_blank_image_is_never_classified(recipe, name):
    with pytest.raises(ImageError, match="blank"):
        prepare(recipe, BLANK[name], SHAPES[recipe])


@pytest.mark.parametrize("recipe", SHAPES)
def test_the_strangest_proportions_do_not_crash(recipe):
    for shape, content in product(
        [
            (1, 1),
            (1, 2),
            (2, 1),
            (1, 9),
            (9, 1),
            (1, 5000),
            (5000, 1),
            (2, 20_000),
            (3, 3),
            (40, 4000),
        ],
        ["noise", "dot", "stripes", "half"],
    ):
        rng = np.random.default_rng(5)
        down, across = np.indices(shape)
        image = {
            "noise": rng.integers(0, 256, shape),
            "dot": np.where((down == shape[0] // 2) & (across == shape[1] // 2), 0, 255),
            "stripes": 255 * ((down + across) % 2),
            "half": np.where(across + down < sum(shape) / 2, 0, 255),
        }[content].astype(np.uint8)
        try:
            prepared = prepare(recipe, image, SHAPES[recipe])
        except ImageError:
            continue
        assert_whole(prepared, SHAPES[recipe])


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("unheard_of", (28, 28, 1), "no preprocessing recipe named 'unheard_of'.*mnist_digit"),
        ("mnist_digit", (8, 8, 1), r"\(28, 28, 1\).*\(8, 8, 1\)"),
        ("optdigits_digit", (8, 8, 3), r"\(8, 8, 1\).*\(8, 8, 3\)"),
    ],
)
def test_a_recipe_must_be_known_and_fit_the_model(drawn_digit, name, shape, expected):
    with pytest.raises(RunError, match=expected):
        prepare(name, drawn_digit(1), shape)


@pytest.mark.parametrize(
    "image",
    [np.zeros((9, 9)), np.zeros((9, 9, 4), np.uint8), np.zeros((0, 9), np.uint8)],
    ids=["float", "four channels", "empty"],
)
def test_what_is_no_image_is_refused(image):
    with pytest.raises(ImageError, match="Received"):
        prepare("mnist_digit", image, (28, 28, 1))
