"""How long a training will take, from how quick earlier ones were on this machine."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from core.datasets import DatasetSpec
from core.errors import ModelError
from core.models import MODELS, Value, cnn, resolve
from core.models.transfer import BACKBONES
from core.runs import Run, RunCard
from core.training.config import TrainConfig

_BACKWARDS = 2  # learning from a picture takes about twice as long again as answering it
_LATEST = 5  # earlier trainings that count
_HOG_FEATURES = 1300
_FULL_SIZE = 224  # pixels a side, that the multiplications of backbones are counted for
_LAYERS = 150  # of a backbone, about
_BEGINNING = 25.0  # seconds to begin with a backbone and to write it down, however few pictures


@dataclass(frozen=True)
class Estimate:
    """How long it will take, roughly.

    Attributes:
        seconds: of fitting.
        trainings: how many earlier ones it was taken from.
        alike: whether they were of the same model and dataset.
    """

    seconds: float
    trainings: int
    alike: bool


def estimate(config: TrainConfig, spec: DatasetSpec, runs: Iterable[Run]) -> Estimate | None:
    """How long the training will take; None if nothing like it was trained here.

    Args:
        config: what is to be trained.
        spec: its dataset.
        runs: earlier trainings.
    """
    pictures = round(spec.train_size * (1 - (config.validation_fraction or 0)))
    pictures = min(pictures, config.hyperparameters["max_pictures"] or pictures)
    wanted = _work(config.model, config.hyperparameters, spec.input_shape, pictures)
    cards = [run.card for run in runs if run.card.seconds > 0 and _comparable(run.card, config)]
    cards.sort(key=lambda card: card.created, reverse=True)
    same = [card for card in cards if (card.dataset, card.model) == (config.dataset, config.model)]
    alike = same or [card for card in cards if card.model == config.model] or cards
    if not alike:
        return None
    latest = alike[:_LATEST]
    if MODELS[config.model].backbone:  # to begin takes longer than a short training itself
        rate = sum(map(_work_of, latest)) / sum(card.seconds for card in latest)
        return Estimate(max(wanted / rate, _BEGINNING), len(latest), bool(same))
    rate = median(_work_of(card) / card.seconds for card in latest)
    return Estimate(wanted / rate, len(latest), bool(same))


def _comparable(card: RunCard, config: TrainConfig) -> bool:
    """Whether its speed says something: any network for a network, else the same model."""
    known = _settings_of(card) is not None and card.metrics.get("train_size", 0) > 0
    if config.family == "network":
        pretrained = bool(MODELS[config.model].backbone)
        network = known and card.family == "network"
        return network and bool(MODELS[card.model].backbone) == pretrained
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
    return _work(card.model, done, card.input_shape, card.metrics["train_size"])


def _pretrained_work(backbone: str, hyperparameters) -> float:
    """Of one picture: once through while frozen, or in each epoch; then there and back."""
    found = BACKBONES[backbone]
    each = found.multiplications * 1e6 * (hyperparameters["input_size"] / _FULL_SIZE) ** 2
    frozen = 1 if hyperparameters["cache_features"] else hyperparameters["epochs"]
    part = min(1.0, hyperparameters["fine_tune_layers"] / _LAYERS)
    return each * (frozen + hyperparameters["fine_tune_epochs"] * (1 + _BACKWARDS * part))


def _work(model: str, hyperparameters, shape: tuple[int, int, int], pictures: float) -> float:
    """What the time is in proportion to."""
    if backbone := MODELS[model].backbone:
        return _pretrained_work(backbone, hyperparameters) * pictures
    if MODELS[model].family == "network":
        each = cnn.multiplications(model, hyperparameters, shape) * (1 + _BACKWARDS)
        return each * pictures * hyperparameters["epochs"]
    pixels = shape[0] * shape[1] * shape[2]
    components = hyperparameters.get("pca_components", _HOG_FEATURES)
    features = pixels if hyperparameters["features"] == "pixels" else components
    steps = 1
    for name in ("max_iter", "n_estimators", "rounds", "epochs"):
        steps *= hyperparameters.get(name, 1)
    if model == "rbf_svm":
        return features * pictures**2
    return (features * steps + pixels) * pictures
