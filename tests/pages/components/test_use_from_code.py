"""The view that shows how other programs use a run: what is filled in, and with which token."""

import re
import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from core import visitors
from core.api import tokens
from core.settings import PROJECT_DIR
from tests.core.public import A, give_run, public_demo
from tests.overriding import use

TITLES = ["curl", "Python", "JavaScript"]


def look(run_id: str) -> AppTest:
    """The view of one run."""

    def page(run_id: str) -> None:
        from core import runs
        from pages.components.shared import use_from_code

        use_from_code.show(runs.load(run_id))

    app = AppTest.from_function(page, kwargs={"run_id": run_id}, default_timeout=60).run()
    assert not app.exception
    return app


@pytest.fixture
def demo(tmp_path, monkeypatch):
    with public_demo(tmp_path, monkeypatch) as changed:
        yield changed


def test_every_snippet_holds_the_run_and_the_url_of_the_studio():
    app = look("digits-random-forest")
    assert [tab.label for tab in app.tabs] == TITLES
    assert len(app.code) == len(TITLES)
    for code in app.code:
        assert "digits-random-forest" in code.value
        assert re.search(r"http://localhost(:\d+)?/api/predict", code.value)
        assert "Bearer" not in code.value


def test_where_a_token_is_needed_the_secret_itself_is_not_shown(monkeypatch):
    use(monkeypatch, api_token="the secret itself")
    app = look("mnist-cnn")
    assert all("Bearer YOUR_TOKEN" in code.value for code in app.code)
    assert "STUDIO_API_TOKEN" in app.caption[0].value
    assert "the secret itself" not in str(app)


def test_a_visitor_of_a_demo_gets_a_token_for_their_own_run_alone(demo, small_run):
    give_run(small_run, A, "of-a")
    with visitors.acting_as(A):
        own, bundled = look("of-a"), look("mnist-cnn")
    (token,) = {re.search(r"Bearer ([\w.-]+)", code.value)[1] for code in own.code}
    assert tokens.holder_of(token).visitor == A
    assert "hour" in own.caption[0].value
    assert not any("Bearer" in code.value for code in bundled.code)


def test_starting_the_server_reads_no_settings():
    """A secret of Streamlit may still set STUDIO_PUBLIC then, before the first request."""
    code = "import sys, app; sys.stdout.write(str('core.settings' in sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert result.stdout.endswith("False"), result.stdout + result.stderr
