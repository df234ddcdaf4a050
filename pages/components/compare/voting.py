"""Several of the runs as one: they vote, and the result can be saved as a run."""

from collections.abc import Sequence

import streamlit as st

from core import comparison, ensemble, runs
from core.comparison import Compared
from core.ensemble import Ensemble
from core.errors import StudioError
from core.evaluation import mcnemar
from core.names import MOST_OF_TITLE
from core.runs import Run
from core.units import percent
from pages.components.compare import chosen
from pages.components.shared import choice, html, keys, url

VOTES = {"soft": "Soft: mean of the probabilities", "hard": "Hard: one vote each"}
_SHOWN = ("accuracy", "f1", "log_loss", "calibration_error")


def show(found: Sequence[Compared]) -> None:
    """Members, vote, weights; what comes of it; the button that saves it."""
    chosen.still_there(found)
    st.markdown(
        "Models that misclassify different images can correct each other. Choose the members, "
        "and see on the same test images whether the ensemble beats its best member."
    )
    known = {one.id: one for one in found if not one.run.card.members}
    if len(known) < ensemble.LEAST_MEMBERS:
        st.info("Choose at least two trained models above.", icon=":material/info:")
        return
    url.recall_several(keys.MEMBERS, list(known), list(known))
    called = comparison.run_names(known.values())
    voting = st.multiselect("Members", list(known), format_func=called.get, key=keys.MEMBERS)
    url.note_several(keys.MEMBERS, voting, list(known))
    vote = choice.segments(
        keys.VOTE,
        "Vote",
        VOTES,
        help="Soft voting averages the probabilities, so a confident model counts for more. Hard "
        "voting counts predicted classes.",
    )
    members = [known[run_id].run for run_id in voting]
    try:
        ensemble.check(members)
        weights = _weights(members, vote)
        predictions = tuple(known[run_id].evaluation for run_id in voting)
        together = Ensemble(tuple(members), weights, vote, predictions)
        _show_result([known[run_id] for run_id in voting], together)
    except StudioError as error:
        st.info(html.message(error), icon=":material/info:")
        return
    _offer_to_keep(together)


def _weights(members: Sequence[Run], vote: str) -> tuple[float, ...]:
    """A slider for each member; the best weights on the validation images are suggested."""
    suggested = _suggested(tuple((m.id, m.card.created) for m in members), vote, members)
    if suggested is None:
        st.caption(
            "These models had different validation images, so no weights are suggested: some "
            "would be judged on images they were trained on."
        )
    else:
        st.button(
            "Use the best weights on the validation images",
            icon=":material/auto_fix_high:",
            on_click=_use,
            args=([_key(members, vote, member) for member in members], suggested),
            help="The weights are fitted to the validation images. The test images are not used "
            "for this, or the metrics below would be too good.",
        )
    usual = [1.0] * len(members) if suggested is None else suggested
    asked = _asked(len(members))
    found, called = [], runs.names_of(members)
    columns = st.columns(min(3, len(members)))
    for place, (member, weight) in enumerate(zip(members, asked or usual, strict=True)):
        key = _key(members, vote, member)
        st.session_state.setdefault(key, weight)
        with columns[place % len(columns)]:
            found.append(
                st.slider(
                    f"Weight of {html.plain(called[member.id])}",
                    0.0,
                    1.0,
                    step=0.01,
                    key=key,
                    help="How much its vote counts compared with the others.",
                )
            )
    text = ",".join(f"{weight:g}" for weight in found)
    url.note(keys.WEIGHT, text, ",".join(f"{weight:g}" for weight in usual))
    return tuple(found)


def _key(members: Sequence[Run], vote: str, member: Run) -> str:
    """Other members or another vote begin with the weights that suit them."""
    return f"{keys.WEIGHT}_{vote}_{'+'.join(one.id for one in members)}_{member.id}"


def _asked(count: int) -> list[float] | None:
    """The weights that a link asks for."""
    try:
        weights = [float(text) for text in (url.linked(keys.WEIGHT) or "").split(",")]
    except ValueError:
        return None
    allowed = len(weights) == count and all(0 <= weight <= 1 for weight in weights)
    return weights if allowed else None


@st.cache_data(show_spinner="Fitting the weights …", max_entries=60)
def _suggested(known: tuple, vote: str, _members: Sequence[Run]) -> tuple[float, ...] | None:
    return ensemble.suggest(_members, vote)


def _use(sliders: Sequence[str], weights: Sequence[float]) -> None:
    for key, weight in zip(sliders, weights, strict=True):
        st.session_state[key] = weight


def _show_result(members: Sequence[Compared], together: Ensemble) -> None:
    """The ensemble as one more row, and whether it beats its best member."""
    import pandas as pd

    ours = comparison.metrics_of(together.test)
    row = {"run": "Ensemble", "weight": "", **{metric: ours[metric] for metric in _SHOWN}}
    total, called = sum(together.weights), comparison.run_names(members)
    rows = [
        {
            "run": called[one.id],
            "weight": f"{weight / total:.2f}",
            **{metric: one.metrics[metric] for metric in _SHOWN},
        }
        for one, weight in zip(members, together.weights, strict=True)
    ]
    best = max(members, key=lambda one: one.evaluation.accuracy)
    st.markdown(f"{_icon(together, best)} {html.plain(beats(together, best, called[best.id]))}")
    if sum(weight > 0 for weight in together.weights) == 1:
        st.caption(
            "Only one member has a weight above 0, so it decides alone. If these are the best "
            "weights on the validation images, the others do not improve it there."
        )
    styled = pd.DataFrame([row, *rows]).style
    for metric in _SHOWN:
        styled = styled.format(
            lambda value, metric=metric: comparison.written(metric, value), subset=[metric]
        )
    st.dataframe(
        styled,
        hide_index=True,
        column_config={
            "run": "Trained model",
            "weight": "Weight",
            **{
                metric: st.column_config.NumberColumn(
                    comparison.METRICS[metric].title, help=comparison.METRICS[metric].help
                )
                for metric in _SHOWN
            },
        },
    )


def _icon(together: Ensemble, best: Compared) -> str:
    ahead = together.test.accuracy > best.evaluation.accuracy
    return ":material/trophy:" if ahead else ":material/balance:"


def beats(together: Ensemble, best: Compared, name: str) -> str:
    """Whether the ensemble is better than the best of its members, by more than chance."""
    p_value = mcnemar(together.test, best.evaluation)
    ours, theirs = together.test.accuracy, best.evaluation.accuracy
    metrics = f"{percent(ours, 2)}, and {percent(theirs, 2)} by {name} alone"
    if ours == theirs:
        return f"The ensemble is as accurate as its best member: {metrics}."
    test = comparison.written_p(p_value)
    word = "better" if ours > theirs else "worse"
    if p_value < comparison.SIGNIFICANT:
        return f"The ensemble is significantly {word} than its best member: {metrics} ({test})."
    return (
        f"The ensemble is {word} than its best member, but not significantly, so it may well be "
        f"chance: {metrics} ({test})."
    )


def _offer_to_keep(together: Ensemble) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name",
            key=keys.ENSEMBLE_NAME,
            placeholder="for example All three",
            max_chars=MOST_OF_TITLE,
            help="Any name you like.",
            width=320,
        ).strip()
        problem = html.refusal(runs.free_id, name) if name else ""
        clicked = st.button(
            "Save as a trained model",
            type="primary",
            icon=":material/save:",
            # Not where the name is empty: what was typed is only sent when the button is clicked.
            disabled=bool(problem),
        )
    if clicked and not name:
        problem = "Type a name for the ensemble first."
    if problem:
        st.error(problem, icon=":material/label_off:")
    if not clicked or problem:
        return
    try:
        with st.spinner("Measuring the prediction time …"):
            run = ensemble.save(name, together)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return
    st.toast(f"{html.plain(run.title)} is saved. You can use it on the Recognise page.")
    chosen.add([run.id])
    st.rerun()
