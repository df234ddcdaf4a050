"""How well a model notices that an image is unlike all that it was trained on."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le

from core.stored import Fraction, Name

Similarity = Annotated[float, Ge(-1), Le(1)]


@dataclass(frozen=True)
class OutOfDistribution:
    """How well a run notices images that are unlike those it was trained on.

    What counts is the cosine similarity of an image's features to those of the nearest of the
    `References`.

    Attributes:
        threshold: images that are less similar are unlike them.
        flagged: fraction of the validation images that are less similar.
        auroc: by the name of other images, the area under the ROC curve: how often an image of the
            test set is more similar than one of these.
        auroc_confidence: the same for the confidence of the prediction, to compare.
        noticed: by the same names, the fraction of them that is below the threshold.
    """

    threshold: Similarity
    flagged: Fraction
    auroc: dict[Name, Fraction]
    auroc_confidence: dict[Name, Fraction]
    noticed: dict[Name, Fraction]
