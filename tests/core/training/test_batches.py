from dataclasses import replace

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from core.augmentation import POLICIES, augment
from core.models import resolve
from core.training.batches import (
    chosen_rows,
    class_weights,
    training_batches,
    validation_batches,
)
from tests.core.training.conftest import with_rows

UNEVEN = np.repeat([0, 1, 2], [600, 300, 100])[np.random.default_rng(0).permutation(1000)]
PLAIN = {"augmentation": "none", "batch_size": 100}


def batches_of(dataset, seed: int = 0, **values):
    hyperparameters = resolve("simple_cnn", {**PLAIN, **values})
    targets = np.eye(len(dataset.class_names), dtype=np.float32)[dataset.y_train]
    rows = chosen_rows(dataset.y_train, hyperparameters["max_images"], seed)
    return training_batches(dataset.x_train, targets, hyperparameters, seed, rows)


def contents(batches) -> list[tuple[np.ndarray, ...]]:
    return [batches[index] for index in range(len(batches))]


def same(first, second) -> bool:
    return all(
        (one == other).all()
        for these, those in zip(first, second, strict=True)
        for one, other in zip(these, those, strict=True)
    )


@pytest.mark.parametrize("most", [0, 1000, 1001, 10**6])
def test_all_images_are_used_in_order(most):
    assert (chosen_rows(UNEVEN, most, 0) == np.arange(1000)).all()


@pytest.mark.parametrize(
    ("most", "counts"), [(100, [60, 30, 10]), (10, [6, 3, 1]), (500, [300, 150, 50])]
)
def test_each_class_is_used_in_proportion(most, counts):
    assert np.bincount(UNEVEN[chosen_rows(UNEVEN, most, 0)]).tolist() == counts


@pytest.mark.parametrize("most", [3, 4, 7, 99, 500, 900, 996, 997, 998, 999])
def test_so_many_images_are_used_and_none_twice(most):
    rows = chosen_rows(UNEVEN, most, 0)
    assert len(rows) == most
    assert (np.diff(rows) > 0).all()
    assert rows[0] >= 0 and rows[-1] < 1000


@pytest.mark.parametrize("most", [1, 2, 3])
def test_there_is_one_of_each_class_at_least(most):
    assert sorted(UNEVEN[chosen_rows(UNEVEN, most, 0)]) == [0, 1, 2]


def test_the_seed_decides_which_images_are_used():
    first, again, other = (chosen_rows(UNEVEN, 50, seed) for seed in (4, 4, 5))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("most", [2, 10, 49, 50])
def test_a_class_with_a_single_image_is_kept(most):
    labels = np.array([0] * 50 + [1])
    for seed in range(60):
        rows = chosen_rows(labels, most, seed)
        assert set(labels[rows]) == {0, 1}


@pytest.mark.parametrize(
    "labels", [UNEVEN, np.array([0, 1, 1]), np.array([2, 0, 0, 1, 2, 2]), np.array([1])]
)
def test_weights_of_classes_are_those_of_scikit_learn(labels):
    classes = np.unique(labels)
    weights = class_weights(labels, 4)
    assert weights.dtype == np.float32
    balanced = compute_class_weight("balanced", classes=classes, y=labels)
    assert weights[classes] == pytest.approx(balanced)
    assert not np.delete(weights, classes).any()
    assert weights[labels].mean() == pytest.approx(1)


def test_a_batch_holds_images_and_targets(digits):
    batches = batches_of(digits, batch_size=64)
    assert len(batches) == len(digits.y_train) // 64
    images, targets = batches[3]
    assert (images.shape, images.dtype) == ((64, 8, 8, 1), np.uint8)
    assert (targets.shape, targets.dtype) == ((64, 10), np.float32)
    assert (targets.sum(axis=1) == 1).all()
    assert (targets.max(axis=1) == 1).all()


def test_images_come_with_their_own_labels_and_only_once(digits):
    numbered = replace(
        digits,
        x_train=np.arange(len(digits.y_train), dtype=np.uint16).view(np.uint8).reshape(-1, 1, 2, 1),
        x_val=np.zeros((1, 1, 2, 1), np.uint8),
        y_val=digits.y_val[:1],
        x_test=np.zeros((1, 1, 2, 1), np.uint8),
        y_test=digits.y_test[:1],
    )
    seen = []
    for images, targets in contents(batches_of(numbered)):
        rows = np.ascontiguousarray(images).reshape(len(images), 2).view(np.uint16)[:, 0]
        assert (targets.argmax(axis=1) == digits.y_train[rows]).all()
        seen += rows.tolist()
    assert len(set(seen)) == len(seen) == len(digits.y_train) // 100 * 100


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"augmentation": "small_moves"},
        {"augmentation": "strong_photos"},
        {"mixup": 0.4},
        {"cutmix": 1.0},
        {"class_weights": True},
        {"max_images": 300},
    ],
    ids=str,
)
def test_the_seed_and_the_epoch_decide_what_is_in_a_batch(digits, values):
    first, again = batches_of(digits, 3, **values), batches_of(digits, 3, **values)
    epoch = contents(first)
    assert same(epoch, contents(again))
    assert same(epoch, contents(again))
    backwards = [again[index] for index in reversed(range(len(again)))][::-1]
    assert same(epoch, backwards)
    assert not same(epoch, contents(batches_of(digits, 4, **values)))
    again.on_epoch_end()
    assert not same(epoch, contents(again))


@pytest.mark.parametrize("values", [{}, {"augmentation": "small_moves", "mixup": 0.2}], ids=str)
def test_one_can_continue_with_a_later_epoch(digits, values):
    whole, resumed = batches_of(digits, **values), batches_of(digits, **values)
    for _ in range(3):
        whole.on_epoch_end()
    resumed.start(3)
    assert same(contents(whole), contents(resumed))
    whole.on_epoch_end()
    resumed.on_epoch_end()
    assert same(contents(whole), contents(resumed))
    resumed.start(0)
    assert same(contents(batches_of(digits, **values)), contents(resumed))


def test_images_are_changed_as_the_policy_says(digits):
    plain, moved = batches_of(digits, 5), batches_of(digits, 5, augmentation="small_moves")
    for index in (0, 4):
        rng = np.random.default_rng([5, 0, index])
        expected = augment(plain[index][0], POLICIES["small_moves"], rng)
        assert (moved[index][0] == expected).all()
        assert (moved[index][1] == plain[index][1]).all()


@pytest.mark.parametrize("values", [{"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 1}])
def test_mixed_targets_add_up_to_one(digits, values):
    for images, targets in contents(batches_of(digits, **values)):
        assert images.dtype == np.uint8
        assert targets.dtype == np.float32
        assert targets.sum(axis=1) == pytest.approx(1, abs=1e-6)
        assert (np.count_nonzero(targets, axis=1) <= 2).all()


def test_class_weights_are_the_third_part(digits):
    uneven = with_rows(digits, lambda labels: (labels > 0) | (np.cumsum(labels == 0) <= 20))
    weights = class_weights(uneven.y_train, 10)
    assert weights[0] > 3
    for _, targets, received in contents(batches_of(uneven, class_weights=True)):
        assert received.dtype == np.float32
        assert received == pytest.approx(weights[targets.argmax(axis=1)])


def test_a_mixed_image_has_the_weight_of_its_parts(digits):
    uneven = with_rows(digits, lambda labels: (labels > 0) | (np.cumsum(labels == 0) <= 20))
    weights = class_weights(uneven.y_train, 10)
    for _, targets, received in contents(batches_of(uneven, class_weights=True, mixup=1.0)):
        assert received == pytest.approx(targets @ weights, rel=1e-5)


@pytest.mark.parametrize(
    ("most", "size", "expected"),
    [
        (300, 100, [100] * 3),
        (250, 100, [100] * 2),
        (40, 128, [40]),
        (0, 1000, [1000]),
        (10, 1, [1] * 10),
    ],
)
def test_batches_are_all_of_one_size(digits, most, size, expected):
    batches = batches_of(digits, max_images=most, batch_size=size)
    assert [len(images) for images, _ in contents(batches)] == expected


def test_only_chosen_images_are_used(digits):
    rows = chosen_rows(digits.y_train, 200, 7)
    allowed = {digits.x_train[row].tobytes() for row in rows}
    batches = batches_of(digits, 7, max_images=200)
    for _ in range(2):
        used = {image.tobytes() for images, _ in contents(batches) for image in images}
        assert used == allowed
        batches.on_epoch_end()


@pytest.mark.parametrize("count", [1, 499, 500, 501, 1293])
def test_validation_is_in_order_and_complete(digits, count):
    images, labels = digits.x_train[:count], digits.y_train[:count]
    batches = validation_batches(images, labels, 12)
    parts = contents(batches)
    assert len(parts) == -(-count // 500)
    assert max(len(part[0]) for part in parts) <= 500
    assert (np.concatenate([part[0] for part in parts]) == images).all()
    targets = np.concatenate([part[1] for part in parts])
    assert (targets.shape, targets.dtype) == ((count, 12), np.float32)
    assert (targets.argmax(axis=1) == labels).all()
    assert (targets.sum(axis=1) == 1).all()
