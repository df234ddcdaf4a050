"""Predictions of models with very many classes: a search for classes, and groups that unfold."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.errors import StudioError
from core.evaluation import Group, grouped, surest
from core.names import shown
from core.runs import ClassEntry, Run
from core.serving import Prediction, Result
from pages.components.shared import html, keys

MANY = 12  # classes; with more of them, only the most probable ones are shown
_MOST_FOUND = 12  # of a search
_MOST_LINES = 8  # of a group
_LEAST = 0.001  # probability of what has a line of its own
_OPEN = 0.5  # probability from which a group is unfolded at first
_STYLE = """<style>
.groups {font-variant-numeric:tabular-nums; line-height:1.5; margin:0}
.groups details {margin:0 0 0 1.1rem} .groups > details {margin-left:0}
.groups summary {cursor:pointer; font-weight:600}
.groups p {margin:0 0 0 1.25rem}
.groups .line {display:inline-grid; grid-template-columns:minmax(0,1fr) 5rem 4.2em; gap:.6rem;
 width:calc(100% - 1.4rem); align-items:center; vertical-align:top}
.groups p .line {width:100%}
.groups .track {height:.6rem; border-radius:.3rem; overflow:hidden; display:block;
 background:color-mix(in srgb, currentColor 11%, transparent)}
.groups .fill {display:block; height:100%; border-radius:.3rem; background:#2F8FBF}
.groups .number {text-align:right; font-weight:400}
</style>"""


def classes_of(run: Run) -> tuple[ClassEntry, ...] | None:
    """What the run knows of its classes; None if it knows nothing, or its file is damaged."""
    try:
        return run.classes()
    except StudioError as error:
        st.warning(html.message(error), icon=":material/broken_image:")
        return None


def what_is_sure(run: Run, result: Result, least: float) -> str:
    """A sentence on the narrowest group that is surely shown; empty if there is none."""
    entries = classes_of(run)
    if entries is None:
        return ""
    tree = grouped(result.predictions[0].probabilities, [entry.group for entry in entries])
    path = surest(tree, least)
    if not path:
        return ""
    probability = _at(tree, path).probability
    return (
        f"The group is clear: **{html.plain(' → '.join(path))}** ({html.percent(probability)}). "
        "Which class of it is less clear."
    )


def _at(tree: Group, path: Sequence[str]) -> Group:
    for name in path:
        tree = next(group for group in tree.groups if group.name == name)
    return tree


def known_groups(entries: Sequence[ClassEntry]) -> str:
    """How many classes of each of the widest groups there are."""
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry.group[0]] = counts.get(entry.group[0], 0) + 1
    order = sorted(counts, key=lambda name: -counts[name])
    return ", ".join(f"{html.named(name)} ({counts[name]:,})" for name in order)


def show(run: Run, result: Result) -> None:
    """A search box for classes, and the groups of a run that knows them."""
    if len(run.card.class_names) <= MANY or len(result.predictions) != 1:
        return
    prediction, entries = result.predictions[0], classes_of(run)
    _search(prediction, entries)
    if entries is not None:
        st.caption("Probabilities summed over groups of classes. Click a group to unfold it.")
        st.html(_STYLE + _as_html(prediction, entries))


def _search(prediction: Prediction, entries: Sequence[ClassEntry] | None) -> None:
    names = prediction.class_names
    text = st.text_input(
        "Search the classes",
        key=keys.CLASS_SEARCH,
        placeholder="terrier",
        max_chars=60,
        help=f"Which probability has each class with that word? It looks through {len(names):,} "
        "names, other names and groups.",
    ).strip()
    if not text:
        return
    labels = [
        label
        for label, name in enumerate(names)
        if (entries[label].matches(text) if entries else text.casefold() in name.casefold())
    ]
    if not labels:
        st.caption(f"No class is called “{html.plain(text)}”, and no group.")
        return
    labels.sort(key=lambda label: -prediction.probabilities[label])
    together = float(prediction.probabilities[labels].sum())
    more = len(labels) - _MOST_FOUND
    left_out = f"; the {_MOST_FOUND} most probable ones" if more > 0 else ""
    count = f"{len(labels):,} class" + ("" if len(labels) == 1 else "es")
    st.caption(f"{count}, together {html.percent(min(together, 1.0))}{left_out}:")
    st.html(html.STYLE + html.bars(prediction, order=labels[:_MOST_FOUND]))


def _as_html(prediction: Prediction, entries: Sequence[ClassEntry]) -> str:
    """The tree; what is likely is unfolded."""
    tree = grouped(prediction.probabilities, [entry.group for entry in entries])
    return f'<div class="groups">{_inside(tree, prediction)}</div>'


def _inside(group: Group, prediction: Prediction) -> str:
    lines = [_group_line(one, prediction) for one in group.groups if one.probability >= _LEAST]
    lines += [
        f"<p>{_line(prediction.class_names[label], float(prediction.probabilities[label]))}</p>"
        for label in group.classes
        if prediction.probabilities[label] >= _LEAST
    ]
    count = len(group.groups) + len(group.classes)
    if count > len(lines[:_MOST_LINES]):
        rest = count - len(lines[:_MOST_LINES])
        what = "group" if group.groups else "class"
        plural = what if rest == 1 else f"{what}s" if what == "group" else "classes"
        lines = [*lines[:_MOST_LINES], f"<p><small>{rest:,} less likely {plural}</small></p>"]
    return "".join(lines)


def _group_line(group: Group, prediction: Prediction) -> str:
    unfolded = " open" if group.probability >= _OPEN else ""
    line = _line(group.name, group.probability)
    return f"<details{unfolded}><summary>{line}</summary>{_inside(group, prediction)}</details>"


def _line(name: str, probability: float) -> str:
    probability = min(probability, 1.0)  # a sum of many may be a little more
    return (
        f'<span class="line"><span>{escape(shown(name))}</span>'
        f'<span class="track"><span class="fill" style="width:{probability:.2%}"></span></span>'
        f'<span class="number">{html.percent(probability)}</span></span>'
    )
