"""Every page is shown by `app.py`, also when it is the first one opened after the server started.

Streamlit takes a folder called `pages` for an app without `st.navigation` until `app.py` has run
once. A link straight to a page would then show it alone, without the menu and the wide layout.
"""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.components import visitor


def enter() -> None:
    """To be called first on a page: begins anew through `app.py` if it was not run; tells `core`
    who asks.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
    visitor.recognise()
