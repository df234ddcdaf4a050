"""What the script of a scikit-learn model does. It is printed, and run only there.

Names in capitals are those of the script; see `core.training.script`.
"""

import numpy as np

from core.models.classical import features, looks_deep
from core.models.transfer import feature_extractor
from core.training.batches import chosen_rows
from core.training.classical import MOST_SCORED, flat, with_probabilities
from core.training.script.images import features_of, training_images
from core.training.script.names import (
    BACKBONE,
    BUILD,
    HYPERPARAMETERS,
    KNOWS_PROBABILITIES,
    LEARNS_BY,
    LOAD,
    SEED,
)


def numbers_of(images):
    """What a model is given of images: a row of numbers for each."""
    if looks_deep(HYPERPARAMETERS):
        # A network that has learned from 1.3 million photos (ImageNet) finds more than pixels tell.
        size, shape = HYPERPARAMETERS["feature_size"], images.shape[1:]
        return features_of(feature_extractor(BACKBONE, size, shape), images)
    return flat(images)


def train(data):
    """A pipeline that has learned from the training images."""
    from sklearn.pipeline import make_pipeline

    x_train, y_train = training_images(data)
    steps = features(HYPERPARAMETERS, data.input_shape, SEED, len(y_train))
    before = make_pipeline(*steps).fit(numbers_of(x_train))
    learned = before.transform(numbers_of(x_train))
    estimator = BUILD(HYPERPARAMETERS, SEED)
    if LEARNS_BY == "epoch":
        # Its random numbers go on from one epoch to the next.
        estimator.random_state = np.random.RandomState(SEED)
        for epoch in range(estimator.max_iter):
            estimator.partial_fit(learned, y_train, classes=np.unique(y_train))
            reached = estimator.score(learned, y_train)
            print(f"epoch {epoch + 1}: training accuracy {reached:.4f}")
    else:
        estimator.fit(learned, y_train)
    if not KNOWS_PROBABILITIES:
        rows = chosen_rows(data.y_val, MOST_SCORED, SEED)  # as many are enough
        x_val = before.transform(numbers_of(data.x_val[rows]))
        estimator = with_probabilities(estimator, x_val, data.y_val[rows])
    return make_pipeline(*steps, estimator)


def main():
    """Train, measure and keep a model."""
    import skops.io
    from sklearn.metrics import accuracy_score, classification_report

    # Images to learn from, to compare settings with (validation), and for the very end (test).
    data = LOAD
    model = train(data)
    skops.io.dump(model, "model.skops")
    print(f"validation accuracy: {model.score(numbers_of(data.x_val), data.y_val):.4f}")
    # What counts is how well it does on the test set, which the model has never seen: precision is
    # the fraction of its predictions that is correct, recall the fraction of images that is found.
    predictions = model.predict(numbers_of(data.x_test))
    print(classification_report(data.y_test, predictions, target_names=data.class_names))
    print(f"test accuracy: {accuracy_score(data.y_test, predictions):.4f}")
