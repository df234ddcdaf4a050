"""A `TrainConfig` becomes a `Run`: `train(TrainConfig("mnist", "simple_cnn"))`."""

from core.progress import Progress
from core.training.config import TrainConfig
from core.training.train import train

__all__ = ["Progress", "TrainConfig", "train"]
