import cv2
import numpy as np
import pytest

from core.opencv_ops import Step
from tests.core.opencv_ops.images import (
    COLOUR,
    GREY,
    IMAGES,
    done,
    each_case,
    each_image,
    grid,
    said,
    same,
)

FILLS = {
    "black": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
}
FLIPS = grid("flip_horizontal") + grid("flip_vertical")
ROTATE = grid("rotate", angle=(-180.0, -33.3, 0.0, 15.0, 90.0, 180.0), fill=FILLS)
SHIFT = grid("shift", right=(-1.0, -0.3, 0.0, 0.1, 1.0), down=(-1.0, 0.0, 0.37), fill=FILLS)
ZOOM = grid("zoom", factor=(0.2, 0.7, 1.0, 1.2, 5.0), fill=FILLS)
SHEAR = grid("shear", slant=(-1.0, -0.2, 0.0, 0.2, 1.0), fill=FILLS)
PERSPECTIVE = grid("perspective", tilt=(-0.3, -0.1, 0.0, 0.15), turn=(-0.2, 0.0, 0.3), fill=FILLS)
BRIGHTNESS = grid("brightness", amount=(-1.0, -0.25, 0.0, 0.2, 1.0))
CONTRAST = grid("contrast", factor=(0.0, 0.4, 1.0, 1.5, 5.0))
NOISE = grid("gaussian_noise", sigma=(0.0, 3.5, 20.0, 128.0), seed=(0, 1, 9999))
SALT = grid("salt_and_pepper", part=(0.0, 0.05, 0.5, 1.0), seed=(0, 1, 9999))
CUTOUT = grid("cutout", size=(0, 0.3, 1), x=(0.0, 0.5, 1.0), y=(0.0, 0.3, 1.0), grey=(0, 128, 255))
JITTER = grid(
    "colour_jitter",
    hue=(-180.0, -7.0, 0.0, 20.0, 180.0),
    saturation=(0.0, 1.2, 3.0),
    value=(0.0, 0.6, 1.0, 3.0),
)


def flip_horizontal(image):
    return image[:, ::-1]


def flip_vertical(image):
    return image[::-1]


def warped(image, matrix, fill):
    height, width = image.shape[:2]
    return cv2.warpAffine(
        image,
        np.array(matrix, float),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=FILLS[fill],
    )


def rotate(image, angle, fill):
    height, width = image.shape[:2]
    middle = (width / 2 - 0.5, height / 2 - 0.5)
    return warped(image, cv2.getRotationMatrix2D(middle, angle, 1), fill)


def shift(image, right, down, fill):
    height, width = image.shape[:2]
    return warped(image, [(1, 0, width * right), (0, 1, height * down)], fill)


def zoom(image, factor, fill):
    height, width = image.shape[:2]
    middle = (width / 2 - 0.5, height / 2 - 0.5)
    return warped(image, cv2.getRotationMatrix2D(middle, 0, factor), fill)


def shear(image, slant, fill):
    return warped(image, [(1, slant, -slant * (len(image) / 2 - 0.5)), (0, 1, 0)], fill)


def corners_of(image, tilt, turn):
    """Where the corners are and where they go, clockwise from the upper left one."""
    height, width = image.shape[:2]
    rim = np.array([width - 1, height - 1], np.float32)
    top, bottom = (tilt, 0) if tilt > 0 else (0, -tilt)
    left, right = (turn, 0) if turn > 0 else (0, -turn)
    moved = [(top, left), (1 - top, right), (1 - bottom, 1 - right), (bottom, 1 - left)]
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    return tuple(rim * np.array(places, np.float32) for places in (corners, moved))


def perspective(image, tilt, turn, fill):
    matrix = cv2.getPerspectiveTransform(*corners_of(image, tilt, turn))
    return cv2.warpPerspective(image, matrix, image.shape[1::-1], borderMode=FILLS[fill])


def in_bytes(values):
    return np.round(values).clip(0, 255).astype(np.uint8)


def brightness(image, amount):
    return in_bytes(image + np.float64(amount) * 255)


def contrast(image, factor):
    return in_bytes(np.subtract(image, np.mean(image)) * factor + np.mean(image))


def gaussian_noise(image, sigma, seed):
    drawn = np.empty(image.shape, np.float32)
    np.random.default_rng(seed).standard_normal(out=drawn, dtype=np.float32)
    return in_bytes(image.astype(np.float32) + drawn * np.float32(sigma))


def salt_and_pepper(image, part, seed):
    drawn = np.random.default_rng(seed).random(image.shape[:2])
    if image.ndim == 3:
        drawn = drawn[..., np.newaxis]
    return np.where(drawn < part / 2, 0, np.where(drawn > 1 - part / 2, 255, image)).astype(
        np.uint8
    )


def square_of(image, size, x, y):
    height, width = image.shape[:2]
    side = round(min(height, width) * size)
    return side, round((width - side) * x), round((height - side) * y)


def cutout(image, size, x, y, grey):
    side, left, top = square_of(image, size, x, y)
    rows, columns = np.indices(image.shape[:2])
    hidden = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    changed = image.copy()
    changed[hidden] = grey
    return changed


def colour_jitter(image, hue, saturation, value):
    if image.ndim == 2:
        return in_bytes(image.astype(np.float32) * np.float32(value))
    h, s, v = cv2.split(cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float32))
    changed = [
        np.mod(np.round(h + hue / 2), 180),
        s * np.float32(saturation),
        v * np.float32(value),
    ]
    return cv2.cvtColor(in_bytes(np.dstack(changed)), cv2.COLOR_HSV2RGB)


DIRECT = {
    function.__name__: function
    for function in (
        flip_horizontal,
        flip_vertical,
        rotate,
        shift,
        zoom,
        shear,
        perspective,
        brightness,
        contrast,
        gaussian_noise,
        salt_and_pepper,
        cutout,
        colour_jitter,
    )
}


@each_case(
    *(FLIPS, ROTATE, SHIFT, ZOOM, SHEAR, PERSPECTIVE),
    *(BRIGHTNESS, CONTRAST, NOISE, SALT, CUTOUT, JITTER),
)
def test_it_is_what_opencv_and_numpy_do(name, values):
    for image in IMAGES:
        assert same(done(name, image, **values), DIRECT[name](image, **values))


@each_case(FLIPS, ROTATE, SHIFT, ZOOM, SHEAR)
def test_the_call_says_what_is_done(name, values):
    for image in IMAGES:
        assert same(said(name, image, values), done(name, image, **values))


@each_case(PERSPECTIVE)
def test_the_call_of_perspective_says_how_pixels_move(name, values):
    for image in IMAGES:
        named: dict = {}
        exec(Step(name, values).call.split("; ")[0], named)
        corners, moved = corners_of(image, named["tilt"], named["turn"])
        received = said(name, image, values, corners=corners, moved=moved)
        assert same(received, done(name, image, **values))


@each_case(BRIGHTNESS, CONTRAST, NOISE)
def test_the_call_gives_what_becomes_bytes(name, values):
    for image in IMAGES:
        received = said(name, image, values, mean=image.mean())
        assert same(received.astype(np.uint8), done(name, image, **values))


@each_case(SALT, CUTOUT)
def test_the_call_says_which_pixels_change(name, values):
    for image in IMAGES:
        height, width = image.shape[:2]
        changed = {"np": np, "image": image.copy(), "height": height, "width": width}
        exec(Step(name, values).call, changed)
        assert same(changed["image"], done(name, image, **values))


@pytest.mark.parametrize(
    ("name", "values", "call"),
    [
        ("flip_horizontal", {}, "cv2.flip(image, 1)"),
        ("flip_vertical", {}, "cv2.flip(image, 0)"),
        (
            "rotate",
            {"angle": -30, "fill": "black"},
            "matrix = cv2.getRotationMatrix2D(middle, -30.0, 1.0); cv2.warpAffine(image, matrix, "
            "(width, height), borderMode=cv2.BORDER_CONSTANT)",
        ),
        (
            "shift",
            {"right": 0.5, "down": -0.25, "fill": "edge"},
            "matrix = np.array([[1, 0, 0.5 * width], [0, 1, -0.25 * height]]); "
            "cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)",
        ),
        (
            "zoom",
            {"factor": 2},
            "matrix = cv2.getRotationMatrix2D(middle, 0, 2.0); cv2.warpAffine(image, matrix, "
            "(width, height), borderMode=cv2.BORDER_REFLECT_101)",
        ),
        (
            "perspective",
            {"tilt": -0.25, "turn": 0.125, "fill": "edge"},
            "tilt, turn = -0.25, 0.125; matrix = cv2.getPerspectiveTransform(corners, moved); "
            "cv2.warpPerspective(image, matrix, (width, height), "
            "borderMode=cv2.BORDER_REPLICATE)",
        ),
        (
            "brightness",
            {"amount": 0.5},
            "np.clip(np.rint(image.astype(np.float32) + 0.5 * 255), 0, 255)",
        ),
        (
            "contrast",
            {"factor": 3},
            "np.clip(np.rint((image.astype(np.float32) - mean) * 3.0 + mean), 0, 255)",
        ),
        (
            "gaussian_noise",
            {"sigma": 7, "seed": 5},
            "noise = np.random.default_rng(5).standard_normal(image.shape, dtype=np.float32); "
            "np.clip(np.rint(image + 7.0 * noise), 0, 255)",
        ),
        (
            "salt_and_pepper",
            {"part": 0.5, "seed": 8},
            "lots = np.random.default_rng(8).random(image.shape[:2]); "
            "image[lots < 0.5 / 2] = 0; image[lots > 1 - 0.5 / 2] = 255",
        ),
        (
            "cutout",
            {"size": 0.25, "x": 0.75, "y": 1, "grey": 77},
            "side = round(0.25 * min(height, width)); left = round(0.75 * (width - side)); "
            "top = round(1.0 * (height - side)); "
            "image[top : top + side, left : left + side] = 77",
        ),
        (
            "colour_jitter",
            {"hue": 40, "saturation": 0.5, "value": 2},
            "cv2.cvtColor(image, cv2.COLOR_RGB2HSV); hue + 40.0 / 2; saturation * 0.5; "
            "value * 2.0; cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)",
        ),
    ],
)
def test_the_call_names_the_values(name, values, call):
    assert Step(name, values).call == call


@each_image
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("rotate", {"angle": 0}),
        ("shift", {"right": 0, "down": 0}),
        ("zoom", {"factor": 1}),
        ("shear", {"slant": 0}),
        ("perspective", {"tilt": 0, "turn": 0}),
        ("brightness", {"amount": 0}),
        ("contrast", {"factor": 1}),
        ("gaussian_noise", {"sigma": 0}),
        ("salt_and_pepper", {"part": 0}),
        ("cutout", {"size": 0}),
    ],
)
def test_nothing_changes_without_an_amount(name, values, image):
    assert same(done(name, image, **values), image)


@each_image
def test_a_half_turn_mirrors_twice(image):
    received = done("rotate", image, angle=180, fill="edge").astype(int)
    assert np.abs(received - image[::-1, ::-1]).max() <= 1


def test_a_turn_goes_counter_clockwise():
    image = GREY[:31, :31]
    received = done("rotate", image, angle=90, fill="edge").astype(int)
    assert np.abs(received - np.rot90(image)).max() <= 1


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        ("black", [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("edge", [1, 1, 1, 2, 3, 4, 5, 6, 7, 8]),
        ("reflect", [3, 2, 1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
def test_what_moves_in_from_outside(fill, expected):
    row = np.arange(1, 11, dtype=np.uint8)[np.newaxis]
    assert done("shift", row, right=0.2, fill=fill).tolist() == [expected]
    assert done("shift", row.T, right=0, down=0.2, fill=fill)[:, 0].tolist() == expected


def test_a_whole_side_away_nothing_is_left():
    for values in ({"right": 1}, {"right": -1}, {"right": 0, "down": 1}, {"right": 0, "down": -1}):
        assert not done("shift", COLOUR, fill="black", **values).any()


@pytest.mark.parametrize(("factor", "pixels"), [(0.5, 25), (2.0, 400)])
def test_a_zoom_changes_the_size_of_a_square(factor, pixels):
    image = np.zeros((41, 41), np.uint8)
    image[16:26, 16:26] = 255
    received = done("zoom", image, factor=factor, fill="black")
    assert received.sum() / 255 == pytest.approx(pixels, rel=0.02)


def test_a_shear_leaves_the_middle_row_and_moves_lower_ones_to_the_right():
    image = np.zeros((21, 21), np.uint8)
    image[:, 10] = 255
    received = done("shear", image, slant=0.5, fill="black")
    places = (received / 255.0) @ np.arange(21)
    assert places == pytest.approx(10 + 0.5 * (np.arange(21) - 10), abs=0.1)


@pytest.mark.parametrize(
    ("values", "inner", "outer"),
    [
        ({"tilt": 0.2}, "top", "bottom"),
        ({"tilt": -0.2}, "bottom", "top"),
        ({"tilt": 0, "turn": 0.2}, "left", "right"),
        ({"tilt": 0, "turn": -0.2}, "right", "left"),
    ],
)
def test_the_side_that_recedes_gets_shorter(values, inner, outer):
    received = done("perspective", np.full((51, 51), 255, np.uint8), fill="black", **values) > 128
    sides = {
        "top": received[0],
        "bottom": received[-1],
        "left": received[:, 0],
        "right": received[:, -1],
    }
    assert sides[inner].sum() == pytest.approx(51 * 0.6, abs=2)
    assert sides[outer].all()


@pytest.mark.parametrize("turn", [-0.3, 0.3])
@pytest.mark.parametrize("tilt", [-0.3, 0.3])
def test_the_whole_image_is_seen_at_the_limits_of_perspective(tilt, turn):
    image = np.full((501, 501), 255, np.uint8)
    received = done("perspective", image, tilt=tilt, turn=turn, fill="black")
    _, moved = corners_of(image, tilt, turn)
    assert cv2.isContourConvex(moved)
    assert received.sum() / 255 == pytest.approx(cv2.contourArea(moved), rel=0.02)


def test_brightness_and_contrast_of_known_values():
    image = np.array([[0, 100, 200, 250]], np.uint8)
    assert done("brightness", image, amount=0.2).tolist() == [[51, 151, 251, 255]]
    assert done("brightness", image, amount=-0.4).tolist() == [[0, 0, 98, 148]]
    image = np.array([[50, 100, 150]], np.uint8)
    assert done("contrast", image, factor=2).tolist() == [[0, 100, 200]]
    assert done("contrast", image, factor=0).tolist() == [[100, 100, 100]]
    assert done("contrast", image, factor=5).tolist() == [[0, 100, 255]]


def test_noise_is_as_strong_as_said_and_has_no_colour_of_its_own():
    image = np.full((200, 200, 3), 128, np.uint8)
    change = done("gaussian_noise", image, sigma=20).astype(float) - 128
    assert change.std() == pytest.approx(20, rel=0.02)
    assert abs(change.mean()) < 0.5
    assert np.corrcoef(change[..., 0].ravel(), change[..., 1].ravel())[0, 1] < 0.02


@pytest.mark.parametrize("part", [0.01, 0.05, 0.5, 1.0])
def test_salt_and_pepper_are_as_many_as_said_half_and_half(part):
    image = np.full((200, 200, 3), 128, np.uint8)
    received = done("salt_and_pepper", image, part=part)
    black, white = (received == 0).all(axis=-1), (received == 255).all(axis=-1)
    assert ((received == 128).all(axis=-1) | black | white).all()
    assert black.mean() == pytest.approx(part / 2, abs=0.01)
    assert white.mean() == pytest.approx(part / 2, abs=0.01)


@pytest.mark.parametrize("name", ["gaussian_noise", "salt_and_pepper"])
def test_a_seed_gives_its_own_noise_every_time(name):
    for image in IMAGES:
        first, again, other = (done(name, image, seed=seed) for seed in (3, 3, 4))
        assert same(first, again)
        assert not same(first, other)


@pytest.mark.parametrize(
    ("x", "y", "rows", "columns"),
    [
        (0, 0, slice(0, 5), slice(0, 5)),
        (1, 0, slice(0, 5), slice(15, 20)),
        (0, 1, slice(5, 10), slice(0, 5)),
        (1, 1, slice(5, 10), slice(15, 20)),
    ],
)
def test_a_square_is_cut_out_within_the_image(x, y, rows, columns):
    image = np.full((10, 20, 3), 200, np.uint8)
    expected = image.copy()
    expected[rows, columns] = 9
    assert same(done("cutout", image, size=0.5, x=x, y=y, grey=9), expected)


def test_the_circle_of_colours_is_turned():
    red, green, blue = ([[value]] for value in [(255, 0, 0), (0, 255, 0), (0, 0, 255)])
    for hue, expected in [(120, green), (-120, blue), (0, red)]:
        image = np.array(red, np.uint8)
        received = done("colour_jitter", image, hue=hue, saturation=1, value=1)
        assert received.tolist() == [[list(pixel) for pixel in row] for row in expected]


def test_half_the_circle_is_the_same_both_ways():
    first, second = (done("colour_jitter", COLOUR, hue=hue) for hue in (-180, 180))
    assert same(first, second)


def test_no_saturation_is_grey_and_no_value_black():
    grey = done("colour_jitter", COLOUR, saturation=0)
    assert (grey == grey[..., :1]).all()
    assert not done("colour_jitter", COLOUR, value=0).any()


def test_a_grey_image_has_only_brightness_to_change():
    assert same(done("colour_jitter", GREY, hue=90, saturation=3, value=1), GREY)
    assert done("colour_jitter", np.array([[10, 99]], np.uint8), value=3).tolist() == [[30, 255]]
