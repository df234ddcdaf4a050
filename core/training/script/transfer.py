"""The sections of a script that trains a pretrained network, as `core.training.transfer` does."""

from core.models import MODELS
from core.models.layers import add_penalty, dropout
from core.models.transfer import BACKBONES, Backbone
from core.script import Call, Script, call, listed
from core.training.config import TrainConfig
from core.training.script.batches import add_batches, add_targets, are_changed
from core.training.script.features import add_found_in
from core.training.script.fitting import Phase, add_compile, add_fit
from core.training.script.images import Amounts, shape_of
from core.training.script.network import steps_of

_FROZEN = "Learning: in each epoch the network sees every training image once, and only its head "
_FROZEN += "is corrected."
_CACHED = "Learning: in each epoch the head is given what was found in every training image once."
_TUNING = "The last layers and the head go on learning, from the images themselves."


def add_training(script: Script, config: TrainConfig, found: Amounts) -> None:
    """Add the sections from the chosen images to a trained `model`."""
    hyperparameters, backbone = config.hyperparameters, BACKBONES[MODELS[config.model].backbone]
    cached, tuned = hyperparameters["cache_features"], bool(hyperparameters["fine_tune_epochs"])
    add_targets(script, found.classes)
    _add_frozen(script, config, backbone)
    _add_head(script, config, backbone, found.classes)
    if cached:
        _add_features(script, backbone)
    _add_batches(script, config, found.classes)
    phase = Phase(why=_FROZEN, learned="learned" * tuned)
    if cached:
        phase = Phase("head", "EPOCHS", "(found_val, y_val)", _CACHED, "learned" * tuned)
    add_compile(script, hyperparameters, steps_of(config, found, "epochs"), phase)
    add_fit(script, hyperparameters, phase)
    if tuned:
        _add_fine_tuning(script, config, found, backbone)
    elif cached:
        script.add(
            'model.compile(loss="categorical_crossentropy", metrics=["accuracy"])',
            why="Only the head was compiled so far; the whole network is going to be measured.",
        )
    if hyperparameters["calibrate"]:
        _add_calibration(script, head_alone=cached and not tuned)


def _add_frozen(script: Script, config: TrainConfig, backbone: Backbone) -> None:
    """The network up to the features."""
    script.uses("import keras", "from keras import layers")
    shape, size = shape_of(config), config.hyperparameters["input_size"]
    lines = [f"inputs = x = keras.Input({shape})"]
    if shape[2] == 1:
        lines.append("x = layers.Concatenate()([x, x, x])  # grey becomes red, green and blue")
    if shape[:2] != (size, size):
        lines.append(f"x = layers.Resizing({size}, {size})(x)")
    lines += _preprocessing(script, backbone)
    script.add(
        lines,
        f'backbone = load_backbone("{backbone.name}", {size})  # its weights are frozen',
        "x = layers.GlobalAveragePooling2D()(backbone(x, training=False))",
        "frozen = keras.Model(inputs, x)",
        why=f"{backbone.title} has learned from 1.3 million photos (ImageNet) and is taken as "
        f"it is. It sees images of {size} by {size} pixels. How much it finds of each of its "
        f"{backbone.features} patterns is averaged over the image.",
    )


def _preprocessing(script: Script, backbone: Backbone) -> list[str]:
    """The line that makes of pixels what the backbone was trained on; none if it does so itself."""
    if backbone.subtract:
        script.uses("from core.models.transfer import BACKBONES, load_backbone, preprocessing")
        line = f'x = preprocessing(BACKBONES["{backbone.name}"])(x)'
        return [f"{line}  # blue, green, red, less their mean"]
    script.uses("from core.models.transfer import load_backbone")
    if (backbone.scale, backbone.offset) == (1.0, 0.0):
        return []
    scale = f"1 / {1 / backbone.scale:g}"
    return [f"x = layers.Rescaling({scale}, offset={backbone.offset})(x)  # about -1 to 1"]


def _add_head(script: Script, config: TrainConfig, backbone: Backbone, classes: int) -> None:
    hyperparameters = config.hyperparameters
    add_penalty(script, hyperparameters)
    penalty = ["kernel_regularizer=penalty"] * bool(hyperparameters["l2"])
    parts: list[str | Call] = [f"keras.Input(({backbone.features},))"]
    if neurons := hyperparameters["dense_units"]:
        parts.append(call("layers.Dense", str(neurons), 'activation="relu"', *penalty))
    parts += dropout(hyperparameters["dropout"])
    parts.append(call("layers.Dense", str(classes), 'activation="softmax"', *penalty))
    script.add(
        call("head = keras.Sequential", listed("", parts)),
        "model = keras.Model(inputs, head(frozen.output))",
        why="The head learns to name what was found. At the end, softmax makes probabilities of "
        f"{classes} numbers, one for each class. With the head on it, the network is whole.",
    )


def _add_features(script: Script, backbone: Backbone) -> None:
    add_found_in(script, "frozen", backbone)
    script.add(
        "found_train, found_val = found_in(x_train), found_in(x_val)",
        why="What the frozen part finds in an image does not change, so it is computed once for "
        "all epochs.",
    )


def _add_batches(script: Script, config: TrainConfig, classes: int) -> None:
    """The `batches` of the first phase."""
    hyperparameters = config.hyperparameters
    if not hyperparameters["cache_features"]:
        add_batches(script, hyperparameters, classes)
    elif not hyperparameters["fine_tune_epochs"]:
        add_batches(script, hyperparameters, classes, "found_train")
    else:
        changed = ", changed=False" * are_changed(hyperparameters)
        add_batches(script, hyperparameters, classes, None)
        script.add(f"batches = Batches(found_train{changed})")


def _add_fine_tuning(
    script: Script, config: TrainConfig, found: Amounts, backbone: Backbone
) -> None:
    """The second phase."""
    hyperparameters = config.hyperparameters
    script.add(
        "backbone.trainable = True",
        "for place, layer in enumerate(reversed(backbone.layers)):",
        f"    if place >= {hyperparameters['fine_tune_layers']} "
        "or isinstance(layer, layers.BatchNormalization):",
        "        layer.trainable = False",
        why=f"Fine-tuning: the last layers of {backbone.title} may learn too. Batch normalisation "
        "stays as it is, since it knows the averages of far more images than there are here.",
    )
    changed = ", changed=True" * are_changed(hyperparameters)
    script.add(
        "begun = len(learned.epoch)",
        [f"batches = Batches(x_train{changed})"] * hyperparameters["cache_features"],
        "batches.begin(begun)",
        why="The count of epochs goes on, so that the images come in an order not seen before.",
    )
    settings = {**hyperparameters, "learning_rate": hyperparameters["fine_tune_rate"]}
    phase = Phase(epochs="FINE_TUNING_EPOCHS", why=_TUNING, before="learned")
    add_compile(script, settings, steps_of(config, found, "fine_tune_epochs"), phase)
    add_fit(script, settings, phase)


def _add_calibration(script: Script, head_alone: bool) -> None:
    script.uses("from core.evaluation import fit_temperature")
    learner, images = ("head", "found_val") if head_alone else ("model", "x_val")
    script.add(
        f"predictions = {learner}.predict({images}, batch_size=500, verbose=0)",
        "temperature = fit_temperature(predictions, data.y_val)",
        "last = head.layers[-1]",
        "last.set_weights([weights / temperature for weights in last.get_weights()])",
        why="Networks tend to be overconfident. A single number, the temperature, is fitted on "
        "the validation set and calibrates the confidence. Predicted classes stay the "
        "same.",
    )
