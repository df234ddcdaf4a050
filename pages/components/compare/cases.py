"""Single test images, each with what every model predicts."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from html import escape

import numpy as np
import streamlit as st

from core import datasets
from core.comparison import Compared, run_names
from core.errors import StudioError
from core.evaluation import Evaluation
from core.images import data_url
from core.names import all_shown, shown_path
from pages.components.shared import choice, explained, html, keys, run_picker

_AT_ONCE, _EXPLAINED = 24, 12
_OPACITY = 0.7  # of what speaks for a class
_STYLE = """<style>
.cases {--least:max(10.5rem, calc(var(--side) + 1.4rem)); display:grid; gap:.9rem;
 grid-template-columns:repeat(auto-fill, minmax(min(100%, var(--least)), 1fr));
 margin:.2rem 0 .6rem}
.cases figure {margin:0; min-width:0; overflow:hidden;
 border:1px solid color-mix(in srgb, currentColor 20%, transparent);
 border-radius:.6rem; padding:.6rem; font-size:.86rem; line-height:1.4}
.cases img {width:100%; height:max(7.5rem, var(--side)); object-fit:contain;
 image-rendering:pixelated;
 border-radius:.35rem; background:color-mix(in srgb, currentColor 6%, transparent)}
.cases .file, .cases figcaption b {overflow-wrap:anywhere; overflow:hidden;
 -webkit-box-orient:vertical; -webkit-line-clamp:3}
.cases .file {display:-webkit-box}
.cases figcaption b {display:-webkit-box; margin:.25rem 0 .1rem; font-size:.95rem}
.cases ul {list-style:none; margin:0; padding:0}
.cases li {margin:0; display:flex; gap:.35rem; align-items:baseline}
.cases li b, .cases li small {overflow:hidden; text-overflow:ellipsis; white-space:nowrap}
.cases li b {flex:0 0 auto; max-width:55%}
.cases li span {white-space:nowrap}
.cases li small {opacity:.75; flex:1 1 0; min-width:0}
.cases .why {display:flex; gap:.4rem; margin:.3rem 0}
.cases .why span {flex:1 1 0; min-width:0; overflow:hidden; text-overflow:ellipsis;
 font-size:.8rem; line-height:1.3}
.cases .why img {height:auto; aspect-ratio:1}
@media (max-width:640px) {.cases {gap:.6rem; --least:max(9rem, calc(var(--side) + 1.4rem))}}
</style>"""


def show(found: Sequence[Compared], indices: np.ndarray, key: str, place: str = "") -> None:
    """Images with their predictions, some at once; without images the predictions alone.

    Args:
        found: the models whose predictions are shown.
        indices: which test images, in this order, int, shape `(M,)`.
        key: changes when other images are asked for.
        place: tells one of several such galleries on a page from the others.
    """
    if len(indices) == 0:
        return
    images = test_images(max(found, key=lambda one: max(one.run.card.input_shape[:2])))
    if isinstance(images, str):
        st.info(images, icon=":material/hide_image:")
        page_link = "train.py"
        st.page_link(page_link, label="Go to the datasets", icon=":material/photo_library:")
        _show_predictions(found, indices)
        return
    turn = f"{keys.MORE}_{key}"
    asked = _pick_why(found, images.shape[1:], place)
    at_once = _EXPLAINED if asked else _AT_ONCE
    shown = indices[: at_once * st.session_state.get(turn, 1)]
    files = _files(found[0])
    called = run_names(found)
    with st.spinner("Asking the model why …") if asked else nullcontext():
        maps = {int(index): _why(asked, images, int(index)) for index in shown if asked}
    cards = [
        _card(found, called, images, int(index), files, maps.get(int(index), "")) for index in shown
    ]
    side = max(images.shape[1:3])  # no smaller than the model sees them
    st.html(_STYLE + f'<div class="cases" style="--side:{side}px">{"".join(cards)}</div>')
    if len(shown) < len(indices):
        st.button(
            f"Show more ({len(shown):,} of {len(indices):,} shown)",
            icon=":material/expand_more:",
            on_click=_more,
            args=(turn,),
            key=f"button_{turn}",
        )


def _pick_why(found: Sequence[Compared], shape: tuple[int, ...], place: str) -> Compared | None:
    """The model that is asked why, if somebody wants to know; of those that take such images."""
    able = {one.id: one for one in found if tuple(one.run.card.input_shape) == tuple(shape)}
    if not able:
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.toggle(
            "Show why",
            key=keys.SHOW_WHY + place,
            help="Colours what speaks for the predicted class and, beside it, for the true one. "
            "“Why?” on the page “Recognise” checks such maps by hiding what they mark.",
        )
        if not wanted:
            return None
        names = {run_id: title for run_id, title in run_names(found).items() if run_id in able}
        chosen = next(iter(names))
        if len(names) > 1:
            chosen = choice.select(keys.SHOW_WHY_OF + place, "According to", names, width=260)
        st.html(explained.legend(True))
    return able[chosen]


def _why(one: Compared, images: np.ndarray, index: int) -> str:
    """What speaks for the predicted class, and for the true one where it is another, as HTML."""
    predictor = run_picker.open_run(one.run)
    if predictor is None:
        return ""
    names = all_shown(one.run.card.class_names)
    truth, predicted = (
        int(array[index]) for array in (one.evaluation.labels, one.evaluation.predictions)
    )
    figures = []
    for number in dict.fromkeys((predicted, truth)):
        try:
            drawn = explained.drawn(predictor, np.asarray(images[index]), number, _OPACITY)
        except StudioError as error:
            return f"<small>{escape(html.told(error))}</small>"
        name = escape(names[number])
        figures.append(
            f'<span><img src="{data_url(drawn)}" alt="What speaks for {name}">Why {name}?</span>'
        )
    return f'<div class="why">{"".join(figures)}</div>'


def in_cell(evaluation: Evaluation, truth: int, prediction: int) -> np.ndarray:
    """Which images of a class were predicted as another, bool, shape `(N,)`."""
    return (evaluation.labels == truth) & (evaluation.predictions == prediction)


def surest_first(evaluation: Evaluation, places: np.ndarray, turned: bool = False) -> np.ndarray:
    """Places of images, the most confident prediction first; `turned`: the least."""
    confidences = evaluation.confidences[places]
    return places[np.argsort(confidences if turned else -confidences, kind="stable")]


def test_images(one: Compared):
    """The test images a run was measured on, or a sentence that says why they are missing."""
    card = one.run.card
    try:
        shape = tuple(card.input_shape)
        return _test_images(card.dataset, card.test_fingerprint, shape, one.evaluation.labels)
    except StudioError as error:
        return f"The images cannot be shown; the metrics are still valid. {_remedy(card, error)}"


def _remedy(card, error: StudioError) -> str:
    known = datasets.DATASETS.get(card.dataset)
    if known is None and card.dataset not in [spec.name for spec in datasets.list_datasets()]:
        return html.plain(
            f"The dataset {card.dataset!r} is not on this machine: it was imported elsewhere, or "
            f"deleted. Import the same images again under the name {card.dataset!r} on the page "
            "“Train a model”."
        )
    return html.message(error)


@st.cache_resource(show_spinner=False, max_entries=3)
def _test_images(dataset: str, fingerprint: str, shape: tuple, _labels: np.ndarray):
    return datasets.load_test_measured(dataset, _labels, fingerprint, shape)


def _files(one: Compared) -> tuple[str, ...]:
    """The names of the files of its test images, if they are known."""
    try:
        return datasets.test_files(one.run.card.dataset)
    except StudioError:
        return ()


def _card(
    found: Sequence[Compared],
    called: Mapping[str, str],
    images: np.ndarray,
    index: int,
    files: Sequence[str],
    why: str,
) -> str:
    names = all_shown(found[0].run.card.class_names)
    truth = names[int(found[0].evaluation.labels[index])]
    rows = []
    for one in found:
        correct = bool(one.evaluation.right[index])
        prediction = names[int(one.evaluation.predictions[index])]
        sure = html.percent(float(one.evaluation.confidences[index]))
        word = "correct" if correct else "incorrect"
        mark = "✓" if correct else "✗"
        title = escape(called[one.id])
        rows.append(
            f'<li><span role="img" aria-label="{word}">{mark}</span> <b>{escape(prediction)}</b>'
            f'<span>{sure}</span><small title="{title}">{title}</small></li>'
        )
    title = f"True class {escape(truth)}"
    file = files[index] if files else f"test image {index}"
    name = escape(shown_path(file))
    return (
        f'<figure data-index="{index}"><img src="{data_url(images[index])}" '
        f'alt="{name}, true class {escape(truth)}">'
        f"<figcaption title='{escape(truth)}'><b>{title}</b></figcaption>"
        f"{why}<ul>{''.join(rows)}</ul>"
        f"<small class='file' title='{escape(file)}'>{name}</small></figure>"
    )


def _show_predictions(found: Sequence[Compared], indices: np.ndarray) -> None:
    """What was predicted, as a table: for datasets that are not here."""
    import pandas as pd

    names = np.array(all_shown(found[0].run.card.class_names))
    files = _files(found[0])
    table = {
        "image": [files[index] for index in indices] if files else indices,
        "true class": names[found[0].evaluation.labels[indices]],
    }
    for one in found:
        sure = one.evaluation.confidences[indices]
        said = names[one.evaluation.predictions[indices]]
        table[f"run {one.id}"] = [
            f"{a} ({html.percent(float(p))})" for a, p in zip(said, sure, strict=True)
        ]
    st.dataframe(
        pd.DataFrame(table),
        hide_index=True,
        column_config={
            "image": "Test image",
            "true class": "True class",
            **{f"run {run_id}": name for run_id, name in run_names(found).items()},
        },
    )


def _more(turn: str) -> None:
    st.session_state[turn] = st.session_state.get(turn, 1) + 1
