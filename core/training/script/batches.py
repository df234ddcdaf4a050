"""The sections of a script that hand the images to a network, batch by batch.

The batches are those of `core.training.batches`: the same images in the same order, changed with
the same random numbers.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.augmentation import Policy, chosen_policy
from core.script import Call, Script, call


def add_targets(script: Script, classes: int) -> None:
    """Add the section that makes what a network is asked for of labels."""
    script.uses("import keras", "import numpy as np")
    script.add(
        f"y_train = keras.utils.to_categorical(y_train, {classes})",
        f"x_val, y_val = np.asarray(data.x_val), keras.utils.to_categorical(data.y_val, {classes})",
        "x_test = np.asarray(data.x_test)",
        f"y_test = keras.utils.to_categorical(data.y_test, {classes})",
        why="A network outputs a number for each class, so a label becomes "
        f"{classes} numbers as well: 1 for its class, 0 for all others.",
    )


def are_changed(hyperparameters: Mapping[str, Any]) -> bool:
    """Whether images are changed at random before a network sees them."""
    mixed = hyperparameters["mixup"] or hyperparameters["cutmix"]
    return bool(chosen_policy(hyperparameters).changes or mixed)


def add_batches(
    script: Script,
    hyperparameters: Mapping[str, Any],
    classes: int,
    source: str | None = "x_train",
) -> None:
    """Add the sections that make `batches`, with what `hyperparameters` ask for.

    Args:
        script: that they are for.
        hyperparameters: how images are changed and weighed.
        classes: how many there are.
        source: the variable with what is given out. None leaves the choice to each
            `Batches(source)` that the script makes later; if images are changed at random, to
            each `Batches(source, changed)`.
    """
    script.uses("import keras", "import numpy as np")
    policy, given, what = chosen_policy(hyperparameters), [], "The training images"
    when = "Every time"
    if source is None:
        given = ["source", *["changed"] * are_changed(hyperparameters)]
        what, when = "Images, or what was found in them,", "Later on, every time"
    elif source != "x_train":
        what = "What was found in the training images,"
    if hyperparameters["class_weights"]:
        script.add(
            f"class_weights = np.float32(len(y_train) / ({classes} * y_train.sum(axis=0)))",
            why="Images of rare classes count more, so that all classes count alike.",
        )
    if policy.changes:
        script.add(
            _written(policy),
            why=f"{when} an image is seen, it is changed a little at random, so that the "
            "network learns not to mind. This is how far each change may go.",
        )
    script.add(
        "class Batches(keras.utils.PyDataset):",
        f'    """{what} a few at a time, in another order in every epoch."""',
        "",
        f"    def __init__({', '.join(['self', *given])}):",
        "        super().__init__()",
        [f"        self.{name} = {name}" for name in given],
        "        self.begin(0)",
        "",
        "    def __len__(self):",
        "        return len(x_train) // BATCH_SIZE  # what is left over waits for another epoch",
        "",
        "    def __getitem__(self, index):",
        "        # In the order they are stored in: images on disk are read quicker that way.",
        "        chosen = np.sort(self.order[index * BATCH_SIZE : (index + 1) * BATCH_SIZE])",
        _batch(script, hyperparameters, policy, source),
        "",
        "    def on_epoch_end(self):",
        "        self.begin(self.epoch + 1)",
        "",
        "    def begin(self, epoch):",
        "        self.epoch = epoch",
        "        self.order = np.random.default_rng([SEED, epoch]).permutation(len(x_train))",
    )
    if source is not None:
        script.add("batches = Batches()")


def _batch(
    script: Script, hyperparameters: Mapping[str, Any], policy: Policy, source: str | None
) -> list[str]:
    """The lines that make a batch of the chosen images."""
    mixup, cutmix = hyperparameters["mixup"], hyperparameters["cutmix"]
    weighted, mixed = hyperparameters["class_weights"], bool(mixup or cutmix)
    images = f"{source or 'self.source'}[chosen]"
    if not (policy.changes or mixed or weighted):
        return [f"        return {images}, y_train[chosen]"]
    lines, names = [], []
    if policy.changes or mixed:
        lines.append("rng = np.random.default_rng([SEED, self.epoch, index])")
    if policy.changes:
        names += ["Policy", "augment"]
        lines.append("images = augment(images, policy, rng)")
    if mixed:
        names.append("mix")
        lines.append("# Two images become one, and so do their labels, in the same proportion.")
        lines.append(
            f"images, targets = mix(images, targets, mixup={mixup}, cutmix={cutmix}, seed=rng)"
        )
    if names:
        script.uses(f"from core.augmentation import {', '.join(names)}")
        if source is None:
            lines = ["if self.changed:", *(f"    {line}" for line in lines)]
    weights = ", targets @ class_weights" * weighted
    lines = [f"images, targets = {images}, y_train[chosen]", *lines]
    return [f"        {line}" for line in (*lines, f"return images, targets{weights}")]


def _written(policy: Policy) -> Call:
    """What differs from a policy that changes nothing."""
    usual = asdict(Policy())
    named = {name: value for name, value in asdict(policy).items() if value != usual[name]}
    if not policy.random_operations:
        named.pop("magnitude", None)  # of no effect
    return call("policy = Policy", **named)
