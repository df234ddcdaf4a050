"""What happens once, when the server starts."""

import importlib
import os
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from threading import Thread

from streamlit import config
from streamlit.components.v2.bidi_component import serialization

_OPEN_FILES = Path("/proc/self/fd")


@asynccontextmanager
async def on_start(app: object) -> AsyncIterator[None]:
    """The lifespan of the studio's server, which listens already and replies when this yields."""
    send_at_once()
    ask_without_pandas()
    if not config.get_option("server.headless"):
        open_browser()
    Thread(target=get_ready, daemon=True).start()
    yield


def get_ready() -> None:
    """Import the first page and load its usual models, while the browser loads Streamlit's files.

    Whatever fails here fails again where it is needed, and is said there.
    """
    with suppress(Exception):
        from core import runs, serving
        from pages.components.shared import contents, run_picker

        importlib.import_module(f"pages.{next(iter(contents.PAGES))}")
        known = {run.id: run for run in runs.list_runs()}
        for run_id in run_picker.usual(known):
            serving.load_predictor(known[run_id])


def open_browser() -> None:
    """Open the studio's page in the browser, as other apps of Streamlit do; `st.App` does not."""
    port = config.get_option("server.port")
    Thread(target=webbrowser.open, args=(f"http://localhost:{port}",), daemon=True).start()


def send_at_once() -> None:
    """Have every connection send small replies at once (TCP_NODELAY), where Linux tells how.

    asyncio sees to that, but not for sockets that were bound beforehand without naming their
    protocol, as Streamlit's is (https://github.com/Kludex/uvicorn/issues/3149): headers are then
    acknowledged before a body follows, 40 ms for each of the hundred files of a page. Connections
    inherit the option from the socket that accepts them.
    """
    for link in _OPEN_FILES.glob("*"):
        if link.is_socket():
            with suppress(OSError), socket.socket(fileno=os.dup(int(link.name))) as listener:
                if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def ask_without_pandas() -> None:
    """Have Streamlit not import pandas and pyarrow, 90 MB, for a canvas.

    Of each list and mapping that a component is given, the canvas's drawing for instance, Streamlit
    asks whether it is a table, and imports pandas to find out. A mapping is one only if it holds
    columns of pandas, so before anybody has imported pandas none is.
    """
    ask = serialization.is_dataframe_like

    def is_dataframe_like(value: object) -> bool:
        if isinstance(value, dict | list) and "pandas" not in sys.modules:
            return False
        return ask(value)

    serialization.is_dataframe_like = is_dataframe_like
