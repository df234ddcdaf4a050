"""Augmentation: what a policy for training images makes of one image."""

from typing import Any

import numpy as np
import streamlit as st

from core import augmentation
from core.augmentation import CUSTOM, Policy
from core.errors import StudioError
from core.export import pack
from core.images import encode_png, fit_within
from core.models import MODELS, first_choice
from core.models.augmentation_params import AUGMENTATION
from pages.components.lab.source import SourceImage
from pages.components.shared import html, keys, param_field, url

PARAMS = tuple(param for param in AUGMENTATION if param.only_if)
_SIDE = 256  # pixels; variants are shown small
_START = {
    "none": "None",
    "small_moves": "Small moves",
    "photos": "Photos",
    "strong_photos": "Strong, for photos",
    "clothing": "Clothing",
}


@st.fragment
def show(image: SourceImage) -> None:
    """The policy on the left, variants on the right."""
    left, right = st.columns([4, 7], gap="large")
    with left:
        _offer_start()
        values = {
            param.name: param_field.show(param, _key(param.name), slider=True) for param in PARAMS
        }
    with right:
        number, seed = _how_many()
        try:
            policy = augmentation.chosen_policy({"augmentation": CUSTOM, **values})
            variants = _variants(image.image, policy, number, seed)
        except (ValueError, StudioError) as error:
            st.error(html.message(error), icon=":material/error:")
            return
        images = [(v, f"{n}", "") for n, v in enumerate(variants, 1)]
        st.html(html.STYLE + html.strip(images))
        if not policy.changes:
            st.caption("Nothing changes yet: move a slider on the left.")
        with st.container(horizontal=True):
            _hand_over(values)
            st.download_button(
                "Download all (zip)",
                lambda: all_files(variants),
                "variants.zip",
                "application/zip",
                icon=":material/download:",
                on_click="ignore",
            )


def _offer_start() -> None:
    st.selectbox(
        "Start from",
        list(_START),
        index=None,
        format_func=_START.get,
        key=keys.LAB_POLICY,
        placeholder="Choose a policy",
        on_change=_take,
        help="Fills in the values below.",
    )


def _take() -> None:
    name = st.session_state[keys.LAB_POLICY]
    if name:
        for param in PARAMS:
            value = getattr(augmentation.POLICIES[name], param.name)
            st.session_state[_key(param.name)] = type(param.default)(value)


def _key(name: str) -> str:
    return f"lab.{name}"


def _how_many() -> tuple[int, int]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.slider(
            "Number of variants", 4, 24, 12, 4, key=keys.LAB_NUMBER, bind="query-params"
        )
        seed = st.number_input(
            "Seed",
            0,
            9999,
            0,
            key=keys.LAB_SEED,
            help="The same seed gives the same variants.",
            **url.bound(keys.LAB_SEED),
        )
    return number, seed


def _variants(image: np.ndarray, policy: Policy, number: int, seed: int) -> list[np.ndarray]:
    small = fit_within(image, _SIDE)
    batch = np.stack([small[..., None] if small.ndim == 2 else small] * number)
    changed = augmentation.augment(batch, policy, seed) if policy.changes else batch
    return [variant.reshape(small.shape) for variant in changed]


def _hand_over(values: dict[str, Any]) -> None:
    """A link to the Train page with this policy filled in."""
    model = _network()
    query = {f"{model}.{name}": str(value) for name, value in values.items()}
    st.page_link(
        "train.py",
        label="Train with this augmentation",
        icon=":material/school:",
        query_params={
            keys.STEP: "model",
            keys.MODEL: model,
            f"{model}.augmentation": CUSTOM,
            **query,
        },
    )


def _network() -> str:
    """The model that the policy is handed to: the first choice that takes one."""
    models = (first_choice(), *MODELS.values())
    return next(spec.name for spec in models if spec.has("augmentation"))


def all_files(variants: list[np.ndarray]) -> bytes:
    """All variants as PNG files."""
    return pack(
        (f"variant-{number:02}.png", encode_png(image)) for number, image in enumerate(variants, 1)
    )
