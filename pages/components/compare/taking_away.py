"""The comparison as files: one page, tables, charts, and the models themselves."""

from collections.abc import Sequence

import streamlit as st

from core import datasets, report
from core.comparison import Compared, run_names
from core.export import pack
from pages.components.compare import chosen
from pages.components.shared import choice, exporting, keys, use_from_code
from pages.components.shared.unsure import USUAL


def show(found: Sequence[Compared]) -> None:
    """Buttons; each file is made when its button is clicked."""
    chosen.still_there(found)
    title = datasets.title_of(found[0].run.card.dataset)
    unsure_below = st.session_state.get(keys.UNSURE_BELOW, USUAL) / 100
    charts = report.charts(found, unsure_below)
    st.subheader("Report", anchor=False)
    st.markdown(
        "One page with all metrics and charts. It opens in any browser, works offline and "
        "prints well."
    )
    _button("Report (HTML)", lambda: report.as_html(found, title, unsure_below), "comparison.html")
    st.subheader("Metrics", anchor=False)
    with st.container(horizontal=True):
        _button("Metrics as CSV", lambda: report.as_csv(found), "metrics.csv")
        _button("Metrics as JSON", lambda: report.as_json(found), "metrics.json")
    st.subheader("Charts", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = {name: report.chart_title(name, found) for name in charts}
        name = choice.select(keys.CHART, "Chart", titles, width=320)
        _button("PNG", lambda: report.png(charts[name]()), f"{name}.png")
        _button("SVG", lambda: report.svg(charts[name]()), f"{name}.svg")
        _button("All charts (zip)", lambda: all_charts(charts), "charts.zip")
    st.subheader("Models", anchor=False)
    st.markdown(
        "A trained model as a file for other programs, with a proof that it predicts the same."
    )
    known = {one.id: one.run for one in found}
    run = known[choice.select(keys.EXPORT_RUN, "Model", run_names(found), width=380)]
    exporting.show(run)
    st.subheader("Use it from code", anchor=False)
    use_from_code.show(run)


def _button(label: str, make, name: str) -> None:
    st.download_button(
        label, make, name, icon=":material/download:", on_click="ignore", key=f"file_{label}"
    )


def all_charts(charts) -> bytes:
    """Every chart as PNG and SVG."""
    return pack(
        (f"{name}.{ending}", write(figure))
        for name, draw in charts.items()
        for figure in (draw(),)
        for ending, write in (("png", report.png), ("svg", report.svg))
    )
