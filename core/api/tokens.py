"""Short-lived tokens with which a page's own components call the API for their visitor.

They are signed with a key that only this process knows: no other process, and nobody after a
restart, accepts them.
"""

import secrets
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer

SECONDS = 3600  # a page gives new ones whenever it is drawn anew
_LONGEST = 1000  # characters
_key = secrets.token_bytes(32)


@dataclass(frozen=True)
class Holder:
    """For whom a token was made.

    Attributes:
        visitor: whose things the holder may see and change; see `core.visitors`.
        session: the page that was given it.
    """

    visitor: str
    session: str


def page_token(visitor: str, session: str) -> str:
    """A token for an hour, with which the API acts as that visitor.

    Args:
        visitor: as `core.visitors.current` names it.
        session: what tells the page from others.
    """
    return _serializer().dumps([visitor, session])


def holder_of(token: str, seconds: float = SECONDS) -> Holder | None:
    """Who holds a token; None if it was not made here, was changed, or is too old."""
    if len(token) > _LONGEST:
        return None
    try:
        return Holder(*_serializer().loads(token, max_age=seconds))
    except BadData:
        return None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_key, salt="page")
