"""An imported model: where it comes from, and how well it does on a dataset of the studio."""

import streamlit as st

from core import datasets, foreign, jobs
from core.foreign import CHOICES, PACKAGE
from core.runs import Run
from pages.components.shared import html, job_progress, keys

_KIND = "evaluate-on"
_NONE = (
    "No dataset on this machine has the classes of this model. Import images with these classes "
    "in step 1, or evaluate it on labelled images with `python -m core evaluate`."
)


def show(run: Run) -> None:
    """Where it comes from, and a way to evaluate it."""
    about = run.card.foreign
    name = html.named(about.file)
    if about.format == PACKAGE:
        st.caption(f":material/upload_file: Imported from the package {name}. {_APART}")
    else:
        shape = "×".join(map(str, run.card.input_shape))
        pixels = CHOICES["pixels"].values[about.pixels].lower()
        st.caption(
            f":material/upload_file: Imported from {name}: images of {shape}, pixels {pixels}, "
            f"gives {about.output}. {_APART}"
        )
    _offer_evaluation(run)


_APART = "It predicts in a process of its own."


def show_settings(run: Run) -> None:
    """What is known of its input and output, as a table."""
    import pandas as pd

    card, about = run.card, run.card.foreign
    rows = [
        ("File", about.file),
        ("SHA-256", about.sha256),
        ("Height, width, channels", "×".join(map(str, card.input_shape))),
        ("Order of the axes", about.layout),
        *(
            (choice.title, choice.values[getattr(about, name, card.preprocessing)])
            for name, choice in CHOICES.items()
        ),
        ("Imported on", card.created.replace("T", " ")),
    ]
    st.dataframe(pd.DataFrame(rows, columns=["setting", "value"]), hide_index=True)


def _offer_evaluation(run: Run) -> None:
    fitting = foreign.fitting(run.card)
    if not fitting:
        if not run.card.metrics:
            st.info(_NONE, icon=":material/info:")
        return
    last = jobs.latest(_KIND, run=run.id)
    if last is not None and not last.ended:
        job_progress.show_running(last.id)
        return
    if not run.card.metrics:
        st.info(
            "It was not evaluated yet. Evaluate it on a dataset with its classes, then compare it "
            "with other models.",
            icon=":material/info:",
        )
    job_progress.show_failure(last)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = st.selectbox(
            "Evaluate on the test images of",
            fitting,
            format_func=datasets.title_of,
            key=f"{keys.EVALUATE_ON}_{run.id}",
            width=320,
        )
        st.button(
            "Evaluate again" if run.card.metrics else "Evaluate",
            type="secondary" if run.card.metrics else "primary",
            icon=":material/play_arrow:",
            on_click=job_progress.start,
            args=(_KIND, {"run": run.id, "dataset": dataset}),
            key=f"start_{keys.EVALUATE_ON}_{run.id}",
        )
