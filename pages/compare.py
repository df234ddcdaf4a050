"""Compare trained models: which is better, by how much, where and why.

Each view is a module in `components/compare/` (see `VIEWS`); `chosen` there picks the runs, and
`cases` shows single test images.
"""

import streamlit as st

from core import datasets
from core.evaluation import few_in_split
from pages.components.compare import (
    chosen,
    classes,
    confidence,
    confusion,
    curves,
    leaderboard,
    misclassified,
    one_class,
    own,
    taking_away,
    voting,
)
from pages.components.shared import choice, few, html, keys, welcome

VIEWS = {
    "leaderboard": ("Leaderboard", leaderboard.show),
    "confusion": ("Confusion matrix", confusion.show),
    "curves": ("Training curves", curves.show),
    "classes": ("Classes", classes.show),
    "misclassified": ("Misclassified images", misclassified.show),
    "confidence": ("Confidence", confidence.show),
    "one_class": ("ROC curves", one_class.show),
    "ensemble": ("Ensemble", voting.show),
    "own": ("Your images", own.show),
    "report": ("Export", taking_away.show),
}


def page() -> None:
    """Choose runs, then look at them one view at a time; only the view that is open is made."""
    welcome.show("compare")
    picked = chosen.pick()
    chosen.show_apart(picked)
    if not picked.found:
        st.info(
            "Choose at least one trained model above. Your own models appear there once their "
            "training has ended.",
            icon=":material/info:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{html.plain(datasets.title_of(picked.found[0].run.card.dataset))}**: "
            f"{len(picked.found[0].evaluation.labels):,} test images {_seen(picked)}",
            width="content",
        )
        chosen.offer_more(picked)
    card = picked.found[0].run.card
    few.show(few_in_split(picked.found[0].evaluation.support, card.class_names, "test"))
    view = pick_view()
    st.fragment(VIEWS[view][1])(picked.found)


def _seen(picked: chosen.Choice) -> str:
    """Whether a model can know the test images already: of imported ones nobody can tell."""
    if any(one.run.card.foreign for one in picked.found):
        return "that no model trained here has seen; an imported one may have."
    return "that no model here was trained on."


def pick_view() -> str:
    """Which view of the comparison is shown; it stands in the URL."""
    titles = {name: title for name, (title, _) in VIEWS.items()}
    return choice.segments(keys.COMPARE_VIEW, "View", titles, hidden=True)


page()
