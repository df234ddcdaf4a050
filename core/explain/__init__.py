"""Why a model predicts what it predicts, what happens inside it, and what it has seen.

No part of this package needs TensorFlow or scikit-learn: it looks into the files that serve.
"""

from core.explain.asking import Drawn, Question, explain_image
from core.explain.deletion import Deletion, deletion, most_marked
from core.explain.explaining import Explanation, class_named, explain
from core.explain.layers import Network, network_of, why_not_inside
from core.explain.linear import Linear, linear_of
from core.explain.looking import Looking, look_inside
from core.explain.methods import METHODS, Method, methods_for, usual
from core.explain.neighbours import Nearest, Neighbour, nearest_of
from core.explain.overlay import AGAINST, FOR, overlay
from core.explain.packing import unpacked
from core.explain.replaying import pack_replay
from core.explain.rows import Row
from core.explain.shifts import shift_probabilities, shifted

__all__ = [
    "AGAINST",
    "Deletion",
    "Drawn",
    "Explanation",
    "FOR",
    "Linear",
    "Looking",
    "METHODS",
    "Method",
    "Nearest",
    "Neighbour",
    "Network",
    "Question",
    "Row",
    "class_named",
    "deletion",
    "explain",
    "explain_image",
    "linear_of",
    "look_inside",
    "methods_for",
    "most_marked",
    "nearest_of",
    "network_of",
    "overlay",
    "pack_replay",
    "shift_probabilities",
    "shifted",
    "unpacked",
    "usual",
    "why_not_inside",
]
