"""The sections of a script that trains a scikit-learn model."""

import inspect
from typing import Any

from core.models import MODELS, classical, shared_params
from core.models.transfer import BACKBONES
from core.script import Call, Script, call, literal
from core.training.classical import MOST_SCORED
from core.training.config import TrainConfig
from core.training.script.features import add_found_in
from core.training.script.images import Amounts, chosen_rows, shape_of

_FEATURES = {
    "pixels": "It looks at the bare pixels, divided by the brightest of each image.",
    "pca": "The model does not look at the bare pixels. Each image is divided by its brightest "
    "pixel and described by how much of a few patterns is in it: those in which the training "
    "images differ most (PCA).",
    "hog": "It looks at which way edges run, counted in small cells of the image (HOG), after "
    "each image was divided by its brightest pixel.",
    shared_params.DEEP: "It looks at what the pretrained network found, every number brought "
    "to a mean of 0 and a spread of 1.",
}


def add_training(script: Script, config: TrainConfig, found: Amounts) -> None:
    """Add the sections from the chosen images to a fitted `model`."""
    spec, hyperparameters = MODELS[config.model], config.hyperparameters
    steps = classical.features(hyperparameters, shape_of(config), config.seed, found.used)
    estimator = spec.build(hyperparameters, config.seed)
    _add_seen(script, config)
    script.uses("from sklearn.pipeline import make_pipeline", *map(_import, (*steps, estimator)))
    looks_at = _FEATURES[hyperparameters["features"]]
    bare = hyperparameters["features"] == "pixels"
    summary = spec.summary if bare or "pixel" not in spec.summary else f"{spec.title}."
    if spec.learns_by == "epoch":
        _add_features(script, steps, looks_at)
        _add_epochs(script, estimator, summary, literal(config.seed))
    elif hyperparameters["features"] == "pca":
        _add_features(script, steps, looks_at)
        _add_classifier(script, estimator, summary)
    else:
        script.add(
            call("model = make_pipeline", *map(_written, (*steps, estimator))),
            "model.fit(x_train, y_train)",
            why=f"The model. {summary} {looks_at}",
        )
    if not hasattr(estimator, "predict_proba"):
        _add_probabilities(script, found, literal(config.seed))


def add_metrics(script: Script) -> None:
    """Add the sections that measure `model` and keep it."""
    script.uses(
        "import skops.io", "from sklearn.metrics import accuracy_score, classification_report"
    )
    script.add(
        'print(f"validation accuracy: {model.score(x_val, data.y_val):.4f}")',
        "predictions = model.predict(x_test)",
        "print(classification_report(data.y_test, predictions, target_names=data.class_names))",
        why="Metrics of each class on the test set: precision is the fraction of its predictions "
        "that is correct, recall the fraction of its images that is found.",
    )
    script.add(
        'skops.io.dump(model, "model.skops")',
        'print(f"test accuracy: {accuracy_score(data.y_test, predictions):.4f}")',
        why="Save the model to a file. The accuracy on the test set, which the model has never "
        "seen, is the metric that counts.",
    )


def _add_seen(script: Script, config: TrainConfig) -> None:
    """Images become what the pipeline is given: their pixels, or what a network finds."""
    script.uses("import numpy as np")
    if classical.looks_deep(config.hyperparameters):
        _add_deep(script, config)
        return
    script.add(
        "def flat(images):",
        '    """Images as scikit-learn wants them: a row of numbers for each."""',
        '    return np.reshape(images, (len(images), -1)).astype("float32")',
    )
    script.add("x_train, x_val, x_test = flat(x_train), flat(data.x_val), flat(data.x_test)")


def _add_deep(script: Script, config: TrainConfig) -> None:
    script.uses("from core.models.transfer import feature_extractor")
    backbone, size = BACKBONES[shared_params.DEEP], config.hyperparameters["feature_size"]
    script.add(
        call(
            "extractor = feature_extractor",
            literal(backbone.name),
            f"size={size}",
            f"input_shape={shape_of(config)}",
        ),
        why=f"{backbone.title} has learned from 1.3 million photos (ImageNet). What it finds "
        "in an image often tells more than the bare pixels.",
    )
    add_found_in(script, "extractor", backbone)
    script.add(
        "x_train, x_val = found_in(x_train), found_in(data.x_val)", "x_test = found_in(data.x_test)"
    )


def _add_features(script: Script, steps: list, looks_at: str) -> None:
    """Features with a section of their own.

    In one pipeline with the classifier, PCA would be asked to `fit_transform`, and with the quick
    solver that gives the training images slightly other numbers than `transform`.
    """
    script.add(
        call("features = make_pipeline", *map(_written, steps)),
        "features.fit(x_train)",
        why=looks_at,
    )


def _add_classifier(script: Script, estimator: Any, summary: str) -> None:
    script.add(
        _written(estimator, "classifier = "),
        "classifier.fit(features.transform(x_train), y_train)",
        "model = make_pipeline(features, classifier)",
        why=f"The classifier. {summary} Together with its features it is the model.",
    )


def _add_epochs(script: Script, estimator: Any, summary: str, seed: str) -> None:
    epochs = estimator.max_iter
    estimator.set_params(max_iter=type(estimator)().max_iter)  # of no effect on `partial_fit`
    estimator.set_params(random_state=None)
    script.add(
        _written(estimator, "classifier = "),
        f"classifier.random_state = np.random.RandomState({seed})",
        why=f"The classifier. {summary} Its random numbers go on from one epoch to the next.",
    )
    script.add(
        "seen = features.transform(x_train)",
        f"for epoch in range({epochs}):",
        "    classifier.partial_fit(seen, y_train, classes=np.unique(y_train))",
        '    print(f"epoch {epoch + 1}: training accuracy {classifier.score(seen, y_train):.4f}")',
        "model = make_pipeline(features, classifier)",
        why="In each epoch it sees every training image once, and corrects its weights a little "
        "after each batch. Features and classifier together are the model.",
    )


def _add_probabilities(script: Script, found: Amounts, seed: str) -> None:
    script.uses(
        "from sklearn.calibration import CalibratedClassifierCV",
        "from sklearn.frozen import FrozenEstimator",
    )
    x, y, rows = "x_val", "data.y_val", []
    if found.val > MOST_SCORED:
        rows = chosen_rows(script, y, MOST_SCORED, found, seed)
        x, y = f"{x}[rows]", f"{y}[rows]"
    few = f" {MOST_SCORED:,} images are enough for that." if rows else ""
    script.add(
        rows,
        f"everything = np.arange({'len(rows)' if rows else f'len({y})'})",
        call(
            "model = CalibratedClassifierCV",
            "FrozenEstimator(model)",
            'method="temperature"',
            "cv=[(everything, everything)]",
        ),
        f"model.fit({x}, {y})",
        why="A support vector machine only knows how far an image is from its borders. A single "
        "number, the temperature, is found on validation images and turns distances into "
        f"probabilities; which class is the likeliest stays the same.{few}",
    )


def _import(estimator: Any) -> str:
    """The import of its class, by its public name: modules of scikit-learn within are private."""
    module = type(estimator).__module__.partition("._")[0]
    return f"from {module} import {type(estimator).__name__}"


def _written(estimator: Any, before: str = "") -> Call:
    """An unfitted estimator with what is set on it: other than the default, or all for our own."""
    ours = type(estimator).__module__.startswith("core.")
    parameters = inspect.signature(type(estimator)).parameters
    named = {
        name: getattr(estimator, name)
        for name, parameter in parameters.items()
        if ours or getattr(estimator, name) != parameter.default
    }
    return call(before + type(estimator).__name__, **named)
