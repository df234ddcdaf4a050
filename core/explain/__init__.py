"""Why a model predicts what it does, what it has seen, and what happens inside it.

No part of this package needs TensorFlow or scikit-learn: it looks into the files that serve.
"""

from core.explain.asking import Drawn, Question, explain_image
from core.explain.deletion import Deletion, deletion, most_marked
from core.explain.explaining import Explanation, class_named, explain
from core.explain.linear import Linear, linear_of
from core.explain.methods import METHODS, Method, methods_for, usual
from core.explain.neighbours import Nearest, Neighbour, nearest_of
from core.explain.overlay import AGAINST, FOR, overlay

__all__ = [
    "AGAINST",
    "Drawn",
    "Deletion",
    "Explanation",
    "FOR",
    "Linear",
    "METHODS",
    "Method",
    "Nearest",
    "Neighbour",
    "Question",
    "class_named",
    "deletion",
    "explain",
    "explain_image",
    "linear_of",
    "methods_for",
    "most_marked",
    "nearest_of",
    "overlay",
    "usual",
]
