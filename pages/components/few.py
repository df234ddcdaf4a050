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
    try:
        return len(run.evaluation("val").labels)
    except StudioError:
        return None


def show_cautions(run: Run) -> None:
    """Say so where metrics were measured on few images."""
    try:
        found = cautions(run.evaluation("test"), run.card.class_names)
    except StudioError:
        return  # said where its answers are shown
    show(found)


def show(sentences: Sequence[str]) -> None:
    """A warning with these sentences; nothing if there are none."""
    if sentences:
        st.warning(html.plain(" ".join(sentences)), icon=":material/warning:")
