"""All models by name, with their hyperparameters."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from core.errors import ModelError, unknown
from core.models import (
    augmentation_params,
    classical,
    classical_params,
    cnn,
    network_params,
    transfer_params,
)
from core.models.presets import CNN_PRESETS, TRANSFER_PRESETS
from core.models.spec import ANY, OWN_PHOTOS, ModelSpec
from core.models.transfer import BACKBONES, EMBEDDED, Backbone, build
from core.param import Param, Value


def _transfer(backbone: Backbone) -> ModelSpec:
    return ModelSpec(
        name=backbone.name,
        title=f"{backbone.title}, pretrained",
        summary="Pretrained on 1.3 million photos (ImageNet). Only the last layers are trained "
        f"on your images. {backbone.what_for}".strip(),
        family="network",
        params=transfer_params.TRANSFER,
        build=partial(build, backbone.name),
        learns_by="epoch",
        steps="epochs",
        presets=TRANSFER_PRESETS,
        backbone=backbone.name,
        check=transfer_params.check_changes,
        quick=not backbone.download_bytes,
        # Small sets of photos need a pretrained backbone.
        first_for=(OWN_PHOTOS,) if backbone.name == EMBEDDED else (),
    )


MODELS: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        ModelSpec(
            name="logistic_regression",
            title="Logistic regression",
            summary="Gives every pixel a weight for each class and adds them up. A good baseline.",
            family="classical",
            params=classical_params.LOGISTIC_REGRESSION,
            build=classical.logistic_regression,
            learns_by="iteration",
            steps="max_iter",
            linear=True,
        ),
        ModelSpec(
            name="linear_svm",
            title="Linear support vector machine (SVM)",
            summary="Separates classes by the straight boundary with the widest margin.",
            family="classical",
            params=classical_params.LINEAR_SVM,
            build=classical.linear_svm,
            learns_by="images",
            steps="max_iter",
            linear=True,
        ),
        ModelSpec(
            name="rbf_svm",
            title="Support vector machine with RBF kernel (RBF SVM)",
            summary="Separates classes by curved boundaries.",
            family="classical",
            params=classical_params.RBF_SVM,
            build=classical.rbf_svm,
            learns_by="images",
            growth=2,
        ),
        ModelSpec(
            name="knn",
            title="Nearest neighbours (k-NN)",
            summary="Stores the training images and lets the most similar ones vote.",
            family="classical",
            params=classical_params.KNN,
            build=classical.knn,
            learns_by="images",
            looks_up=True,
            served_by="neighbours",
        ),
        ModelSpec(
            name="random_forest",
            title="Random forest",
            summary="Averages many decision trees, each trained on a random sample of the "
            "training images.",
            family="classical",
            params=classical_params.RANDOM_FOREST,
            build=classical.random_forest,
            learns_by="trees",
            steps="n_estimators",
            served_by="trees",
        ),
        ModelSpec(
            name="gradient_boosting",
            title="Gradient boosting",
            summary="Adds small trees one after another; each corrects the errors of the previous "
            "ones.",
            family="classical",
            params=classical_params.GRADIENT_BOOSTING,
            build=classical.gradient_boosting,
            learns_by="rounds",
            steps="rounds",
            served_by="trees",
        ),
        ModelSpec(
            name="mlp",
            title="Multilayer perceptron (MLP)",
            summary="Fully connected layers of neurons. It does not know which pixels are "
            "neighbours.",
            family="classical",
            params=classical_params.MLP,
            build=classical.mlp,
            learns_by="epoch",
            steps="epochs",
        ),
        ModelSpec(
            name="simple_cnn",
            title="Convolutional network (CNN)",
            summary="Slides small learned filters over the image, so it recognises a shape "
            "wherever it is.",
            family="network",
            params=(
                *network_params.SIMPLE_CNN,
                *network_params.training(10, 0.002),
                *augmentation_params.AUGMENTATION,
            ),
            build=cnn.simple_cnn,
            learns_by="epoch",
            steps="epochs",
            presets=CNN_PRESETS,
            check=cnn.check_size,
            multiplications=cnn.simple_cnn_multiplications,
            first_for=(ANY,),
        ),
        ModelSpec(
            name="resnet",
            title="Residual network (ResNet)",
            summary="A deeper convolutional network with skip connections. More accurate, "
            "and slower to train.",
            family="network",
            params=(
                *network_params.RESNET,
                *network_params.training(16, 0.005, "adamw", 0.05),
                *augmentation_params.AUGMENTATION,
            ),
            build=cnn.resnet,
            learns_by="epoch",
            steps="epochs",
            multiplications=cnn.resnet_multiplications,
            quick=False,
        ),
        *map(_transfer, BACKBONES.values()),
    )
}


def first_choice(kind: str = ANY) -> ModelSpec:
    """The model that a form offers first for a kind of dataset, `ANY` or `OWN_PHOTOS`."""
    known = MODELS.values()
    return next((spec for spec in known if kind in spec.first_for), next(iter(known)))


def preset_values(model: str, preset: str, images: int) -> dict[str, Value]:
    """The hyperparameters of a preset, by its name or its title.

    Args:
        model: the name of a model.
        preset: of that model.
        images: number of training images, which decides how many epochs some presets have.

    Raises:
        ModelError: if the model is unknown, or has no preset of that name.
    """
    if model not in MODELS:
        raise ModelError(unknown("model", model, MODELS))
    presets = MODELS[model].presets
    titles = {name: entry.title for name, entry in presets.items()}
    for name, title in titles.items():
        if preset.strip().casefold() in (name.casefold(), title.casefold()):
            return presets[name].values_for(images)
    raise ModelError(unknown(f"preset of {model}", preset, presets, titles))


def resolve(model: str, values: Mapping[str, Any]) -> dict[str, Value]:
    """The hyperparameters in effect: the given ones, validated, and defaults for the rest.

    Raises:
        ModelError: if the model, a name or a value is not allowed, or a value other than the
            default is given for a hyperparameter that has no effect with the others.
    """
    if not isinstance(model, str) or model not in MODELS:
        raise ModelError(unknown("model", model, MODELS))
    params: dict[str, Param] = {param.name: param for param in MODELS[model].params}
    for name in values:
        if name not in params:
            raise ModelError(unknown(f"hyperparameter of {model}", name, params))
    parsed = {name: param.parse(values.get(name, param.default)) for name, param in params.items()}
    for name, param in params.items():
        if not param.counts(parsed) and parsed[name] != param.default:
            other, allowed = param.only_if
            wanted = " or ".join(str(value) for value in allowed)
            raise ModelError(
                f"`{name}` only has an effect with {other}={wanted}. "
                f"Received: {name}={parsed[name]} with {other}={parsed[other]}."
            )
    return {name: value for name, value in parsed.items() if params[name].counts(parsed)}
