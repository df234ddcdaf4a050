"""When there are too few images for a metric to say much, and the sentences that say so."""

from collections.abc import Sequence

import numpy as np

from core.evaluation.metrics import Evaluation
from core.names import shown
from core.units import round_percent

FEW = 100  # images of a split: below, each of them counts more than 1 %
FEW_OF_A_CLASS = 10  # images of a class: below, each counts more than 10 %
LEAST_FLIPS = 5  # images that all change one way: fewer do so by chance in over 3 % of cases
_MOST_NAMED = 3


def is_more(higher: float, lower: float, images: int | None) -> bool:
    """Whether two accuracies on the same images differ by more than a few images.

    Args:
        higher, lower: fractions, 0 to 1.
        images: how many they were measured on; None if nobody knows, then any difference counts.
    """
    gain = higher - lower
    return gain > 0 and (images is None or round(gain * images) >= LEAST_FLIPS)


def few_images(images: int | None, split: str) -> str:
    """The sentence for a split of few images; empty if there are enough, or nobody knows."""
    if not images or images >= FEW:
        return ""
    return f"With {count(images, split)}, each one counts {round_percent(round(1 / images, 3))}."


def cautions(evaluation: Evaluation, class_names: Sequence[str], split: str = "test") -> list[str]:
    """What is to be said of metrics on few images, as sentences; none if there are enough.

    Args:
        evaluation: what was measured.
        class_names: of the classes, as many as it has.
        split: what the images are called: `test` or `validation`; empty for just images.
    """
    found, total = [], len(evaluation.labels)
    if total < FEW:
        low, high = evaluation.accuracy_interval
        found.append(
            f"Evaluated on only {count(total, split)}: on many such images, accuracy probably lies "
            f"between {_rounded(low)} and {_rounded(high)}."
        )
    counts = np.bincount(evaluation.labels, minlength=len(class_names))
    return found + _few_of_a_class(counts, class_names, split)


def few_in_split(counts: Sequence[int], class_names: Sequence[str], split: str) -> list[str]:
    """What is to be said of a split before anything is measured on it; see `cautions`.

    Args:
        counts: images of each class in the split, int, shape `(K,)`.
        class_names: of the classes.
        split: what the images are called.
    """
    few = few_images(int(sum(counts)), split)
    return ([few] if few else []) + _few_of_a_class(counts, class_names, split)


def _few_of_a_class(counts: Sequence[int], class_names: Sequence[str], split: str) -> list[str]:
    few = sorted((int(n), shown(c)) for c, n in zip(class_names, counts, strict=True))
    few = [(n, name) for n, name in few if n < FEW_OF_A_CLASS]
    if not few:
        return []
    named = ", ".join(f"{name} ({n})" for n, name in few[:_MOST_NAMED])
    more = f" and {len(few) - _MOST_NAMED} more" if len(few) > _MOST_NAMED else ""
    images = f"{split} images".strip()
    return [
        f"Fewer than {FEW_OF_A_CLASS} {images} of {named}{more}: metrics of "
        f"{'that class' if len(few) == 1 else 'those classes'} are unreliable."
    ]


def count(images: int, split: str) -> str:
    """`25 validation images`, `1 test image`."""
    return " ".join(filter(None, [f"{images:,}", split, "image" if images == 1 else "images"]))


def _rounded(fraction: float) -> str:
    return round_percent(round(fraction, 3))
