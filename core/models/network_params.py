"""What may be set on the networks: their layers, and how they are trained."""

from core.models.classical_params import CLASS_WEIGHTS, training_rows
from core.param import Param

L2 = Param(
    "l2",
    "Weight penalty (L2)",
    0.0,
    "Pulls weights towards zero, against learning the training images by heart.",
    0.0,
    0.1,
)

SIMPLE_CNN = (
    Param(
        "filters",
        "Filters in each block",
        "32-64-128",
        "One number for each block, such as 32-64: how many patterns its convolutions look for. "
        "Between blocks the image is halved.",
        4,
        512,
    ),
    Param(
        "convolutions",
        "Convolutions in each block",
        1,
        "How many convolutions follow each other before the image is halved.",
        1,
        3,
        advanced=True,
    ),
    Param(
        "kernel",
        "Size of a filter",
        3,
        "Side of the small window a filter looks through, in pixels.",
        1,
        7,
        advanced=True,
    ),
    Param(
        "padding",
        "Padding",
        "same",
        "same: a frame of zeros keeps the size of the image. valid: without it, every "
        "convolution takes a rim off.",
        choices=("same", "valid"),
        advanced=True,
    ),
    Param(
        "pool_last",
        "Pooling after the last block",
        True,
        "Halves the image once more.",
        advanced=True,
    ),
    Param(
        "batch_norm",
        "Batch normalisation",
        True,
        "Evens out the numbers between layers, which makes learning quicker and steadier.",
        advanced=True,
    ),
    Param(
        "dropout_features",
        "Dropout before the dense layer",
        0.0,
        "Part of what the filters found that is switched off at random while learning.",
        0.0,
        0.9,
        advanced=True,
    ),
    Param("dense_units", "Neurons before the answer", 128, "Size of the dense layer.", 8, 1024),
    Param(
        "dropout",
        "Dropout before the answer",
        0.3,
        "Part of the neurons switched off at random while learning, so that none becomes "
        "indispensable.",
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
        "Every stage after it has twice as many as the one before.",
        8,
        128,
    ),
    Param("stages", "Stages", 3, "Each one after the first halves the image.", 1, 4),
    Param(
        "blocks", "Blocks in a stage", 1, "Each adds what it computes to what it was given.", 1, 6
    ),
    Param(
        "dropout",
        "Dropout before the answer",
        0.0,
        "Part of the features switched off at random while learning.",
        0.0,
        0.9,
    ),
    L2,
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
        Param(
            "epochs",
            "Epochs",
            epochs,
            "How many times the network sees every training image.",
            1,
            300,
            group="training",
        ),
        Param(
            "batch_size",
            "Batch size",
            batch_size,
            "Images looked at before each small correction of the weights. Larger is steadier, "
            "smaller corrects more often.",
            1,
            1024,
            group="training",
        ),
        Param(
            "optimizer",
            "Optimiser",
            optimizer,
            "How corrections are made. sgd: plain steps with momentum. adam: a step size of its "
            "own for each weight. adamw: adam that also pulls weights towards zero.",
            choices=("adam", "sgd", "adamw"),
            group="training",
        ),
        Param(
            "learning_rate",
            "Learning rate",
            learning_rate,
            "Size of the largest correction. Too large and learning jumps about; too small and "
            "it takes for ever. For sgd about ten times that of adam.",
            1e-6,
            1.0,
            group="training",
        ),
        Param(
            "weight_decay",
            "Weight decay",
            weight_decay,
            "How strongly adamw pulls weights towards zero.",
            0.0,
            1.0,
            group="training",
            only_if=("optimizer", ("adamw",)),
            advanced=True,
        ),
        Param(
            "schedule",
            "Learning rate over time",
            "one_cycle",
            "constant: stays as it is. one_cycle: rises, then falls to almost zero. cosine: falls "
            "from the beginning. plateau: is halved when validation stops getting better.",
            choices=("one_cycle", "cosine", "plateau", "constant"),
            group="training",
            advanced=True,
        ),
        Param(
            "plateau_patience",
            "Patience of the plateau",
            3,
            "Epochs without a smaller validation loss before the learning rate is halved.",
            1,
            50,
            group="training",
            only_if=("schedule", ("plateau",)),
            advanced=True,
        ),
        Param(
            "early_stopping",
            "Stop early after (epochs)",
            0,
            "Stops when validation accuracy has not risen for this many epochs; 0 never stops "
            "early.",
            0,
            100,
            group="training",
        ),
        Param(
            "weight_averaging",
            "Averaging of the weights",
            0.0,
            "Each weight kept is a running average of its past values; this is how much of the "
            "past is kept at every step. 0 keeps the values themselves.",
            0.0,
            0.9999,
            group="training",
            advanced=True,
        ),
        Param(
            "keep_best",
            "Keep the best epoch",
            True,
            "The weights of the epoch with the highest validation accuracy are kept, not those of "
            "the last; of epochs with the same accuracy, the one with the lowest loss.",
            group="training",
            only_if=("weight_averaging", (0.0,)),
            advanced=True,
        ),
        Param(
            "label_smoothing",
            "Label smoothing",
            0.0,
            "Asks for slightly less than certainty, which keeps a network from being sure of "
            "everything.",
            0.0,
            0.5,
            group="training",
            advanced=True,
        ),
        CLASS_WEIGHTS,
        training_rows(),
    )
