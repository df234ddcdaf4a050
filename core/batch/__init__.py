"""Predictions for any number of images: folders are walked, processes share the work, memory stays
flat, and what was interrupted goes on where it stopped.
"""

from core.batch.folders import NONE_FOUND, Image, Images
from core.batch.predicting import predict_all, read_image, refusal
from core.batch.results import FORMATS, Results

__all__ = [
    "FORMATS",
    "NONE_FOUND",
    "Image",
    "Images",
    "Results",
    "predict_all",
    "read_image",
    "refusal",
]
