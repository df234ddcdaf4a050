"""What to train, on what, and how."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core import datasets, runs
from core.augmentation import USUAL, usual_policy
from core.errors import ModelError, unknown
from core.models import MODELS, Value, preset_values, resolve

MAX_SEED = 2**32 - 1  # NumPy, and with it scikit-learn and Keras, takes no larger one


@dataclass(frozen=True)
class TrainConfig:
    """One training, checked when it is made.

    Attributes:
        dataset: the name of a dataset.
        model: one of `core.models.MODELS`.
        hyperparameters: those given; the rest get their defaults. What does not count beside the
            others is left out.
        name: title of the run to make, from which its id follows; by default
            `<dataset>-<model>-<n>`.
        seed: of every random number drawn.
        validation_fraction: fraction of the training set; None for the default of the
            dataset.

    Raises:
        DatasetError, ModelError, RunError: if a name or a value is not allowed.
    """

    dataset: str
    model: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    seed: int = 0
    validation_fraction: float | None = None

    def __post_init__(self) -> None:
        spec = datasets.find(self.dataset)
        if self.name is not None:
            runs.id_of(self.name)
        fraction = self.validation_fraction
        if isinstance(fraction, bool) or not isinstance(fraction, int | float | None):
            raise ModelError(f"`validation_fraction` must be a number. Received: {fraction!r}.")
        fraction = datasets.check_fraction(spec, fraction)
        object.__setattr__(self, "validation_fraction", fraction)
        if not isinstance(self.hyperparameters, Mapping):
            raise ModelError(
                "`hyperparameters` must map names to values. "
                f"Received: {type(self.hyperparameters).__name__}."
            )
        seed = self.seed
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_SEED:
            raise ModelError(
                f"`seed` must be a whole number from 0 to {MAX_SEED}. Received: {seed!r}."
            )
        object.__setattr__(self, "hyperparameters", self._resolved(spec))

    def _resolved(self, spec: datasets.DatasetSpec) -> dict[str, Value]:
        """Every hyperparameter that counts; what depends on the dataset is settled here."""
        values = resolve(self.model, self.hyperparameters)
        if check := MODELS[self.model].check:
            check(values, spec.input_shape)
        if values.get("augmentation") == USUAL:
            values["augmentation"] = usual_policy(spec.preprocessing)
        return values

    @classmethod
    def of(cls, card: runs.RunCard) -> "TrainConfig":
        """The configuration that trains a run again.

        Raises:
            DatasetError, ModelError: if its dataset or model is not known any more, or it was
                trained by another program.
        """
        if card.family == runs.FOREIGN:
            raise ModelError(f"The model {card.id!r} was imported; nothing trains it again here.")
        if card.published is not None:
            raise ModelError(
                f"The model {card.id!r} was trained by others on {card.dataset}, whose images are "
                "not part of the studio; nothing trains it again here."
            )
        return cls(
            card.dataset,
            card.model,
            card.hyperparameters,
            seed=card.seed,
            validation_fraction=card.validation_fraction or None,
        )

    @staticmethod
    def _with_preset(values: Mapping[str, Any], preset: str) -> dict[str, Any]:
        """The same with the values of a preset where it has none."""
        for key in ("dataset", "model"):
            if not isinstance(values.get(key), str):
                raise ModelError(f"A preset needs a `{key}`. Received: {values.get(key)!r}.")
        fraction, given = values.get("validation_fraction"), values.get("hyperparameters") or {}
        images = datasets.find(values["dataset"]).training_images(
            fraction if isinstance(fraction, float) else None
        )
        known = preset_values(values["model"], preset, images)
        return {**values, "hyperparameters": {**known, **given}}

    @property
    def side(self) -> int | None:
        """Pixels that the dataset's images are fitted to; None for their usual size.

        A pretrained network is shown larger photos at the size it takes.
        """
        wanted = self.hyperparameters.get("input_size") or self.hyperparameters.get("feature_size")
        return datasets.side_for(self.dataset, wanted) if wanted else None

    @property
    def family(self) -> str:
        """`classical` or `network`."""
        return MODELS[self.model].family

    def to_mapping(self) -> dict[str, Any]:
        """The same as a YAML or JSON file could hold it."""
        return {**dataclasses.asdict(self), "hyperparameters": dict(self.hyperparameters)}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], preset: str | None = None) -> "TrainConfig":
        """The configuration a YAML or JSON file holds.

        Args:
            values: entries of that file.
            preset: of the model, by name or title; it gives the values that the file does not.

        Raises:
            DatasetError, ModelError, RunError: if a name or a value is not allowed, a key is
                unknown, or `dataset` or `model` is missing.
        """
        if preset is not None:
            values = cls._with_preset(values, preset)
        known = [f.name for f in dataclasses.fields(cls)]
        if not isinstance(values, Mapping):
            raise ModelError(f"A configuration maps names to values: {', '.join(known)}.")
        for key in values:
            if key not in known:
                raise ModelError(unknown("entry of a configuration", key, known))
        for key in ("dataset", "model"):
            if key not in values:
                raise ModelError(f"A configuration must name a `{key}`.")
        return cls(**values)
