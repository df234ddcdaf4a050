"""The pages of the studio and the menu they are chosen from; `app.py` serves them."""

import streamlit as st

from pages.components import browser, keys, leaving, visitor

st.set_page_config(page_title="Classification Studio", page_icon="✏️", layout="wide")
visitor.recognise()
page = st.navigation(
    [
        st.Page(
            "recognise.py",
            title="Recognise",
            icon=":material/draw:",
            url_path="recognise",
            default=True,
        ),
        st.Page("train.py", title="Train a model", icon=":material/school:", url_path="train"),
        st.Page(
            "compare.py",
            title="Compare models",
            icon=":material/leaderboard:",
            url_path="compare",
        ),
        st.Page("image_lab.py", title="Image lab", icon=":material/science:", url_path="image_lab"),
    ],
    position="top",
)
if st.session_state.get(keys.PAGE) != page.url_path:
    st.session_state[keys.PAGE] = page.url_path
    leaving.forget_widgets()
browser.attend()
page.run()
browser.drop_foreign_parameters(page.url_path)  # now that the URL is that of the page
