"""A comparison to take away: a page that needs no network, tables, charts as files."""

from core.report.charts import chart_title, charts, png, svg
from core.report.misclassified import surest_misclassified
from core.report.page import as_html
from core.report.tables import as_csv, as_json, class_rows

__all__ = [
    "as_csv",
    "as_html",
    "as_json",
    "chart_title",
    "charts",
    "class_rows",
    "png",
    "surest_misclassified",
    "svg",
]
