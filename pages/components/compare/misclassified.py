"""Misclassified images, sorted by confidence: where and why do models differ?"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.comparison import Compared, run_names
from core.evaluation import right_against_wrong
from core.names import all_shown
from pages.components.compare import cases, chosen
from pages.components.shared import choice, html, keys

_ANY = "+any"  # no run can have that name
WHICH = {
    "one": "By one model",
    "all": "By all models",
    "apart": "By one model, not by another",
}
ORDERS = {"sure": "Most confident first", "unsure": "Least confident first"}


def show(found: Sequence[Compared]) -> None:
    """Filters, how many there are, and the images."""
    chosen.still_there(found)
    which = choice.segments(keys.MISCLASSIFIED, "Misclassified", _possible(found))
    with st.container(horizontal=True):
        one, places = _of(found, which)
        names = all_shown(one.run.card.class_names)
        truth = _pick_class(keys.TRUE_CLASS, "True class", names)
        name = html.plain(run_names(found)[one.id])
        prediction = _pick_class(keys.PREDICTED_CLASS, f"Predicted class ({name})", names)
        order = choice.select(keys.ORDER, "Order", ORDERS, "sure")
    if truth is not None:
        places = places[one.evaluation.labels[places] == truth]
    if prediction is not None:
        places = places[one.evaluation.predictions[places] == prediction]
    places = cases.surest_first(one.evaluation, places, turned=order == "unsure")
    if len(places) == 0:
        st.success("There is no such image.", icon=":material/check_circle:")
        return
    count = html.counted(len(places), "image")
    st.markdown(f"**{count}**, sorted by the confidence of **{name}**.")
    cases.show(found, places, f"{which}_{one.id}_{truth}_{prediction}_{order}")


def _possible(found: Sequence[Compared]) -> dict[str, str]:
    """What can be asked of so many models."""
    return WHICH if len(found) > 1 else {"one": WHICH["one"]}


def _of(found: Sequence[Compared], which: str) -> tuple[Compared, np.ndarray]:
    """The model whose predictions are sorted, and the images."""
    known = {one.id: one for one in found}
    labels = run_names(found)
    if which == "all":
        by_all = np.logical_and.reduce([~one.evaluation.right for one in found])
        first = known[choice.select(keys.MISCLASSIFIED_BY, "Sort by the confidence of", labels)]
        return first, np.flatnonzero(by_all)
    if which == "apart":
        correct = known[choice.select(keys.CORRECT_RUN, "Correct by", labels)]
        run_id = choice.select(keys.INCORRECT_RUN, "Misclassified by", labels, found[1].id)
        incorrect = known[run_id]
        return incorrect, right_against_wrong(correct.evaluation, incorrect.evaluation)
    one = known[choice.select(keys.MISCLASSIFIED_BY, "Misclassified by", labels)]
    return one, np.flatnonzero(~one.evaluation.right)


def _pick_class(key: str, label: str, names: Sequence[str]) -> int | None:
    options = {_ANY: "any", **{str(number): name for number, name in enumerate(names)}}
    name = choice.select(key, label, options, _ANY)
    return None if name == _ANY else int(name)
