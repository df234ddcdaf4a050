from dataclasses import replace
from itertools import product

import cv2
import numpy as np
import pytest

from core.augmentation import DRAWN_DIGITS, FILLS, POLICIES, Policy, augment

SINGLE_CHANGES = {
    "shift": Policy(shift=0.2),
    "rotation": Policy(rotation=30),
    "scale": Policy(scale=0.3),
    "zoom": Policy(zoom=0.3),
    "shear": Policy(shear=0.3),
    "flip": Policy(flip=1.0),
    "brightness": Policy(brightness=0.3),
    "contrast": Policy(contrast=0.5),
    "wobble": Policy(wobble=1.0),
    "thickness": Policy(thickness=1.0),
    "coarseness": Policy(coarseness=1.0),
    "random_operations": Policy(random_operations=2, magnitude=1.0),
    "flip_vertical": Policy(flip_vertical=1.0),
    "perspective": Policy(perspective=0.3),
    "colour": Policy(colour=0.8),
    "blur": Policy(blur=3.0),
    "noise": Policy(noise=0.3),
    "salt_pepper": Policy(salt_pepper=0.4),
    "cutout": Policy(cutout=0.6),
}
LAB = ("flip_vertical", "perspective", "colour", "blur", "noise", "salt_pepper", "cutout")
EVERY_POLICY = {**POLICIES, **SINGLE_CHANGES}
ALIKE = ("none", "flip", "flip_vertical", "colour")  # whatever the seed, on grey images
OLDER = {name: policy for name, policy in EVERY_POLICY.items() if name not in LAB}
SIDE = 41
CENTRE = SIDE // 2


@pytest.fixture(scope="module")
def digits(mnist_test) -> np.ndarray:
    return mnist_test[0][:40, ..., None]


def each_change(policies: dict[str, Policy] = SINGLE_CHANGES):
    return pytest.mark.parametrize("policy", policies.values(), ids=policies.keys())


def many(image: np.ndarray, policy: Policy, count: int = 60, seed: int = 0) -> np.ndarray:
    """The image, uint8 `(H, W)`, changed many times: float `(N, H, W)`."""
    batch = np.repeat(image[None, ..., None], count, axis=0)
    return augment(batch, policy, seed)[..., 0].astype(float)


def coloured(images: np.ndarray) -> np.ndarray:
    """Grey images `(N, H, W, 1)` in red."""
    return np.concatenate([images, images // 2, images // 4], axis=-1)


def square() -> np.ndarray:
    """A bright square of 15 pixels in the middle of a black image."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    image[CENTRE - 7 : CENTRE + 8, CENTRE - 7 : CENTRE + 8] = 200
    return image


def moments(images: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of each image: where the light is, (x, y), from the middle; its spread xx, xy, yy."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] - CENTRE
    light = images / images.sum(axis=(1, 2), keepdims=True)
    mean_x, mean_y = (light * x).sum(axis=(1, 2)), (light * y).sum(axis=(1, 2))
    spread = [
        (light * first * second).sum(axis=(1, 2)) - mean_first * mean_second
        for first, second, mean_first, mean_second in (
            (x, x, mean_x, mean_x),
            (x, y, mean_x, mean_y),
            (y, y, mean_y, mean_y),
        )
    ]
    return mean_x, mean_y, *spread


@each_change(EVERY_POLICY)
def test_the_same_seed_gives_the_same_images_and_those_given_are_left_alone(digits, policy):
    before = digits.copy()
    changed = augment(digits, policy, 7)
    assert (changed == augment(digits, policy, 7)).all()
    assert not np.shares_memory(changed, digits)
    assert (digits == before).all()


@each_change({name: p for name, p in EVERY_POLICY.items() if name not in ALIKE})
def test_another_seed_gives_other_images(digits, policy):
    assert (augment(digits, policy, 7) != augment(digits, policy, 8)).any()


def test_a_generator_serves_as_a_seed(digits):
    generator = np.random.default_rng(7)
    first, second = (
        augment(digits, DRAWN_DIGITS, generator),
        augment(digits, DRAWN_DIGITS, generator),
    )
    assert (first == augment(digits, DRAWN_DIGITS, 7)).all()
    assert (first != second).any()


def test_the_default_policy_changes_nothing():
    for seed, shape in product(
        [0, 1], [(3, 28, 28, 1), (2, 16, 20, 3), (1, 8, 8, 1), (0, 28, 28, 1)]
    ):
        images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        assert (augment(images, Policy(), seed) == images).all()


@pytest.mark.parametrize("name", SINGLE_CHANGES)
def test_every_change_changes_something(digits, name):
    images = coloured(digits) if name == "colour" else digits
    changed = augment(images, SINGLE_CHANGES[name], 1)
    assert (changed != images).any(axis=(1, 2, 3)).mean() > 0.9


@each_change(EVERY_POLICY)
def test_shape_and_type_are_kept(policy):
    for shape in [(3, 28, 28, 1), (2, 16, 20, 3), (2, 8, 8, 1), (0, 28, 28, 1)]:
        images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        changed = augment(images, policy, 0)
        assert changed.shape == shape
        assert changed.dtype == np.uint8


def test_black_stays_black():
    for name, policy in EVERY_POLICY.items():
        if not (policy.brightness or policy.noise or policy.salt_pepper):
            assert not augment(np.zeros((20, 28, 28, 1), np.uint8), policy, 0).any(), name


def test_digits_stay_digits_of_about_the_same_ink(digits):
    changed = augment(digits, DRAWN_DIGITS, 0)
    assert changed.mean() == pytest.approx(digits.mean(), rel=0.25)
    assert (changed.max(axis=(1, 2, 3)) > 128).all()


@pytest.mark.parametrize("shape", [(5, 28, 28, 1), (4, 9, 14, 3)])
def test_a_flip_mirrors_exactly(shape):
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert (augment(images, Policy(flip=1.0), 0) == images[:, :, ::-1]).all()


def test_a_flip_has_its_probability():
    image = np.random.default_rng(0).integers(0, 256, (6, 7), np.uint8)
    changed = many(image, Policy(flip=0.25), 400)
    mirrored = (changed == image[:, ::-1]).all(axis=(1, 2))
    assert (mirrored | (changed == image).all(axis=(1, 2))).all()
    assert mirrored.mean() == pytest.approx(0.25, abs=0.07)


@each_change({name: POLICIES[name] for name in ("small_moves", "drawn_digits")})
def test_digits_are_not_mirrored(policy):
    leaning = np.zeros((SIDE, SIDE), np.uint8)
    for row in range(8, SIDE - 8):
        leaning[row, row - 2 : row + 3] = 255
    _, _, xx, xy, yy = moments(many(leaning, policy))
    assert (xy / np.sqrt(xx * yy) > 0.6).all()


@pytest.mark.parametrize("shift", [0.05, 0.2])
def test_a_shift_goes_up_to_its_part_of_a_side(shift):
    x, y, xx, xy, yy = moments(many(square(), Policy(shift=shift)))
    assert max(np.abs(x).max(), np.abs(y).max()) <= shift * SIDE + 0.1
    for moved in (x, y):
        assert moved.max() > 0.6 * shift * SIDE
        assert moved.min() < -0.6 * shift * SIDE
    still = moments(square()[None])
    assert xx == pytest.approx(still[2][0], abs=0.6)
    assert yy == pytest.approx(still[4][0], abs=0.6)
    assert xy == pytest.approx(0, abs=0.3)


def test_a_shift_is_a_part_of_each_side_of_its_own():
    image = np.zeros((10, 60), np.uint8)
    image[4:6, 29:31] = 255
    changed = many(image, Policy(shift=0.2))
    rows, columns = np.mgrid[0:10, 0:60]
    weight = changed / changed.sum(axis=(1, 2), keepdims=True)
    assert np.abs((weight * rows).sum(axis=(1, 2)) - 4.5).max() <= 2.1
    assert 8 < np.abs((weight * columns).sum(axis=(1, 2)) - 29.5).max() <= 12.1


def test_a_rotation_goes_up_to_its_angle_either_way():
    bar = np.zeros((SIDE, SIDE), np.uint8)
    bar[CENTRE - 2 : CENTRE + 3, CENTRE - 14 : CENTRE + 15] = 200
    x, y, xx, xy, yy = moments(many(bar, Policy(rotation=20)))
    angle = np.rad2deg(np.arctan2(2 * xy, xx - yy)) / 2
    assert np.abs(angle).max() <= 20.5
    assert angle.max() > 14 and angle.min() < -14
    assert np.abs([x, y]).max() < 0.2


def test_a_zoom_keeps_proportions_and_a_scale_does_not():
    still = moments(square()[None])[2][0]
    for policy in (Policy(zoom=0.3), Policy(scale=0.3)):
        x, y, xx, xy, yy = moments(many(square(), policy))
        for spread in (xx, yy):
            factor = np.sqrt(spread / still)
            assert 0.68 < factor.min() < 0.8
            assert 1.2 < factor.max() < 1.32
        most = np.abs(np.sqrt(xx / yy) - 1).max()
        assert most < 0.01 if policy.zoom else most > 0.3
        assert np.abs([x, y, xy]).max() < 0.5


def test_a_shear_slants_sideways_only():
    _, _, xx, xy, yy = moments(many(square(), Policy(shear=0.4)))
    slant = xy / yy
    assert np.abs(slant).max() <= 0.42
    assert slant.max() > 0.28 and slant.min() < -0.28
    assert yy == pytest.approx(moments(square()[None])[4][0], abs=0.5)


def test_black_fills_the_rim():
    white = np.full((12, 12), 200, np.uint8)
    changed = many(white, Policy(shift=0.3))
    assert (changed.min(axis=(1, 2)) == 0).mean() > 0.9
    assert changed.max() == 200


@pytest.mark.parametrize("fill", ["edge", "reflect"])
@each_change(
    {
        "moves": Policy(shift=0.3, rotation=40, zoom=0.3, shear=0.3),
        "wobble": Policy(wobble=1.5),
        "perspective": Policy(perspective=0.3),
    }
)
def test_an_even_image_stays_even_with_another_fill(policy, fill):
    white = np.full((12, 12), 200, np.uint8)
    assert (many(white, replace(policy, fill=fill)) == 200).all()


def test_edge_repeats_the_outermost_pixels_and_reflect_mirrors_what_is_inside():
    framed = np.full((20, 20), 200, np.uint8)
    framed[[0, -1]] = framed[:, [0, -1]] = 0
    changed = {fill: many(framed, Policy(shift=0.3, fill=fill)) for fill in FILLS}
    assert (changed["edge"] == changed["black"]).all()  # the outermost pixels are black
    assert (changed["reflect"] >= changed["edge"]).all()
    assert (changed["reflect"].mean(axis=(1, 2)) > changed["edge"].mean(axis=(1, 2))).mean() > 0.9


def test_brightness_adds_up_to_its_part_of_full_brightness():
    even = np.full((6, 6), 100, np.uint8)
    changed = many(even, Policy(brightness=0.2), 200)
    assert (changed == changed[:, :1, :1]).all()
    assert 100 - 51 <= changed.min() < 60
    assert 140 < changed.max() <= 100 + 51


def test_brightness_ends_at_black_and_white():
    image = np.tile(np.array([0, 255], np.uint8), (4, 2))
    changed = many(image, Policy(brightness=1.0), 100)
    assert changed.min() == 0 and changed.max() == 255


def test_contrast_spreads_about_the_mean():
    image = np.tile(np.array([80, 120], np.uint8), (4, 2))
    changed = many(image, Policy(contrast=0.5), 200)
    assert changed.mean(axis=(1, 2)) == pytest.approx(100, abs=0.51)
    difference = changed[:, 0, 1] - changed[:, 0, 0]
    assert 20 <= difference.min() < 25
    assert 55 < difference.max() <= 60


def test_colours_are_moved_together():
    image = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 1), np.uint8)
    coloured = np.concatenate([image, image, image], axis=-1)
    together = ("shift", "rotation", "zoom", "shear", "flip", "wobble", *LAB)
    for name in (name for name in together if name != "noise"):
        changed = augment(coloured, SINGLE_CHANGES[name], 3)
        assert (changed == changed[..., :1]).all()
        assert (changed[..., :1] == augment(image, SINGLE_CHANGES[name], 3)).all()


@each_change(OLDER)
def test_changes_that_are_off_draw_no_random_number(digits, policy, monkeypatch):
    """So a policy from before there were such changes gives the images it gave then."""
    for channels in [1, 3]:
        images = coloured(digits) if channels == 3 else digits
        with_them, without = np.random.default_rng(3), np.random.default_rng(3)
        changed = augment(images, policy, with_them)
        monkeypatch.setattr("core.augmentation.changes._change_more", lambda image, *_: image)
        assert np.array_equal(augment(images, policy, without), changed)
        assert with_them.bit_generator.state == without.bit_generator.state


@pytest.mark.parametrize("name", LAB)
def test_changes_that_are_on_draw_random_numbers(digits, name):
    rng = np.random.default_rng(3)
    augment(digits, SINGLE_CHANGES[name], rng)
    assert rng.bit_generator.state != np.random.default_rng(3).bit_generator.state


@pytest.mark.parametrize("shape", [(5, 28, 28, 1), (4, 9, 14, 3)])
def test_a_vertical_flip_mirrors_exactly(shape):
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert (augment(images, Policy(flip_vertical=1.0), 0) == images[:, ::-1]).all()


def test_a_vertical_flip_has_its_probability():
    image = np.random.default_rng(0).integers(0, 256, (6, 7), np.uint8)
    changed = many(image, Policy(flip_vertical=0.25), 400)
    mirrored = (changed == image[::-1]).all(axis=(1, 2))
    assert (mirrored | (changed == image).all(axis=(1, 2))).all()
    assert mirrored.mean() == pytest.approx(0.25, abs=0.07)


def test_the_two_flips_are_drawn_apart():
    image = np.random.default_rng(0).integers(0, 256, (6, 7), np.uint8)
    changed = many(image, Policy(flip=0.5, flip_vertical=0.5), 400)
    ways = (image, image[:, ::-1], image[::-1], image[::-1, ::-1])
    parts = [(changed == way).all(axis=(1, 2)).mean() for way in ways]
    assert parts == pytest.approx([0.25] * 4, abs=0.08)


@pytest.mark.parametrize("perspective", [0.1, 0.3])
def test_an_edge_recedes_up_to_its_part_of_a_side(perspective):
    height, width = SIDE, 2 * SIDE
    white = np.full((height, width), 200, np.uint8)
    changed = many(white, Policy(perspective=perspective), 200)
    down, right = (int(np.ceil(perspective * side)) + 1 for side in (height, width))
    assert (changed[:, down:-down, right:-right] == 200).all()
    for rows, columns in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
        corner = changed[:, round(0.5 * rows * down), round(0.5 * columns * right)]
        assert 0.05 < (corner < 100).mean() < 0.9


@pytest.mark.parametrize("seed", [0, 1])
def test_perspective_makes_one_edge_shorter_than_the_one_across(seed):
    white = np.full((SIDE, SIDE), 200, np.uint8)
    changed = many(white, Policy(perspective=0.3), 100, seed)
    rows = (changed > 100).sum(axis=2)  # how much of each row is left
    top, low = (rows[:, :4].mean(axis=1), rows[:, -4:].mean(axis=1))
    assert 0.3 < (top < low).mean() < 0.7  # either may recede


def test_colour_turns_hue_and_changes_saturation_within_its_limits():
    image = np.full((1, 6, 6, 3), (200, 120, 120), np.uint8)  # hue 0, saturation 102
    changed = np.concatenate([augment(image, Policy(colour=0.5), seed) for seed in range(200)])
    assert (changed == changed[:, :1, :1]).all()
    hsv = cv2.cvtColor(changed[:, 0, 0][None], cv2.COLOR_RGB2HSV)[0].astype(float)
    hue = (2 * hsv[:, 0] + 180) % 360 - 180
    assert -50 <= hue.min() < -35 and 35 < hue.max() <= 50
    assert 49 <= hsv[:, 1].min() < 62 and 142 < hsv[:, 1].max() <= 155
    assert hsv[:, 2] == pytest.approx(200, abs=1)  # as bright as before


def test_the_strongest_colour_leaves_grey_or_doubles_it():
    image = np.full((1, 4, 4, 3), (200, 150, 150), np.uint8)
    changed = np.concatenate([augment(image, Policy(colour=1.0), seed) for seed in range(300)])
    spread = np.ptp(changed[:, 0, 0].astype(int), axis=1)
    assert spread.min() <= 3 and 92 <= spread.max() <= 102


@pytest.mark.parametrize("channels", [1, 3])
def test_colour_leaves_grey_images_as_they_are(digits, channels):
    images = np.repeat(digits, channels, axis=-1)
    assert (augment(images, Policy(colour=1.0), 0) == images).all()


def test_a_blur_spreads_light_up_to_its_width():
    still = moments(square()[None])
    changed = many(square(), Policy(blur=2.0), 200)
    x, y, xx, xy, yy = moments(changed)
    for spread, before in ((xx, still[2]), (yy, still[4])):
        width = np.sqrt(np.maximum(spread - before, 0))
        assert width.max() <= 2.1 and width.max() > 1.7
        assert width.min() < 0.3
    assert np.abs([x, y, xy]).max() < 0.1
    assert changed.mean(axis=(1, 2)) == pytest.approx(square().mean(), abs=0.5)


def test_a_blur_leaves_an_even_image_as_it_is():
    assert (many(np.full((9, 9), 77, np.uint8), Policy(blur=5.0)) == 77).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_has_up_to_its_standard_deviation(channels):
    images = np.full((120, 40, 40, channels), 128, np.uint8)
    changed = augment(images, Policy(noise=0.1), 0).astype(float)
    spread = changed.std(axis=(1, 2, 3))
    assert spread.min() < 3 and 23 < spread.max() <= 25.5 * 1.06
    assert np.abs(changed.mean(axis=(1, 2, 3)) - 128).max() < 3
    if channels == 3:  # each channel has grain of its own
        one, other = changed[..., 0].ravel() - 128, changed[..., 1].ravel() - 128
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.05


def test_noise_ends_at_black_and_white():
    image = np.tile(np.array([0, 255], np.uint8), (8, 4))
    changed = many(image, Policy(noise=0.3))
    assert changed.min() == 0 and changed.max() == 255
    assert np.abs(changed - image).max() < 255


@pytest.mark.parametrize("channels", [1, 3])
def test_salt_and_pepper_take_up_to_their_part_half_and_half(channels):
    images = np.full((150, 50, 50, channels), 128, np.uint8)
    changed = augment(images, Policy(salt_pepper=0.4), 0)
    assert set(np.unique(changed)) == {0, 128, 255}
    assert (changed == changed[..., :1]).all()
    black, white = ((changed[..., 0] == value).mean(axis=(1, 2)) for value in (0, 255))
    for part in (black, white):
        assert part.min() < 0.02 and 0.17 < part.max() <= 0.2 + 0.03
    assert np.abs(black - white).max() < 0.06


@pytest.mark.parametrize("size", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(28, 28, 1), (20, 33, 3)])
def test_a_cut_out_hides_one_square_somewhere(size, shape):
    images = np.full((60, *shape), 200, np.uint8)
    changed = augment(images, Policy(cutout=size), 0)
    side = round(size * min(shape[:2]))
    places = set()
    for image in changed:
        hidden = (image == 0).all(axis=-1)
        rows, columns = np.flatnonzero(hidden.any(axis=1)), np.flatnonzero(hidden.any(axis=0))
        places.add((int(rows[0]), int(columns[0])))
        assert len(rows) == len(columns) == side
        assert hidden.sum() == side * side
        assert (image[~hidden] == 200).all()
    if size < 1:
        tops, lefts = zip(*places, strict=True)
        assert min(tops) <= 2 and max(tops) >= shape[0] - side - 2
        assert min(lefts) <= 2 and max(lefts) >= shape[1] - side - 2


@each_change({name: SINGLE_CHANGES[name] for name in LAB})
def test_images_of_colour_are_changed_too(policy):
    images = np.random.default_rng(0).integers(0, 256, (20, 16, 24, 3), np.uint8)
    changed = augment(images, policy, 5)
    assert (changed.shape, changed.dtype) == (images.shape, np.uint8)
    assert (changed != images).any(axis=(1, 2, 3)).mean() > 0.7
    assert np.array_equal(changed, augment(images, policy, 5))


@pytest.mark.parametrize("channels", [1, 3])
def test_all_of_them_work_together(channels):
    images = np.random.default_rng(0).integers(0, 256, (10, 16, 24, channels), np.uint8)
    together = {}
    for name in LAB:
        together[name] = getattr(SINGLE_CHANGES[name], name)
    changed = augment(images, replace(POLICIES["strong_photos"], **together), 5)
    assert (changed.shape, changed.dtype) == (images.shape, np.uint8)
    assert (changed != images).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("operations", [0, 1, 2, 4])
def test_so_many_random_operations_are_drawn(operations, monkeypatch):
    drawn = []

    def note(image, magnitude, fill, rng):
        drawn.append((magnitude, fill))
        return image

    monkeypatch.setattr("core.augmentation.changes.apply_random", note)
    images = np.zeros((5, 8, 8, 1), np.uint8)
    augment(images, Policy(random_operations=operations, magnitude=0.6, fill="edge"), 0)
    assert drawn == [(0.6, "edge")] * operations * 5


@pytest.mark.parametrize("channels", [1, 3])
def test_random_operations_without_magnitude_change_next_to_nothing(channels):
    images = np.random.default_rng(0).integers(0, 256, (30, 12, 12, channels), np.uint8)
    changed = augment(images, Policy(random_operations=4, magnitude=0.0), 0)
    assert np.abs(changed.astype(int) - images).max() <= 1


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 8, 8, 1), np.float32),
        np.zeros((2, 8, 8, 1), np.int64),
        np.zeros((8, 8, 1), np.uint8),
        np.zeros((8, 8), np.uint8),
    ],
    ids=lambda images: f"{images.dtype}{images.shape}",
)
def test_what_is_no_batch_is_refused(images):
    with pytest.raises(ValueError, match=r"`images`.*Received"):
        augment(images, DRAWN_DIGITS, 0)
