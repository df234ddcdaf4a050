"""The glossary in the help of every page: `docs/glossary.md`, read when it is opened."""

import streamlit as st

from core.settings import PROJECT_DIR

FILE = PROJECT_DIR / "docs" / "glossary.md"


def offer() -> bool:
    """A button at the end of a page's help; whether it was clicked."""
    return st.button("Glossary", icon=":material/dictionary:", type="tertiary", key="glossary")


@st.dialog("Glossary", width="large", icon=":material/dictionary:")
def show() -> None:
    """Open it in a dialog; nothing is read or built before."""
    try:
        text = FILE.read_text(encoding="utf-8")
    except OSError:
        st.info("This installation has no docs/glossary.md.", icon=":material/info:")
        return
    st.markdown(text.partition("\n")[2])  # the dialog has the title already
