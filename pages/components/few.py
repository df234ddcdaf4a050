"""What is said of a run that was measured on few images."""

from collections.abc import Sequence

import streamlit as st

from core.errors import StudioError
from core.evaluation import cautions
from core.runs import Run
from pages.components import html


def validation_size(run: Run) -> int | None:
    """How many validation images there were; cards written earlier do not say."""
    if "val_size" in run.card.metrics:
        return run.card.metrics["val_size"]
    return _measured_on(run, run.card.created)[0]


def show_cautions(run: Run) -> None:
    """Say so where metrics were measured on few images."""
    show(_measured_on(run, run.card.created)[1])


@st.cache_data(show_spinner=False, max_entries=100, hash_funcs={Run: lambda run: str(run.folder)})
def _measured_on(run: Run, created: str) -> tuple[int | None, list[str]]:
    """Validation images, and what is said of few test images, of a run made at that time.

    A run whose answers cannot be read says neither: that is told where they are shown.
    """
    try:
        cautious = cautions(run.evaluation("test"), run.card.class_names)
        return len(run.evaluation("val").labels), cautious
    except StudioError:
        return None, []


def show(sentences: Sequence[str]) -> None:
    """A warning with these sentences; nothing if there are none."""
    if sentences:
        st.warning(html.plain(" ".join(sentences)), icon=":material/warning:")
