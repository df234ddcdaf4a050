"""The page of a comparison: one HTML file with its charts in it, which also prints well."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from core.comparison import METRICS, Compared, best, leaders, run_names, sentence, written
from core.evaluation import few_in_split
from core.names import all_shown
from core.report.charts import MATRIX, UNSURE_BELOW, chart_title, charts, svg
from core.report.misclassified import misclassified_images, surest_misclassified
from core.report.tables import class_rows
from core.runs import names_of_ids
from core.units import percent

_MOST_PAIRS = 5
_MOST_MISCLASSIFIED = 10
_SMALL_MATRIX = 14  # classes: up to so many, two matrices fit beside each other


def as_html(
    found: Sequence[Compared], title: str, unsure_below: float = UNSURE_BELOW, made: str = ""
) -> str:
    """The whole comparison as one file that needs nothing else.

    Args:
        found: runs on the same test images, at least one.
        title: of the dataset.
        unsure_below: the confidence that is marked where predictions are withheld.
        made: when, as text; now if empty.
    """
    from jinja2 import Environment
    from markupsafe import Markup

    drawn = {
        name: Markup(svg(draw()).decode().partition("<svg")[2])
        for name, draw in charts(found, unsure_below).items()
    }
    ahead = leaders(found)
    matrix = "half" if len(found[0].run.card.class_names) <= _SMALL_MATRIX else "large"
    names, called = all_shown(found[0].run.card.class_names), run_names(found)
    return (
        Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        .from_string(_PAGE)
        .render(
            title=title,
            made=made or datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            images=len(found[0].evaluation.labels),
            lead=sentence(ahead, called) if ahead else "",
            cautions=few_in_split(found[0].evaluation.support, names, "test"),
            metrics=[
                (
                    metric,
                    [
                        (written(name, one.metrics[name]), one.id in best(found, name))
                        for one in found
                    ],
                )
                for name, metric in METRICS.items()
            ],
            runs=[_run(one, called[one.id], names) for one in found],
            charts=[
                (chart_title(name, found), chart, matrix if name.startswith(MATRIX) else "")
                for name, chart in drawn.items()
            ],
            percent=lambda fraction: "–" if fraction is None else percent(fraction),
        )
    )


def _run(one: Compared, name: str, names: Sequence[str]) -> dict[str, Any]:
    """What the page says of one run."""
    misclassified = surest_misclassified(one, _MOST_MISCLASSIFIED)
    images = misclassified_images(one, [row["image"] for row in misclassified])
    return {
        "name": name,
        "card": one.run.card,
        "members": names_of_ids(member["id"] for member in one.run.card.members),
        "classes": class_rows(one.evaluation, names),
        "confused": [
            (names[truth], names[prediction], count)
            for truth, prediction, count in one.evaluation.most_confused(_MOST_PAIRS)
        ],
        "misclassified": misclassified,
        "images": images,
    }


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Comparison: {{ title }}</title>
<style>
body {font: 16px/1.5 system-ui, sans-serif; color: #17242D; max-width: 68rem; margin: 2rem auto;
 padding: 0 1rem}
h1 {line-height: 1.2} h2 {margin-top: 2.4rem}
.wide {overflow-x: auto}
table {border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem}
th, td {padding: .3rem .7rem; border-bottom: 1px solid #D3DDE4; text-align: right}
th:first-child, td:first-child {text-align: left}
th, td {overflow-wrap: anywhere; min-width: 4.5rem}
.best {font-weight: 700}
.charts {display: flex; flex-wrap: wrap; gap: 0 1rem}
figure {margin: 1rem 0; flex: 1 1 100%; min-width: 0; break-inside: avoid}
figure.half {flex-basis: 20rem; max-width: 34rem}
svg {max-width: 100%; height: auto}
td img {height: 4.5rem; max-width: 9rem; object-fit: contain} .pixels {image-rendering: pixelated}
td {vertical-align: middle}
.lead {font-size: 1.1rem; border-left: .3rem solid #0B6E99; padding-left: .9rem}
.caution {border-left: .3rem solid #B06000; padding-left: .9rem}
small {color: #4A5A66}
@media print {body {margin: 0; max-width: none; padding: 0; font-size: 12px}
 h2, h3 {break-after: avoid} .wide {overflow: visible} table {font-size: .7rem}
 thead {display: table-header-group} tr {break-inside: avoid} td img {height: 3rem}
 .charts {display: block; orphans: 1; widows: 1} figure {margin: .5rem 0} svg {max-height: 95mm}
 figure.large svg {max-height: 170mm}
 figure.half {display: inline-block; width: 49%; vertical-align: top} p {orphans: 3; widows: 3}}
</style>
</head>
<body>
<h1>Comparison: {{ title }}</h1>
<p><small>{{ runs | length }} trained model{{ "" if runs | length == 1 else "s" }} on the same
{{ "{:,}".format(images) }} test images, which none of them was trained on.
Written {{ made }}.</small></p>
{% if lead %}
<p class="lead">{{ lead }}</p>
{% endif %}
{% if cautions %}
<p class="caution">{{ cautions | join(" ") }}</p>
{% endif %}
<h2>Metrics</h2>
<div class="wide"><table>
<thead>
<tr><th>Metric</th>{% for run in runs %}<th>{{ run.name }}</th>{% endfor %}</tr>
</thead>
{% for metric, values in metrics %}
<tr><td title="{{ metric.help }}">{{ metric.title }}</td>
{%- for value, is_best in values %}<td{% if is_best %} class="best"{% endif %}>{{ value }}
{%- if is_best %} ★{% endif %}</td>{% endfor %}</tr>
{% endfor %}
</table></div>
<p><small>★ marks the best value of each row. Speed and memory were measured on:
{% for run in runs %}{{ run.name }}: {{ run.card.cost.get("machine", "not measured") }}
{%- if not loop.last %}; {% endif %}{% endfor %}.</small></p>
<h2>Charts</h2>
<div class="charts">
{% for name, chart, width in charts %}
<figure role="img" aria-label="{{ name }}" class="{{ width }}"><svg {{ chart }}</figure>
{% endfor %}
</div>
<h2>Metrics per class</h2>
{% for run in runs %}
<h3>{{ run.name }}</h3>
<div class="wide"><table>
<thead>
<tr><th>Class</th><th>Precision</th><th>Recall</th><th>F1</th><th>Images</th></tr>
</thead>
{% for row in run.classes %}
<tr><td>{{ row["class"] }}</td><td>{{ percent(row.precision) }}</td>
<td>{{ percent(row.recall) }}</td><td>{{ percent(row.f1) }}</td>
<td>{{ "{:,}".format(row.images) }}</td></tr>
{% endfor %}
</table></div>
{% if run.confused %}
<p>Most confused:
{% for truth, prediction, count in run.confused %}
{{ truth }} predicted as {{ prediction }} ({{ count }})
{%- if not loop.last %}, {% endif %}{% endfor %}.</p>
{% endif %}
{% endfor %}
<h2>Misclassified images, most confident first</h2>
{% for run in runs if run.misclassified %}
<h3>{{ run.name }}</h3>
<div class="wide"><table>
<thead>
<tr><th>Test image</th>{% if run.images %}<th>Image</th>{% endif %}
<th>True class</th><th>Prediction</th><th>Confidence</th></tr>
</thead>
{% for row in run.misclassified %}
<tr><td>{{ row.file or row.image }}</td>
{%- if run.images %}<td><img src="{{ run.images[loop.index0] }}" alt="{{ row.true_class }}"
 {%- if run.card.input_shape[0] < 64 %} class="pixels"{% endif %} /></td>
{%- endif %}<td>{{ row.true_class }}</td><td>{{ row.prediction }}</td>
<td>{{ percent(row.confidence) }}</td></tr>
{% endfor %}
</table></div>
{% endfor %}
<h2>How they were trained</h2>
{% for run in runs %}
<h3>{{ run.name }}</h3>
<p>{{ run.card.model }} on {{ run.card.dataset }}, seed {{ run.card.seed }},
trained {{ run.card.created }}.
{% if run.card.members %}Members: {% for member in run.card.members %}{{ run.members[member.id] }}
({{ "%.2f" | format(member.weight) }})
{%- if not loop.last %}, {% endif %}{% endfor %}.{% endif %}<br>
<small>{% for name, value in run.card.hyperparameters.items() %}{{ name }} = {{ value }}
{%- if not loop.last %}, {% endif %}{% endfor %}</small></p>
{% endfor %}
</body>
</html>
"""
