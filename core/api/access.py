"""Who sends a request, and what they may do.

| who | may |
|---|---|
| has `STUDIO_API_TOKEN` | everything, as the owner |
| has a page's token (`tokens.py`) | what its visitor may, also in a public demo |
| nobody in particular, on a server bound to loopback | everything, as the owner |
| nobody in particular, on another server | predict and look at runs, models and datasets |
| nobody in particular, in a public demo | the same, with bundled runs only |
| nobody in particular, where `STUDIO_API_TOKEN` is set | `/health` and the documentation |
"""

import hmac
import ipaddress
import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from core import settings, visitors
from core.api import tokens
from core.api.problems import Refused, answer

_OPEN = re.compile(r"/?|/health|/openapi\.json|/docs(/.*)?")
_LOOKS = re.compile(r"/predict|/models|/datasets|/metrics|/runs(/.*)?")
_WORKS = re.compile(r"/runs/[^/]+/export")  # a GET that starts a job
_SAFE = ("GET", "HEAD", "OPTIONS")
_NEEDED = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True)
class Caller:
    """Who sends a request.

    Attributes:
        visitor: whose things they see; see `core.visitors`.
        only_looks: whether they may predict and look, and nothing else.
    """

    visitor: str
    only_looks: bool = False


class Access:
    """ASGI middleware that refuses who may not, and has `core` know for whom the rest is done.

    Args:
        host: what the server is bound to.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app, self._is_local = app, is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        try:
            caller = self._admit(scope["method"], path, Headers(scope=scope))
        except Refused as refusal:
            return await answer(refusal)(scope, receive, send)
        with visitors.serving(caller.visitor):
            await self._app(scope, receive, send)

    def _admit(self, method: str, path: str, headers: Headers) -> Caller:
        """Who sends the request; raises `Refused` if they may not."""
        if method == "OPTIONS" or _OPEN.fullmatch(path):
            return Caller(visitors.NOBODY if settings.current().public else visitors.OWNER)
        looks = bool(_LOOKS.fullmatch(path) and not _WORKS.fullmatch(path))
        if not looks and (method not in _SAFE or _WORKS.fullmatch(path)):
            self._check_origin(headers)
        caller = _caller(headers, self._is_local)
        if caller.only_looks and not looks:
            raise Refused(403, _only_looks())
        return caller

    def _check_origin(self, headers: Headers) -> None:
        """Raise `Refused` if another website sends what changes something.

        A browser names the site in `Origin`, and sends it with every form. A site whose name was
        made to lead here (DNS rebinding) is told by `Host`.
        """
        host, origin = headers.get("host", "").lower(), headers.get("origin")
        named = settings.current().api_origins
        foreign = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        if origin is not None and origin.lower() not in named:
            foreign = urlsplit(origin.lower()).netloc != host or foreign
        elif origin is not None:
            foreign = False
        if foreign:
            raise Refused(
                403,
                "Another website may not change anything here: `Origin` must be this server's own, "
                f"or one of STUDIO_API_ORIGINS. Received: {origin or 'a request across sites'}.",
            )
        if not self._is_local:  # by what name it is reached nobody has said; a token is needed
            return
        ours, name = {urlsplit(origin).hostname for origin in named}, _name_of(host)
        if not (is_loopback(name) or name in ours):
            raise Refused(
                403,
                "This server is not reached by that name: `Host` must be localhost, 127.0.0.1, or "
                f"a name in STUDIO_API_ORIGINS. Received: {host or 'none'}.",
            )


def _caller(headers: Headers, is_local: bool) -> Caller:
    now = settings.current()
    given = headers.get("authorization")
    if given is not None:
        return _known(given)
    if now.api_token:
        raise Refused(
            401,
            "A token is needed: send the header `Authorization: Bearer …` with the value of "
            "STUDIO_API_TOKEN.",
            _NEEDED,
        )
    if now.public:
        return Caller(visitors.NOBODY, only_looks=True)
    return Caller(visitors.OWNER, only_looks=not is_local)


def _known(given: str) -> Caller:
    """Who holds the token of an `Authorization` header."""
    scheme, _, token = given.partition(" ")
    token, secret = token.strip(), settings.current().api_token
    if scheme.lower() == "bearer":
        if secret and hmac.compare_digest(token.encode("latin-1"), secret.encode()):
            return Caller(visitors.OWNER)
        if holder := tokens.holder_of(token):
            return Caller(holder.visitor)
    raise Refused(
        401,
        "The token is not valid: it must be the value of STUDIO_API_TOKEN, or one that a page gave "
        "less than an hour ago.",
        {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def _only_looks() -> str:
    if settings.current().public:
        return (
            "Without a token this public demo only predicts, with the bundled models. Run the "
            "studio on your own machine to train: see README."
        )
    return (
        "This server can be reached by others, so without a token it only predicts. Set "
        "STUDIO_API_TOKEN, and send it as `Authorization: Bearer …`; or start it for this machine "
        "alone, as `make run` does."
    )


def _name_of(host: str) -> str:
    """The name in a `Host` header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


@cache
def is_loopback(host: str) -> bool:
    """Whether a name or an IP address is of this machine alone."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost") or name.startswith("unix:"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
