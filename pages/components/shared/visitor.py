"""Who looks at the page: in a public demo each browser is a visitor of its own.

Streamlit gives every browser a random token in a cookie. Its digest is the visitor's name, so what
is kept under that name cannot be asked for by anybody who does not hold the cookie.
"""

import hashlib
import secrets

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string

from core import settings, shares, visitors
from core.jobs import limits
from pages.components.shared import keys

_COOKIE = "_streamlit_xsrf"


def recognise() -> None:
    """Have `core` know the visitor; without `STUDIO_PUBLIC` everything stays the owner's."""
    visitors.told_by(_who if settings.current().public else None)
    if settings.current().public:
        # Streamlit says None for this machine itself
        shares.met(_who(), shares.network_of(str(st.context.ip_address or "127.0.0.1")))


def say_that_it_is_public() -> None:
    """A line about what a public demo keeps and limits."""
    if limits.apply():
        minutes = limits.MOST_SECONDS / 60
        st.caption(
            ":material/public: **Public demo.** Nobody else sees what you upload and train, and it "
            f"is deleted after a day. One job at a time, at most {minutes:.0f} minutes each, fast "
            "models only."
        )


def _who() -> str:
    if get_script_run_ctx(suppress_warning=True) is None:
        return visitors.NOBODY  # a thread that belongs to no page
    token, _ = decode_xsrf_token_string(st.context.cookies.get(_COOKIE, ""))
    if not token:  # no cookies: what is made lasts as long as the page is open
        token = st.session_state.setdefault(keys.VISITOR, secrets.token_bytes(16))
    return "visitor-" + hashlib.sha256(b"studio" + token).hexdigest()[:20]
