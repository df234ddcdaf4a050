"""Which images a script learns from, and what a frozen network finds in them."""

import numpy as np

from core.training.batches import chosen_rows
from core.training.features import AT_ONCE
from core.training.script.names import HYPERPARAMETERS, SEED


def training_images(data):
    """The training images that are used, and their labels."""
    if HYPERPARAMETERS["max_images"]:
        rows = chosen_rows(data.y_train, HYPERPARAMETERS["max_images"], SEED)
        return data.x_train[rows], data.y_train[rows]
    return data.x_train, data.y_train


def features_of(network, images):
    """What a network finds: a row of numbers for each image."""
    found = np.empty((len(images), network.output_shape[1]), "float16")  # as the studio keeps them
    for start in range(0, len(images), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        found[some] = network.predict_on_batch(images[some])
    return found.astype("float32")
