"""The glossary at the foot of every page: `docs/glossary.md`, read when it is opened."""

import streamlit as st

from core.settings import PROJECT_DIR

FILE = PROJECT_DIR / "docs" / "glossary.md"


def offer() -> None:
    """A button for the foot of a page; nothing is read or built until it is clicked."""
    if st.button("Glossary", icon=":material/dictionary:", type="tertiary", key="glossary"):
        _show()


@st.dialog("Glossary", width="large", icon=":material/dictionary:")
def _show() -> None:
    try:
        text = FILE.read_text(encoding="utf-8")
    except OSError:
        st.info("This installation has no docs/glossary.md.", icon=":material/info:")
        return
    st.markdown(text.partition("\n")[2])  # the dialog has the title already
