"""Presets: hyperparameters of published networks, and ways to use a pretrained one."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.param import Value


@dataclass(frozen=True)
class Preset:
    """Values that belong together.

    Attributes:
        name: its name on the command line.
        title: its label in a form.
        values: by the names of hyperparameters; the others keep their defaults.
    """

    name: str
    title: str
    values: Mapping[str, Value]


STUDIOS_OWN = "studio"
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
