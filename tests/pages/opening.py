"""Opening a page of the studio as a test does."""

from collections.abc import Iterable

from streamlit.testing.v1 import AppTest

from core.settings import PROJECT_DIR

APP = str(PROJECT_DIR / "pages" / "studio.py")


def visit(page: str, unfolded: Iterable[str] = (), **address: str) -> AppTest:
    """A page of the studio at that address, run once without a failure; some of it unfolded."""
    app = AppTest.from_file(APP, default_timeout=120).switch_page(f"{page}.py")
    for name, value in address.items():
        app.query_params[name] = value
    for key in unfolded:
        app.session_state[key] = True
    return fine(app.run())


def fine(page: AppTest) -> AppTest:
    """The page; fails if an exception is shown on it."""
    assert [problem.value for problem in page.exception] == []
    return page
