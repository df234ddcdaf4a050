"""A `TrainConfig` becomes a `Run`: `train(TrainConfig("mnist", "simple_cnn"))`."""

from core.progress import Progress
from core.training.config import MAX_SEED, TrainConfig
from core.training.estimate import Estimate, estimate
from core.training.train import train
from core.training.verdict import Verdict, judge, judge_run

__all__ = [
    "MAX_SEED",
    "Estimate",
    "Progress",
    "TrainConfig",
    "Verdict",
    "estimate",
    "judge",
    "judge_run",
    "train",
]
