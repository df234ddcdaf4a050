"""A run becomes a `Predictor`. Networks answer through LiteRT, classical models through skops."""

from core.serving.models import (
    FEATURES_FILE,
    MODEL_FILES,
    TRUSTED_TYPES,
    Answer,
    open_model,
    open_network,
    quiet,
)
from core.serving.predictor import (
    Prediction,
    Predictor,
    Reading,
    load_predictor,
    model_sha256,
    together,
)

__all__ = [
    "Answer",
    "FEATURES_FILE",
    "MODEL_FILES",
    "Prediction",
    "Predictor",
    "Reading",
    "TRUSTED_TYPES",
    "load_predictor",
    "model_sha256",
    "open_model",
    "open_network",
    "quiet",
    "together",
]
