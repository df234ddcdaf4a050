"""Charts of several runs. A chart takes longer to make than the rest of a view, so each is made
once.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import streamlit as st

from core import plots
from core.comparison import Compared, run_names
from core.plots import Lines


def show_lines(
    name: str, found: Sequence[Compared], make: Callable[[], Lines], *more: Hashable
) -> None:
    """Lines of several runs; made anew only for other runs or if `more` differs."""
    _show(name, found, lambda: plots.lines_chart(make()), *more)


def show_classes(found: Sequence[Compared], metric: str) -> None:
    """A metric for every class and run."""
    _show("classes", found, lambda: plots.class_bars(found, metric).to_dict(), metric)


def _show(
    name: str, found: Sequence[Compared], make: Callable[[], dict[str, Any]], *more: Hashable
) -> None:
    known = shown_as(found)
    spec = _spec(name, known, more, make)
    st.vega_lite_chart(spec, width="stretch", key=f"chart_{name}")


def shown_as(found: Sequence[Compared]) -> tuple:
    """What a chart of these runs depends on; a run may change its title and nothing else."""
    called = run_names(found)
    return tuple((called[o.id], o.id, o.run.card.created, str(o.run.folder)) for o in found)


@st.cache_data(show_spinner=False, max_entries=200)
def _spec(
    name: str, known: tuple, more: tuple, _make: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    return _make()
