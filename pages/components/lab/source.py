"""The image in the lab: a sample, a file, a photo taken now, or what was drawn."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core import datasets
from core.errors import StudioError
from core.samples import SAMPLES, photo
from pages.components.shared import camera, choice, html, keys, sent, url
from pages.components.shared.memory import recall, remember
from pages.components.shared.shown import FORMATS_READ, SENT_MB, File, Shown

SOURCES = {
    "sample": "Sample",
    "upload": "Upload",
    "camera": "Camera",
    "drawing": "Your drawing",
}
_HELD = "lab_held"
_PIXELS = 3_100_000  # an image is reduced to: steps need many times its memory
_DIGITS = {f"digit_{digit}": f"Digit {digit}" for digit in range(10)}


@dataclass(frozen=True)
class SourceImage:
    """What is worked on.

    Attributes:
        name: changes when it is another image.
        image: uint8, shape `(H, W)` or `(H, W, 3)`.
    """

    name: str
    image: np.ndarray


def pick() -> SourceImage | None:
    """The widgets, and the image they give; None while there is none."""
    source = choice.segments(keys.LAB_SOURCE, "Image", SOURCES, hidden=True)
    if source != "camera":
        camera.forget_widget(keys.LAB_CAMERA)
    if source == "sample":
        return _sample()
    shown = {"upload": _upload, "camera": _camera, "drawing": _drawing}[source]()
    if shown is None:
        return None
    if shown.error:
        st.error(html.plain(f"{shown.name}: {shown.error}"), icon=":material/broken_image:")
        return None
    height, width = shown.image.shape[:2]
    if (width, height) != shown.size:
        st.caption(
            f"Reduced from {shown.size[0]:,} × {shown.size[1]:,} to {width:,} × {height:,} pixels."
        )
    return SourceImage(shown.name, shown.image)


def _sample() -> SourceImage | None:
    titles = {name: sample.title for name, sample in SAMPLES.items()} | _DIGITS
    url.recall(keys.LAB_SAMPLE, list(titles), "flower")
    name = st.pills(
        "Sample",
        list(titles),
        required=True,
        format_func=titles.get,
        key=keys.LAB_SAMPLE,
        label_visibility="collapsed",
    )
    url.note(keys.LAB_SAMPLE, name, "flower")
    try:
        if name in _DIGITS:
            return SourceImage(name, datasets.sample_digits()[int(name[-1])])
        st.caption(f"Photo: {SAMPLES[name].credit}.")
        return SourceImage(name, photo(name))
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return None


def _upload() -> Shown | None:
    file = st.file_uploader(
        "An image",
        max_upload_size=SENT_MB,
        key=keys.LAB_UPLOAD,
        help=f"Larger images are reduced to {_PIXELS // 10**6} million pixels.",
    )
    st.caption(FORMATS_READ)
    memory = recall()
    if file is not None:
        upload = (file.name, file.getvalue())
        if upload != memory.lab:
            remember(replace(memory, lab=upload))
        sent.let_go([held for held in [st.session_state.get(_HELD)] if held and held != file])
        st.session_state[_HELD] = file
        return _decoded(*upload)
    if memory.lab is None:
        return None
    st.caption(f"{html.plain(memory.lab[0])}, uploaded earlier.")
    return _decoded(*memory.lab)


def _camera() -> Shown | None:
    content = camera.take("Take a photo", keys.LAB_CAMERA, "lab_photo")
    return _decoded("photo", content) if content else None


def _drawing() -> Shown | None:
    png = recall().drawing_png
    if png is None:
        st.info("There is no drawing yet.", icon=":material/draw:")
        st.page_link("recognise.py", label="Draw something", icon=":material/draw:")
        return None
    return _decoded("drawing", png)


@st.cache_resource(show_spinner=False, max_entries=4)
def _decoded(name: str, content: bytes) -> Shown:
    return File(name, content).read(_PIXELS)
