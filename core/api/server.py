"""The API as a server of its own, in one process or several."""

import socket
import tempfile

import uvicorn
from uvicorn.supervisors import Multiprocess

from core.api import figures
from core.api.lazy import Alone
from core.errors import StudioError, system_sentence

_BACKLOG = 2048  # connections that wait to be accepted
_KEPT = 65  # seconds that a connection stays open unused
_AT_ONCE = 1  # of them that one of several workers accepts at a time, so that others get theirs


class _Workers(Multiprocess):
    """Worker processes that share one socket.

    asyncio takes one number for how many connections a worker accepts at a time and for how many
    may wait, and would tell the system the small one.
    """

    def keep_subprocess_alive(self) -> None:
        """Called twice a second; a worker that was started anew has set the number again."""
        super().keep_subprocess_alive()
        for listener in self.sockets:
            listener.listen(_BACKLOG)


def serve(host: str, port: int, workers: int) -> None:
    """Serve until the process is asked to stop.

    Args:
        host: a name or an IP address of this machine; `127.0.0.1` for this machine alone.
        port: 0 for any that is free.
        workers: processes that share the work.

    Raises:
        StudioError: if the address cannot be bound.
    """
    listener = _bind(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listener.getsockname()[1]}"
    config = uvicorn.Config(
        Alone(host),
        log_level="warning",
        access_log=False,
        workers=workers,
        timeout_keep_alive=_KEPT,
        backlog=_BACKLOG if workers == 1 else _AT_ONCE,
    )
    print(f"The API is at {address}, its documentation at {address}/docs", flush=True)  # noqa: T201
    with listener:
        if workers == 1:
            return uvicorn.Server(config).run(sockets=[listener])
        with tempfile.TemporaryDirectory(prefix="studio-api-") as folder:
            figures.share_in(folder)
            _Workers(config, [listener]).run()


def _bind(host: str, port: int) -> socket.socket:
    """A socket that listens there. It names TCP, so that asyncio sends small replies at once."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        family, kind, proto, _, address = found[0]
        listener = socket.socket(family, kind, proto)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.set_inheritable(True)
    except (socket.gaierror, UnicodeError) as error:
        raise StudioError(f"`--host` must be of this machine. Received: {host}.") from error
    except OSError as error:
        raise StudioError(
            f"Nothing can be served at {host}, port {port}: {system_sentence(error)}"
        ) from error
    return listener
