"""A name becomes a `Dataset`: `load("mnist")`."""

from core.datasets.dataset import Dataset
from core.datasets.registry import DATASETS, DatasetSpec, load, sample_pictures

__all__ = ["DATASETS", "Dataset", "DatasetSpec", "load", "sample_pictures"]
