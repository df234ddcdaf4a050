"""How long a training will take, from how quick earlier ones were and how fast this machine is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from core import machine, visitors
from core.datasets import DatasetSpec
from core.errors import ModelError
from core.models import MODELS, Value, resolve
from core.models.transfer import BACKBONES
from core.runs import Run, RunCard
from core.training.config import TrainConfig

_BACKWARDS = 2  # learning from an image takes about twice as long again as predicting it
_LATEST = 5  # earlier runs that count
_HOG_FEATURES = 1300
_FULL_SIZE = 224  # pixels a side, that the multiplications of backbones are counted for
_LAYERS = 150  # of a backbone, about
_STARTING = 8.0  # seconds until a network learns: it is built, and translated for the machine
_BEGINNING = 25.0  # seconds to begin with a backbone and to write it down, however few images


# Seconds on a machine as fast as `machine.REFERENCE`: loading, exporting, predicting the test set
# and measuring costs, where no run tells it.
_AROUND = {"classical": 5.0, "network": 20.0}


@dataclass(frozen=True)
class Estimate:
    """How long it will take, roughly.

    Attributes:
        learning: seconds of learning.
        around: seconds of all else: loading, exporting, predicting the test set.
        trainings: how many earlier ones it was taken from.
        alike: whether they were of the same model and dataset.
        own: whether one of them was trained on this machine, not bundled.
    """

    learning: float
    around: float
    trainings: int
    alike: bool
    own: bool

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.learning + self.around


def estimate(config: TrainConfig, spec: DatasetSpec, runs: Iterable[Run]) -> Estimate | None:
    """How long the training will take; None if nothing like it was trained.

    Args:
        config: what is to be trained.
        spec: its dataset.
        runs: earlier runs, from here or from a machine whose speed is known.
    """
    images = spec.training_images(config.validation_fraction)
    images = min(images, config.hyperparameters["max_images"] or images)
    held_out = spec.train_size * (config.validation_fraction or 0)
    wanted = _work(config.model, config.hyperparameters, spec.input_shape, images, held_out)
    runs = [run for run in runs if run.card.foreign is None]
    runs = sorted(runs, key=lambda run: run.card.created, reverse=True)
    cards = [run.card for run in runs if run.card.seconds > 0 and _comparable(run.card, config)]
    same = [card for card in cards if (card.dataset, card.model) == (config.dataset, config.model)]
    alike = same or [card for card in cards if card.model == config.model] or cards
    if not alike:
        return None
    latest = alike[:_LATEST]
    own = any(card.owner != visitors.STUDIO for card in latest)
    here = machine.gigaflops()
    around = _around(config.family, [run.card for run in runs], here)
    if MODELS[config.model].backbone:  # to begin takes longer than a short training itself
        work = sum(_work_of(card) / _speed_of(card) for card in latest)
        learning = max(wanted * sum(card.seconds for card in latest) / work / here, _BEGINNING)
    else:
        start = _STARTING if config.family == "network" else 0.0
        rate = median(
            _work_of(card) / max(card.seconds - start, card.seconds / 5) / _speed_of(card)
            for card in latest
        )
        learning = wanted / rate / here + start
    return Estimate(learning, around, len(latest), bool(same), own)


def _speed_of(card: RunCard) -> float:
    """Gigaflops of the machine that trained a run."""
    return card.cost.get("gigaflops") or machine.REFERENCE


def _around(family: str, cards: list[RunCard], here: float) -> float:
    """Seconds that a training takes beside learning."""
    known = [
        card.cost["around_seconds"] * _speed_of(card) / here
        for card in cards
        if card.family == family and card.cost.get("around_seconds")
    ]
    return median(known[:_LATEST]) if known else _AROUND[family] * machine.REFERENCE / here


def _comparable(card: RunCard, config: TrainConfig) -> bool:
    """Whether its speed says something: any network for a network, else the same model."""
    known = _settings_of(card) is not None and card.metrics.get("train_size", 0) > 0
    if config.family == "network":
        if not known or card.family != "network":
            return False
        first, second = MODELS[card.model], MODELS[config.model]
        counted = all(spec.backbone or spec.multiplications for spec in (first, second))
        return bool(first.backbone) == bool(second.backbone) and (counted or first is second)
    same_features = card.hyperparameters.get("features") == config.hyperparameters["features"]
    return known and card.model == config.model and same_features


def _settings_of(card: RunCard) -> dict[str, Value] | None:
    """Its hyperparameters, checked; None if they are not those of a model that is known."""
    try:
        return resolve(card.model, card.hyperparameters)
    except ModelError:
        return None


def _work_of(card: RunCard) -> float:
    done = _settings_of(card)
    if card.family == "network":
        tuned = sum(point.get("phase") == 2 for point in card.history)
        done["epochs"] = max(1, len(card.history) - tuned)
        done["fine_tune_epochs"] = tuned
    images = card.metrics["train_size"]
    held_out = images * card.validation_fraction / (1 - card.validation_fraction)
    return _work(card.model, done, card.input_shape, images, held_out)


def _pretrained_work(backbone: str, hyperparameters) -> float:
    """Of one image: once through while frozen, or in each epoch; then there and back."""
    found = BACKBONES[backbone]
    each = found.multiplications * 1e6 * (hyperparameters["input_size"] / _FULL_SIZE) ** 2
    frozen = 1 if hyperparameters["cache_features"] else hyperparameters["epochs"]
    part = min(1.0, hyperparameters["fine_tune_layers"] / _LAYERS)
    return each * (frozen + hyperparameters["fine_tune_epochs"] * (1 + _BACKWARDS * part))


def _work(
    model: str,
    hyperparameters: Mapping[str, Any],
    shape: tuple[int, int, int],
    images: float,
    held_out: float,
) -> float:
    """What the time is in proportion to; a network predicts the validation set in each epoch."""
    if backbone := MODELS[model].backbone:
        return _pretrained_work(backbone, hyperparameters) * images
    spec, pixels = MODELS[model], shape[0] * shape[1] * shape[2]
    if spec.family == "network":
        each = spec.multiplications(hyperparameters, shape) if spec.multiplications else pixels
        return each * (images * (1 + _BACKWARDS) + held_out) * hyperparameters["epochs"]
    components = hyperparameters.get("pca_components", _HOG_FEATURES)
    features = pixels if hyperparameters["features"] == "pixels" else components
    steps = hyperparameters.get(spec.steps, 1)
    return features * steps * images**spec.growth + pixels * images
