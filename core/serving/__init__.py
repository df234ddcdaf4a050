"""A run becomes a `Predictor`. Networks predict through LiteRT, classical models through skops."""

from core.serving.models import (
    FEATURES_FILE,
    MODEL_FILES,
    TRUSTED_TYPES,
    PredictFunction,
    open_model,
    open_network,
    quiet,
)
from core.serving.predictor import (
    Prediction,
    Predictor,
    Result,
    load_predictor,
    model_sha256,
    together,
)

__all__ = [
    "PredictFunction",
    "FEATURES_FILE",
    "MODEL_FILES",
    "Prediction",
    "Predictor",
    "Result",
    "TRUSTED_TYPES",
    "load_predictor",
    "model_sha256",
    "open_model",
    "open_network",
    "quiet",
    "together",
]
