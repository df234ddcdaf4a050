"""Presets: networks for more or less patience, published networks, ways to use a pretrained one."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from core.param import Value


@dataclass(frozen=True)
class Preset:
    """Values that belong together.

    Attributes:
        name: its name on the command line.
        title: its label in a form.
        values: by the names of hyperparameters; the others keep their defaults.
        updates: how often the weights are updated, whatever the number of images: the number of
            epochs follows from it. 0: the epochs are those of `values`, or the default.
        patience: how long it takes, in the words of a form, which offers it by them; empty for
            a preset that is only known by its title.
        reads: what the images show that a form offers it for, as recipes have it.
    """

    name: str
    title: str
    values: Mapping[str, Value]
    updates: int = 0
    patience: str = ""
    reads: tuple[str, ...] = ()

    def values_for(self, images: int) -> dict[str, Value]:
        """Its values for that many training images.

        With few images more epochs are needed for the same number of updates: three epochs of
        MNIST are as much work as a hundred of scikit-learn's digits.
        """
        values = dict(self.values)
        if self.updates:
            batches = max(1, images // int(values["batch_size"]))
            values["epochs"] = min(max(ceil(self.updates / batches), FEWEST_EPOCHS), MOST_EPOCHS)
        return values


FEWEST_EPOCHS, MOST_EPOCHS = 3, 100  # of a preset that says how often weights are updated
STUDIOS_OWN = "studio"
_DRAWN = ("digits", "clothes")
_PHOTOS = {
    "filters": "32-64-128",
    "batch_size": 128,
    "learning_rate": 0.004,
    "augmentation": "none",
}
_PUBLISHED = {
    "convolutions": 1,
    "kernel": 3,
    "padding": "valid",
    "batch_norm": False,
    "dropout_features": 0.0,
    "dropout": 0.0,
    "l2": 0.0,
    "learning_rate": 0.001,
}

CNN_PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="quick",
            title="Quick",
            patience="Quick",
            reads=_DRAWN,
            updates=630,
            values={
                "filters": "16-32",
                "batch_size": 256,
                "learning_rate": 0.005,
                "augmentation": "none",
            },
        ),
        Preset(
            name="minutes",
            title="A few minutes",
            patience="A few minutes",
            reads=_DRAWN,
            updates=2526,
            values={
                "filters": "16-32",
                "convolutions": 2,
                "batch_size": 128,
                "learning_rate": 0.004,
                "augmentation": "none",
            },
        ),
        Preset(
            name="quick_photos",
            title="Quick, for photos",
            patience="Quick",
            reads=("photos",),
            updates=1050,
            values=_PHOTOS,
        ),
        Preset(
            name="minutes_photos",
            title="A few minutes, for photos",
            patience="A few minutes",
            reads=("photos",),
            updates=3500,
            values=_PHOTOS,
        ),
        Preset(
            name="two_blocks",
            title="32-64, dense 128",
            values={
                **_PUBLISHED,
                "filters": "32-64",
                "pool_last": True,
                "dense_units": 128,
            },
        ),
        Preset(
            name="three_blocks",
            title="32-64-128, dense 128, dropout 0.5",
            values={
                **_PUBLISHED,
                "filters": "32-64-128",
                "pool_last": True,
                "dense_units": 128,
                "dropout": 0.5,
            },
        ),
        Preset(
            name="three_convolutions",
            title="32-64-64, dense 64, dropout 0.5",
            values={
                **_PUBLISHED,
                "filters": "32-64-64",
                "pool_last": False,
                "dense_units": 64,
                "dropout": 0.5,
            },
        ),
        Preset(
            name="two_blocks_l2",
            title="32-64 with L2, dense 128",
            values={
                **_PUBLISHED,
                "filters": "32-64",
                "pool_last": True,
                "dense_units": 128,
                "l2": 0.001,
            },
        ),
        Preset(
            name=STUDIOS_OWN,
            title="The studio's own: three pairs",
            patience="Thorough",
            reads=(*_DRAWN, "photos"),
            values={
                "filters": "32-64-128",
                "convolutions": 2,
                "padding": "valid",
                "pool_last": False,
                "batch_norm": True,
                "dropout_features": 0.4,
                "dense_units": 128,
                "dropout": 0.4,
                "learning_rate": 0.003,
                "weight_averaging": 0.998,
                "epochs": 14,
            },
        ),
    )
}

TRANSFER_PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="frozen",
            title="Frozen, linear head: the quickest",
            values={
                "dense_units": 0,
                "dropout": 0.0,
                "fine_tune_epochs": 0,
            },
        ),
        Preset(
            name="fine_tune",
            title="Fine-tune everything, for many images",
            values={
                "dense_units": 0,
                "dropout": 0.2,
                "epochs": 3,
                "batch_size": 128,
                "fine_tune_epochs": 5,
                "fine_tune_layers": 1000,
                "fine_tune_rate": 0.0005,
            },
        ),
    )
}
