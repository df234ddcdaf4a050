"""What the server does once, when it starts."""

import socket
import sys

import pytest

from pages.components.shared.opening import send_at_once


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
