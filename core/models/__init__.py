"""A name and hyperparameters become an unfitted model: `MODELS["random_forest"]`."""

from core.models.registry import MODELS, ModelSpec, preset_values, resolve
from core.param import Param, Value

__all__ = ["MODELS", "ModelSpec", "Param", "Value", "preset_values", "resolve"]
