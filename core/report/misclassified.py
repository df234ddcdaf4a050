"""The misclassified test images with the highest confidence, by the names of their files."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core import datasets
from core.comparison import Compared
from core.errors import DatasetError
from core.images import data_url, fit_within

_SIDE = 160  # pixels


def surest_misclassified(one: Compared, most: int) -> list[dict[str, Any]]:
    """Misclassified test images, most confident first, with true and predicted class.

    `file` is where an image of an imported dataset came from; None for other datasets, and where
    the images that were measured are gone.
    """
    evaluation, names = one.evaluation, one.run.card.class_names
    wrong = np.flatnonzero(~evaluation.right)
    wrong = wrong[np.argsort(-evaluation.confidences[wrong], kind="stable")][:most]
    files = file_names(one) if len(wrong) else ()
    return [
        {
            "image": int(index),
            "file": files[index] if files else None,
            "true_class": names[evaluation.labels[index]],
            "prediction": names[evaluation.predictions[index]],
            "confidence": float(evaluation.confidences[index]),
        }
        for index in wrong
    ]


def misclassified_images(one: Compared, places: Sequence[int]) -> list[str]:
    """Test images as URLs that hold the image itself, at most 160 pixels a side.

    Args:
        one: the run.
        places: of the images in its test set.

    Returns:
        As many as `places`; none at all where the images that were measured are gone.
    """
    card = one.run.card
    try:
        images = datasets.load_test_measured(
            card.dataset, one.evaluation.labels, card.test_fingerprint
        )
    except DatasetError:
        return []
    return [data_url(fit_within(images[place], _SIDE)) for place in places]


def file_names(one: Compared) -> tuple[str, ...]:
    """Where each test image of a run came from; empty if that is not known."""
    card = one.run.card
    try:
        datasets.load_test_measured(card.dataset, one.evaluation.labels, card.test_fingerprint)
        return datasets.test_files(card.dataset)
    except DatasetError:
        return ()
