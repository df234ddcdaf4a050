"""The models that are known by name, and what may be set on each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.augmentation import DRAWN_DIGITS, Policy
from core.errors import ModelError, unknown
from core.models import classical, cnn

AUGMENTATIONS: dict[str, Policy] = {"none": Policy(), "drawn_digits": DRAWN_DIGITS}


@dataclass(frozen=True)
class Param:
    """One hyperparameter: its name, default, limits and what it does, for forms and checks.

    Attributes:
        name: the field's own word for it, also its name on the command line.
        default: its value when nobody sets it; its type is the type every value must have.
        help: one or two sentences a student understands.
        low, high: inclusive limits of a number.
        choices: the allowed values of a text.
    """

    name: str
    default: int | float | str
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def parse(self, value: Any) -> int | float | str:
        """The value as this parameter's type, checked against its limits.

        Raises:
            ModelError: if it is of another type or outside the limits.
        """
        try:
            if isinstance(self.default, int) and float(value) != int(float(value)):
                raise ValueError
            parsed = type(self.default)(float(value) if self.choices == () else value)
        except (TypeError, ValueError, OverflowError) as error:
            raise ModelError(self._sentence(value)) from error
        if not (parsed in self.choices if self.choices else self.low <= parsed <= self.high):
            raise ModelError(self._sentence(value))
        return parsed

    def _sentence(self, value: Any) -> str:
        if self.choices:
            allowed = f"one of {', '.join(self.choices)}"
        else:
            kind = "a whole number" if isinstance(self.default, int) else "a number"
            allowed = f"{kind} from {self.low:g} to {self.high:g}"
        return f"`{self.name}` must be {allowed}. Received: {value!r}."


@dataclass(frozen=True)
class ModelSpec:
    """What is known of a model before it is trained.

    Attributes:
        name: what it is asked for by.
        title: its name as people write it.
        summary: one sentence a student understands.
        family: `classical` (scikit-learn) or `network` (Keras, served by LiteRT).
        params: what may be set.
        build: classical: `(hyperparameters, seed) -> unfitted estimator`;
            network: `(hyperparameters, input_shape, classes) -> uncompiled keras.Model`.
    """

    name: str
    title: str
    summary: str
    family: str
    params: tuple[Param, ...]
    build: Callable[..., Any]


_NETWORK_TRAINING = (
    Param("epochs", 14, "How many times the network sees every training picture.", 1, 200),
    Param(
        "batch_size",
        128,
        "Pictures looked at before each small correction of the weights. Larger is steadier, "
        "smaller corrects more often.",
        8,
        1024,
    ),
    Param(
        "learning_rate",
        0.003,
        "Size of the largest correction. It rises to this value, then falls to almost zero. "
        "Too large and learning jumps about; too small and it takes for ever.",
        1e-5,
        0.1,
    ),
    Param(
        "weight_averaging",
        0.998,
        "Each weight the network keeps is a running average of its past values; this is how much "
        "of the past is kept at every step. 0 keeps only the last value.",
        0.0,
        0.9999,
    ),
    Param(
        "augmentation",
        "drawn_digits",
        "Random changes to the training pictures. drawn_digits imitates how people draw: "
        "leaning, stretched, off centre, with a thin or a thick pen.",
        choices=tuple(AUGMENTATIONS),
    ),
)

MODELS: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        ModelSpec(
            name="logistic_regression",
            title="Logistic regression",
            summary="Weighs every pixel on its own and adds up the votes for each class.",
            family="classical",
            params=(
                Param(
                    "C",
                    1.0,
                    "How freely the weights may grow. Smaller values keep them small, which "
                    "guards against learning the training pictures by heart.",
                    1e-4,
                    1e4,
                ),
                Param("max_iter", 100, "Most steps the solver may take.", 10, 2000),
            ),
            build=classical.logistic_regression,
        ),
        ModelSpec(
            name="random_forest",
            title="Random forest",
            summary="Many decision trees, each asking yes-or-no questions about single pixels, "
            "vote together.",
            family="classical",
            params=(
                Param("n_estimators", 100, "How many trees vote.", 1, 500),
                Param(
                    "max_leaf_nodes",
                    3000,
                    "Most answers one tree may end in. More makes a tree sharper, and larger.",
                    2,
                    20_000,
                ),
                Param(
                    "max_features",
                    0.0,
                    "Part of the pixels a tree may choose from at each question. "
                    "0 means the usual choice: the square root of their number.",
                    0.0,
                    1.0,
                ),
            ),
            build=classical.random_forest,
        ),
        ModelSpec(
            name="simple_cnn",
            title="Convolutional network (CNN)",
            summary="Slides small learnt filters over the picture, so it recognises strokes "
            "wherever they are.",
            family="network",
            params=(
                Param(
                    "filters", 32, "Filters in the first layers; later layers have more.", 4, 128
                ),
                Param("dense_units", 128, "Neurons in the layer before the answer.", 8, 1024),
                Param(
                    "dropout",
                    0.4,
                    "Part of the neurons switched off at random while learning, so that none "
                    "becomes indispensable.",
                    0.0,
                    0.9,
                ),
                *_NETWORK_TRAINING,
            ),
            build=cnn.simple_cnn,
        ),
    )
}


def resolve(model: str, values: Mapping[str, Any]) -> dict[str, int | float | str]:
    """All hyperparameters of a model: those given, checked, and the defaults of the rest.

    Raises:
        ModelError: if the model, a name or a value is not allowed.
    """
    if not isinstance(model, str) or model not in MODELS:
        raise ModelError(unknown("model", model, MODELS))
    params = {param.name: param for param in MODELS[model].params}
    for name in values:
        if name not in params:
            raise ModelError(unknown(f"hyperparameter of {model}", name, params))
    return {name: param.parse(values.get(name, param.default)) for name, param in params.items()}
