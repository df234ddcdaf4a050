"""What the script of a network does, in plain Keras. It is printed, and run only there.

Names in capitals are those of the script; see `core.training.script`.
"""

import numpy as np

from core.evaluation import SCORE
from core.models.transfer import feature_part, head_part, unfreeze
from core.training.batches import training_batches
from core.training.fitting import compile_network, stopping
from core.training.script.images import features_of, training_images
from core.training.script.names import BACKBONE, BUILD, HYPERPARAMETERS, LOAD, SEED, TRAIN
from core.training.transfer import calibrate


def prepared(data):
    """The network before it learns; images to learn from and images for validation, with what the
    network is asked for: a number for each class, 1 for the class of the image, 0 for all others.
    """
    import keras

    keras.utils.set_random_seed(SEED)  # with it, the same random numbers are drawn every time
    classes = len(data.class_names)
    network = BUILD(HYPERPARAMETERS, data.input_shape, classes)
    x_train, y_train = training_images(data)
    train = x_train, keras.utils.to_categorical(y_train, classes)
    return network, train, (np.asarray(data.x_val), keras.utils.to_categorical(data.y_val, classes))


def train(data):
    """A network that has learned from the training images."""
    network, (x_train, y_train), validation = prepared(data)
    batches = training_batches(x_train, y_train, HYPERPARAMETERS, SEED)
    learn(network, batches, validation, HYPERPARAMETERS["epochs"])
    return network


def train_pretrained(data):
    """A pretrained network whose head, and maybe last layers, have learned from the images."""
    network, (x_train, y_train), (x_val, y_val) = prepared(data)
    if HYPERPARAMETERS["cache_features"]:
        # What the frozen part finds in an image stays the same, so it is computed once for all
        # epochs, and only the head learns.
        learner, frozen = head_part(network), feature_part(network)
        seen, seen_val = features_of(frozen, x_train), features_of(frozen, x_val)
        batches = training_batches(seen, y_train, HYPERPARAMETERS, SEED, change=False)
    else:
        learner, seen_val = network, x_val
        batches = training_batches(x_train, y_train, HYPERPARAMETERS, SEED)
    first = learner, batches, (seen_val, y_val), HYPERPARAMETERS["epochs"]
    if HYPERPARAMETERS["fine_tune_epochs"]:
        before = learn(*first)
        # The last layers of the pretrained network go on learning, from the images themselves.
        unfreeze(network, BACKBONE, HYPERPARAMETERS["fine_tune_layers"])
        batches = training_batches(x_train, y_train, HYPERPARAMETERS, SEED)
        epochs = HYPERPARAMETERS["fine_tune_epochs"]
        learn(network, batches, (x_val, y_val), epochs, before)
        learner, seen_val = network, x_val
    else:
        learn(*first)
    if HYPERPARAMETERS["calibrate"]:
        # Networks tend to be overconfident.
        probabilities = learner.predict(seen_val, batch_size=500, verbose=0)
        calibrate(network, probabilities, data.y_val)
    return network


def learn(network, batches, validation, epochs, before=None):
    """In each epoch the network sees every training image once.

    `before` is the history of the phase that this one goes on from.
    """
    import tempfile

    import keras

    values, begun = HYPERPARAMETERS, 0
    if HYPERPARAMETERS.get("fine_tune_epochs") and before:
        # Images come in an order not seen before, and corrections are smaller.
        values = {**values, "learning_rate": HYPERPARAMETERS["fine_tune_rate"]}
        begun = len(before.epoch)
        batches.start(begun)
    compile_network(network, values, epochs * len(batches))
    callbacks = stopping(HYPERPARAMETERS)
    if HYPERPARAMETERS.get("keep_best"):
        # The weights of the epoch with the highest score are kept in a file.
        folder = tempfile.TemporaryDirectory()
        best = keras.callbacks.ModelCheckpoint(
            f"{folder.name}/best.weights.h5",
            monitor=SCORE,
            mode="max",
            save_best_only=True,
            save_weights_only=True,
        )
        callbacks.append(best)
        if HYPERPARAMETERS.get("fine_tune_epochs") and before:
            # The weights that it begins with count too.
            best.best = max(before.history[SCORE])
            network.optimizer.build(network.trainable_variables)
            network.save_weights(best.filepath)
    history = network.fit(
        batches,
        initial_epoch=begun,
        epochs=begun + epochs,
        validation_data=validation,
        validation_batch_size=500,
        callbacks=callbacks,
        shuffle=False,  # the batches are shuffled already
        verbose=2,
    )
    if HYPERPARAMETERS.get("keep_best"):
        network.load_weights(best.filepath)
        folder.cleanup()
    return history


def accuracy(network, images, labels):
    """The fraction of images whose most probable class is the true one."""
    predictions = network.predict(np.asarray(images), batch_size=500, verbose=0)
    return (predictions.argmax(axis=1) == labels).mean()


def main():
    """Train, measure and keep a network."""
    # Images to learn from, to compare settings with (validation), and for the very end (test).
    data = LOAD
    network = TRAIN(data)
    network.save("model.keras")
    print(f"validation accuracy: {accuracy(network, data.x_val, data.y_val):.4f}")
    # What counts is the accuracy on the test set, which the model has never seen.
    print(f"test accuracy: {accuracy(network, data.x_test, data.y_test):.4f}")
