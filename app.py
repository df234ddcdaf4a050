"""The Classification Studio: `streamlit run app.py`."""

import streamlit as st

st.set_page_config(page_title="Classification Studio", page_icon=":material/draw:", layout="wide")

st.navigation(
    [
        st.Page(
            "pages/recognise.py",
            title="Recognise",
            icon=":material/draw:",
            url_path="recognise",
            default=True,
        ),
        st.Page(
            "pages/train.py", title="Train a model", icon=":material/school:", url_path="train"
        ),
        st.Page(
            "pages/compare.py",
            title="Compare models",
            icon=":material/leaderboard:",
            url_path="compare",
        ),
        st.Page(
            "pages/image_lab.py", title="Image lab", icon=":material/science:", url_path="image_lab"
        ),
    ],
    position="top",
).run()
