"""Steps on an image: what each does to it, and to a model's prediction."""

from collections import deque
from collections.abc import Iterator, Sequence
from html import escape
from itertools import chain

import numpy as np
import streamlit as st

from core import opencv_ops, runs
from core.errors import StudioError
from core.images import data_url, encode_png, fit_within
from core.names import all_shown, shown
from core.opencv_ops import Step
from core.runs import Run
from pages.components.lab import editor, view
from pages.components.lab.source import SourceImage
from pages.components.lab.view import View
from pages.components.shared import choice, html, keys, run_picker


@st.fragment
def show(source: SourceImage) -> None:
    """Editor on the left, images on the right; code and models below."""
    left, right = st.columns([4, 7], gap="large")
    with left:
        steps = editor.edit()
    views, notes = [View.of(source.image)], []
    before = source.image
    try:
        for number, (step, image) in enumerate(_after_each(source, steps), 1):
            views.append(View.of(image))
            if step.on and (note := step.spec.note(before, step.values)):
                notes.append(f"{number} · {step.spec.title}: {note}")
            before = image  # no more than two of them are kept
    except StudioError as error:
        right.error(html.message(error), icon=":material/error:")
        return
    with right:
        _show_result(views)
        for note in notes:
            st.caption(html.plain(note))
        _show_steps(steps, views)
        _offer_image(source, steps)
        _show_code(steps)
        _show_opinion(source, steps)


def _after_each(source: SourceImage, steps: Sequence[Step]) -> Iterator[tuple[Step, np.ndarray]]:
    return zip(steps, opencv_ops.run(source.image, steps), strict=True)


def _show_result(views: Sequence[View]) -> None:
    with st.container(key="lab_result"):
        first, second = st.columns(2)
    second.html(view.STYLE + view.large(views[-1], "After"))
    first.html(view.STYLE + view.large(views[0], "Before"))


def _show_steps(steps: Sequence[Step], views: Sequence[View]) -> None:
    """Every step's image, with its OpenCV call."""
    titles = ["Image", *editor.names(steps)]
    said = ["", *(step.call if step.on else "switched off" for step in steps)]
    figures = (
        f'<figure><img src="{view.url(one.reduced, view.SMALL)}" alt="{escape(title)}">'
        f"<figcaption><b>{escape(title)}</b><code>{escape(text)}</code></figcaption></figure>"
        for one, title, text in zip(views, titles, said, strict=True)
    )
    style = "<style>.strip code {font-size:.7rem; overflow-wrap:anywhere}</style>"
    st.html(html.STYLE + style + f'<div class="strip">{"".join(figures)}</div>')


def _offer_image(source: SourceImage, steps: Sequence[Step]) -> None:
    def result() -> bytes:
        last = deque([source.image], maxlen=1)
        last.extend(image for _, image in _after_each(source, steps))
        return encode_png(last[0])

    st.download_button(
        "Download the result",
        result,
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
        st.markdown(
            "It runs on its own, with OpenCV and NumPy: `python pipeline.py in.png out.png`"
        )
        st.code(script, language="python", height=420)
        st.download_button(
            "Download this script",
            script,
            "pipeline.py",
            "text/x-python",
            icon=":material/download:",
            on_click="ignore",
        )


def _show_opinion(source: SourceImage, steps: Sequence[Step]) -> None:
    """What a model predicts for the image before and after each step."""
    folded = st.expander("What does a model predict?", key=keys.LAB_OPINION, on_change="rerun")
    if not folded.open:
        return
    with folded:
        run = _pick_run()
        predictor = run_picker.open_run(run) if run else None
        if predictor is None:
            return
        rows, first = [], ""
        images = chain([source.image], (image for _, image in _after_each(source, steps)))
        for title, image in zip(["Image", *editor.names(steps)], images, strict=True):
            try:
                prediction = predictor.predict(image)
                label, said = (
                    shown(prediction.label),
                    f"{html.percent(prediction.confidence)} confidence",
                )
            except StudioError as error:
                label, said = "–", html.told(error)
            first = first or label
            rows.append((fit_within(image, 160), title, label, said, label == first))
        st.html(html.STYLE + _opinions(rows))
        names = all_shown(run.card.class_names)
        known = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
        st.caption(
            "≠ marks a prediction that differs from the first one. This model knows only "
            f"{html.plain(known)}: it predicts one of these for any image."
        )


def _opinions(rows: Sequence[tuple]) -> str:
    figures = (
        f'<figure><img src="{data_url(image)}" alt="{escape(title)}">'
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
        keys.LAB_RUN, "Trained model", runs.names_of(known.values()), run_picker.usual(known)[0]
    )
    return known[name]
