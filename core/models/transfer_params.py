"""Hyperparameters of networks that were pretrained on ImageNet."""

from dataclasses import replace

from core.augmentation import USUAL
from core.errors import ModelError
from core.models.augmentation_params import AUGMENTATION
from core.models.network_params import L2, training
from core.models.shared_params import input_size
from core.param import Param, Value

HEAD = (
    input_size(),
    Param(
        "dense_units",
        "Units of the dense layer",
        256,
        "Size of the dense layer between the backbone and the output. 0 means no such layer: a "
        "linear head.",
        0,
        2048,
    ),
    Param(
        "dropout",
        "Dropout before the output",
        0.5,
        "Fraction of the units that is set to zero at random during training. It reduces "
        "overfitting.",
        0.0,
        0.9,
    ),
    replace(L2, advanced=True),
)

FINE_TUNING = (
    Param(
        "cache_features",
        "Compute features once",
        True,
        "Compute the features of the frozen backbone once, cache them on disk and reuse them in "
        "every epoch. Augmentation is then used only during fine-tuning. Off: compute them from "
        "augmented images in every epoch.",
        group="training",
    ),
    Param(
        "fine_tune_epochs",
        "Fine-tuning epochs",
        5,
        "Number of epochs in which the last layers of the backbone are trained too. 0 keeps the "
        "backbone frozen.",
        0,
        100,
        group="fine_tuning",
    ),
    Param(
        "fine_tune_layers",
        "Fine-tuned layers",
        20,
        "Number of last layers of the backbone that are trained. More layers can fit better, take "
        "longer, and need more images.",
        1,
        1000,
        group="fine_tuning",
    ),
    Param(
        "fine_tune_rate",
        "Fine-tuning learning rate",
        1e-5,
        "Much lower than the learning rate of the head, so that the pretrained weights are "
        "adjusted and not lost.",
        1e-7,
        0.1,
        group="fine_tuning",
    ),
    Param(
        "calibrate",
        "Calibrate confidence",
        True,
        "Temperature scaling, fitted on the validation set: of all predictions with 80 % "
        "confidence, about 80 % are correct. Predicted classes do not change.",
        group="training",
        advanced=True,
    ),
)

TRANSFER = (
    *HEAD,
    *training(10, 0.001, batch_size=32),  # a few dozen images are enough for some steps
    *FINE_TUNING,
    *AUGMENTATION,
)


def check_changes(values: dict[str, Value], input_shape: tuple[int, int, int]) -> None:
    """Augmentation is used only during fine-tuning if features are computed once.

    Args:
        values: the hyperparameters; `augmentation` becomes `none` where it would not be used.
        input_shape: height, width and channels; any will do.

    Raises:
        ModelError: if augmentation is set that would never be used.
    """
    if not values["cache_features"] or values["fine_tune_epochs"]:
        return
    for name in ("augmentation", "mixup", "cutmix"):
        if values[name] not in (0, "none", USUAL):
            raise ModelError(
                "With cached features, augmentation is used only during fine-tuning, so "
                f"`{name}` needs fine_tune_epochs above 0 or cache_features=False. "
                f" Received: {name}={values[name]} with fine_tune_epochs=0."
            )
    values["augmentation"] = "none"
