"""Tables whose percentages and durations are written as everywhere else, and sort by value."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from core import units

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
