import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from core import datasets, ensemble, robustness, runs
from core.ensemble import Ensemble
from core.errors import Cancelled, DatasetError, JobError, RunError
from core.progress import Progress, Reporter
from core.robustness import CORRUPTIONS, LEAST_IMAGES, MOST_IMAGES, MOST_RUNS, Robustness, measure
from core.runs import Run
from core.serving import load_predictor

CNN, FOREST, LOGISTIC = "mnist-cnn", "mnist-random-forest", "mnist-logistic-regression"
SMALL_FOREST = "digits-random-forest"
FOUND = Robustness(
    "noise",
    (0, 16, 32.5),
    {"one": (1.0, 0.5, 0.25), "two": (0.9, 0.7, 0)},
    50,
    3,
    {"one": 50, "two": 40},
)

BY_HAND = {
    "brightness": lambda image, severity: image + severity * 255,
    "contrast": lambda image, severity: image.mean() + (1 - severity) * (image - image.mean()),
}

each_corruption = pytest.mark.parametrize("corruption", CORRUPTIONS)
random_changes = pytest.mark.parametrize("corruption", ["noise", "occlusion", "rotation"])


@pytest.fixture
def few_severities(monkeypatch) -> tuple[float, float]:
    """Of every change only nothing and a middling strength: models answer seldom enough."""
    for name, corruption in CORRUPTIONS.items():
        middling = corruption.severities[len(corruption.severities) // 2]
        monkeypatch.setitem(CORRUPTIONS, name, replace(corruption, severities=(0, middling)))


@pytest.fixture
def shown(monkeypatch) -> dict[str, list[np.ndarray]]:
    """What each run was shown, by its name: a batch at each strength."""
    seen: dict[str, list[np.ndarray]] = {}

    def load_watched(run: Run):
        predictor = load_predictor(run)

        def prediction(batch: np.ndarray) -> np.ndarray:
            seen.setdefault(run.id, []).append(batch.copy())
            return predictor.predict_batch(batch)

        return replace(predictor, predict_batch=prediction)

    monkeypatch.setattr(robustness, "load_predictor", load_watched)
    return seen


@pytest.fixture
def run_of(small_run) -> Callable[[str], Run]:
    """A run by its name, also the small one that is not bundled."""
    return lambda name: small_run if name == small_run.id else runs.load(name)


def rows_of(run: Run, batch: np.ndarray) -> list[int]:
    """Which test images they are, in the order of the test set."""
    images, _ = datasets.load_test(run.card.dataset)
    places = {image.tobytes(): row for row, image in enumerate(images)}
    return [places[image.tobytes()] for image in batch]


def make_image(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


# What is measured


@pytest.mark.parametrize("images", [50, 360])
@pytest.mark.parametrize("name", ["small-digits", SMALL_FOREST, LOGISTIC, CNN])
@pytest.mark.few(1)
def test_without_a_change_a_run_is_as_good_as_its_stored_predictions(
    run_of, shown, few_severities, name, images
):
    run = run_of(name)
    found = measure([run], "noise", images)
    rows = rows_of(run, shown[name][0])
    assert len(set(rows)) == len(rows) == images
    assert rows == sorted(rows)
    assert found.accuracies[name][0] == run.evaluation("test").right[rows].mean()


@pytest.mark.slow
def test_the_forest_is_as_good_as_its_stored_predictions_too(shown, monkeypatch):
    """It answers slowly, so it is asked once."""
    monkeypatch.setitem(CORRUPTIONS, "blur", replace(CORRUPTIONS["blur"], severities=(0,)))
    run = runs.load(FOREST)
    found = measure([run], "blur", LEAST_IMAGES)
    (batch,) = shown[FOREST]
    right = run.evaluation("test").right[rows_of(run, batch)]
    assert found.accuracies == {FOREST: (right.mean(),)}


@pytest.mark.parametrize("name", ["small-digits", LOGISTIC])
@pytest.mark.parametrize("corruption", BY_HAND)
@pytest.mark.few(1)
def test_accuracies_are_those_of_images_changed_by_hand(run_of, shown, name, corruption):
    run = run_of(name)
    found = measure([run], corruption, 200)
    images, labels = datasets.load_test(run.card.dataset)
    rows = rows_of(run, shown[name][0])
    expected = []
    for severity, seen in zip(CORRUPTIONS[corruption].severities, shown[name], strict=True):
        changed = np.stack(
            [BY_HAND[corruption](image.astype(np.float32), severity) for image in images[rows]]
        )
        changed = np.clip(np.rint(changed), 0, 255).astype(np.uint8)
        assert np.abs(changed.astype(int) - seen).max() <= 1  # halves may be rounded either way
        predictions = load_predictor(run).probabilities(seen).argmax(axis=1)
        expected.append((predictions == labels[rows]).mean())
    assert found.accuracies == {name: tuple(expected)}
    assert len(set(expected)) > 1  # else nothing would have been tested


def test_the_result_says_what_was_measured(small_run):
    found = measure([small_run], "blur", 60, seed=5)
    assert (found.corruption, found.images, found.seed) == ("blur", 60, 5)
    assert found.severities == CORRUPTIONS["blur"].severities
    assert [len(values) for values in found.accuracies.values()] == [len(found.severities)]
    assert list(found.accuracies) == [small_run.id]


@each_corruption
@pytest.mark.few(1)
def test_the_strongest_change_confuses_a_model(small_run, corruption):
    (accuracies,) = measure([small_run], corruption, 360).accuracies.values()
    assert accuracies[0] > 0.9
    assert accuracies[-1] < accuracies[0] - 0.1


def test_an_ensemble_is_measured_by_its_own_predictions(own_runs_folder, shown, few_severities):
    members = (runs.load(CNN), runs.load(LOGISTIC))
    run = ensemble.save("both", Ensemble(members, (0.6, 0.4)))
    found = measure([run], "noise", LEAST_IMAGES)
    right = run.evaluation("test").right[rows_of(run, shown["both"][0])]
    assert found.accuracies["both"][0] == right.mean()


# The same images for all


@random_changes
def test_runs_with_the_same_test_set_are_shown_the_same(shown, few_severities, corruption):
    measure([runs.load(CNN), runs.load(LOGISTIC)], corruption, LEAST_IMAGES)
    assert np.array_equal(shown[CNN], shown[LOGISTIC])
    assert shown[CNN][0].shape == (LEAST_IMAGES, 28, 28, 1)


def test_runs_with_other_test_sets_are_shown_their_own(shown, few_severities, run_of):
    measure([runs.load(LOGISTIC), runs.load(SMALL_FOREST)], "noise", LEAST_IMAGES)
    assert shown[LOGISTIC][0].shape == (LEAST_IMAGES, 28, 28, 1)
    assert shown[SMALL_FOREST][0].shape == (LEAST_IMAGES, 8, 8, 1)


@random_changes
def test_the_same_seed_gives_the_same_result(small_run, shown, corruption):
    first = measure([small_run], corruption, 80, seed=4)
    half = len(shown[small_run.id])
    assert measure([small_run], corruption, 80, seed=4) == first
    batches = shown[small_run.id]
    assert np.array_equal(batches[:half], batches[half:])


def test_another_seed_takes_other_images(small_run, shown, few_severities):
    for seed in (0, 1):
        measure([small_run], "noise", 80, seed)
    first, _, second, _ = shown[small_run.id]
    assert rows_of(small_run, first) != rows_of(small_run, second)


@random_changes
def test_each_image_is_changed_in_its_own_way(small_run, shown, corruption, monkeypatch):
    """The same image many times does not come out the same."""
    severity = CORRUPTIONS[corruption].severities[-1]
    monkeypatch.setitem(
        CORRUPTIONS, corruption, replace(CORRUPTIONS[corruption], severities=(severity,))
    )
    same = np.repeat(make_image(1, 8, 8, 1), 360, axis=0)
    monkeypatch.setattr(datasets, "load_test_measured", lambda *_: same)
    measure([small_run], corruption, LEAST_IMAGES)
    (batch,) = shown[small_run.id]
    kinds = len(np.unique(batch.reshape(len(batch), -1), axis=0))
    assert kinds == 2 if corruption == "rotation" else kinds > 5


# The changes


@each_corruption
def test_every_strength_keeps_shape_and_type(corruption):
    for shape in [(8, 8), (28, 28), (28, 28, 3), (21, 34), (17, 40, 3), (1, 1)]:
        image = make_image(*shape)
        before = image.copy()
        found = robustness.example(image, corruption)
        assert len(found) == len(CORRUPTIONS[corruption].severities)
        assert {(one.shape, one.dtype) for one in found} == {(shape, np.dtype(np.uint8))}
        assert np.array_equal(found[0], before)
        assert np.array_equal(image, before)


@each_corruption
@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3)], ids=["grey", "colour"])
def test_every_strength_changes_the_image_more(corruption, shape):
    image = make_image(*shape).astype(int)
    image[: shape[0] // 2] //= 2  # else turned grain looks like any other
    found = np.stack(robustness.example(image.astype(np.uint8), corruption))
    apart = np.abs(found - image).reshape(len(found), -1).mean(axis=1)
    assert apart[0] == 0
    if corruption == "rotation":
        assert (apart[1:] > 10).all()
    else:
        assert (np.diff(apart) > 0).all()


def test_another_seed_gives_another_example():
    image = make_image(28, 28)
    first, same, other = (robustness.example(image, "noise", seed) for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@each_corruption
def test_every_change_is_described(corruption):
    spec = CORRUPTIONS[corruption]
    assert spec.title and spec.unit
    assert spec.severities[0] == 0
    assert list(spec.severities) == sorted(set(spec.severities))


# What cannot be measured


@pytest.mark.parametrize(
    ("number", "corruption", "images", "sentence"),
    [
        (1, "fog", 500, "There is no corruption named 'fog'. Known: blur, brightness, contrast"),
        (1, "", 500, "There is no corruption named ''"),
        (0, "noise", 500, "Choose 1 to 6 trained models. Received: 0."),
        (MOST_RUNS + 1, "noise", 500, "Choose 1 to 6 trained models. Received: 7."),
        (1, "noise", LEAST_IMAGES - 1, "Choose 50 to 2,000 images. Received: 49."),
        (1, "noise", MOST_IMAGES + 1, "Choose 50 to 2,000 images. Received: 2001."),
        (1, "noise", 0, "Received: 0."),
        (1, "noise", -5, "Received: -5."),
    ],
)
def test_what_cannot_be_measured_is_refused_at_once(
    small_run, number, corruption, images, sentence
):
    seen: list[Progress] = []
    for attempt in (robustness.check, lambda *asked: measure(*asked, report=Reporter(seen.append))):
        with pytest.raises(RunError) as error:
            attempt([small_run] * number, corruption, images)
        assert sentence in str(error.value)
    assert seen == []


@each_corruption
def test_the_limits_themselves_are_allowed(small_run, corruption):
    for number, images in product([1, MOST_RUNS], [LEAST_IMAGES, MOST_IMAGES]):
        robustness.check([small_run] * number, corruption, images)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"dataset": "was-deleted"}, "There is no dataset named 'was-deleted'"),
        ({"test_fingerprint": "0" * 64}, "the dataset was replaced since"),
        ({"dataset": "mnist"}, "the dataset was replaced since"),
    ],
    ids=["gone", "replaced", "another"],
)
def test_a_run_whose_test_images_are_gone_is_told(small_run, changed, sentence):
    run = replace(small_run, card=replace(small_run.card, **changed))
    with pytest.raises(DatasetError, match=sentence):
        measure([run], "noise", LEAST_IMAGES)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [("evaluation.npz", "evaluation.npz"), ("model.skops", "missing or was changed")],
)
@pytest.mark.parametrize("content", [None, b"damaged"], ids=["missing", "damaged"])
def test_a_damaged_run_is_told(runs_with_small, file, sentence, content):
    run = runs.load("small-digits")
    (run.folder / file).unlink()
    if content is not None:
        (run.folder / file).write_bytes(content)
    with pytest.raises(RunError, match=sentence):
        measure([run], "noise", LEAST_IMAGES)


# Progress


def test_progress_rises_from_nothing_and_names_run_and_strength(small_run):
    seen: list[Progress] = []
    other = replace(small_run, card=replace(small_run.card, id="other"))
    measure([small_run, other], "contrast", LEAST_IMAGES, report=Reporter(seen.append))
    severities = CORRUPTIONS["contrast"].severities
    total = 2 * len(severities)
    assert [one.fraction for one in seen] == pytest.approx([n / total for n in range(total)])
    assert {one.stage for one in seen} == {"predicting"}
    names = (small_run.id, "other")
    assert [one.note for one in seen] == [
        f"{name}, severity {severity:g}" for name in names for severity in severities
    ]


@pytest.mark.parametrize("after", [1, 4])
def test_it_stops_when_it_is_asked_to(small_run, shown, after):
    seen: list[Progress] = []
    report = Reporter(seen.append, lambda: len(seen) >= after)
    with pytest.raises(Cancelled, match="nothing was saved"):
        measure([small_run], "noise", LEAST_IMAGES, report=report)
    assert len(seen) == after
    assert len(shown.get(small_run.id, [])) == after - 1


# To keep


def test_what_was_kept_is_read_again(tmp_path, small_run):
    for found in (FOUND, measure([small_run], "noise", LEAST_IMAGES, seed=2)):
        robustness.save(found, tmp_path / "job" / "kept")
        assert robustness.load(tmp_path / "job" / "kept") == found


def content(**changed) -> str:
    """A result that was kept, with other entries; None takes one out."""
    entries = json.loads(json.dumps(vars(FOUND))) | changed
    return json.dumps({name: value for name, value in entries.items() if value is not None})


DAMAGED = {
    "missing": None,
    "empty": "",
    "cut off": "{",
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "no change": content(corruption=None),
    "unknown change": content(corruption="fog"),
    "several changes": content(corruption=["noise"]),
    "no severities": content(severities=None),
    "one strength": content(severities=5),
    "too few strengths": content(severities=[0, 16]),
    "strengths in words": content(severities=["a", "b", "c"]),
    "no accuracies": content(accuracies=None),
    "accuracies of nobody": content(accuracies=[1, 2, 3]),
    "too few accuracies": content(accuracies={"one": [1.0, 0.5]}),
    "one accuracy": content(accuracies={"one": 1.0}),
    "a gap": content(accuracies={"one": [1.0, None, 0.5]}),
    "no images": content(images=None),
    "images in words": content(images="many"),
    "no seed": content(seed=None),
    "several seeds": content(seed=[1]),
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_result_is_told(tmp_path, text):
    if text is not None:
        robustness.save(FOUND, tmp_path)
        (tmp_path / "robustness.json").write_text(text)
    with pytest.raises(JobError, match=f"The result in {tmp_path.name} cannot be read"):
        robustness.load(tmp_path)


def test_bytes_that_are_no_text_are_told(tmp_path):
    (tmp_path / "robustness.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(JobError, match="cannot be read"):
        robustness.load(tmp_path)


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(JobError, match="Nothing can be written to"):
        robustness.save(FOUND, tmp_path / "file" / "kept")
