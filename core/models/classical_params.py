"""Hyperparameters of the classical models."""

from core.models.shared_params import CLASS_WEIGHTS, features, training_rows
from core.param import Param

LOGISTIC_REGRESSION = (
    Param(
        "C",
        "Inverse regularisation strength (C)",
        1.0,
        "Smaller values mean stronger regularisation, which keeps the weights small and reduces "
        "overfitting.",
        1e-4,
        1e4,
    ),
    Param(
        "max_iter", "Maximum iterations", 100, "Maximum number of steps of the solver.", 10, 2000
    ),
    *features("pixels"),
    CLASS_WEIGHTS,
    training_rows(),
)

LINEAR_SVM = (
    Param(
        "C",
        "Inverse regularisation strength (C)",
        1.0,
        "Penalty for training images on the far side of the margin. Smaller values give a wider "
        "margin that tolerates some of them.",
        1e-4,
        1e4,
    ),
    Param(
        "max_iter", "Maximum iterations", 1000, "Maximum number of steps of the solver.", 10, 10_000
    ),
    *features("pca", 100),
    CLASS_WEIGHTS,
    training_rows(),
)

RBF_SVM = (
    Param(
        "C",
        "Inverse regularisation strength (C)",
        5.0,
        "Penalty for training images on the far side of the margin. Larger values bend the "
        "boundary around single images.",
        1e-3,
        1e4,
    ),
    Param(
        "gamma",
        "Kernel coefficient (gamma)",
        0.0,
        "How quickly the influence of a training image fades with distance. 0 means "
        "1 / (number of features × variance).",
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
        "Neighbours (k)",
        3,
        "Number of most similar training images that vote. With one, a single odd image decides; "
        "with very many, the classes blur.",
        1,
        100,
    ),
    Param(
        "weights",
        "Weights of the votes",
        "distance",
        "uniform: each neighbour has one vote. distance: closer neighbours count more.",
        choices=("uniform", "distance"),
    ),
    *features("pca"),
    training_rows(20_000),
)

RANDOM_FOREST = (
    Param("n_estimators", "Trees", 100, "Number of trees in the forest.", 1, 500),
    Param(
        "max_leaf_nodes",
        "Maximum leaves per tree",
        3000,
        "Maximum number of leaves of each tree. More leaves fit finer detail and make a larger "
        "model.",
        2,
        20_000,
    ),
    Param(
        "max_features",
        "Features per split",
        0.0,
        "Fraction of the features that a tree considers at each split. 0 means the square root "
        "of their number.",
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
        "Number of boosting rounds. Each adds one small tree per class.",
        1,
        1000,
    ),
    Param(
        "learning_rate",
        "Learning rate",
        0.15,
        "How much each new tree contributes. Smaller values need more rounds and often end up "
        "more accurate.",
        0.001,
        1.0,
    ),
    Param(
        "max_leaf_nodes",
        "Maximum leaves per tree",
        15,
        "Maximum number of leaves of each tree.",
        2,
        255,
    ),
    Param(
        "l2",
        "L2 regularisation",
        0.0,
        "Penalty on large leaf values. It reduces overfitting.",
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
        "Hidden layers",
        "128",
        "Number of neurons in each hidden layer, such as 128 or 256-128.",
        1,
        2048,
    ),
    Param(
        "epochs",
        "Epochs",
        15,
        "Number of passes over the training set.",
        1,
        200,
        group="training",
    ),
    Param(
        "batch_size",
        "Batch size",
        128,
        "Number of images per update of the weights.",
        8,
        4096,
        group="training",
    ),
    Param(
        "learning_rate",
        "Learning rate",
        0.001,
        "Step size of the updates. Training is unstable if it is too large, and slow if it is "
        "too small.",
        1e-5,
        0.1,
        group="training",
    ),
    Param(
        "l2",
        "L2 regularisation",
        0.0001,
        "Penalty on large weights. It reduces overfitting.",
        0.0,
        10.0,
    ),
    *features("pixels"),
    training_rows(),
)
