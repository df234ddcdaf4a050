"""Look inside on Recognise, replays on Compare: on request; where there is none, the reason."""

import pytest
from streamlit.testing.v1 import AppTest

from core.explain import unpacked
from pages.components.shared import keys
from tests.pages.opening import APP, digit, drawn, fine, visit

pytestmark = pytest.mark.every_case


def recognise(**url: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in url.items():
        app.query_params[name] = value
    app.session_state[keys.CANVAS] = drawn(digit(3))
    return fine(app.run())


def sent(app: AppTest) -> list[dict]:
    """What components for maps were given."""
    elements = app.get("bidi_component")
    return [unpacked(one.proto.bytes) for one in elements if one.proto.bytes]


def test_nothing_is_computed_before_it_is_asked_for():
    assert sent(recognise()) == []


def test_a_link_opens_the_layers_with_a_linear_model_beside():
    (shown,) = sent(recognise(inside="true"))
    assert shown["run"] == "mnist-cnn" and shown["whole"]
    assert shown["linear"]["weights"].shape == (28, 28, 1, 10)
    assert shown["shifts"]["network"].shape == (13, 13, 10)


def test_a_model_without_layers_says_so():
    app = recognise(inside="true", runs="mnist-random-forest")
    assert any("no neural network" in info.value for info in app.info)
    assert sent(app) == []


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ("mnist-cnn", "trained before recordings existed"),
        ("mnist-svm", ""),
    ],
)
def test_a_run_without_a_recording_says_why(run, sentence):
    page = visit("compare", compare=run, show="curves", replay="true")
    assert any(sentence in info.value for info in page.info) == bool(sentence)
