"""What kinds of training take in memory at their peak, measured: limits and the README go by it.

`python -m benchmarks peaks` measures it again: the largest resident memory of the whole process,
as `/usr/bin/time -v` tells it, on two cores. A peak hardly depends on the number of epochs or, as
images stay on disk, of photos.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_FEW_EPOCHS = {"epochs": 1, "fine_tune_epochs": 1}


@dataclass(frozen=True)
class Peak:
    """A kind of training and its peak.

    Attributes:
        title: as the README calls it.
        megabytes: of 1,000,000 bytes, measured.
        model: of `core.models.MODELS`.
        dataset: `mnist`, or what the benchmark imports as `photos` or `cifar10-jpeg`.
        hyperparameters: as measured.
    """

    title: str
    megabytes: int
    model: str
    dataset: str = "mnist"
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)


PEAKS: dict[str, Peak] = {
    "classical": Peak(
        "a classical model on the pixels of MNIST (60,000 images)",
        540,
        "logistic_regression",
        hyperparameters={"max_iter": 10},
    ),
    "colour": Peak(
        "a classical model on the pixels of CIFAR-10 (60,000 images)",
        950,
        "random_forest",
        "cifar10-jpeg",
        {"n_estimators": 2},
    ),
    "features": Peak(
        "logistic regression on backbone features of photos",
        400,
        "logistic_regression",
        "photos",
        {"features": "efficientnet_lite0"},
    ),
    "network": Peak(
        "a convolutional network (CNN) on MNIST",
        980,
        "simple_cnn",
        hyperparameters={"epochs": 1, "max_pictures": 5000},
    ),
    "fine_tuning": Peak(
        "EfficientNet-Lite0 on photos, fine-tuned",
        1230,
        "efficientnet_lite0",
        "photos",
        _FEW_EPOCHS,
    ),
}


def megabytes(*kinds: str) -> int:
    """The most that any of some kinds takes."""
    return max(PEAKS[kind].megabytes for kind in kinds)
