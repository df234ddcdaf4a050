"""Why a model predicts what it predicts, what happens inside it, and what it has seen.

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
