"""A trained model: its metrics, its training curve and what that says, and what to do next."""

from dataclasses import asdict

import streamlit as st

from core import datasets, runs, visitors
from core.errors import StudioError
from core.evaluation import best_point
from core.models import MODELS
from core.names import MOST_OF_TITLE
from core.runs import FOREIGN, Run, RunCard
from core.training import TrainConfig, judge_run
from core.training.script import script_of
from pages.components.shared import (
    class_report,
    deleting,
    exporting,
    few,
    html,
    keys,
    replaying,
    run_picker,
    use_from_code,
)
from pages.components.train import curve, imported, model_form, run_metrics, unlike

_ICONS = {
    "good": ":material/check_circle:",
    "overfitting": ":material/trending_down:",
    "underfitting": ":material/signal_cellular_1_bar:",
    "still_learning": ":material/trending_up:",
    "too_short": ":material/info:",
    "too_few": ":material/info:",
}
_MOST_BESIDE = 4


def show(run: Run) -> None:
    """Everything about one run."""
    title = run_picker.title(run)
    if run.card.metrics or run.card.published:
        title += f" · {html.plain(datasets.title_of(run.card.dataset))}"
    st.subheader(title, anchor=False)
    st.caption(html.plain(run.title))
    if run.card.foreign:
        imported.show(run)
    run_metrics.show(run)
    if run.card.metrics:
        few.show_cautions(run)
    views = _views(run)
    tabs = st.tabs(list(views), key=f"{keys.VIEW}_{run.id}", on_change="rerun")
    for tab, show_view in zip(tabs, views.values(), strict=True):
        if tab.open:
            with tab:
                show_view(run)
    _show_actions(run)


def _show_curve(run: Run) -> None:
    import pandas as pd

    card = run.card
    if not card.history:
        st.info(
            "An ensemble is not trained itself: see its members."
            if card.members
            else "No training curve was saved for this run.",
            icon=":material/info:",
        )
        return
    verdict = judge_run(card, few.validation_size(run))
    st.markdown(f"{_ICONS[verdict.kind]} {html.plain(verdict.sentence)}")
    others = _beside(run)
    shown = [run, *others]
    called = runs.names_of(shown)
    for column, other in zip(st.columns(len(shown)), shown, strict=True):
        with column:
            if others:
                st.markdown(
                    f"**{html.plain(run_picker.title(other))}** {html.plain(called[other.id])}"
                )
            curve.show(f"curve_{other.id}", other.card.history, other.card.axis, **_mark(other))
    st.caption(_how_measured(run))
    if "loss" in card.history[0]:
        loss = st.expander("Loss", key=f"{keys.LOSS}_{run.id}", on_change="rerun")
        if loss.open:
            with loss:
                curve.show(f"loss_{run.id}", card.history, card.axis, "loss", **_mark(run))
    table = st.expander("Show as a table", key=f"{keys.TABLE}_{run.id}", on_change="rerun")
    if table.open:
        table.dataframe(pd.DataFrame(card.history), hide_index=True)


def _mark(run: Run) -> dict:
    """Where the curve gets a mark, and what stands beside it."""
    card = run.card
    best = card.history[best_point(card.history)][card.axis]
    return {"best": best, "mark": "restored" if card.hyperparameters.get("keep_best") else "best"}


def _how_measured(run: Run) -> str:
    if run.card.family == "network":
        return (
            "Training accuracy is measured during training, on augmented images and with dropout, "
            "so it can be lower than validation accuracy."
        )
    return "Measured on up to 2,000 images of each split."


def _beside(run: Run) -> list[Run]:
    """Other runs whose curves are to stand beside it."""
    known = {
        other.id: other for other in runs.list_runs() if other.card.history and other.id != run.id
    }
    chosen = st.multiselect(
        "Compare with other curves",
        list(known),
        format_func=run_picker.full_names(known.values()).get,
        max_selections=_MOST_BESIDE - 1,
        key=f"{keys.BESIDE}_{run.id}",
        placeholder="Choose other trained models",
    )
    return [known[run_id] for run_id in chosen]


def _show_classes(run: Run) -> None:
    try:
        evaluation = run.evaluation("test")
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return
    class_report.show(run.id, evaluation, run.card.class_names, means=False)


def _show_settings(run: Run) -> None:
    import pandas as pd

    card = run.card
    if card.family == FOREIGN:
        imported.show_settings(run)
        return
    model = MODELS.get(card.model)
    titles = {param.name: param.title for param in model.params} if model else {}
    rows = [(titles.get(name, name), str(value)) for name, value in card.hyperparameters.items()]
    called = runs.names_of_ids(member["id"] for member in card.members)
    rows += [
        *((f"Weight of {called[m['id']]}", f"{m['weight']:.2f}") for m in card.members),
        *_training_settings(card),
        *((f"Version of {name}", version) for name, version in card.versions.items()),
        ("Made on" if card.published else "Trained on", card.created.replace("T", " ")),
    ]
    st.dataframe(pd.DataFrame(rows, columns=["setting", "value"]), hide_index=True)
    if card.members or card.foreign or card.published:
        return
    st.button(
        "Train again with other settings",
        icon=":material/tune:",
        on_click=model_form.fill,
        args=(asdict(card),),
        help="Fills the form with these settings.",
        key=f"again_{run.id}",
    )


def _training_settings(card: RunCard) -> list[tuple[str, str]]:
    """What was decided about a training; nothing for one that others have done."""
    if card.published:
        return []
    return [
        ("Seed", str(card.seed)),
        ("Validation fraction", html.percent(card.validation_fraction)),
        ("Training images", f"{card.metrics.get('train_size', 0):,}"),
    ]


def config_of(run: Run) -> TrainConfig | None:
    """The configuration that would train it again; None if its dataset is gone."""
    try:
        return TrainConfig.of(run.card)
    except StudioError:
        return None


def _show_script(run: Run) -> None:
    try:
        script = script_of(run.card)
    except StudioError:
        script = ""
    show_python(script, run.id)


def show_python(script: str, name: str) -> None:
    """A script of exactly this training, to read and to download; empty if there is none."""
    if not script:
        st.info(
            "There is no script: this is an ensemble, or its dataset or model no longer exists.",
            icon=":material/info:",
        )
        return
    st.download_button(
        "Download this script",
        script,
        f"{name}.py",
        "text/x-python",
        icon=":material/download:",
        on_click="ignore",
        key=f"script_{name}",
    )
    st.code(script, language="python", height=420)


UNLIKE = "Unlike images"
_VIEWS = {
    "Training curve": _show_curve,
    "Replay": replaying.show_run,
    "Classes": _show_classes,
    UNLIKE: unlike.show,
    "Settings": _show_settings,
    "Python code": _show_script,
    "Export": exporting.show,
    "Use it from code": use_from_code.show,
}


def _views(run: Run) -> dict:
    """The views that a run has: an imported one has no more than was imported or measured."""
    without = set() if run.card.out_of_distribution else {UNLIKE}
    without |= set() if run.card.family == "network" else {"Replay"}
    if run.card.foreign:
        without |= {"Export", "Python code", "Replay"}
        without |= {"Training curve"} if not run.card.history else set()
        without |= {"Classes"} if not run.card.metrics else set()
    if run.card.published:
        without |= {"Training curve", "Replay", "Classes", "Python code"}
    return {name: view for name, view in _VIEWS.items() if name not in without}


def _show_actions(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "recognise.py",
            label="Try it on the Recognise page",
            icon=":material/draw:",
            query_params={keys.RUNS: run.id},
        )
        if run.card.metrics:
            st.page_link(
                "compare.py",
                label="Compare it with others",
                icon=":material/leaderboard:",
                query_params={keys.COMPARED: ",".join(run_picker.compare_with(run))},
            )
        if run.card.owner != visitors.STUDIO:
            _rename(run)
            name = html.plain(run.title)
            deleting.confirm("Delete", f"Delete **{name}**?", run.id, runs.set_aside)


def _rename(run: Run) -> None:
    with st.popover("Rename", icon=":material/edit:", key=f"ask_rename_{run.id}"):
        new = st.text_input(
            "New name",
            run.title,
            max_chars=MOST_OF_TITLE,
            key=f"rename_{run.id}",
            help="Any name you like.",
        ).strip()
        same = bool(new) and runs.id_of(new) == run.id  # only capitals, spaces or signs differ
        problem = "" if same else html.refusal(runs.free_id, new)
        st.button(
            "Rename it",
            type="primary",
            disabled=bool(problem) or new == run.title,
            on_click=_do_rename,
            args=(run, new),
        )
        if problem:
            st.error(problem, icon=":material/label_off:")


def _do_rename(run: Run, new: str) -> None:
    try:
        st.session_state[keys.NEXT_RUN] = runs.rename(run.id, new).id
    except StudioError as error:
        st.toast(html.message(error))
