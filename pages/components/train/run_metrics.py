"""How well a trained model does: measured here, or published by others."""

import streamlit as st

from core import units
from core.runs import FOREIGN, Run
from pages.components.shared import html


def show(run: Run) -> None:
    """Its metrics; of a run without any, what others have published, if there is something."""
    if run.card.metrics:
        _show_metrics(run)
    elif run.card.published:
        _show_published(run)


def _show_metrics(run: Run) -> None:
    metrics = run.card.metrics
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Test accuracy",
            html.percent(metrics["accuracy"]),
            f"of {metrics['test_size']:,} images",
            "off",
            delta_arrow="off",
            width="content",
            help="The fraction of correct predictions on the test images, which were not used in "
            "training.",
        )
        for name, title, text in (
            (
                "precision",
                "Precision",
                "Of the images predicted as a class, the fraction that belongs to it.",
            ),
            ("recall", "Recall", "Of the images of a class, the fraction that was found."),
            ("f1", "F1", "The harmonic mean of precision and recall."),
        ):
            if name in metrics:
                help_text = f"{text} The mean over all classes (macro average)."
                st.metric(title, html.percent(metrics[name]), width="content", help=help_text)
        if run.card.family != FOREIGN:
            st.metric("Training time", units.duration(run.card.seconds), width="content")


def _show_published(run: Run) -> None:
    """What others have measured, and how to measure it here."""
    published = run.card.published
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Test accuracy", html.accuracy(None), width="content", help="On images of the studio."
        )
        st.metric(
            "Published accuracy",
            html.percent(published.accuracy),
            "measured by others",
            "off",
            delta_arrow="off",
            width="content",
            help=html.plain(f"On {published.images}. Source: {published.source}."),
        )
    source = html.plain(published.source)
    source = f"[{source}]({published.url})" if published.url else source
    st.caption(
        f"Trained by others on {html.plain(run.card.dataset)}, whose images are not part of the "
        f"studio. The published figure: {source}. To measure it here, use “Your images” on the "
        f"Compare page, or `python -m core evaluate --run {run.id} --images FOLDER`."
    )
