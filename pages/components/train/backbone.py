"""Pretrained networks: whether they are here, and what their settings cost."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import jobs, units
from core.models import transfer
from pages.components.shared import job_progress

_USUAL_SIZE = 224  # pixels, that backbones were trained on


def offer_download(name: str) -> bool:
    """Say what is missing and offer to fetch it; whether the backbone is here already."""
    if not name or transfer.is_here(name):
        return True
    backbone = transfer.BACKBONES[name]
    last = jobs.latest("weights", backbone=name)
    if last is not None and not last.ended:
        job_progress.show_running(last.id)
        return False
    size = f"{backbone.download_bytes / 1e6:,.0f} MB"
    st.info(
        f"The ImageNet weights of {backbone.title} are not on this machine yet. The download is "
        f"{size}. EfficientNet-Lite0 is bundled and needs no download.",
        icon=":material/cloud_download:",
    )
    job_progress.show_failure(last)
    st.button(
        f"Download ({size})" if last is None else "Try again",
        type="primary",
        icon=":material/download:",
        on_click=job_progress.start,
        args=("weights", {"backbone": name}),
        key=f"download_{name}",
    )
    return False


def remarks(group: str, values: Mapping[str, Any]) -> list[str]:
    """Sentences about what the settings of a group cost."""
    size = values.get("input_size") or values.get("feature_size")
    if size and group in ("model", "features"):
        share = (size / _USUAL_SIZE) ** 2
        return [
            f"At {size} pixels an image takes {units.round_percent(round(share, 2))} "
            f"of the time it would take at {_USUAL_SIZE}."
        ]
    if group == "training" and "cache_features" in values:
        epochs = values["epochs"]
        if values["cache_features"]:
            return [
                "The backbone is frozen, so its features are computed once for every image. The "
                f"{epochs} epochs of the head are then fast."
            ]
        return [
            f"The features are computed again in each of the {epochs} epochs. This takes about "
            f"{epochs} times as long as computing them once."
        ]
    if group == "fine_tuning" and values.get("fine_tune_epochs"):
        return [
            "Each epoch of fine-tuning runs every image forward through the whole network and "
            "part of the way back: two to four times as long as a forward pass."
        ]
    return []
