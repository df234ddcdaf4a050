"""The page on models, from `core.models.MODELS`."""

from collections.abc import Mapping

from core.models import MODELS, ModelSpec
from core.models.augmentation_params import AUGMENTATION
from core.models.presets import Preset
from core.models.transfer import BACKBONES, Backbone
from docs.reference.markdown import anchor, code, codes, document, megabytes, plain, table
from docs.reference.params import params_table

_INTRODUCTION = (
    "A model is trained on images and then predicts the class of others. Its hyperparameters "
    "decide how it is built and trained. Set them on the page **Train a model**, in a "
    "configuration file, or with `--set NAME=VALUE` of `python -m core train`."
)
_LEARNS = (
    "Classical models are from scikit-learn, networks from Keras. “Curve over” is the x axis of "
    "the training curve."
)
_PRETRAINED = "Pretrained networks"
_BACKBONES = (
    "These backbones were pretrained on the photos of ImageNet. A new head is trained on top of "
    "them."
)
_AUGMENTATION = "hyperparameters of augmentation"


def page() -> str:
    """The text of docs/models.md."""
    own = [spec for spec in MODELS.values() if not spec.backbone]
    pretrained = [spec for spec in MODELS.values() if spec.backbone]
    parts = [part for spec in own for part in (f"## {spec.title}", *_settings(spec))]
    return document(
        "Models",
        _INTRODUCTION,
        _LEARNS,
        table(
            ("name", "title", "description", "family", "curve over"),
            map(_overview, MODELS.values()),
        ),
        *parts,
        f"## {_PRETRAINED}",
        _BACKBONES,
        table(
            ("name", "title", "features", "multiplications", "download"),
            [_backbone(BACKBONES[spec.backbone]) for spec in pretrained],
        ),
        "“Multiplications” are in millions, for an image of 224×224 pixels.",
        *_settings_of_all(pretrained),
    )


def _overview(spec: ModelSpec) -> tuple[str, ...]:
    section = anchor(_PRETRAINED if spec.backbone else spec.title)
    name = f"[{code(spec.name)}](#{section})"
    return name, spec.title, spec.summary, spec.family, spec.learns_by


def _settings_of_all(specs: list[ModelSpec]) -> list[str]:
    """The hyperparameters of several models, once for models that share them."""
    parts: list[str] = []
    for spec in specs:
        alike = [one.name for one in specs if _alike(one, spec)]
        if alike[0] == spec.name:
            parts += [f"Hyperparameters of {codes(alike)}:", *_settings(spec)]
    return parts


def _alike(one: ModelSpec, other: ModelSpec) -> bool:
    return one.params == other.params and one.presets == other.presets


def _settings(spec: ModelSpec) -> list[str]:
    """Its hyperparameters and presets; augmentation has a table of its own elsewhere."""
    shared = tuple(param for param in spec.params if param.group == "augmentation")
    elsewhere = shared == AUGMENTATION
    shown = [param for param in spec.params if not (elsewhere and param in shared)]
    name = [] if spec.backbone else [f"{code(spec.name)}: {spec.summary}"]
    parts = [*name, params_table(shown)]
    if elsewhere:
        link = f"[{_AUGMENTATION}](operations.md#augmentation-of-training-images)"
        parts.append(f"And the {link}: {codes(param.name for param in shared)}.")
    if spec.presets:
        rows = [(code(one.name), one.title, _preset(one)) for one in spec.presets.values()]
        parts += [
            "Presets: choose one in the form, or with `--preset`.",
            table(("preset", "title in the form", "values"), rows),
        ]
    return parts


def _preset(preset: Preset) -> str:
    epochs = f", epochs for about {preset.updates:,} updates of the weights"
    return _values(preset.values) + (epochs if preset.updates else "")


def _values(values: Mapping[str, object]) -> str:
    return codes(f"{name}={plain(value)}" for name, value in values.items())


def _backbone(backbone: Backbone) -> tuple[str, ...]:
    return (
        code(backbone.name),
        backbone.title,
        f"{backbone.features:,}",
        f"{backbone.multiplications:,}",
        megabytes(backbone.download_bytes) or "included",
    )
