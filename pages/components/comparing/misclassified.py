"""Wrong answers, sorted by how sure the model was: where and why do models differ?"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.comparison import Compared, run_names
from core.evaluation import right_against_wrong
from core.names import all_shown
from pages.components import choice, html, keys
from pages.components.comparing import cases, chosen

_ANY = "+any"  # no run can have that name
WHICH = {
    "one": "Wrong by one model",
    "all": "All models wrong",
    "apart": "Right by one, wrong by another",
}
ORDERS = {"sure": "Surest first", "unsure": "Least sure first"}


def show(found: Sequence[Compared]) -> None:
    """Filters, how many there are, and the images."""
    chosen.still_there(found)
    which = choice.segments(keys.MISCLASSIFIED, "Which mistakes", _possible(found))
    with st.container(horizontal=True):
        one, places = _of(found, which)
        names = all_shown(one.run.card.class_names)
        truth = _pick_class(keys.TRUE_CLASS, "True class", names)
        name = html.plain(run_names(found)[one.id])
        prediction = _pick_class(keys.PREDICTED_CLASS, f"Answer of {name}", names)
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
    st.markdown(f"**{count}**, sorted by how sure **{name}** was of its answer.")
    cases.show(found, places, f"{which}_{one.id}_{truth}_{prediction}_{order}")


def _possible(found: Sequence[Compared]) -> dict[str, str]:
    """What can be asked of so many models."""
    return WHICH if len(found) > 1 else {"one": WHICH["one"]}


def _of(found: Sequence[Compared], which: str) -> tuple[Compared, np.ndarray]:
    """The model whose answers are sorted, and the images."""
    known = {one.id: one for one in found}
    labels = run_names(found)
    if which == "all":
        wrong = np.logical_and.reduce([~one.evaluation.right for one in found])
        first = known[choice.select(keys.MISCLASSIFIED_BY, "Sorted by", labels)]
        return first, np.flatnonzero(wrong)
    if which == "apart":
        right = known[choice.select(keys.CORRECT_RUN, "Right by", labels)]
        wrong_id = choice.select(keys.INCORRECT_RUN, "Wrong by", labels, found[1].id)
        wrong = known[wrong_id]
        return wrong, right_against_wrong(right.evaluation, wrong.evaluation)
    one = known[choice.select(keys.MISCLASSIFIED_BY, "Wrong by", labels)]
    return one, np.flatnonzero(~one.evaluation.right)


def _pick_class(key: str, label: str, names: Sequence[str]) -> int | None:
    options = {_ANY: "any", **{str(number): name for number, name in enumerate(names)}}
    name = choice.select(key, label, options, _ANY)
    return None if name == _ANY else int(name)
