"""Somebody's own images as samples, for a run that has stored none."""

from pathlib import Path

import numpy as np

from core import labelled
from core.datasets.hidden import belongs_to_a_system
from core.datasets.refusals import why
from core.datasets.sources import open_source
from core.errors import DatasetError, ImageError
from core.images import decode
from core.progress import Progress, Reporter
from core.runs import CALIBRATION, TEST, Samples
from core.serving import Predictor

_SEED = 0
_UNLABELLED = -1


def read(predictor: Predictor, source: Path, report: Reporter) -> Samples:
    """Up to 200 images to compare predictions on, and 100 others to calibrate on.

    Each is prepared as any image is that the run is shown. If there are folders named like classes,
    only images in them are taken; else all of them, without labels.

    Args:
        predictor: of the run.
        source: a folder or zip of images.
        report: told how far it is; may stop it.

    Raises:
        DatasetError: if the source is refused or holds no readable image.
        Cancelled: if it was asked to stop.
    """
    known = labelled.KnownLabels.of(predictor.run)
    images, labels, refused = [], [], []
    with open_source(source) as entries:
        placed = [
            (entry, known.label_of(entry.path))
            for entry in entries
            if labelled.is_image(entry) and not belongs_to_a_system(entry.path)
        ]
        inside = [one for one in placed if one[1] is not None] or placed
        order = np.random.default_rng(_SEED).permutation(len(inside))
        wanted = min(len(inside), CALIBRATION + TEST)
        for entry, label in (inside[i] for i in order):
            if len(images) == wanted:
                break
            fraction = len(images) / wanted
            report(Progress("reading", fraction=fraction, note=f"{len(images)} of {wanted} images"))
            try:
                (image,) = predictor.prepare(decode(entry.read())).batch
            except ImageError as error:
                refused.append((entry.path, str(error)))
            except ValueError:
                refused.append((entry.path, "it shows several digits"))
            else:
                images.append(image)
                labels.append(_UNLABELLED if label is None else label)
    if not images:
        reason = f" {why(refused)}" if refused else ""
        raise DatasetError(f"No readable image was found in {source.name}.{reason}")
    return _parted(np.stack(images), np.array(labels))


def _parted(images: np.ndarray, labels: np.ndarray) -> Samples:
    """Two thirds to compare on; a single image has to do for both."""
    count = min(TEST, max(1, round(len(images) * 2 / 3)))
    rest = slice(count, None) if len(images) > count else slice(None)
    return Samples(images[rest], labels[rest], images[:count], labels[:count])
