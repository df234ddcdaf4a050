"""A name and hyperparameters become an unfitted model: `MODELS["random_forest"]`."""

from core.models.registry import AUGMENTATIONS, MODELS, ModelSpec, Param, resolve

__all__ = ["AUGMENTATIONS", "MODELS", "ModelSpec", "Param", "resolve"]
