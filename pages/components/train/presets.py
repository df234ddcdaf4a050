"""What the form of a model begins with, and other values that belong together."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core import runs, units
from core.datasets import DatasetSpec
from core.errors import ModelError, StudioError
from core.models import MODELS, ModelSpec, Param, Value, measured
from core.models.presets import Preset
from core.preprocessing import reads
from core.training import TrainConfig, estimate
from pages.components.shared import keys


@dataclass(frozen=True)
class Subject:
    """What is to be trained on what.

    Attributes:
        spec: the dataset.
        model: any of the models; its form begins with the defaults of its parameters.
        fraction: of the training set that is kept for validation; None for the default.
        configs: the training with each preset that says how long it takes and suits the images,
            by its name, the quickest first.
    """

    spec: DatasetSpec
    model: ModelSpec
    fraction: float | None
    configs: Mapping[str, TrainConfig]

    def values(self, preset: Preset) -> dict[str, Value]:
        """Every hyperparameter, as a preset has it."""
        usual = {param.name: param.default for param in MODELS[self.model.name].params}
        return usual | preset.values_for(self.spec.training_images(self.fraction))


def field_key(model: ModelSpec, param: Param) -> str:
    """Key of a field, also its name in the URL."""
    return f"{model.name}.{param.name}"


def begin(spec: DatasetSpec, model: ModelSpec, fraction: float | None) -> Subject:
    """What the form begins with: the quickest preset that suits the images, as defaults.

    Fields that nobody has changed follow when another dataset is chosen.
    """
    subject = Subject(spec, model, fraction, _by_patience(spec, model, fraction))
    quickest = next((model.presets[name] for name in subject.configs), Preset("", "", {}))
    values = subject.values(quickest)
    params = tuple(replace(param, default=values[param.name]) for param in model.params)
    known = f"{keys.STARTED_FROM}_{model.name}"
    before = st.session_state.get(known, {})
    for param in params:
        key, default = field_key(model, param), before.get(param.name)
        if default not in (None, param.default) and st.session_state.get(key) == default:
            st.session_state[key] = param.default
    st.session_state[known] = values
    return replace(subject, model=replace(model, params=params))


def show(subject: Subject) -> None:
    """The choice between presets: by how long they take, and by what they are known as."""
    model = subject.model
    if subject.configs:
        _offer_patience(subject)
    known = [name for name, preset in model.presets.items() if not preset.patience]
    key = f"{keys.PRESET}_{model.name}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Start from",
            known,
            index=None,
            format_func=lambda name: model.presets[name].title,
            placeholder="Choose a known network",
            key=key,
            on_change=_take,
            args=(subject, key),
            help="Fills in the fields below with the values of a known network.",
        )
        st.button(
            "Reset to the defaults",
            icon=":material/restart_alt:",
            on_click=_reset,
            args=(model, key),
        )


def set_values(model: ModelSpec, values: Mapping[str, Any]) -> None:
    """Fill the form: these values, the defaults for the rest."""
    for param in model.params:
        try:
            value = param.parse(values.get(param.name, param.default))
        except StudioError:  # was allowed once
            value = param.default
        st.session_state[field_key(model, param)] = value


def _by_patience(
    spec: DatasetSpec, model: ModelSpec, fraction: float | None
) -> dict[str, TrainConfig]:
    """The training with each preset that suits the images and fits their size, by its name."""
    images, configs = spec.training_images(fraction), {}
    for name, preset in model.presets.items():
        if reads(spec.preprocessing) in preset.reads:
            with suppress(ModelError):
                configs[name] = TrainConfig(
                    spec.name,
                    model.name,
                    preset.values_for(images),
                    validation_fraction=fraction,
                )
    return configs


def _offer_patience(subject: Subject) -> None:
    """One choice for each preset, with what it takes and what it brought where it was measured."""
    key, presets = f"{keys.PATIENCE}_{subject.model.name}", subject.model.presets
    chosen = [name for name in subject.configs if _is_set(subject, presets[name])]
    st.session_state[key] = next(iter(chosen), None)
    earlier = runs.list_runs()
    st.radio(
        "How long may it take?",
        list(subject.configs),
        index=None,
        format_func=lambda name: presets[name].patience,
        captions=[_promise(subject, name, earlier) for name in subject.configs],
        horizontal=True,
        key=key,
        on_change=_take,
        args=(subject, key),
        help="Fills in the fields below. A network that is trained for longer is usually a little "
        "more accurate. The times are estimates for this machine.",
    )


def _promise(subject: Subject, name: str, earlier: Sequence[runs.Run]) -> str:
    """How long a preset takes here, and the accuracy it reached where that was measured."""
    expected = estimate(subject.configs[name], subject.spec, earlier)
    time = "" if expected is None else f"about {units.about(expected.seconds)}"
    known = measured.of(subject.model.name, name, subject.spec.name)
    accuracy = "" if known is None else f"{units.percent(known.accuracy)} test accuracy"
    return ", ".join(filter(None, (time, accuracy)))


def _is_set(subject: Subject, preset: Preset) -> bool:
    """Whether the fields hold the values of a preset; those not drawn yet hold their defaults."""
    values = subject.values(preset)
    return all(
        st.session_state.get(field_key(subject.model, param), param.default) == values[param.name]
        for param in subject.model.params
    )


def _take(subject: Subject, key: str) -> None:
    """Fill the form with the preset that was chosen."""
    if (name := st.session_state[key]) is not None:
        set_values(subject.model, subject.values(subject.model.presets[name]))


def _reset(model: ModelSpec, key: str) -> None:
    set_values(model, {})
    st.session_state[key] = None
