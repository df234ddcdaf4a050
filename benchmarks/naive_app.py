"""The usual digit demo, to measure against: Keras in the page, `model.predict`, resize and invert.

It has the same network as the studio, and caches it. Run with `streamlit run`.
"""

from pathlib import Path

import cv2
import keras
import numpy as np
import streamlit as st
from streamlit_drawable_canvas import st_canvas

MODEL = Path(__file__).resolve().parent.parent / "saved_models" / "mnist-cnn" / "model.keras"


@st.cache_resource
def load_model():
    return keras.models.load_model(MODEL)


st.title("Digit recogniser")
model = load_model()
canvas = st_canvas(
    stroke_width=20,
    stroke_color="#000000",
    background_color="#ffffff",
    width=320,
    height=320,
    return_image_data=True,
    key="canvas",
)
if canvas.image_data is not None and canvas.json_data["objects"]:
    gray = cv2.cvtColor(canvas.image_data.astype(np.uint8), cv2.COLOR_RGBA2GRAY)
    small = 255 - cv2.resize(gray, (28, 28), interpolation=cv2.INTER_AREA)
    probabilities = model.predict(small[None, ..., None], verbose=0)[0]
    st.html(f'<div class="prediction"><b>{probabilities.argmax()}</b></div>')
    st.bar_chart(probabilities)
