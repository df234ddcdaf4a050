"""The page on datasets, from `core.datasets.DATASETS`."""

from core.augmentation import usual_policy
from core.datasets import DATASETS, DatasetSpec
from core.datasets.registry import LARGEST_SIDE, SMALLEST_SIDE
from docs.reference.markdown import code, document, megabytes, table

_INTRODUCTION = (
    "A dataset is a collection of images that each carry the name of what they show: models "
    "learn from one part of them and are measured on another. These are the ones the studio "
    "knows by name; images of your own become one with `python -m core import`."
)
_SPLIT = (
    "“Held out” is the part of the training images that a model does not learn from, so that "
    "one sees during a training how it does on others; the test images are opened only at the "
    "end. “Usual changes” is what `augmentation=usual` stands for, see "
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
            ("name", "title", "what it is", "image", "for training", "for the test", "download"),
            map(_images, specs),
        ),
        "## Parts and sizes",
        _SPLIT,
        table(
            ("name", "held out", "any size", "read by the recipe", "usual changes"),
            map(_parts, specs),
        ),
        "## Classes",
        table(
            ("name", "how many", "classes"),
            [
                (code(spec.name), str(len(spec.class_names)), ", ".join(spec.class_names))
                for spec in specs
            ],
        ),
        "## Where they come from",
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
        megabytes(spec.download_bytes) or "comes along",
    )


def _parts(spec: DatasetSpec) -> tuple[str, ...]:
    return (
        code(spec.name),
        f"{spec.validation_fraction:.3g}" if spec.validation_fraction else "has its own",
        f"{SMALLEST_SIDE} to {LARGEST_SIDE} pixels a side" if spec.resizable else "no",
        code(spec.preprocessing),
        code(usual_policy(spec.preprocessing)),
    )
