"""What may be set on networks that have learned from ImageNet already."""

from dataclasses import replace

from core.augmentation import USUAL
from core.errors import ModelError
from core.models.augmentation_params import AUGMENTATION
from core.models.classical_params import input_size
from core.models.network_params import L2, training
from core.param import Param, Value

HEAD = (
    input_size(),
    Param(
        "dense_units",
        "Neurons before the answer",
        256,
        "Size of the dense layer between what the backbone found and the answer; 0 for none, a "
        "linear head.",
        0,
        2048,
    ),
    Param(
        "dropout",
        "Dropout before the answer",
        0.5,
        "Part of the neurons switched off at random while learning, so that none becomes "
        "indispensable.",
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
        "What the frozen backbone finds in an image does not change, so it is computed once, kept "
        "on disk and used in every epoch; images are changed at random only while fine-tuning. "
        "Off: computed anew in every epoch, from images changed at random.",
        group="training",
    ),
    Param(
        "fine_tune_epochs",
        "Epochs of fine-tuning",
        5,
        "Afterwards the last layers of the backbone learn too, for this many epochs; 0 leaves it "
        "as it is.",
        0,
        100,
        group="fine_tuning",
    ),
    Param(
        "fine_tune_layers",
        "Layers that are fine-tuned",
        20,
        "How many of its last layers learn. More can fit better, take longer, and need more "
        "images.",
        1,
        1000,
        group="fine_tuning",
    ),
    Param(
        "fine_tune_rate",
        "Learning rate of fine-tuning",
        1e-5,
        "Much smaller than that of the head, so that what it knows is adjusted and not lost.",
        1e-7,
        0.1,
        group="fine_tuning",
    ),
    Param(
        "calibrate",
        "Make confidence honest",
        True,
        "Divides what the answer is computed from by one number, found on the validation images, "
        "so that of all answers given with 80 % confidence about 80 % are right. Answers stay the "
        "same.",
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
    """Images are changed at random only while fine-tuning if features are computed once.

    Args:
        values: the hyperparameters; `augmentation` becomes `none` where no change would be made.
        input_shape: height, width and channels; any will do.

    Raises:
        ModelError: if changes are asked for that would never be made.
    """
    if not values["cache_features"] or values["fine_tune_epochs"]:
        return
    for name in ("augmentation", "mixup", "cutmix"):
        if values[name] not in (0, "none", USUAL):
            raise ModelError(
                f"With features that are computed once, images are changed only while "
                f"fine-tuning, so `{name}` needs fine_tune_epochs above 0 or "
                f"cache_features=False. Received: {name}={values[name]} with fine_tune_epochs=0."
            )
    values["augmentation"] = "none"
