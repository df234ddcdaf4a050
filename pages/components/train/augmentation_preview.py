"""What augmentation does to real training images, before anything is trained with them."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from core import augmentation, datasets
from core.datasets import DatasetSpec
from pages.components.shared import html, keys

_ROWS, _VARIANTS = 4, 8


def show(spec: DatasetSpec, values: Mapping[str, Any]) -> None:
    """A few images as they are and as the network would see them."""
    name = values["augmentation"]
    if name == augmentation.USUAL:
        name = augmentation.usual_policy(spec.preprocessing)
    try:
        policy = augmentation.chosen_policy({**values, "augmentation": name})
    except ValueError:
        return  # the form says what is not allowed
    if not policy.changes and not values["mixup"] and not values["cutmix"]:
        st.caption("The network sees the images unchanged.")
        return
    turn = st.session_state.setdefault(keys.PREVIEW_TURN, 0)
    st.html(_gallery(spec.name, spec.train_size, policy, values["mixup"], values["cutmix"], turn))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Show others", icon=":material/shuffle:", on_click=_shuffle)
        st.caption("The original image comes first, then what the network may see instead.")


def _shuffle() -> None:
    st.session_state[keys.PREVIEW_TURN] += 1


@st.cache_data(
    show_spinner=False, max_entries=50, hash_funcs={augmentation.Policy: dataclasses.astuple}
)
def _gallery(
    name: str, size: int, policy: augmentation.Policy, mixup: float, cutmix: float, turn: int
) -> str:
    """A row for each image."""
    images, names = _samples(name, size)
    seen = _variants(images, policy, mixup, cutmix, turn)
    rows = [
        (f"{name} →", None, [image, *variants])
        for name, image, variants in zip(names, images, seen, strict=True)
    ]
    return html.STYLE + html.gallery(rows)


def _variants(
    images: np.ndarray, policy: augmentation.Policy, mixup: float, cutmix: float, turn: int
) -> list[list[np.ndarray]]:
    """For each image, what it may be turned into."""
    seen: list[list[np.ndarray]] = [[] for _ in images]
    for variant in range(_VARIANTS):
        rng = np.random.default_rng([turn, variant])
        batch = augmentation.augment(images, policy, rng) if policy.changes else images
        targets = np.eye(len(images), dtype=np.float32)
        batch, _ = augmentation.mix(batch, targets, mixup, cutmix, rng)
        for row, image in zip(seen, batch, strict=True):
            row.append(image)
    return seen


@st.cache_data(show_spinner="Loading a few images …", max_entries=8)
def _samples(name: str, train_size: int) -> tuple[np.ndarray, list[str]]:
    dataset = datasets.load(name)
    labels = np.unique(dataset.y_train)[:_ROWS]
    rows = np.array([int((dataset.y_train == label).argmax()) for label in labels])
    return np.asarray(dataset.x_train[rows]), [dataset.class_names[label] for label in labels]
