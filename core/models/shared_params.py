"""Hyperparameters that models of several kinds have: size of the input, images, features."""

from dataclasses import replace

from core.models.transfer import EMBEDDED
from core.param import Param

DEEP = EMBEDDED  # features of the bundled backbone
EDGES = ("hog", "hog_pca")  # features that begin with histograms of oriented gradients
COMPONENTS = ("pca", "hog_pca")  # those that end with principal components
SMALLEST_INPUT, LARGEST_INPUT = 32, 260
DEFAULT_INPUT = 160


def input_size(name: str = "input_size", **options) -> Param:
    """The size of the images given to a backbone, in pixels a side."""
    return Param(
        name,
        "Input size",
        DEFAULT_INPUT,
        "Images are resized to this many pixels a side. Most backbones were trained with 224, "
        "EfficientNet-Lite1 with 240, EfficientNet-Lite2 with 260. Twice the size takes four times "
        "as long and shows finer detail.",
        SMALLEST_INPUT,
        LARGEST_INPUT,
        **options,
    )


ROWS_HELP = (
    "Train on at most this many images, stratified by class. 0 uses all of them. Fewer images "
    "train faster, and show how much more data would help."
)


def training_rows(default: int = 0) -> Param:
    """The maximum number of training images."""
    return Param(
        "max_images",
        "Maximum training images",
        default,
        ROWS_HELP,
        0,
        1_000_000,
        group="training",
        advanced=True,
    )


_HOG = (
    Param(
        "hog_orientations",
        "Edge directions",
        9,
        "Number of bins for the direction of an edge.",
        2,
        18,
        group="features",
        only_if=("features", EDGES),
    ),
    Param(
        "hog_cells",
        "HOG cells along a side",
        7,
        "Number of cells along the shorter side of the image. Edges are counted in each cell.",
        2,
        16,
        group="features",
        only_if=("features", EDGES),
    ),
)


def features(default: str, components: int = 50) -> tuple[Param, ...]:
    """The features that the model is trained on, and their settings."""
    return (
        Param(
            "features",
            "Features",
            default,
            "pixels: the brightness of every pixel. pca: the principal components of the "
            "training images. hog: histograms of edge directions in small cells. "
            "hog_pca: the principal components of these, often the best for small images. "
            "efficientnet_lite0: the output of a backbone pretrained on 1.3 million photos, "
            "the best choice for photos.",
            choices=("pixels", "pca", "hog", "hog_pca", DEEP),
            group="features",
        ),
        replace(
            input_size("feature_size"),
            title="Input size of the backbone",
            group="features",
            only_if=("features", (DEEP,)),
        ),
        Param(
            "pca_components",
            "PCA components",
            components,
            "Number of principal components. More of them keep finer detail, and more noise.",
            2,
            500,
            group="features",
            only_if=("features", COMPONENTS),
        ),
        *_HOG,
    )


CLASS_WEIGHTS = Param(
    "class_weights",
    "Balance the classes",
    False,
    "Weight each class inversely to its number of images, so that rare classes count as much as "
    "common ones.",
    group="training",
    advanced=True,
)
