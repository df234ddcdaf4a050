"""Why a model predicts what it does, and what it has seen. Neither TensorFlow nor scikit-learn."""

from core.explain.neighbours import Nearest, Neighbour, nearest_of

__all__ = ["Nearest", "Neighbour", "nearest_of"]
