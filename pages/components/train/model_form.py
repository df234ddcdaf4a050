"""Choose a model and set its hyperparameters; what is set stands in the URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import runs, visitors
from core.augmentation import why_usual
from core.datasets import DatasetSpec
from core.errors import RunError, StudioError
from core.jobs import limits
from core.models import ANY, MODELS, OWN_PHOTOS, ModelSpec, Param, first_choice
from core.names import MOST_OF_TITLE
from core.preprocessing import reads
from core.training import MAX_SEED, TrainConfig
from pages.components.shared import folded, html, job_progress, keys, param_field, url
from pages.components.train import augmentation_preview, backbone, dataset_look, presets, steps

_GROUPS = {
    "model": "Model",
    "features": "Features",
    "training": "Training",
    "fine_tuning": "Fine-tuning: the last layers of the backbone are trained too",
    "augmentation": "Augmentation",
}
_COLUMNS = 3


def pick_model(spec: DatasetSpec) -> ModelSpec:
    """Which model, and what it does.

    Args:
        spec: the dataset, which decides what is offered first.
    """
    own = spec.owner != visitors.STUDIO and reads(spec.preprocessing) == "photos"
    first = first_choice(OWN_PHOTOS if own else ANY).name
    offered = [MODELS[name] for name in limits.models()]
    families = {
        "Pretrained networks": [spec for spec in offered if spec.backbone],
        "Networks": [s for s in offered if s.family == "network" and not s.backbone],
        "Classical models": [spec for spec in offered if spec.family == "classical"],
    }
    order = [*families["Networks"], *families["Pretrained networks"], *families["Classical models"]]
    names = [spec.name for spec in order]
    url.recall(keys.MODEL, names, first if first in names else names[0], keys.NEXT_MODEL)
    name = st.selectbox(
        "Model",
        names,
        format_func=lambda name: MODELS[name].title,
        key=keys.MODEL,
        help=" ".join(
            f"**{title}:** {', '.join(spec.title for spec in specs)}."
            for title, specs in families.items()
            if specs
        ),
    )
    url.note(keys.MODEL, name)
    st.markdown(MODELS[name].summary)
    return MODELS[name]


@dataclass(frozen=True)
class Form:
    """What was filled in.

    Attributes:
        config: the training; None if the values make none.
        problem: why it cannot start, as Markdown; empty if it can.
    """

    config: TrainConfig | None
    problem: str = ""


def show(spec: DatasetSpec, validation_fraction: float | None) -> Form:
    """The form of the chosen model.

    Args:
        spec: the dataset.
        validation_fraction: of the training set; None for the default.
    """
    model = MODELS[st.session_state[keys.MODEL]]
    subject = presets.begin(spec, model, validation_fraction)
    model = subject.model  # with other defaults
    if model.presets:
        presets.show(subject)
    values: dict[str, Any] = {}
    for group, title in _GROUPS.items():
        params = [param for param in model.params if param.group == group]
        if params:
            with st.container(border=True):
                st.markdown(f"**{title}**")
                values |= _fields(model, params, values)
                for sentence in backbone.remarks(group, values):
                    st.caption(sentence)
                if group == "augmentation":
                    st.caption(why_usual(spec.preprocessing))
                    augmentation_preview.show(spec, values)
    return _checked(spec, model, values, validation_fraction)


def fill(config: Mapping[str, Any]) -> None:
    """Go to the form and fill it with everything an earlier run was given.

    Args:
        config: as `TrainConfig.to_mapping` gives it; entries may be missing.
    """
    model = MODELS.get(config["model"])
    if model is None:
        st.toast(html.plain(f"This studio does not know the model {config['model']!r}."))
        return
    st.session_state[keys.NEXT_MODEL] = model.name
    presets.set_values(model, config.get("hyperparameters") or {})
    st.session_state[keys.SEED] = config.get("seed", 0)
    st.session_state[keys.RUN_NAME] = ""  # the old name may be taken
    dataset_look.choose_fraction(config["dataset"], config.get("validation_fraction"))
    st.session_state[keys.NEXT_DATASET] = config["dataset"]
    steps.go_to("model")


def fold_key(model: ModelSpec, group: str) -> str:
    """Under which the session holds whether the further settings of a group are unfolded."""
    return f"{keys.ADVANCED}_{model.name}_{group}"


def _fields(model: ModelSpec, params: list[Param], before: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of one group that count; those seldom needed are folded away."""
    values: dict[str, Any] = {}
    usual = [param for param in params if not param.advanced]
    _grid(model, usual, before, values)
    if advanced := [param for param in params if param.advanced]:
        usual_values = {presets.field_key(model, param): param.default for param in advanced}
        key = fold_key(model, advanced[0].group)
        if place := folded.fold("More settings", key, usual_values):
            with place:
                _grid(model, advanced, before, values)
    return values


def _grid(
    model: ModelSpec, params: list[Param], before: Mapping[str, Any], values: dict[str, Any]
) -> None:
    columns, place = st.columns(_COLUMNS), 0
    for param in params:
        if not param.counts({**_defaults(model), **before, **values}):
            continue
        with columns[place % _COLUMNS]:
            values[param.name] = param_field.show(param, presets.field_key(model, param))
        place += 1


def _defaults(model: ModelSpec) -> dict[str, Any]:
    """What the fields not yet shown hold."""
    return {
        param.name: st.session_state.get(presets.field_key(model, param), param.default)
        for param in model.params
    }


def _checked(
    spec: DatasetSpec,
    model: ModelSpec,
    values: Mapping[str, Any],
    validation_fraction: float | None,
) -> Form:
    name, seed = _name_and_seed()
    config = None
    try:
        config = TrainConfig(spec.name, model.name, values, name or None, seed, validation_fraction)
        limits.check_training(config)
        if name:
            _check_name(name)
    except StudioError as error:
        return Form(config, html.message(error))
    return Form(config)


def _check_name(name: str) -> None:
    """Raise `StudioError` if a run of that name is there, or on its way."""
    run_id = runs.free_id(name)
    asked_for = [job.settings.get("name") for job in job_progress.running("train")]
    if run_id in [runs.id_of(other) for other in asked_for if other]:
        raise RunError(f"A model named {name!r} is already being trained. Choose another name.")


def _name_and_seed() -> tuple[str, int]:
    name, seed = st.columns([2, 1])
    return (
        name.text_input(
            "Name of the trained model",
            key=keys.RUN_NAME,
            bind="query-params",
            placeholder="named after the dataset and the model",
            max_chars=MOST_OF_TITLE,
            help="Any name you like; you can change it later. On the command line and in URLs it "
            "is written in lower case with hyphens.",
        ).strip(),
        seed.number_input(
            "Seed",
            0,
            MAX_SEED,
            0,
            key=keys.SEED,
            help="Decides all random numbers. The same seed gives the same result; several seeds "
            "show how much of a difference is chance.",
            **url.bound(keys.SEED),
        ),
    )
