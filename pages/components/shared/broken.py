"""Runs, datasets and jobs whose files are damaged: said in a quiet place, with a button each."""

from collections.abc import Callable, Sequence

import streamlit as st

from core import datasets, jobs, runs
from pages.components.shared import deleting, html


def show_runs() -> None:
    """Trained models that cannot be read; nothing if there are none."""
    found = [(one.id, html.told(one.reason)) for one in runs.list_damaged()]
    _show("trained model", found, runs.set_aside)


def show_datasets() -> None:
    """The same of imported datasets."""
    found = [(one.name, html.told(one.reason)) for one in datasets.list_damaged()]
    _show("dataset", found, datasets.set_aside)


def show_jobs() -> None:
    """The same of jobs of which nobody knows what they were to do."""
    found = [(job.id, job.error) for job in jobs.list_jobs() if job.damaged]
    _show("job", found, jobs.delete)


def say_runs() -> None:
    """One line about trained models that a list lacks; the Train page has the reasons."""
    if found := runs.list_damaged():
        names = html.plain(", ".join(damaged.id for damaged in found))
        st.caption(
            f":material/broken_image: Damaged and left out: {names}. The Train page says why."
        )


def _show(title: str, found: Sequence[tuple[str, str]], remove: Callable[[str], object]) -> None:
    if not found:
        return
    many = "" if len(found) == 1 else "s"
    with st.expander(f"{len(found)} damaged {title}{many}", icon=":material/broken_image:"):
        for name, reason in found:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{html.plain(name)}**: {html.plain(reason)}", width="stretch")
                question = f"Delete **{html.plain(name)}**, which is damaged?"
                deleting.confirm("Delete", question, name, remove)
