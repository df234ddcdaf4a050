"""Why a model predicts what it predicts, what happens inside it, and what it has seen.

No part of this package needs TensorFlow or scikit-learn: it looks into the files that serve.
"""

from core.explain.layers import Network, network_of, why_not_inside
from core.explain.linear import Linear, linear_of
from core.explain.looking import Looking, look_inside
from core.explain.neighbours import Nearest, Neighbour, nearest_of
from core.explain.packing import unpacked
from core.explain.replaying import pack_replay
from core.explain.rows import Row
from core.explain.shifts import shift_probabilities, shifted

__all__ = [
    "Linear",
    "Looking",
    "Nearest",
    "Neighbour",
    "Network",
    "Row",
    "linear_of",
    "look_inside",
    "nearest_of",
    "network_of",
    "pack_replay",
    "shift_probabilities",
    "shifted",
    "unpacked",
    "why_not_inside",
]
