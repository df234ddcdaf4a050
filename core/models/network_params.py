"""Hyperparameters of the networks: their layers, and how they are trained."""

from core.models.shared_params import CLASS_WEIGHTS, training_rows
from core.param import Param

L2 = Param(
    "l2",
    "L2 regularisation",
    0.0,
    "Penalty on large weights. It reduces overfitting.",
    0.0,
    0.1,
)

SIMPLE_CNN = (
    Param(
        "filters",
        "Filters in each block",
        "32-64-128",
        "Number of filters of the convolutions in each block, such as 32-64. Pooling halves the "
        "image between blocks.",
        4,
        512,
    ),
    Param(
        "convolutions",
        "Convolutions in each block",
        1,
        "Number of convolutions in a row before pooling.",
        1,
        3,
        advanced=True,
    ),
    Param(
        "kernel",
        "Kernel size",
        3,
        "Side of the convolution window, in pixels.",
        1,
        7,
        advanced=True,
    ),
    Param(
        "padding",
        "Padding",
        "same",
        "same: zeros around the image keep its size. valid: no padding, so every convolution "
        "makes the image smaller.",
        choices=("same", "valid"),
        advanced=True,
    ),
    Param(
        "pool_last",
        "Pooling after the last block",
        True,
        "Adds a pooling layer after the last block.",
        advanced=True,
    ),
    Param(
        "batch_norm",
        "Batch normalisation",
        True,
        "Normalises the outputs of each layer, which makes training faster and more stable.",
        advanced=True,
    ),
    Param(
        "dropout_features",
        "Dropout before the dense layer",
        0.0,
        "Fraction of the features that is set to zero at random during training. It reduces "
        "overfitting.",
        0.0,
        0.9,
        advanced=True,
    ),
    Param(
        "dense_units", "Units of the dense layer", 128, "Size of the last hidden layer.", 8, 1024
    ),
    Param(
        "dropout",
        "Dropout before the output",
        0.3,
        "Fraction of the units that is set to zero at random during training. It reduces "
        "overfitting.",
        0.0,
        0.9,
    ),
    L2,
)

RESNET = (
    Param(
        "width",
        "Filters in the first layer",
        32,
        "Number of filters of the first stage. Each later stage has twice as many.",
        8,
        128,
    ),
    Param(
        "stages", "Stages", 3, "Number of stages. Each one after the first halves the image.", 1, 4
    ),
    Param("blocks", "Blocks per stage", 1, "Number of residual blocks in each stage.", 1, 6),
    Param(
        "dropout",
        "Dropout before the output",
        0.0,
        "Fraction of the features that is set to zero at random during training.",
        0.0,
        0.9,
    ),
    L2,
)


_FURTHER = (
    Param(
        "schedule",
        "Learning rate schedule",
        "one_cycle",
        "constant: no change. one_cycle: rises, then falls to almost zero. cosine: falls from "
        "the start. plateau: is halved when the validation loss stops improving.",
        choices=("one_cycle", "cosine", "plateau", "constant"),
        group="training",
        advanced=True,
    ),
    Param(
        "plateau_patience",
        "Plateau patience",
        3,
        "Number of epochs without a lower validation loss before the learning rate is halved.",
        1,
        50,
        group="training",
        only_if=("schedule", ("plateau",)),
        advanced=True,
    ),
    Param(
        "early_stopping",
        "Early stopping patience",
        0,
        "Stop when the validation accuracy has not improved for this many epochs. 0 turns "
        "early stopping off.",
        0,
        100,
        group="training",
    ),
    Param(
        "weight_averaging",
        "Weight averaging",
        0.0,
        "Decay of an exponential moving average of the weights, which becomes the final model. "
        "0 turns averaging off.",
        0.0,
        0.9999,
        group="training",
        advanced=True,
    ),
    Param(
        "keep_best",
        "Restore the best epoch",
        True,
        "Use the weights of the epoch with the highest validation accuracy, not those of the "
        "last epoch. Among equals, the lowest validation loss decides.",
        group="training",
        only_if=("weight_averaging", (0.0,)),
        advanced=True,
    ),
    Param(
        "label_smoothing",
        "Label smoothing",
        0.0,
        "Softens the training labels by this amount, which makes the network less overconfident.",
        0.0,
        0.5,
        group="training",
        advanced=True,
    ),
)


def training(
    epochs: int,
    learning_rate: float,
    optimizer: str = "adam",
    weight_decay: float = 0.01,
    batch_size: int = 128,
) -> tuple[Param, ...]:
    """How a network is trained."""
    return (
        *_passes(epochs, batch_size),
        *_steps(optimizer, learning_rate, weight_decay),
        *_FURTHER,
        CLASS_WEIGHTS,
        training_rows(),
    )


def _passes(epochs: int, batch_size: int) -> tuple[Param, ...]:
    return (
        Param(
            "epochs",
            "Epochs",
            epochs,
            "Number of passes over the training set.",
            1,
            300,
            group="training",
        ),
        Param(
            "batch_size",
            "Batch size",
            batch_size,
            "Number of images per update of the weights. Larger batches give more stable updates, "
            "smaller ones more updates per epoch.",
            1,
            1024,
            group="training",
        ),
    )


def _steps(optimizer: str, learning_rate: float, weight_decay: float) -> tuple[Param, ...]:
    return (
        Param(
            "optimizer",
            "Optimizer",
            optimizer,
            "sgd: gradient descent with momentum. adam: an adaptive step size for each weight. "
            "adamw: Adam with weight decay.",
            choices=("adam", "sgd", "adamw"),
            group="training",
        ),
        Param(
            "learning_rate",
            "Learning rate",
            learning_rate,
            "Highest learning rate of the schedule. Training is unstable if it is too large, and "
            "slow if it is too small. sgd needs about ten times the rate of adam.",
            1e-6,
            1.0,
            group="training",
        ),
        Param(
            "weight_decay",
            "Weight decay",
            weight_decay,
            "Strength of the weight decay of adamw.",
            0.0,
            1.0,
            group="training",
            only_if=("optimizer", ("adamw",)),
            advanced=True,
        ),
    )
