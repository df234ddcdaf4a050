"""What is known of a model before it is trained: everything that others ask about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import ModelError
from core.models import augmentation_params, network_params, shared_params, transfer_params
from core.models.presets import Preset
from core.param import Param, Value

Shape = tuple[int, int, int]
LEARNS_BY = ("epoch", "iteration", "trees", "rounds", "images")
FAMILIES = ("classical", "network")
# How a trained model is served; `core.conversion` writes the files of classical ones.
SERVED_BY = {"classical": ("onnx", "trees", "neighbours", "skops"), "network": ("litert",)}
ANY, OWN_PHOTOS = "any", "own photos"  # kinds of dataset that a form offers a model first for


@dataclass(frozen=True)
class ModelSpec:
    """What is known of a model before it is trained.

    Attributes:
        name: what it is asked for by.
        title: its name as people write it.
        summary: one sentence a student understands.
        family: `classical` (scikit-learn) or `network` (Keras).
        params: what may be set. Those of `needed_params` must be among them.
        build: classical: `(hyperparameters, seed) -> unfitted estimator`;
            network: `(hyperparameters, input_shape, classes) -> uncompiled keras.Model`.
        learns_by: what its training curve is drawn over, one of `LEARNS_BY`; a classical model is
            fitted by the learner of that kind in `core.training.learning`.
        steps: the hyperparameter that says how many of them there will be; empty if there is none.
        presets: values that belong together, by name.
        backbone: name of the network in `core.models.transfer.BACKBONES` that it builds on.
        check: `(hyperparameters, input_shape)`; raises `ModelError` if they do not go together,
            and may settle in place what the others decide.
        multiplications: network: `(hyperparameters, input_shape) -> number` of one image on its way
            through, roughly; without it, time is estimated from earlier runs of the same model.
        growth: the power of the number of training images that the time to fit grows with.
        looks_up: whether it keeps its training images, so that it always knows them.
        quick: whether it learns something in minutes on two cores: what a public demo offers.
        first_for: kinds of dataset that a form offers it first for: `ANY`, `OWN_PHOTOS`.
        linear: whether its logits are linear in what it looks at, so that its weights for pixels
            can be shown as images.
        served_by: what a trained one is converted to, one of `SERVED_BY`, the first of which is
            the default: `onnx` (ONNX Runtime), `trees` or `neighbours` (NumPy), `skops`
            (scikit-learn, not converted); networks are served by LiteRT.
            `python -m benchmarks serving` measures which is best.

    Raises:
        ModelError: if the entry cannot work: a name is not allowed or a hyperparameter is missing.
    """

    name: str
    title: str
    summary: str
    family: str
    params: tuple[Param, ...]
    build: Callable[..., Any]
    learns_by: str
    steps: str = ""
    presets: Mapping[str, Preset] = field(default_factory=dict)
    backbone: str = ""
    check: Callable[[dict[str, Value], Shape], None] | None = None
    multiplications: Callable[[Mapping[str, Any], Shape], float] | None = None
    growth: int = 1
    looks_up: bool = False
    quick: bool = True
    first_for: tuple[str, ...] = ()
    linear: bool = False
    served_by: str = ""

    def __post_init__(self) -> None:
        ways = LEARNS_BY if self.family == "classical" else LEARNS_BY[:1]
        _check_one_of("family", self.family, FAMILIES, self.name)
        _check_one_of("learns_by", self.learns_by, ways, self.name)
        for kind in self.first_for:
            _check_one_of("first_for", kind, (ANY, OWN_PHOTOS), self.name)
        names = [param.name for param in self.params]
        missing = [name for name in needed_params(self.family, self.backbone) if name not in names]
        if missing:
            raise ModelError(
                f"`params` of the {self.family} model {self.name} must hold what its training "
                f"asks for. Missing: {', '.join(missing)}."
            )
        if self.steps:
            _check_one_of("steps", self.steps, names, self.name)
        if not self.served_by:
            object.__setattr__(self, "served_by", SERVED_BY[self.family][0])
        _check_one_of("served_by", self.served_by, SERVED_BY[self.family], self.name)

    def has(self, name: str) -> bool:
        """Whether a hyperparameter of that name may be set."""
        return any(param.name == name for param in self.params)


def needed_params(family: str, backbone: str = "") -> list[str]:
    """Names of the hyperparameters that training such a model needs."""
    if family == "classical":
        params = (*shared_params.features("pixels"), shared_params.training_rows())
    elif backbone:
        params = transfer_params.TRANSFER
    else:
        params = (*network_params.training(1, 0.001), *augmentation_params.AUGMENTATION)
    return [param.name for param in params]


def _check_one_of(what: str, value: str, allowed: tuple[str, ...] | list[str], model: str) -> None:
    if value not in allowed:
        raise ModelError(
            f"`{what}` of the model {model} must be one of {', '.join(allowed)}. "
            f"Received: {value!r}."
        )
