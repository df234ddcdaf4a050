"""All that a browser is given to look inside a network, in one piece of bytes."""

import hashlib
from dataclasses import dataclass

import numpy as np

from core.explain.inside import describe_inside
from core.explain.layers import network_of
from core.explain.linear import linear_of
from core.explain.packing import Packer
from core.explain.shifts import reach, shift_probabilities
from core.serving import Predictor


@dataclass(frozen=True)
class Looking:
    """What is looked at.

    Attributes:
        network: a network's predictor.
        image: uint8, shape `(H, W, C)`, prepared for it.
        title: what the network is called.
        opened: of a large network, the row whose exact numbers are wanted.
        beside: a linear model that is shown the same image, or None.
        beside_title: what it is called.
    """

    network: Predictor
    image: np.ndarray
    title: str
    opened: int | None = None
    beside: Predictor | None = None
    beside_title: str = ""


def look_inside(looking: Looking) -> bytes:
    """What `core.explain.packing.unpacked` reads: rows, classes, the image, the linear model.

    Raises:
        RunError: if the run is no network that can be looked into, or its file was changed.
    """
    run, packer = looking.network.run, Packer()
    described = describe_inside(network_of(run), looking.image, packer, looking.opened)
    described |= {
        "version": _version(looking),
        "run": run.id,
        "title": looking.title,
        "classes": list(run.card.class_names),
        "image": packer.add(looking.image),
    }
    linear = looking.beside and linear_of(looking.beside)
    if linear:
        described["linear"] = {
            "title": looking.beside_title,
            "weights": packer.add(linear.weights),
            "bias": packer.add(linear.bias),
            "relative": linear.relative,
        }
        described["shifts"] = {
            "reach": reach(looking.image),
            "network": packer.add(shift_probabilities(looking.network, looking.image)),
            "linear": packer.add(shift_probabilities(looking.beside, looking.image)),
        }
    return packer.pack(described)


def _version(looking: Looking) -> str:
    """The same for what looks the same, so that a browser need not draw it anew."""
    beside = looking.beside.run.id if looking.beside else ""
    texts = (looking.network.run.id, str(looking.opened), beside, str(looking.image.shape))
    return hashlib.sha256("\0".join(texts).encode() + looking.image.tobytes()).hexdigest()
