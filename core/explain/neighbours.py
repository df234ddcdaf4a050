"""What a model has seen that looks like an image, and whether it has seen anything like it.

Features of the nearest training images follow N. Papernot & P. McDaniel (2018), "Deep k-nearest
neighbors"; their distance as a sign of the unknown follows Y. Sun et al. (2022),
"Out-of-distribution detection with deep nearest neighbors".
"""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from core import runs, serving
from core.errors import RunError
from core.evaluation import nearest
from core.runs import OutOfDistribution, References, Run
from core.serving import PredictFunction

SHOWN = 5


@dataclass(frozen=True)
class Neighbour:
    """A training image that is near.

    Attributes:
        image: a reduced copy, uint8 `(H, W)` or `(H, W, 3)`.
        label: its class, as number.
        similarity: cosine of the angle between its features and those of the image, -1 to 1.
    """

    image: np.ndarray
    label: int
    similarity: float


@dataclass(frozen=True)
class Nearest:
    """What a model has seen that is like an image.

    Attributes:
        neighbours: the nearest of the stored training images, the most similar first.
        kept: how many training images are stored.
        measured: how well the model notices images unlike those; None if that was not measured.
    """

    neighbours: tuple[Neighbour, ...]
    kept: int
    measured: OutOfDistribution | None

    @property
    def similarity(self) -> float:
        """To the nearest one, -1 to 1."""
        return self.neighbours[0].similarity

    @property
    def is_unlike(self) -> bool:
        """Whether nothing like it was seen in training, so that no class may fit."""
        return self.measured is not None and self.similarity < self.measured.threshold


def nearest_of(run: Run, batch: np.ndarray, count: int = SHOWN) -> list[Nearest] | None:
    """The training images nearest to each image of a batch; None if the run keeps none.

    Args:
        run: of one model; an ensemble and an imported model keep no images.
        batch: uint8, shape `(N, H, W, C)`, as the model takes it.
        count: how many for each.

    Raises:
        RunError: if a file of the run is missing, changed or damaged.
    """
    if runs.REFERENCES not in run.card.files:
        return None
    known, see = _opened(_Files(run, tuple(sorted(run.card.files.items()))))
    rows, similarities = nearest(see(batch), known.features, count)
    return [
        Nearest(
            tuple(
                Neighbour(known.image(row), int(known.labels[row]), float(similarity))
                for row, similarity in zip(of_one, near, strict=True)
            ),
            len(known.labels),
            run.card.out_of_distribution,
        )
        for of_one, near in zip(rows, similarities, strict=True)
    ]


@dataclass(frozen=True)
class _Files:
    """A run, which is the same as long as its files are."""

    run: Run = field(compare=False)
    digests: tuple[tuple[str, str], ...]


@lru_cache(maxsize=4)
def _opened(files: _Files) -> tuple[References, PredictFunction]:
    run, known = files.run, runs.references(files.run)
    if run.card.family == "network":
        see = serving.watch_features(serving.graph_of(run))
    else:
        if serving.FEATURES_FILE in run.card.files:
            run.file(serving.FEATURES_FILE)  # which is checked by that
        see = serving.open_features(serving.model_path(run), run.card.family)
    expected = see(np.zeros((1, *run.card.input_shape), np.uint8)).shape[1]
    if known.features.shape[1] != expected:
        raise RunError(
            f"The stored training images of run {run.id!r} are not of its model: they have "
            f"{known.features.shape[1]} features each, the model {expected}."
        )
    return known, see
