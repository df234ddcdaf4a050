"""The Classification Studio: `streamlit run app.py`."""

import streamlit as st
from starlette.middleware import Middleware

from core import memory
from pages.components.gate import ROUTES, Gate
from pages.components.opening import on_start

memory.keep_tidy()

app = st.App("pages/studio.py", routes=ROUTES, middleware=[Middleware(Gate)], lifespan=on_start)
