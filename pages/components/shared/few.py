"""What is said of a run that was measured on few images."""

from collections.abc import Sequence

import streamlit as st

from core.errors import StudioError
from core.evaluation import cautions
from core.runs import Run
from pages.components.shared import html


def validation_size(run: Run) -> int | None:
    """How many validation images there were; cards written earlier do not say."""
    if "val_size" in run.card.metrics:
        return run.card.metrics["val_size"]
    try:
        return _labels(run, run.card.created)
    except StudioError:
        return None


def show_cautions(run: Run) -> None:
    """Say so where metrics were measured on few images."""
    try:
        show(_cautions(run, run.card.created))
    except StudioError:
        return  # said where its predictions are shown


# What was measured is read once for each run, which is known by its folder and when it was made.
_once = st.cache_data(
    show_spinner=False, max_entries=100, hash_funcs={Run: lambda run: str(run.folder)}
)


@_once
def _labels(run: Run, created: str) -> int:
    return len(run.evaluation("val").labels)


@_once
def _cautions(run: Run, created: str) -> list[str]:
    return cautions(run.evaluation("test"), run.card.class_names)


def show(sentences: Sequence[str]) -> None:
    """A warning with these sentences; nothing if there are none."""
    if sentences:
        st.warning(html.plain(" ".join(sentences)), icon=":material/warning:")
