"""Tables whose percentages and durations are written as everywhere else and sort by value; the
button that downloads one as CSV."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core import spreadsheet, units

if TYPE_CHECKING:  # heavy: imported where a table is made
    import pandas as pd
    from pandas.io.formats.style import Styler


def written(
    table: "pd.DataFrame",
    percents: Iterable[str] = (),
    durations: Iterable[str] = (),
    decimals: int = 1,
) -> "Styler":
    """The table for `st.dataframe`; what is missing becomes a dash.

    Args:
        table: of numbers, which stay what they are: only what is shown of them changes.
        percents: columns of fractions, 0 to 1.
        durations: columns of seconds.
        decimals: of percentages.
    """
    makers: dict[str, Callable[[float], str]] = {
        **{name: lambda fraction: units.percent(fraction, decimals) for name in percents},
        **{name: units.duration for name in durations},
    }
    return table.style.format(makers, na_rep="–")


def offer_csv(
    label: str, columns: Sequence[str], rows: Iterable[Sequence], file: str, key: str | None = None
) -> None:
    """A button that downloads a table as CSV.

    Args:
        label: what stands on the button.
        columns: names of the columns.
        rows: as many values each.
        file: the name it is saved under.
        key: of the button, where several on a page have the same label and rows.
    """
    st.download_button(
        label,
        spreadsheet.as_csv(columns, rows),
        file,
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=key,
    )
