"""One training from beginning to end: load, fit, export, evaluate with what serves, save."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path

from core import datasets, runs, serving
from core.datasets import Dataset
from core.errors import RunError
from core.evaluation import Evaluation, evaluate
from core.models import MODELS
from core.progress import Progress, Reporter
from core.training.classical import export_classical, fit_classical
from core.training.config import TrainConfig
from core.training.network import export_network, fit_network

_PACKAGES = {
    "network": ("tensorflow", "keras", "ai-edge-litert", "numpy", "opencv-python-headless"),
    "classical": ("scikit-learn", "skops", "numpy"),
}


def train(
    config: TrainConfig,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> runs.Run:
    """Train a model and leave a run behind.

    Args:
        config: what to train, on what, and how.
        on_progress: called with each `Progress`.
        should_stop: asked at each report; true ends the training.

    Returns:
        The run, whose figures were computed with the model file that serves.

    Raises:
        JobError: if it was asked to stop; no run is left.
        RunError: if the run's name is taken.
        DatasetError: if the dataset cannot be loaded.
    """
    report = Reporter(on_progress, should_stop, "The training was cancelled; no run was kept.")
    run_id = config.name or _free_name(config)
    with runs.draft(run_id) as folder:
        report(Progress("loading"))
        dataset = datasets.load(config.dataset, config.validation_fraction)
        begun = time.perf_counter()
        history = _fit_and_export(config, dataset, folder, report)
        seconds = time.perf_counter() - begun
        report(Progress("evaluating", part=1.0))
        val, test = _evaluate(folder, MODELS[config.model].family, dataset)
        card = _card(config, run_id, dataset, history, val, test, seconds)
        run = runs.save(card, folder, val, test)
    on_progress(Progress("done", part=1.0, metrics=run.card.metrics))
    return run


def find_same(config: TrainConfig) -> runs.Run | None:
    """A run that was trained with the same configuration, whatever its name."""
    for run in runs.list_runs():
        card = run.card
        if (
            (card.dataset, card.model, card.seed) == (config.dataset, config.model, config.seed)
            and card.hyperparameters == config.hyperparameters
            and card.validation_fraction == config.validation_fraction
        ):
            return run
    return None


def _fit_and_export(
    config: TrainConfig, dataset: Dataset, folder: Path, report: Reporter
) -> tuple[dict[str, float], ...]:
    arguments = (dataset, config.model, config.hyperparameters, config.seed, report)
    if MODELS[config.model].family == "classical":
        estimator = fit_classical(*arguments)
        report(Progress("exporting", part=1.0))
        export_classical(estimator, folder)
        return ()
    network, history = fit_network(*arguments)
    report(Progress("exporting", part=1.0))
    export_network(network, folder)
    return history


def _evaluate(folder: Path, family: str, dataset: Dataset) -> tuple[Evaluation, Evaluation]:
    answer = serving.open_model(folder / serving.MODEL_FILES[family], family)
    val = evaluate(dataset.y_val, answer(dataset.x_val))
    return val, evaluate(dataset.y_test, answer(dataset.x_test))


def _card(
    config: TrainConfig,
    run_id: str,
    dataset: Dataset,
    history: tuple[dict[str, float], ...],
    val: Evaluation,
    test: Evaluation,
    seconds: float,
) -> runs.RunCard:
    family = MODELS[config.model].family
    return runs.RunCard(
        id=run_id,
        owner="studio" if run_id in runs.SHIPPED else "you",
        dataset=config.dataset,
        dataset_fingerprint=dataset.fingerprint(),
        class_names=dataset.class_names,
        input_shape=dataset.input_shape,
        preprocessing=dataset.preprocessing,
        model=config.model,
        family=family,
        hyperparameters=dict(config.hyperparameters),
        history=history,
        metrics={
            **test.metrics(),
            **{f"val_{name}": value for name, value in val.metrics().items()},
            "test_size": len(test.labels),
        },
        seconds=round(seconds, 1),
        seed=config.seed,
        validation_fraction=config.validation_fraction,
        versions={package: version(package) for package in _PACKAGES[family]},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _free_name(config: TrainConfig) -> str:
    stem = f"{config.dataset}-{config.model}".replace("_", "-")
    for number in count(1):
        try:
            runs.check_free(f"{stem}-{number}")
        except RunError:
            continue
        return f"{stem}-{number}"
    raise AssertionError("unreachable: count() does not end")
