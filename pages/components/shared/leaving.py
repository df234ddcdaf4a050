"""What is forgotten when a widget is taken off the page, so that it starts from memory again.

Streamlit forgets what a widget holds once it is not drawn; what this session noted about that
widget has to go with it, or it would be taken for what the widget holds when it comes back.
"""

import streamlit as st

from pages.components.shared import camera, keys


def forget_canvas() -> None:
    """When the canvas comes back, it starts with what was last drawn."""
    for key in (keys.CANVAS_START, keys.REPLACED, keys.UNDONE, keys.STROKES, keys.CLEARED):
        st.session_state.pop(key, None)


def forget_uploader() -> None:
    """When the uploader comes back it is empty: nobody has taken anything out of it."""
    st.session_state.pop(keys.UPLOADS_HELD, None)


def forget_widgets() -> None:
    """Another page is shown."""
    forget_canvas()
    forget_uploader()
    for key in (keys.CAMERA, keys.LAB_CAMERA):
        camera.forget_widget(key)
