"""How the runs learned: accuracy and loss, on training and validation images."""

from collections.abc import Sequence

import streamlit as st

from core import plots
from core.comparison import Compared, run_names
from pages.components.compare import charts, chosen
from pages.components.shared import choice, html, keys, replaying


def show(found: Sequence[Compared]) -> None:
    """Both charts, one above the other."""
    chosen.still_there(found)
    called = run_names(found)
    without = [called[one.id] for one in found if not one.run.card.history]
    cards = [one.run for one in found]
    if len(without) == len(found):
        st.info("No training curve was saved for these models.", icon=":material/info:")
        return
    for metric, title in (("accuracy", "Accuracy"), ("loss", "Loss")):
        lines = plots.learning_lines(cards, metric)
        if not lines.lines:
            continue
        st.subheader(title, anchor=False)
        charts.show_lines(
            f"curves_{metric}", found, lambda f=metric: plots.learning_lines(cards, f)
        )
        drawn = {line.name for line in lines.lines}
        missing = [name for name in called.values() if name not in drawn]
        if missing and set(missing) != set(without):
            rest = ", ".join(html.plain(name) for name in missing if name not in without)
            st.caption(f"No loss was saved for: {rest}.")
    st.caption(
        "Solid lines: training images. Dashed lines: validation images. A ring marks the best "
        "validation result. Models that learn in different units, such as epochs and trees, are "
        "drawn over the fraction of their training."
    )
    if without:
        names = ", ".join(html.plain(name) for name in without)
        st.caption(f"No curve: {names}. An ensemble is not trained itself.")
    _offer_replay(found)


def _offer_replay(found: Sequence[Compared]) -> None:
    """Replay the training of one of the networks, when somebody asks for it."""
    networks = {one.id: one.run for one in found if one.run.card.family == "network"}
    if not networks:
        return
    st.subheader("Replay", anchor=False)
    on = st.toggle(
        "Replay the training of a network",
        key=keys.REPLAY,
        bind="query-params",
        help="How its first filters formed, and what it predicted for 16 validation images after "
        "each epoch.",
    )
    if not on:
        return
    called = run_names(found)
    titles = {run_id: html.plain(called[run_id]) for run_id in networks}
    run_id = next(iter(titles))
    if len(titles) > 1:
        run_id = choice.segments(keys.REPLAY_RUN, "Trained model", titles)
    replaying.show_run(networks[run_id])
