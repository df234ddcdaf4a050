"""The page on models, from `core.models.MODELS`."""

from collections.abc import Mapping

from core.models import MODELS, ModelSpec
from core.models.augmentation_params import AUGMENTATION
from core.models.transfer import BACKBONES, Backbone
from docs.reference.markdown import anchor, code, codes, document, megabytes, plain, table
from docs.reference.params import params_table

_INTRODUCTION = (
    "A model is what learns from images and then answers; each has hyperparameters, which decide "
    "how it is built and how it learns. Set them in the form of the page **Train a model**, in a "
    "configuration file, or with `--set NAME=VALUE` of `python -m core train`."
)
_LEARNS = (
    "Classical models come from scikit-learn; networks are made of layers and come from Keras. "
    "“Learns over” is what the training curve is drawn over."
)
_PRETRAINED = "Pretrained networks"
_BACKBONES = (
    "These have learned from the photos of ImageNet and see your images through what they "
    "found there."
)
_CHANGES = "random changes to training images"


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
            ("name", "title", "what it does", "family", "learns over"),
            map(_overview, MODELS.values()),
        ),
        *parts,
        f"## {_PRETRAINED}",
        _BACKBONES,
        table(
            ("name", "title", "numbers it describes an image by", "work", "download"),
            [_backbone(BACKBONES[spec.backbone]) for spec in pretrained],
        ),
        "“Work” is in millions of multiplications for an image of 224×224 pixels.",
        *_settings_of_all(pretrained),
    )


def _overview(spec: ModelSpec) -> tuple[str, ...]:
    section = anchor(_PRETRAINED if spec.backbone else spec.title)
    name = f"[{code(spec.name)}](#{section})"
    return name, spec.title, spec.summary, spec.family, spec.learns_by


def _settings_of_all(specs: list[ModelSpec]) -> list[str]:
    """What may be set on several models, once for those that are alike."""
    parts: list[str] = []
    for spec in specs:
        alike = [one.name for one in specs if _alike(one, spec)]
        if alike[0] == spec.name:
            parts += [f"What may be set on {codes(alike)}:", *_settings(spec)]
    return parts


def _alike(one: ModelSpec, other: ModelSpec) -> bool:
    return one.params == other.params and one.presets == other.presets


def _settings(spec: ModelSpec) -> list[str]:
    """Its hyperparameters and presets; changes to images have a table of their own elsewhere."""
    shared = tuple(param for param in spec.params if param.group == "augmentation")
    elsewhere = shared == AUGMENTATION
    shown = [param for param in spec.params if not (elsewhere and param in shared)]
    name = [] if spec.backbone else [f"{code(spec.name)}: {spec.summary}"]
    parts = [*name, params_table(shown)]
    if elsewhere:
        link = f"[{_CHANGES}](operations.md#{anchor(_CHANGES)})"
        parts.append(f"Besides, the {link} may be set: {codes(param.name for param in shared)}.")
    if spec.presets:
        rows = [(code(one.name), one.title, _values(one.values)) for one in spec.presets.values()]
        parts += [
            "Presets are values that belong together: choose one in the form, or with `--preset`.",
            table(("preset", "in the form", "values"), rows),
        ]
    return parts


def _values(values: Mapping[str, object]) -> str:
    return codes(f"{name}={plain(value)}" for name, value in values.items())


def _backbone(backbone: Backbone) -> tuple[str, ...]:
    return (
        code(backbone.name),
        backbone.title,
        f"{backbone.features:,}",
        f"{backbone.multiplications:,}",
        megabytes(backbone.download_bytes) or "comes along",
    )
