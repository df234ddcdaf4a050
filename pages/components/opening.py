"""The studio's page opens in the browser when the server has started, as with other apps."""

import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread

from streamlit import config


@asynccontextmanager
async def open_browser(app: object) -> AsyncIterator[None]:
    """Open the page, unless nobody sits before this machine. `st.App` alone does not."""
    if not config.get_option("server.headless"):
        port = config.get_option("server.port")
        # the server listens already and answers as soon as it has started
        Thread(target=webbrowser.open, args=(f"http://localhost:{port}",), daemon=True).start()
    yield
