import numpy as np
import pytest

from core.augmentation import mix

COUNT = 8


def plain(height: int = 10, width: int = 10, channels: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Eight images, each of one brightness and a class of its own."""
    images = np.zeros((COUNT, height, width, channels), np.uint8)
    images += (30 * np.arange(COUNT, dtype=np.uint8)).reshape(-1, 1, 1, 1)
    return images, np.eye(COUNT, dtype=np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_mixing_nothing_changes(dtype):
    images, targets = plain()
    mixed, wanted = mix(images, targets.astype(dtype), 0.0, 0.0, 0)
    assert (mixed == images).all()
    assert (wanted == targets).all()
    assert wanted.dtype == np.float32


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.2, 0.0), (1.0, 0.0), (0.0, 1.0), (0.4, 1.0)])
@pytest.mark.parametrize("channels", [1, 3])
def test_targets_add_up_to_one(mixup, cutmix, channels):
    for seed in range(5):
        images, targets = plain(channels=channels)
        mixed, wanted = mix(images, targets, mixup, cutmix, seed)
        assert (mixed.shape, mixed.dtype) == (images.shape, np.uint8)
        assert (wanted.shape, wanted.dtype) == (targets.shape, np.float32)
        assert wanted.min() >= 0
        assert wanted.sum(axis=1) == pytest.approx(1)
        assert (np.count_nonzero(wanted, axis=1) <= 2).all()


def test_mixup_lays_two_images_over_each_other():
    for seed in range(20):
        images, targets = plain()
        mixed, wanted = mix(images, targets, 1.0, 0.0, seed)
        brightness = (wanted @ images[:, 0, 0, 0].astype(np.float64)).reshape(-1, 1, 1, 1)
        assert np.abs(mixed - brightness).max() <= 0.51  # rounded to whole numbers


def test_mixup_uses_one_part_for_a_batch():
    images, targets = plain()
    for seed in range(20):
        _, wanted = mix(images, targets, 1.0, 0.0, seed)
        own = np.diag(wanted)
        assert len(np.unique(own[own < 1])) <= 1


@pytest.mark.parametrize(("height", "width"), [(10, 10), (8, 8), (9, 14)])
def test_cutmix_asks_for_classes_by_their_area(height, width):
    for seed in range(20):
        images, targets = plain(height, width, 3)
        mixed, wanted = mix(images, targets, 0.0, 1.0, seed)
        for row, image in enumerate(mixed):
            for other in range(COUNT):
                area = (image[..., 0] == 30 * other).mean()
                assert wanted[row, other] == pytest.approx(area, abs=1e-6)


def test_cutmix_pastes_the_same_rectangle_everywhere():
    for seed in range(20):
        images, targets = plain()
        mixed, wanted = mix(images, targets, 0.0, 1.0, seed)
        foreign = (mixed != images)[..., 0]
        pasted = [mask for mask in foreign if mask.any()]
        for mask in pasted:
            rows, columns = mask.any(axis=1), mask.any(axis=0)
            assert (mask == np.outer(rows, columns)).all()
            assert (np.diff(np.flatnonzero(rows)) == 1).all()
            assert (np.diff(np.flatnonzero(columns)) == 1).all()
            assert (mask == pasted[0]).all()


def test_a_pasted_piece_stays_where_it_was():
    images = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 3), np.uint8)
    for seed in range(10):
        mixed, _ = mix(images, np.eye(2), 0.0, 1.0, seed)
        assert ((mixed == images) | (mixed == images[::-1])).all()


def test_if_both_are_on_one_is_drawn_by_lot():
    images, targets = plain()
    kinds = {"mixup": 0, "cutmix": 0}
    for seed in range(60):
        mixed, _ = mix(images, targets, 1.0, 1.0, seed)
        bare = np.isin(mixed, images[:, 0, 0, 0]).all()
        kinds["cutmix" if bare else "mixup"] += 1
    assert min(kinds.values()) > 15


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.4, 0.0), (0.0, 1.0)])
def test_parts_differ_from_batch_to_batch(mixup, cutmix):
    images, targets = plain()
    own = {float(np.diag(mix(images, targets, mixup, cutmix, s)[1]).min()) for s in range(10)}
    assert len(own) > 5


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.4, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_the_seed_decides_and_what_was_given_is_left_alone(mixup, cutmix):
    images, targets = plain()
    first, second = (mix(images, targets, mixup, cutmix, 3) for _ in range(2))
    again = mix(images, targets, mixup, cutmix, np.random.default_rng(3))
    for other in (second, again):
        assert (first[0] == other[0]).all()
        assert (first[1] == other[1]).all()
    assert (images == plain()[0]).all()
    assert (targets == plain()[1]).all()


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.4, 0.0), (0.0, 1.0)])
def test_a_single_image_is_mixed_with_itself(mixup, cutmix):
    images, targets = (part[:1] for part in plain())
    mixed, wanted = mix(images + 7, targets, mixup, cutmix, 0)
    assert (mixed == images + 7).all()
    assert wanted == pytest.approx(targets)
