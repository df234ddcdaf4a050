"""The REST API on the studio's own port, and tokens with which components of a page call it."""

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route
from streamlit import config
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.api import Api, page_token

_EVERY_ADDRESS = "0.0.0.0"  # what Streamlit binds unless it is told otherwise


def bound_to() -> str:
    """The IP address or name that the studio's server listens at."""
    return config.get_options_for_section("server")["address"] or _EVERY_ADDRESS


def token() -> str:
    """What a component of the current page sends as `Authorization: Bearer …` to `/api/…`.

    It is valid for an hour; the page gives a new one whenever it is drawn anew.
    """
    from core import visitors  # not when the server starts: see `gate`

    context = get_script_run_ctx(suppress_warning=True)
    return page_token(visitors.current(), context.session_id if context else "")


async def _to_the_documentation(request: Request) -> RedirectResponse:
    return RedirectResponse("./api/docs")


ROUTES = [Mount("/api", Api(bound_to)), Route("/api", _to_the_documentation)]
