"""The page on datasets, from `core.datasets.DATASETS`."""

from core.augmentation import usual_policy
from core.datasets import DATASETS, DatasetSpec
from core.datasets.registry import LARGEST_SIDE, SMALLEST_SIDE
from docs.reference.markdown import code, document, megabytes, table

_INTRODUCTION = (
    "A dataset is a collection of labelled images. Models are trained on one split and evaluated "
    "on another. These datasets are built in; import your own images with "
    "`python -m core import`."
)
_SPLIT = (
    "“Validation” is the fraction of the training images that becomes the validation set. It shows "
    "during training how the model does on images it has not seen; the test set is used only at "
    "the end. “Usual policy” is the augmentation policy that `augmentation=usual` stands for, see "
    "[operations](operations.md#policies)."
)


def page() -> str:
    """The text of docs/datasets.md."""
    specs = DATASETS.values()
    return document(
        "Datasets",
        _INTRODUCTION,
        "## Images",
        table(
            ("name", "title", "description", "image", "training", "test", "download"),
            map(_images, specs),
        ),
        "## Splits and sizes",
        _SPLIT,
        table(
            ("name", "validation", "any size", "preprocessing", "usual policy"),
            map(_splits, specs),
        ),
        "## Classes",
        table(
            ("name", "number", "classes"),
            [
                (code(spec.name), str(len(spec.class_names)), ", ".join(spec.class_names))
                for spec in specs
            ],
        ),
        "## Sources",
        table(
            ("name", "source", "licence"),
            [(code(spec.name), spec.source, spec.licence) for spec in specs],
        ),
    )


def _images(spec: DatasetSpec) -> tuple[str, ...]:
    height, width, channels = spec.input_shape
    return (
        code(spec.name),
        spec.title,
        spec.summary,
        f"{width}×{height}, {'colour' if channels == 3 else 'grey'}",
        f"{spec.train_size:,}",
        f"{spec.test_size:,}",
        megabytes(spec.download_bytes) or "included",
    )


def _splits(spec: DatasetSpec) -> tuple[str, ...]:
    return (
        code(spec.name),
        f"{spec.validation_fraction:.3g}" if spec.validation_fraction else "has its own",
        f"{SMALLEST_SIDE} to {LARGEST_SIDE} pixels a side" if spec.resizable else "no",
        code(spec.preprocessing),
        code(usual_policy(spec.preprocessing)),
    )
