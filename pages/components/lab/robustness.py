"""Robustness: accuracy as the severity of a corruption grows."""

import streamlit as st

from core import datasets, jobs, plots, robustness, runs
from core.errors import StudioError
from core.images import fit_within
from core.robustness import CORRUPTIONS, Robustness
from core.runs import Run
from pages.components.shared import (
    broken,
    choice,
    html,
    job_progress,
    keys,
    run_picker,
    tables,
    url,
)

_IMAGES = (100, 200, 500, 1000, 2000)


def show() -> None:
    """What to measure, the job, its chart."""
    st.markdown(
        "High accuracy on clean images says little about noisy, rotated or partly hidden ones. "
        "Choose a corruption and some models, and see how accuracy falls as severity grows."
    )
    corruption = _pick_corruption()
    chosen = _pick_runs()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        images = st.select_slider(
            "Test images per model",
            _IMAGES,
            500,
            key=keys.ROBUSTNESS_IMAGES,
            help="More images take longer and measure more exactly: with 500, the 95 % interval of "
            "the accuracy is at most about 4 points either way.",
        )
        settings = {"runs": [run.id for run in chosen], "corruption": corruption, "images": images}
        last = jobs.latest("robustness", **settings) if chosen else None
        going = last is not None and not last.ended
        st.button(
            "Measure" if last is None else "Measure again",
            type="primary" if last is None else "secondary",
            icon=":material/play_arrow:",
            on_click=job_progress.start,
            args=("robustness", settings),
            disabled=not chosen or going,
        )
    _show_example(corruption, chosen)
    if last is not None and job_progress.show_unless_done(last):
        _show_result(last)


def _pick_corruption() -> str:
    titles = {name: corruption.title for name, corruption in CORRUPTIONS.items()}
    return choice.segments(keys.ROBUSTNESS, "Corruption", titles)


def _pick_runs() -> list[Run]:
    known = {run.id: run for run in runs.list_runs() if run.card.metrics}
    usual = run_picker.usual(known)
    url.recall_several(keys.ROBUSTNESS_RUNS, list(known), usual)
    st.session_state[keys.ROBUSTNESS_RUNS] = st.session_state[keys.ROBUSTNESS_RUNS][
        : robustness.MOST_RUNS
    ]
    names = st.multiselect(
        "Trained models",
        list(known),
        format_func=runs.names_of(known.values()).get,
        key=keys.ROBUSTNESS_RUNS,
        max_selections=robustness.MOST_RUNS,
        placeholder="Choose trained models",
    )
    url.note_several(keys.ROBUSTNESS_RUNS, names, usual)
    broken.say_runs()
    return [known[name] for name in names]


def _show_example(corruption: str, chosen: list[Run]) -> None:
    """One test image at every severity."""
    if not chosen:
        st.info("Choose at least one trained model.", icon=":material/info:")
        return
    try:
        dataset = chosen[0].card.dataset
        images = _example(corruption, dataset, datasets.created(dataset))
    except StudioError as error:
        st.info(html.message(error), icon=":material/hide_image:")
        return
    severities = CORRUPTIONS[corruption].severities
    shown = [(p, f"{s:g}", "") for p, s in zip(images, severities, strict=True)]
    style = "<style>.examples .strip figure, .examples .strip img {width:6rem; height:auto}</style>"
    st.html(html.STYLE + style + f'<div class="examples">{html.strip(shown)}</div>')
    st.caption(f"A test image at each severity. {CORRUPTIONS[corruption].unit}.")


@st.cache_data(show_spinner=False, max_entries=40)
def _example(corruption: str, dataset: str, created: str) -> list:
    images, _ = datasets.load_test(dataset)
    return [fit_within(image, 160) for image in robustness.example(images[0], corruption)]


def _show_result(job) -> None:
    import pandas as pd

    try:
        measured = robustness.load(job.kept)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return
    corruption = CORRUPTIONS[measured.corruption]
    lines = plots.robustness_lines(
        corruption.title, corruption.unit, measured.severities, measured.accuracies
    )
    st.vega_lite_chart(plots.lines_chart(lines), width="stretch", key=keys.ROBUSTNESS_CHART)
    called = runs.names_of_ids(measured.accuracies)
    columns = {called[run_id]: values for run_id, values in measured.accuracies.items()}
    table = pd.DataFrame(columns, index=[f"{s:g}" for s in measured.severities])
    table.index.name = corruption.unit
    st.dataframe(tables.written(table, table.columns, decimals=2))
    st.caption(
        f"Measured on {_how_many(measured)} of each model's own test set, corrupted at the input "
        "size of the model. Models with the same test set saw the same images."
    )


def _how_many(measured: Robustness) -> str:
    """How many images were shown, to each if they differ."""
    if len(set(measured.shown.values())) == 1:
        return html.counted(next(iter(measured.shown.values())), "test image")
    called = runs.names_of_ids(measured.shown)
    each = ", ".join(
        f"{n:,} for {html.plain(called[run_id])}" for run_id, n in measured.shown.items()
    )
    return f"test images ({each})"
