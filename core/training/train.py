"""One training from beginning to end: load, fit, export, evaluate with what serves, save."""

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from core import conversion, cost, datasets, machine, runs, serving, settings, visitors
from core.datasets import Dataset
from core.errors import RunError, disk_sentence, is_disk_error
from core.evaluation import Evaluation, evaluate
from core.models import MODELS
from core.progress import Progress, Reporter
from core.runs.formats import hyperparameters_to_1
from core.training.batches import chosen_rows
from core.training.checkpoints import Checkpoints
from core.training.classical import export_classical, fit_classical
from core.training.config import TrainConfig
from core.training.network import export_network, fit_network
from core.training.parameters import count_parameters
from core.training.references import write_references
from core.training.transfer import fit_transfer
from core.training.versions import package_versions

_CANCELLED = "The training was cancelled; no run was kept."
_CONVERSION_SEED = _SAMPLES_SEED = 0
_AT_ONCE = 250  # images that are answered between two reports, and in memory together


def train(
    config: TrainConfig, reporter: Reporter | None = None, checkpoints: Path | None = None
) -> runs.Run:
    """Train a model and leave a run behind.

    Args:
        config: what to train, on what, and how.
        reporter: told how far it is. If it says to stop, the training ends and no run is left; if
            it says to finish, the training ends early and keeps the best so far.
        checkpoints: a folder that a network is kept in after each epoch; what an interrupted
            training of the same configuration left there is resumed.

    Returns:
        The run, whose figures were computed with the model file that serves.

    Raises:
        Cancelled: if it was asked to stop.
        ModelError: if the model does not fit the images, or diverged.
        RunError: if a run of that name is there already.
        DatasetError: if the dataset cannot be loaded.
    """
    reporter, asked = reporter or Reporter(), []
    report = replace(reporter, cancelled=_CANCELLED, should_finish=partial(_noted, reporter, asked))
    title, started = config.name or free_name(config), time.perf_counter()
    with _told_of_the_disk(checkpoints), runs.draft(runs.free_id(title)) as folder:
        cost.forget_most_memory()
        report(Progress("loading"))
        dataset = datasets.load(config.dataset, config.validation_fraction, side=config.side)
        begun = time.perf_counter()
        history, before, served = _fit_and_export(config, dataset, folder, report, checkpoints)
        seconds = before + time.perf_counter() - begun
        memory = cost.most_memory()
        report(Progress("evaluating", fraction=1.0, history=history))
        model = folder / served.get("file", serving.MODEL_FILES[config.family])
        val, test = evaluate_served(model, config.family, dataset, report)
        noticed = write_references(model, config.family, dataset, test, report)
        measured = _cost(model, config.family, dataset, memory, report)
        measured["around_seconds"] = time.perf_counter() - started - seconds + before
        card = replace(
            _card(config, title, dataset, served),
            history=history,
            metrics=_metrics(config, dataset, val, test),
            seconds=round(seconds, 1),
            cost=measured,
            ended_early=any(asked),
            out_of_distribution=noticed,
        )
        run = runs.save(card, folder, val, test)
    reporter.on_progress(Progress("done", fraction=1.0, metrics=run.card.metrics))
    return run


def _noted(reporter: Reporter, asked: list[bool]) -> bool:
    """Whether it should finish, which is noted down."""
    asked.append(reporter.should_finish())
    return asked[-1]


@contextmanager
def _told_of_the_disk(checkpoints: Path | None) -> Iterator[None]:
    """An error of the disk becomes a sentence about the folder it concerns; a job does so itself.

    TensorFlow writes what it exports to the folder for temporary files first.
    """
    try:
        yield
    except Exception as error:  # TensorFlow and HDF5 have errors of their own for a full disk
        if checkpoints is not None or not is_disk_error(error):
            raise
        folders = (
            settings.current().runs_dir,
            settings.current().work_dir,
            Path(tempfile.gettempdir()),
        )
        raise RunError(disk_sentence(error, *folders)) from error


def measure(model: Path, family: str, input_shape: tuple[int, int, int]) -> dict[str, Any]:
    """What a prediction with the file that serves costs, and how many numbers the model has
    learned that lies beside it."""
    found = cost.measure([(model, family)], input_shape)
    return {**found, "parameters": count_parameters(model.parent, family)}


def _cost(
    model: Path, family: str, dataset: Dataset, memory: int | None, report: Reporter
) -> dict[str, Any]:
    """What `measure` finds, and what the training itself has cost."""
    report(Progress("measuring", fraction=1.0))
    measured = measure(model, family, dataset.input_shape)
    return {**measured, "training_memory_bytes": memory, "gigaflops": machine.gigaflops()}


def find_same(config: TrainConfig) -> runs.Run | None:
    """A run that was trained here with the same configuration, whatever its name."""
    for run in runs.list_runs():
        card = run.card
        if (
            (card.dataset, card.model, card.seed) == (config.dataset, config.model, config.seed)
            and card.hyperparameters == config.hyperparameters
            and card.validation_fraction == config.validation_fraction
            and card.foreign is None
        ):
            return run
    return None


def _fit_and_export(
    config: TrainConfig,
    dataset: Dataset,
    folder: Path,
    report: Reporter,
    checkpoints: Path | None,
) -> tuple[tuple[dict[str, float], ...], float, dict[str, Any]]:
    """The training curve; how many seconds an interrupted training had taken before; and what
    serves, if it was converted."""
    runs.write_samples(samples_of(dataset), folder)
    arguments = (dataset, config.model, config.hyperparameters, config.seed, report)
    if config.family == "classical":
        estimator, history = fit_classical(*arguments)
        report(Progress("exporting", fraction=1.0, history=history))
        export_classical(estimator, folder, config.hyperparameters, dataset.input_shape)
        return history, 0.0, convert(estimator, folder, config.model, dataset)
    own = checkpoints or folder / "checkpoints"  # which goes away with the draft
    pretrained = bool(MODELS[config.model].backbone)
    try:
        identity, before = _identities(config, dataset)
        kept = Checkpoints(own, identity, identity_before=before)
        network, history = (fit_transfer if pretrained else fit_network)(*arguments, kept)
        with suppress(FileNotFoundError):  # a training that an earlier version began has none
            shutil.copyfile(own / runs.REPLAY, folder / runs.REPLAY)
    finally:
        if checkpoints is None:
            shutil.rmtree(own, ignore_errors=True)
    report(Progress("exporting", fraction=1.0, history=history))
    export_network(network, folder, half=pretrained)
    return history, kept.seconds_before, {}


def convert(estimator, folder: Path, model: str, dataset: Dataset) -> dict[str, Any]:
    """Convert a classical model as its entry says; see `core.conversion.convert`."""
    rows = chosen_rows(dataset.y_val, conversion.MOST_IMAGES, _CONVERSION_SEED)
    images = np.asarray(dataset.x_val[rows])
    return conversion.convert(estimator, folder, MODELS[model].served_by, images)


def samples_of(dataset: Dataset) -> runs.Samples:
    """Images of the training and of the test set, every class in proportion."""
    rows = chosen_rows(dataset.y_train, runs.CALIBRATION, _SAMPLES_SEED)
    test_rows = chosen_rows(dataset.y_test, runs.TEST, _SAMPLES_SEED)
    return runs.Samples(
        np.asarray(dataset.x_train[rows]),
        dataset.y_train[rows],
        np.asarray(dataset.x_test[test_rows]),
        dataset.y_test[test_rows],
    )


def _identities(config: TrainConfig, dataset: Dataset) -> tuple[str, str]:
    """What changes with anything that makes it another training; and what the first version of
    the studio called the same one."""
    fingerprint = dataset.fingerprint()  # of all images, so it is computed once
    settings = {**config.to_mapping(), "name": None}
    settings_1 = {**settings, "hyperparameters": hyperparameters_to_1(config.hyperparameters)}
    texts = (json.dumps(values, sort_keys=True) for values in (settings, settings_1))
    now, before = (hashlib.sha256((text + fingerprint).encode()).hexdigest() for text in texts)
    return now, before


def evaluate_served(
    model: Path, family: str, dataset: Dataset, report: Reporter
) -> tuple[Evaluation, Evaluation]:
    """What the file that serves predicts on the validation and the test set."""
    prediction = serving.open_model(model, family)
    total = len(dataset.y_val) + len(dataset.y_test)
    done, found = 0, []
    for split in ("val", "test"):
        images, labels = dataset.split(split)
        rows = []
        for start in range(0, len(labels), _AT_ONCE):
            rows.append(prediction(np.asarray(images[start : start + _AT_ONCE])))
            done += len(rows[-1])
            report(Progress("evaluating", fraction=done / total, note=f"{done:,} of {total:,}"))
        found.append(evaluate(labels, np.concatenate(rows)))
    return found[0], found[1]


def _metrics(
    config: TrainConfig, dataset: Dataset, val: Evaluation, test: Evaluation
) -> dict[str, float]:
    """Metrics on test and validation images, and how many images of each split were used."""
    used = config.hyperparameters["max_images"] or len(dataset.y_train)
    return {
        **test.metrics(),
        **{f"val_{name}": value for name, value in val.metrics().items()},
        "test_size": len(test.labels),
        "val_size": len(val.labels),
        "train_size": min(used, len(dataset.y_train)),
    }


def _card(
    config: TrainConfig, title: str, dataset: Dataset, served: dict[str, Any]
) -> runs.RunCard:
    """The card of a run before it has learned and was measured."""
    return runs.RunCard(
        id=runs.id_of(title),
        title=title,
        owner=_owner(title),
        dataset=config.dataset,
        dataset_fingerprint=dataset.fingerprint(),
        class_names=dataset.class_names,
        input_shape=dataset.input_shape,
        preprocessing=dataset.preprocessing,
        model=config.model,
        family=config.family,
        hyperparameters=dict(config.hyperparameters),
        history=(),
        metrics={},
        seconds=0.0,
        seed=config.seed,
        validation_fraction=config.validation_fraction,
        versions=package_versions(config.family),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        test_fingerprint=dataset.test_fingerprint(),
        served=served,
    )


def _owner(run_id: str) -> str:
    """Bundled runs are the studio's, if they are made by its owner."""
    me = visitors.current()
    return visitors.STUDIO if run_id in runs.BUNDLED and me == visitors.OWNER else me


def free_name(config: TrainConfig) -> str:
    """A name for the run that nothing has yet."""
    stem = f"{config.dataset}-{config.model}".replace("_", "-")
    for number in count(1):
        try:
            runs.free_id(f"{stem}-{number}")
        except RunError:
            continue
        return f"{stem}-{number}"
    raise AssertionError("unreachable: count() does not end")
