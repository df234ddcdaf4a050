"""Why a model predicts what it does, what it has seen, and what happens inside it.

No part of this package needs TensorFlow or scikit-learn: it looks into the files that serve.
"""

from core.explain.linear import Linear, linear_of
from core.explain.neighbours import Nearest, Neighbour, nearest_of

__all__ = [
    "Linear",
    "Nearest",
    "Neighbour",
    "linear_of",
    "nearest_of",
]
