"""What may be set on the classical models."""

from dataclasses import replace

from core.models.transfer import EMBEDDED
from core.param import Param

DEEP = EMBEDDED  # features of the backbone that comes with the studio
SMALLEST_INPUT, LARGEST_INPUT = 32, 224
DEFAULT_INPUT = 160


def input_size(name: str = "input_size", **options) -> Param:
    """The side of the images a backbone sees."""
    return Param(
        name,
        "Size of the images it sees",
        DEFAULT_INPUT,
        "Images are resized to this many pixels a side; 224 is what it was trained on. Twice the "
        "size takes four times as long and shows finer detail.",
        SMALLEST_INPUT,
        LARGEST_INPUT,
        **options,
    )


ROWS_HELP = (
    "Most training images that are used, each class in proportion; 0 uses all. Fewer are "
    "quicker, and show what more images are worth."
)


def training_rows(default: int = 0) -> Param:
    """How many training images are used at most."""
    return Param(
        "max_images",
        "Most training images",
        default,
        ROWS_HELP,
        0,
        1_000_000,
        group="training",
        advanced=True,
    )


def features(default: str, components: int = 50) -> tuple[Param, ...]:
    """What the model looks at."""
    return (
        Param(
            "features",
            "What it looks at",
            default,
            "pixels: the bare brightness of every pixel. pca: the few patterns in which the "
            "training images differ most. hog: which way edges run, counted in small cells. "
            "efficientnet_lite0: what a network that has seen 1.3 million photos finds in "
            "it; the best for photos.",
            choices=("pixels", "pca", "hog", DEEP),
            group="features",
        ),
        replace(
            input_size("feature_size"),
            title="Size the network sees",
            group="features",
            only_if=("features", (DEEP,)),
        ),
        Param(
            "pca_components",
            "Number of PCA patterns",
            components,
            "How many patterns an image is described by. More keep finer detail, and noise.",
            2,
            500,
            group="features",
            only_if=("features", ("pca",)),
        ),
        Param(
            "hog_orientations",
            "Edge directions",
            9,
            "Into how many directions edges are sorted.",
            2,
            18,
            group="features",
            only_if=("features", ("hog",)),
        ),
        Param(
            "hog_cells",
            "Cells along a side",
            7,
            "The image is cut into this many cells along its shorter side; edges are counted in "
            "each.",
            2,
            16,
            group="features",
            only_if=("features", ("hog",)),
        ),
    )


CLASS_WEIGHTS = Param(
    "class_weights",
    "Balance the classes",
    False,
    "Counts mistakes on rare classes more, so that a large class does not drown them.",
    group="training",
    advanced=True,
)

LOGISTIC_REGRESSION = (
    Param(
        "C",
        "Freedom of the weights (C)",
        1.0,
        "How freely the weights may grow. Smaller values keep them small, which guards against "
        "learning the training images by heart.",
        1e-4,
        1e4,
    ),
    Param("max_iter", "Most iterations", 100, "Most steps the solver may take.", 10, 2000),
    *features("pixels"),
    CLASS_WEIGHTS,
    training_rows(),
)

LINEAR_SVM = (
    Param(
        "C",
        "Cost of mistakes (C)",
        1.0,
        "How much a training image on the wrong side of the border counts. Smaller values give "
        "a wider margin that tolerates some.",
        1e-4,
        1e4,
    ),
    Param("max_iter", "Most iterations", 1000, "Most steps the solver may take.", 10, 10_000),
    *features("pca", 100),
    CLASS_WEIGHTS,
    training_rows(),
)

RBF_SVM = (
    Param(
        "C",
        "Cost of mistakes (C)",
        5.0,
        "How much a training image on the wrong side of the border counts. Larger values bend "
        "the border around single images.",
        1e-3,
        1e4,
    ),
    Param(
        "gamma",
        "Sharpness (gamma)",
        0.0,
        "How quickly the influence of a training image fades with distance. 0 means the usual "
        "choice: one over the number of features times their variance.",
        0.0,
        100.0,
    ),
    *features("pca"),
    CLASS_WEIGHTS,
    training_rows(20_000),
)

KNN = (
    Param(
        "n_neighbors",
        "Neighbours asked (k)",
        3,
        "How many of the most similar training images vote. One is easily fooled by a single "
        "odd image; very many blur the classes.",
        1,
        100,
    ),
    Param(
        "weights",
        "Weight of their votes",
        "distance",
        "uniform: each neighbour has one vote. distance: closer ones count more.",
        choices=("uniform", "distance"),
    ),
    *features("pca"),
    training_rows(20_000),
)

RANDOM_FOREST = (
    Param("n_estimators", "Trees", 100, "How many trees vote.", 1, 500),
    Param(
        "max_leaf_nodes",
        "Leaves of a tree",
        3000,
        "Most answers one tree may end in. More makes a tree sharper, and larger.",
        2,
        20_000,
    ),
    Param(
        "max_features",
        "Features looked at for a question",
        0.0,
        "Part of the features a tree may choose from at each question. 0 means the usual choice: "
        "the square root of their number.",
        0.0,
        1.0,
    ),
    *features("pixels"),
    CLASS_WEIGHTS,
    training_rows(),
)

GRADIENT_BOOSTING = (
    Param(
        "rounds",
        "Rounds",
        60,
        "How often small trees are added, one for each class, to mend what is still wrong.",
        1,
        1000,
    ),
    Param(
        "learning_rate",
        "Learning rate",
        0.15,
        "How much each new tree counts. Small values need more rounds, and often end up better.",
        0.001,
        1.0,
    ),
    Param("max_leaf_nodes", "Leaves of a tree", 15, "Most answers one tree may end in.", 2, 255),
    Param(
        "l2",
        "Weight penalty (L2)",
        0.0,
        "Pulls the answers of the trees towards zero, against learning by heart.",
        0.0,
        1000.0,
    ),
    *features("pca"),
    CLASS_WEIGHTS,
    training_rows(),
)

MLP = (
    Param(
        "hidden_units",
        "Neurons in the hidden layers",
        "128",
        "One number for each hidden layer, such as 128 or 256-128.",
        1,
        2048,
    ),
    Param(
        "epochs",
        "Epochs",
        15,
        "How many times the network sees every training image.",
        1,
        200,
        group="training",
    ),
    Param(
        "batch_size",
        "Batch size",
        128,
        "Images looked at before each small correction of the weights.",
        8,
        4096,
        group="training",
    ),
    Param(
        "learning_rate",
        "Learning rate",
        0.001,
        "Size of a correction. Too large and learning jumps about; too small and it takes for "
        "ever.",
        1e-5,
        0.1,
        group="training",
    ),
    Param(
        "l2",
        "Weight penalty (L2)",
        0.0001,
        "Pulls weights towards zero, against learning by heart.",
        0.0,
        10.0,
    ),
    *features("pixels"),
    training_rows(),
)
