"""What the server does once, when it starts."""

import socket
import sys

import pandas as pd
import pytest
from streamlit.components.v2.bidi_component import serialization

from pages.components.shared.opening import ask_without_pandas, send_at_once


@pytest.mark.skipif(sys.platform != "linux", reason="the delay and its cure are Linux's")
def test_connections_to_a_socket_that_is_bound_already_send_small_responses_at_once():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        before = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        send_at_once()
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            with accepted:
                after = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert not before and after


def test_nothing_is_a_table_before_pandas_was_imported(monkeypatch):
    table = {"columns": pd.Series([1, 2])}
    monkeypatch.setattr(serialization, "is_dataframe_like", serialization.is_dataframe_like)
    ask_without_pandas()
    assert serialization.is_dataframe_like(table)
    assert not serialization.is_dataframe_like({"objects": [{"left": 3}]})
    with monkeypatch.context() as earlier:
        earlier.delitem(sys.modules, "pandas")
        assert not serialization.is_dataframe_like({"objects": [{"left": 3}]})
        assert "pandas" not in sys.modules
