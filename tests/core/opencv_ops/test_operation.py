import inspect
import re
from itertools import product

import numpy as np
import pytest

from core.errors import ImageError
from core.opencv_ops import GROUPS, MOST_PIXELS, OPERATIONS, Step, apply
from core.param import Param
from tests.core.opencv_ops.images import (
    COLOUR,
    GREY,
    IMAGES,
    done,
    each_operation,
    extremes,
    make_image,
    same,
)
from tests.pairs import pairs

SMALL = [(1, 1), (3, 5), (1, 1, 3), (3, 5, 3)]


def is_number(param: Param) -> bool:
    return not isinstance(param.default, bool) and not param.choices


# What it is


def test_names_and_titles_are_unique():
    assert list(OPERATIONS) == [operation.name for operation in OPERATIONS.values()]
    assert len({operation.title for operation in OPERATIONS.values()}) == len(OPERATIONS)
    assert len({operation.run.__name__ for operation in OPERATIONS.values()}) == len(OPERATIONS)


def test_every_group_has_operations():
    assert {operation.group for operation in OPERATIONS.values()} == set(GROUPS)


def test_it_is_described():
    for name in OPERATIONS:
        operation = OPERATIONS[name]
        assert name.isidentifier() and name == name.lower()
        assert operation.title[0].isupper()
        assert len(operation.sentence) > 30
        assert operation.sentence[0].isupper() and operation.sentence.endswith(".")
        assert len({param.name for param in operation.params}) == len(operation.params)
        assert len({param.title for param in operation.params}) == len(operation.params)


def test_every_parameter_is_described_and_bounded():
    for name in OPERATIONS:
        for param in OPERATIONS[name].params:
            assert param.name.isidentifier()
            assert param.title and param.title[0].isupper()
            assert len(param.help) > 5 and param.help.endswith((".", "?"))
            assert param.parse(param.default) == param.default
            if param.choices:
                assert len(set(param.choices)) == len(param.choices) > 1
            elif is_number(param):
                assert param.low <= param.default <= param.high
                assert param.low < param.high


def test_it_takes_the_image_and_its_parameters():
    for name in OPERATIONS:
        operation = OPERATIONS[name]
        expected = ["image", *(param.name for param in operation.params)]
        assert list(inspect.signature(operation.run).parameters) == expected
        assert operation.defaults() == {param.name: param.default for param in operation.params}


def test_its_call_is_text():
    for name in OPERATIONS:
        call = Step(name).call
        assert len(call) > 10 and call.isascii()
        compile(call, name, "exec")


@each_operation
def test_another_value_gives_another_call(name):
    for param in OPERATIONS[name].params:
        calls = [Step(name, {param.name: value}).call for value in extremes(param)]
        assert len(set(calls)) == len(calls) > 1


def test_only_what_finds_something_has_a_note():
    for name in OPERATIONS:
        for image in IMAGES:
            operation = OPERATIONS[name]
            note = operation.note(image, operation.defaults())
            assert bool(note) == (name in ("otsu", "triangle", "contours"))
            assert not note or note.endswith(".")


# What it does to images of any size


def assert_is_image(image: np.ndarray) -> None:
    assert image.dtype == np.uint8
    assert image.ndim == 2 or image.shape[2:] == (3,)
    assert image.flags.c_contiguous
    assert image.size


@pytest.mark.every_case
@each_operation
def test_small_images_with_all_limits(name):
    operation = OPERATIONS[name]
    limits = pairs({param.name: extremes(param) for param in operation.params})
    for shape, values in product(SMALL, limits):
        image = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
        before = image.copy()
        step = Step(name, values)
        received = apply(image, step)
        assert_is_image(received)
        assert not np.shares_memory(received, image)
        assert name == "resize" or received.shape[:2] == shape[:2]
        assert isinstance(operation.note(image, step.values), str)
        assert (image == before).all()


@each_operation
def test_images_without_anything_on_them(name):
    for shape, value in product([(16, 16), (16, 16, 3), (1, 40), (40, 1, 3)], (0, 255)):
        image = np.full(shape, value, np.uint8)
        assert_is_image(done(name, image))
        assert isinstance(OPERATIONS[name].note(image, OPERATIONS[name].defaults()), str)


@each_operation
def test_very_long_images(name):
    for shape in [(2, 40_000), (40_000, 2, 3)]:
        image = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
        assert_is_image(done(name, image))


@each_operation
def test_a_view_and_a_read_only_image_are_images_too(name):
    for image in IMAGES:
        mirrored = image[::-1, ::-1]
        copy = mirrored.copy()
        assert same(done(name, mirrored), done(name, copy))
        assert (mirrored == copy).all()


@pytest.mark.every_case
@each_operation
def test_colour_stays_unless_grey_is_what_is_asked_for(name):
    group, received = OPERATIONS[name].group, done(name, COLOUR)
    becomes_grey = group in ("Edges", "Threshold") or name == "channel"
    assert received.ndim == (2 if becomes_grey else 3)
    assert done(name, GREY).ndim == (3 if name == "contours" else 2)


@pytest.fixture(scope="module")
def largest() -> np.ndarray:
    """An image of the most pixels that a pipeline takes; uploads are reduced to fewer. Read it
    only."""
    height = 1600
    image = make_image(height, MOST_PIXELS // height, colour=True)
    image.flags.writeable = False
    return image


@pytest.mark.slow
@pytest.mark.parametrize("end", [0, -1], ids=["lowest", "highest"])
@each_operation
def test_the_largest_image_with_all_limits_at_once(name, end, largest):
    values = {param.name: _limits(param)[end] for param in OPERATIONS[name].params}
    before = largest.copy()
    if values.get("percent", 100) > 100:
        with pytest.raises(ImageError, match=r"16\.0 million pixels; at most 4 million"):
            done(name, largest, **values)
        values["percent"] = 100
    received = done(name, largest, **values)
    assert_is_image(received)
    percent = Step(name, values).values.get("percent", 100)
    assert received.shape[:2] == tuple(side * percent // 100 for side in largest.shape[:2])
    assert (largest == before).all()
    assert same(received, done(name, largest, **values))  # whatever threads have worked on it


def _limits(param: Param) -> tuple:
    return (param.low, param.high) if is_number(param) else tuple(extremes(param))


# What is refused


def allowed(param: Param) -> str:
    if isinstance(param.default, bool):
        return "true or false"
    if param.choices:
        return f"one of {', '.join(param.choices)}"
    kind = "a whole number" if isinstance(param.default, int) else "a number"
    return f"{kind} from {param.low:g} to {param.high:g}"


def without_hint(error: ImageError) -> str:
    """The sentence but for the name that was probably meant."""
    return re.sub(r" Did you mean `\w+`\?", "", str(error))


def wrong_values(param: Param) -> list:
    if isinstance(param.default, bool):
        return ["perhaps", "", 2, 0.5, None, []]
    if param.choices:
        return ["no such thing", "", -1, None, True, [param.default], param.default.upper() + "!"]
    outside = [param.low - 1, param.high + 1, 10**400, float("inf"), float("-inf"), float("nan")]
    if isinstance(param.default, float):
        outside += [
            np.nextafter(param.low, -np.inf).item(),
            np.nextafter(param.high, np.inf).item(),
        ]
    else:
        outside += [param.low + 0.5]
    return [*outside, "much", "", "1,5", None, True, False, [param.default], {}]


@each_operation
def test_a_wrong_value_is_refused_with_what_is_allowed(name):
    for param in OPERATIONS[name].params:
        for value in wrong_values(param):
            with pytest.raises(ImageError) as refused:
                Step(name, {param.name: value})
            assert without_hint(refused.value) == (
                f"{OPERATIONS[name].title}: `{param.name}` must be {allowed(param)}. "
                f"Received: {value!r}."
            )


@each_operation
def test_limits_and_texts_of_them_are_taken(name):
    for param in OPERATIONS[name].params:
        for value in extremes(param):
            for given in (value, str(value), f" {value} "):
                taken = Step(name, {param.name: given}).values[param.name]
                assert taken == value
                assert type(taken) is type(param.default)


def test_an_unknown_parameter_is_refused_with_those_there_are():
    for name in OPERATIONS:
        known = ", ".join(sorted(param.name for param in OPERATIONS[name].params)) or "none"
        for wrong in ("no_such", "", "image"):
            with pytest.raises(ImageError) as refused:
                Step(name, {wrong: 1})
            assert without_hint(refused.value) == (
                f"There is no parameter of {name} named {wrong!r}. Known: {known}."
            )


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        (
            "channel",
            {"name": "Grean"},
            "One channel: `name` must be one of grey, red, green, blue, hue, saturation, value, "
            "lightness, lab_a, lab_b. Received: 'Grean'. Did you mean `green`?",
        ),
        (
            "canny",
            {"low": 1001},
            "Canny edges: `low` must be a whole number from 0 to 1000. Received: 1001.",
        ),
        (
            "canny",
            {"blur": "soft"},
            "Canny edges: `blur` must be a number from 0 to 10. Received: 'soft'.",
        ),
        (
            "canny",
            {"l2_gradient": "perhaps"},
            "Canny edges: `l2_gradient` must be true or false. Received: 'perhaps'.",
        ),
        (
            "sobel",
            {"size": "9"},
            "Sobel gradient: `size` must be one of 1, 3, 5, 7. Received: '9'.",
        ),
        (
            "contours",
            {"least_area": 2.5},
            "Contours: `least_area` must be a whole number from 0 to 100000. Received: 2.5.",
        ),
        (
            "rotate",
            {"fill": "white"},
            "Rotate: `fill` must be one of black, edge, reflect. Received: 'white'.",
        ),
        (
            "resize",
            {"percent": 0},
            "Resize: `percent` must be a whole number from 1 to 200. Received: 0.",
        ),
        (
            "perspective",
            {"tilt": 0.31},
            "Perspective: `tilt` must be a number from -0.3 to 0.3. Received: 0.31.",
        ),
        (
            "perspective",
            {"turn": -0.4},
            "Perspective: `turn` must be a number from -0.3 to 0.3. Received: -0.4.",
        ),
        (
            "scharr",
            {"size": "3"},
            "There is no parameter of scharr named 'size'. Known: direction, scale.",
        ),
        (
            "invert",
            {"amount": 1},
            "There is no parameter of invert named 'amount'. Known: none.",
        ),
    ],
)
def test_sentences_of_what_is_refused(name, values, sentence):
    with pytest.raises(ImageError) as refused:
        Step(name, values)
    assert str(refused.value) == sentence


@pytest.mark.parametrize("name", ["no_such", "", "Canny", "canny ", "canny!", None, 3])
def test_an_unknown_operation_is_refused_with_those_there_are(name):
    with pytest.raises(ImageError) as refused:
        Step(name)
    known = ", ".join(sorted(OPERATIONS))
    expected = f"There is no operation named {str(name)!r}. Known: {known}."
    assert without_hint(refused.value) == expected


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4, 3)),
        np.zeros((4, 4), np.uint16),
        np.zeros((4, 4), np.int8),
        np.zeros((4, 4), bool),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 1), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((3, 4, 4, 3), np.uint8),
        np.zeros((4, 4, 3, 3), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros((4, 0, 3), np.uint8),
        np.zeros((0, 0), np.uint8),
    ],
    ids=lambda image: f"{image.dtype} {image.shape}",
)
def test_what_is_no_image_is_refused(image):
    for name, on in product(("canny", "invert", "resize"), (True, False)):
        with pytest.raises(ImageError) as refused:
            apply(image, Step(name, on=on))
        assert str(refused.value) == (
            "An image must be uint8 of shape (H, W) or (H, W, 3). "
            f"Received: {image.dtype} of shape {image.shape}."
        )
