"""The pages of the studio and the menu they are chosen from; `app.py` serves them."""

import streamlit as st

from pages.components.shared import browser, glossary, keys, leaving, visitor
from pages.components.shared.contents import PAGES

st.set_page_config(page_title="Classification Studio", page_icon="✏️", layout="wide")
visitor.recognise()
page = st.navigation(
    [
        st.Page(
            f"{page.name}.py",
            title=page.title,
            icon=page.icon,
            url_path=page.name,
            default=number == 0,
        )
        for number, page in enumerate(PAGES.values())
    ],
    position="top",
)
if st.session_state.get(keys.PAGE) != page.url_path:
    st.session_state[keys.PAGE] = page.url_path
    leaving.forget_widgets()
browser.attend()
page.run()
glossary.offer()
browser.drop_foreign_parameters(page.url_path)  # now that the URL is that of the page
