"""The Classification Studio: `streamlit run app.py`."""

import streamlit as st
from starlette.middleware import Middleware

from core import memory
from pages.components.shared import rest
from pages.components.shared.gate import ROUTES, Gate
from pages.components.shared.opening import on_start

memory.keep_tidy()

app = st.App(
    "pages/studio.py",
    routes=[*ROUTES, *rest.ROUTES],
    middleware=[Middleware(Gate)],
    lifespan=on_start,
)
