"""Runs, datasets and jobs whose files are damaged: said in a quiet place, with a button each."""

from collections.abc import Callable, Sequence

import streamlit as st

from core import datasets, jobs, runs
from pages.components.shared import deleting, html


def show_runs() -> None:
    """Trained models that cannot be read; nothing if there are none."""
    damaged = [(run.id, html.told(run.reason)) for run in runs.list_damaged()]
    _show("trained model", damaged, runs.set_aside)


def show_datasets() -> None:
    """The same of imported datasets."""
    damaged = [(dataset.name, html.told(dataset.reason)) for dataset in datasets.list_damaged()]
    _show("dataset", damaged, datasets.set_aside)


def show_jobs() -> None:
    """The same of jobs of which nobody knows what they were to do."""
    damaged = [(job.id, job.error) for job in jobs.list_jobs() if job.damaged]
    _show("job", damaged, jobs.delete)


def say_runs() -> None:
    """One line about trained models that a list lacks; the Train page has the reasons."""
    if damaged := runs.list_damaged():
        names = html.plain(", ".join(run.id for run in damaged))
        st.caption(
            f":material/broken_image: Damaged and left out: {names}. The Train page says why."
        )


def _show(title: str, entries: Sequence[tuple[str, str]], remove: Callable[[str], object]) -> None:
    if not entries:
        return
    many = "" if len(entries) == 1 else "s"
    with st.expander(f"{len(entries)} damaged {title}{many}", icon=":material/broken_image:"):
        for name, reason in entries:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{html.plain(name)}**: {html.plain(reason)}", width="stretch")
                question = f"Delete **{html.plain(name)}**, which is damaged?"
                deleting.confirm("Delete", question, name, remove)
