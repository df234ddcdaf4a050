"""Bundled photos, to click where somebody has none at hand."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from core.images import data_url, decode, fit_image
from core.samples import Sample, known_to
from pages.components.shared.memory import recall, remember

_WIDTH = 104  # pixels, of a photo to click
_THUMBNAILS = f"""<style>
.st-key-sample_photos button {{padding:.3rem; height:auto}}
.st-key-sample_photos button img {{width:{_WIDTH}px; height:{_WIDTH}px;
 max-height:none !important; max-width:none; object-fit:cover; border-radius:.4rem; display:block;
 margin:0 0 .2rem}}
</style>"""


def offer(class_names: Sequence[str]) -> None:
    """Photos to click that show what a model knows, unless somebody has uploaded something.

    Args:
        class_names: what the model knows.
    """
    samples = known_to(class_names)
    own = {name for name, _ in recall().uploads} - {sample.file_name for sample in samples}
    if own or not samples:
        return
    st.caption("No photo at hand? Click one of these:")
    with st.container(horizontal=True, gap="small", key="sample_photos"):
        for sample in samples:
            st.button(
                f"![]({_thumbnail(sample)}) {sample.title}",
                key=f"photo_{sample.title}",
                on_click=_show,
                args=(sample,),
                help=sample.credit,
            )
    st.html(_THUMBNAILS)


@st.cache_data(show_spinner=False)
def _thumbnail(sample: Sample) -> str:
    return data_url(fit_image(decode(sample.read()), (_WIDTH, _WIDTH)))


def _show(sample: Sample) -> None:
    remember(replace(recall(), uploads=[(sample.file_name, sample.read())]))
