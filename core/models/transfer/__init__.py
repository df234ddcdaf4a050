"""Networks that have learned from ImageNet already, and a small head that learns the rest.

What can be had is in `BACKBONES`; `build` puts a head on one. Weights are files: one comes with the
studio, the others are downloaded when first asked for (`fetch_weights`).
"""

from core.models.transfer.backbones import BACKBONES, CLASS_LIST, EMBEDDED, Backbone
from core.models.transfer.building import (
    build,
    feature_extractor,
    feature_part,
    head_part,
    preprocessing,
    unfreeze,
    with_classifier,
)
from core.models.transfer.litert import embedded_as_litert, write_embedded
from core.models.transfer.weights import check_here, fetch_weights, is_here, load_backbone

__all__ = [
    "BACKBONES",
    "CLASS_LIST",
    "EMBEDDED",
    "Backbone",
    "build",
    "check_here",
    "embedded_as_litert",
    "feature_extractor",
    "feature_part",
    "fetch_weights",
    "head_part",
    "is_here",
    "load_backbone",
    "preprocessing",
    "unfreeze",
    "with_classifier",
    "write_embedded",
]
