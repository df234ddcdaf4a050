"""Which runs are compared: chosen on the page, noted in its URL, read once."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import comparison, datasets, runs
from core.comparison import Compared
from core.errors import StudioError
from core.runs import Damaged, Run
from pages.components.shared import html, keys, run_picker, url


@dataclass(frozen=True)
class Choice:
    """What was chosen, sorted by what can be done with it.

    Attributes:
        found: runs on the same test images, to be compared.
        apart: other chosen runs, measured on other images.
        damaged: runs that cannot be read, chosen or not.
    """

    found: tuple[Compared, ...]
    apart: tuple[Compared, ...]
    damaged: tuple[Damaged, ...]


def pick() -> Choice:
    """The widget and what it holds; says what is missing, damaged or apart."""
    known = {run.id: run for run in _by_dataset(runs.list_runs()) if run.card.metrics}
    usual = run_picker.usual(known, run_picker.FIRST_COMPARED)
    _say_what_is_gone(known)
    coming = st.session_state.pop(keys.NEXT_COMPARED, None)
    if coming is not None:
        st.session_state[keys.COMPARED] = coming
    url.recall_several(keys.COMPARED, list(known), usual)
    called = runs.names_of(known.values())
    chosen = st.multiselect(
        "Trained models to compare",
        list(known),
        format_func=lambda run_id: f"{called[run_id]} · {_label(known[run_id])}",
        key=keys.COMPARED,
        placeholder="Choose trained models",
        help="Models that were evaluated on the same test images are compared.",
    )
    url.note_several(keys.COMPARED, chosen, usual)
    damaged = runs.list_damaged()
    read = []
    for run_id in chosen:
        try:
            read.append(predictions(known[run_id]))
        except StudioError as error:
            damaged.append(Damaged(run_id, str(error)))
    main = _main_group([one.run for one in read])
    return Choice(
        tuple(one for one in read if one.run.card.test_set == main),
        tuple(one for one in read if one.run.card.test_set != main),
        tuple(damaged),
    )


def add(run_ids: Sequence[str]) -> None:
    """Choose these as well, from a button."""
    chosen = st.session_state.get(keys.COMPARED, [])
    st.session_state[keys.NEXT_COMPARED] = [*chosen, *(i for i in run_ids if i not in chosen)]


def only(run_ids: Sequence[str]) -> None:
    """Choose these alone, from a button."""
    st.session_state[keys.NEXT_COMPARED] = list(run_ids)


def offer_more(choice: Choice) -> None:
    """Buttons for the other runs on the same test images, and for those set apart."""
    chosen = {one.id for one in choice.found}
    if choice.found:
        test_set = choice.found[0].run.card.test_set
        alike = comparison.groups(runs.list_runs())[test_set]
        more = [run.id for run in alike if run.id not in chosen]
        if more:
            st.button(
                f"Add the other {len(more)} models with this test set"
                if len(more) > 1
                else f"Add {html.plain(runs.names_of_ids(more)[more[0]])}",
                icon=":material/add:",
                on_click=add,
                args=(more,),
                type="tertiary",
            )


def show_apart(choice: Choice) -> None:
    """Chosen runs that cannot be compared with the others, and runs that cannot be read."""
    called = comparison.run_names((*choice.found, *choice.apart))
    for one in choice.apart:
        title = html.plain(datasets.title_of(one.run.card.dataset))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/call_split: **{html.plain(called[one.id])}** was evaluated on other "
                f"test images ({title}, {len(one.evaluation.labels):,} "
                f"images; accuracy {html.percent(one.evaluation.accuracy)}). Accuracies on "
                "different test sets cannot be compared, so it is not included."
            )
            group = [o.id for o in choice.apart if o.run.card.test_set == one.run.card.test_set]
            st.button(
                "Compare it instead",
                on_click=only,
                args=(group,),
                key=f"instead_{one.id}",
            )
    called = runs.names_of_ids(one.id for one in choice.damaged)
    for one in choice.damaged:
        st.warning(
            f"**{html.plain(called[one.id])}** is damaged and left out. {html.message(one.reason)}",
            icon=":material/broken_image:",
        )


def predictions(run: Run) -> Compared:
    """A run with its predictions, read once for everybody.

    Raises:
        RunError: if they are missing or were changed.
    """
    return _predictions(str(run.folder), run.card.to_json(), run)


@st.cache_resource(show_spinner=False, max_entries=40)
def _predictions(folder: str, card: str, _run: Run) -> Compared:
    return comparison.compared(_run)


def still_there(found: Sequence[Compared]) -> None:
    """Show the whole page anew if one of them was deleted or renamed meanwhile."""
    if not all(one.run.folder.is_dir() for one in found):
        st.rerun()


def _by_dataset(found: Sequence[Run]) -> list[Run]:
    order = list(comparison.groups(found))
    return sorted(found, key=lambda run: order.index(run.card.test_set))


def _main_group(found: Sequence[Run]) -> str:
    """The test images that most of them share; the first of several."""
    parted = comparison.groups(found)
    return max(parted, key=lambda name: len(parted[name]), default="")


def _label(run: Run) -> str:
    return f"{run_picker.title(run)} · {datasets.title_of(run.card.dataset)}"


def _why_not_compared(run: Run) -> str:
    """Why a run without metrics is left out, and what can be done, as Markdown."""
    how = (
        "The view “Your images” evaluates it on your own labelled images."
        if run.card.published
        else "Evaluate it on the page “Train a model”, in step 3."
    )
    return (
        f"**{html.plain(run.title)}** is not compared. {html.plain(run.card.why_unmeasured)} {how}"
    )


def _say_what_is_gone(known: dict[str, Run]) -> None:
    asked = st.query_params.get(keys.COMPARED, "").split(",")
    held = st.session_state.get(keys.COMPARED, [])
    broken = {one.id for one in runs.list_damaged()}
    later = {run.id: run for run in runs.list_runs() if not run.card.metrics}
    for run_id in later.keys() & {*held, *asked}:
        st.info(_why_not_compared(later[run_id]), icon=":material/info:")
    broken |= later.keys()
    gone = [i for i in dict.fromkeys([*held, *asked]) if i and i not in known and i not in broken]
    if gone:
        names = ", ".join(f"**{html.plain(run_id)}**" for run_id in gone)
        was = "was" if len(gone) == 1 else "were"
        st.warning(
            f"{names} {was} not found: deleted or renamed, or trained on another machine. The "
            "other models are shown.",
            icon=":material/search_off:",
        )
