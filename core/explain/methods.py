"""The ways to explain a prediction, the preferred ones first. One entry adds one.

A method gives a map as large as the image: positive where the image speaks for the class, negative
where it speaks against it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import ModelError, unknown
from core.explain.activations import activation_maps_of
from core.explain.linear import linear_of
from core.explain.occlusion import occlusion
from core.serving import Predictor, members_of

_FEW_POSITIONS = 5  # of a feature map's side: with fewer a map shows no place, and fails the check
_NOT_LINEAR = "The scores of this model are no sums over the pixels."


@dataclass(frozen=True)
class Method:
    """A way to explain a prediction.

    Attributes:
        name: as the command line and the API know it.
        title: as people know it.
        help: how it works, a sentence or two.
        why_not: why it does not fit a run, a sentence; empty if it does.
        explain: from a predictor, an image `(H, W, C)` and a class to float32 `(H, W)`.
        signed: whether what speaks against a class is part of the map; else it is left out unless
            somebody asks for it.
        suits: whether it is taken for a run that it fits where none is named.
    """

    name: str
    title: str
    help: str
    why_not: Callable[[Predictor], str]
    explain: Callable[[Predictor, np.ndarray, int], np.ndarray]
    signed: bool = True
    suits: Callable[[Predictor], bool] = lambda predictor: True


def _of_members(predictor: Predictor, image: np.ndarray, index: int) -> np.ndarray:
    """The members' maps, each by its usual method and scaled to 1, weighted as they vote."""
    members = members_of(predictor.run)
    weights = np.array([member["weight"] for member in predictor.run.card.members])
    if predictor.run.card.hyperparameters["vote"] == "hard":
        rows = np.stack([member.probabilities(image[None])[0] for member in members])
        votes = rows.argmax(axis=1) == index
        weights = weights * votes if (weights * votes).any() else weights
    total = np.zeros(image.shape[:2], np.float32)
    for member, weight in zip(members, weights / weights.sum(), strict=True):
        if weight > 0:
            found = usual(member).explain(member, image, index)
            total += np.float32(weight) * found / max(float(np.abs(found).max()), 1e-12)
    return total


def _not_an_ensemble(predictor: Predictor) -> str:
    return "" if predictor.run.card.members else "The model is no ensemble."


def _linear(predictor: Predictor, image: np.ndarray, index: int) -> np.ndarray:
    return linear_of(predictor).products(image)[..., index].sum(axis=2).astype(np.float32)


def _not_linear(predictor: Predictor) -> str:
    classical = predictor.run.card.family == "classical"
    return "" if classical and linear_of(predictor) else _NOT_LINEAR


def _not_cam(predictor: Predictor, wanted: bool = True) -> str:
    """Why a network has no CAM, or, if not wanted, why it has no map but that."""
    try:
        if activation_maps_of(predictor).is_pooled == wanted:
            return ""
    except ModelError as error:
        return str(error)
    if wanted:
        return "The network does not end in global average pooling and one dense layer."
    return "The network ends in global average pooling and one dense layer: Grad-CAM is CAM there."


def _last_map(predictor: Predictor, image: np.ndarray, index: int) -> np.ndarray:
    maps = activation_maps_of(predictor)
    return maps.explain(maps.last_map, image, index, by_position=False)


def _shows_places(predictor: Predictor) -> bool:
    return min(activation_maps_of(predictor).positions) >= _FEW_POSITIONS


def _not_fine(predictor: Predictor) -> str:
    try:
        activation_maps_of(predictor).fine_map  # noqa: B018 - whether there is one
    except ModelError as error:
        return str(error)
    return ""


def _fine_map(predictor: Predictor, image: np.ndarray, index: int) -> np.ndarray:
    maps = activation_maps_of(predictor)
    return maps.explain(maps.fine_map, image, index, by_position=True)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(
            "members",
            "Its members' maps",
            "Each member is explained by its own method. The maps are added, weighted as the "
            "members vote.",
            _not_an_ensemble,
            _of_members,
        ),
        Method(
            "weights",
            "Weight × pixel",
            "Exact for this model: each pixel times its weight. Together with a constant, these "
            "numbers add up to the score (logit) of the class.",
            _not_linear,
            _linear,
        ),
        Method(
            "cam",
            "CAM",
            "Class activation map, exact for this network: what each position of its last feature "
            "map adds to the score of the class.",
            _not_cam,
            _last_map,
            signed=False,
            suits=_shows_places,
        ),
        Method(
            "grad_cam",
            "Grad-CAM",
            "The last feature map, each of its channels weighted by the mean gradient of the score "
            "of the class.",
            lambda predictor: _not_cam(predictor, wanted=False),
            _last_map,
            signed=False,
            suits=_shows_places,
        ),
        Method(
            "occlusion",
            "Occlusion",
            "A patch is hidden, one place after another: where that lowers the probability of the "
            "class, the image speaks for it. It works for every model.",
            lambda predictor: "",
            occlusion,
        ),
        Method(
            "hires_cam",
            "HiResCAM",
            "Grad-CAM on the first pooled feature map, where each position keeps its own gradient. "
            "It shows strokes where the last feature map is too coarse.",
            _not_fine,
            _fine_map,
            signed=False,
        ),
    )
}


def methods_for(predictor: Predictor) -> list[Method]:
    """The methods that fit a run, in the order of preference."""
    return [method for method in METHODS.values() if not method.why_not(predictor)]


def usual(predictor: Predictor) -> Method:
    """The method for a run where none is named."""
    return next(method for method in methods_for(predictor) if method.suits(predictor))


def method_named(name: str, predictor: Predictor) -> Method:
    """The method of that name, or the usual one if it is empty.

    Raises:
        ModelError: if there is none of that name, or it does not fit the run.
    """
    if not name:
        return usual(predictor)
    if name not in METHODS:
        raise ModelError(unknown("method", name, METHODS))
    if reason := METHODS[name].why_not(predictor):
        fitting = ", ".join(method.name for method in methods_for(predictor))
        raise ModelError(
            f"{METHODS[name].title} does not fit the run {predictor.run.id!r}. {reason} These fit: "
            f"{fitting}."
        )
    return METHODS[name]
