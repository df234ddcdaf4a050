"""Bundled runs that were trained by others: their weights, classes and what is published of them.

No photo of ImageNet may be passed on, so nothing is measured here: the card holds the figure that
others have published, and exports are proven with crops of photos that anybody may use.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from core import runs, samples, serving, settings, visitors
from core.images import fit_image, to_rgb
from core.models import MODELS
from core.models.transfer import CLASS_LIST, EMBEDDED, with_classifier
from core.runs import Published
from core.training.network import export_network
from core.training.train import measure
from core.training.versions import package_versions

_SIDE = 224
_CROPS = 14  # of each photo
_CALIBRATION_CROPS = 7  # of these
_LEAST_SIDE = 0.45  # of the shorter side of a photo, of a crop
_SEED = 0
_PHOTOS = ("cat", "coffee", "flower", "motorcycle", "rocket", "temple")


@dataclass(frozen=True)
class Pretrained:
    """A run that was trained by others.

    Attributes:
        title: what people call it.
        backbone: its network, one of `core.models.transfer.BACKBONES`; weights are bundled.
        dataset: what it was trained on.
        published: what others have measured.
    """

    title: str
    backbone: str
    dataset: str
    published: Published


RUNS = {
    "imagenet-efficientnet-lite0": Pretrained(
        "Anything (1,000 classes)",
        EMBEDDED,
        "ImageNet",
        Published(
            0.751,
            "ImageNet's 50,000 validation images",
            "README of EfficientNet-Lite in TensorFlow's TPU repository, float model",
            "https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
        ),
    ),
}


def make(name: str) -> runs.RunCard:
    """Write the run: network, file that serves, classes, samples, card.

    Raises:
        RunError: if it cannot be written.
    """
    what = RUNS[name]
    values = {"input_size": _SIDE, "dense_units": 0, "dropout": 0.0, "l2": 0.0}
    with runs.draft(name) as folder:
        classes = settings.current().embedded_data_dir / CLASS_LIST
        (folder / runs.CLASSES).write_bytes(classes.read_bytes())
        entries = runs.parsed_classes(classes.read_text(encoding="utf-8"))
        runs.write_samples(_samples(), folder)
        export_network(with_classifier(what.backbone, values, (_SIDE, _SIDE, 3)), folder, half=True)
        spec = MODELS[what.backbone]
        card = runs.RunCard(
            id=name,
            title=what.title,
            owner=visitors.STUDIO,
            dataset=what.dataset,
            dataset_fingerprint="not here",
            class_names=tuple(entry.name for entry in entries),
            input_shape=(_SIDE, _SIDE, 3),
            preprocessing="photo_centre",
            model=spec.name,
            family=spec.family,
            hyperparameters=values,
            history=(),
            metrics={},
            seconds=0.0,
            seed=0,
            validation_fraction=0.0,
            versions=package_versions(spec.family),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            cost=measure(folder / serving.MODEL_FILES[spec.family], spec.family, (_SIDE, _SIDE, 3)),
            published=what.published,
        )
        return runs.save(card, folder).card


def _samples() -> runs.Samples:
    """Crops of free photos, which nobody has labelled; of each some to calibrate, some to test."""
    crops = [list(_crops(samples.photo(name), number)) for number, name in enumerate(_PHOTOS)]
    calibration = np.stack([crop for of_one in crops for crop in of_one[:_CALIBRATION_CROPS]])
    test = np.stack([crop for of_one in crops for crop in of_one[_CALIBRATION_CROPS:]])
    unlabelled = (np.full(len(images), -1, np.int64) for images in (calibration, test))
    return runs.Samples(calibration, next(unlabelled), test, next(unlabelled))


def _crops(image: np.ndarray, number: int) -> Iterator[np.ndarray]:
    """Squares of a photo, uint8 `(224, 224, 3)`; the last one is the largest from its middle."""
    image, random = to_rgb(image), np.random.default_rng((_SEED, number))
    height, width = image.shape[:2]
    for _ in range(_CROPS - 1):
        side = round(min(height, width) * random.uniform(_LEAST_SIDE, 1))
        top, left = random.integers(height - side + 1), random.integers(width - side + 1)
        crop = image[top : top + side, left : left + side]
        yield fit_image(crop[:, ::-1] if random.random() < 0.5 else crop, (_SIDE, _SIDE))
    yield fit_image(image, (_SIDE, _SIDE))
