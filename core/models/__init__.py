"""A name and hyperparameters become an unfitted model: `MODELS["random_forest"]`."""

from core.models.param import Param, Value
from core.models.registry import MODELS, ModelSpec, resolve

__all__ = ["MODELS", "ModelSpec", "Param", "Value", "resolve"]
