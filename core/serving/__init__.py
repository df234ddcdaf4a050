"""A run becomes a `Predictor`: networks through LiteRT, classical models through ONNX Runtime or
NumPy. Those that could not be converted need scikit-learn and skops."""

from core.serving.described import describe
from core.serving.graph import Graph, Operation, graph_of
from core.serving.models import (
    CLASSICAL_FILES,
    FEATURES_FILE,
    MODEL_FILES,
    TRUSTED_TYPES,
    ManyFunction,
    PredictFunction,
    behind_features,
    open_model,
    open_network,
    quiet,
    use_threads,
)
from core.serving.predictor import (
    Prediction,
    Predictor,
    Result,
    load_predictor,
    members_of,
    model_path,
    model_sha256,
    served_file,
    together,
)
from core.serving.seeing import open_features, watch_features

__all__ = [
    "CLASSICAL_FILES",
    "PredictFunction",
    "FEATURES_FILE",
    "Graph",
    "MODEL_FILES",
    "ManyFunction",
    "Operation",
    "Prediction",
    "Predictor",
    "Result",
    "TRUSTED_TYPES",
    "behind_features",
    "describe",
    "load_predictor",
    "members_of",
    "model_path",
    "model_sha256",
    "graph_of",
    "open_features",
    "open_model",
    "open_network",
    "quiet",
    "served_file",
    "together",
    "use_threads",
    "watch_features",
]
