"""Cards of earlier versions. `bring_up` in `core.stored` says how they are read."""

from collections.abc import Mapping
from typing import Any

from core.stored import renamed

_HYPERPARAMETERS_1 = {"max_pictures": "max_images"}
_AUGMENTATIONS_1 = {"photographs": "photos"}


def hyperparameters_from_1(values: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperparameters as the first version named them, under the names of today."""
    values = renamed(values, _HYPERPARAMETERS_1)
    if "augmentation" in values:
        values["augmentation"] = _AUGMENTATIONS_1.get(
            values["augmentation"], values["augmentation"]
        )
    return values


def hyperparameters_to_1(values: Mapping[str, Any]) -> dict[str, Any]:
    """The other way round: a training of the first version is known by what it was told."""
    values = renamed(values, {new: old for old, new in _HYPERPARAMETERS_1.items()})
    earlier = {new: old for old, new in _AUGMENTATIONS_1.items()}
    if "augmentation" in values:
        values["augmentation"] = earlier.get(values["augmentation"], values["augmentation"])
    return values


def _from_1(card: dict[str, Any]) -> dict[str, Any]:
    """The first version spoke of pictures."""
    card["hyperparameters"] = hyperparameters_from_1(card["hyperparameters"])
    card["history"] = [renamed(point, {"pictures": "images"}) for point in card["history"]]
    if "cost" in card:
        card["cost"] = renamed(card["cost"], {"pictures_per_second": "images_per_second"})
    return card


CARDS = {1: _from_1}
