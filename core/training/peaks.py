"""What kinds of training take in memory at their peak, measured: limits and the README go by it.

`python -m benchmarks peaks` measures it again: the largest resident memory of the whole process,
as `/usr/bin/time -v` tells it, on two cores. A peak hardly depends on the number of epochs or, as
images stay on disk, of photos.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peak:
    """A kind of training and its peak.

    Attributes:
        title: as the README calls it.
        megabytes: of 1,000,000 bytes, measured.
    """

    title: str
    megabytes: int


PEAKS: dict[str, Peak] = {
    "classical": Peak("a classical model on the pixels of MNIST (60,000 images)", 540),
    "colour": Peak("a classical model on the pixels of CIFAR-10 (60,000 images)", 950),
    "features": Peak("logistic regression on backbone features of photos", 400),
    "network": Peak("a convolutional network (CNN) on MNIST", 980),
    "fine_tuning": Peak("EfficientNet-Lite0 on photos, fine-tuned", 1230),
}


def megabytes(*kinds: str) -> int:
    """The most that any of some kinds takes."""
    return max(PEAKS[kind].megabytes for kind in kinds)
