"""Steps on a picture: what each does to it, and to a model's opinion of it."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from core import opencv_ops, runs
from core.errors import StudioError
from core.images import encode_png, fit_within
from core.opencv_ops import Step
from core.runs import Run
from pages.components import choice, html, keys, run_picker
from pages.components.lab import editor, view
from pages.components.lab.source import Picture
from pages.components.lab.view import View


@st.fragment
def show(picture: Picture) -> None:
    """Editor on the left, pictures on the right; code and models below."""
    left, right = st.columns([4, 7], gap="large")
    with left:
        steps = editor.edit()
    try:
        images = list(opencv_ops.run(picture.image, steps))
    except StudioError as error:
        right.error(html.plain(str(error)), icon=":material/error:")
        return
    views = [View.of(image) for image in [picture.image, *images]]
    with right:
        _show_result(views)
        _show_notes(picture.image, steps, images)
        _show_steps(steps, views)
        _offer_picture(images[-1] if images else picture.image)
        _show_code(steps)
        _show_opinion(picture.image, steps, images)


def _show_result(views: Sequence[View]) -> None:
    first, second = st.columns(2)
    second.html(view.STYLE + view.large(views[-1], "After"))
    first.html(view.STYLE + view.large(views[0], "Before"))


def _show_notes(before: np.ndarray, steps: Sequence[Step], images: list[np.ndarray]) -> None:
    for number, (step, image) in enumerate(zip(steps, [before, *images], strict=False), 1):
        if step.on and (note := step.spec.note(image, step.values)):
            st.caption(html.plain(f"{number} · {step.spec.title}: {note}"))


def _show_steps(steps: Sequence[Step], views: Sequence[View]) -> None:
    """Every step's picture, with its OpenCV call."""
    titles = ["Picture", *editor.names(steps)]
    said = ["", *(step.call if step.on else "switched off" for step in steps)]
    figures = (
        f'<figure><img src="{view.address(one.reduced, view.SMALL)}" alt="{escape(title)}">'
        f"<figcaption><b>{escape(title)}</b><code>{escape(text)}</code></figcaption></figure>"
        for one, title, text in zip(views, titles, said, strict=True)
    )
    style = "<style>.strip code {font-size:.7rem; overflow-wrap:anywhere}</style>"
    st.html(html.STYLE + style + f'<div class="strip">{"".join(figures)}</div>')


def _offer_picture(image: np.ndarray) -> None:
    st.download_button(
        "Download the result",
        lambda: encode_png(image),
        "result.png",
        "image/png",
        icon=":material/download:",
        on_click="ignore",
    )


def _show_code(steps: Sequence[Step]) -> None:
    folded = st.expander("Copy the code", key=keys.LAB_CODE, on_change="rerun")
    if not folded.open:
        return
    with folded:
        script = opencv_ops.as_code(steps)
        st.markdown("It runs by itself, with OpenCV and NumPy: `python pipeline.py in.png out.png`")
        st.code(script, language="python", height=420)
        st.download_button(
            "Download this script",
            script,
            "pipeline.py",
            "text/x-python",
            icon=":material/download:",
            on_click="ignore",
        )


def _show_opinion(before: np.ndarray, steps: Sequence[Step], images: list[np.ndarray]) -> None:
    """What a model says of the picture before and after each step."""
    folded = st.expander("What does a model say?", key=keys.LAB_OPINION, on_change="rerun")
    if not folded.open:
        return
    with folded:
        run = _pick_run()
        predictor = run_picker.open_run(run) if run else None
        if predictor is None:
            return
        rows, first = [], ""
        for title, image in zip(["Picture", *editor.names(steps)], [before, *images], strict=True):
            try:
                reading = predictor.read(image)
                label, said = reading.label, f"{html.percent(reading.confidence)} sure"
            except StudioError as error:
                label, said = "–", str(error)
            first = first or label
            rows.append((image, title, label, said, label == first))
        st.html(html.STYLE + _opinions(rows))
        names = run.card.class_names
        known = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
        st.caption(
            "≠ marks another answer than before the first step. This model knows nothing but "
            f"{html.plain(known)}: whatever else it is shown, it takes for one of these."
        )


def _opinions(rows: Sequence[tuple]) -> str:
    figures = (
        f'<figure><img src="{html.data_url(fit_within(image, 160))}" alt="{escape(title)}">'
        f"<figcaption><b>{escape(title)}</b>{'' if same else '≠ '}"
        f"<strong>{escape(label)}</strong> {escape(said)}</figcaption></figure>"
        for image, title, label, said, same in rows
    )
    return f'<div class="strip opinions">{"".join(figures)}</div>'


def _pick_run() -> Run | None:
    known = {run.id: run for run in runs.list_runs()}
    if not known:
        st.info("There is no trained model yet.", icon=":material/info:")
        return None
    name = choice.select(
        keys.LAB_RUN, "Trained model", choice.same(known), run_picker.usual(known)[0]
    )
    return known[name]
