"""The least a Streamlit page can do: a slider, and an image that follows it."""

import base64

import cv2
import numpy as np
import streamlit as st


@st.fragment
def show() -> None:
    """A grey square as bright as the slider says."""
    value = st.slider("Sigma", 0, 100, 20)
    png = cv2.imencode(".png", np.full((64, 64), value, np.uint8))[1].tobytes()
    address = "data:image/png;base64," + base64.b64encode(png).decode()
    st.html(f'<figure class="lab"><img src="{address}"></figure>')


show()
