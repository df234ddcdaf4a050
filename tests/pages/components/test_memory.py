"""What is kept over a reload, and for how long."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.shares import Room
from pages.components.shared import keys, memory
from pages.components.shared.memory import Memory

PNG = b"x" * 2_000
KEPT = {
    "a drawing": Memory({}, PNG),
    "uploads": Memory(uploads=[("a.png", PNG)]),
    "an image in the lab": Memory(lab=("a.png", PNG)),
}


@pytest.fixture
def shelf(monkeypatch) -> memory._Shelf:
    """A shelf of its own, empty."""
    shelf = memory._Shelf()
    monkeypatch.setattr(memory, "_shelf", lambda: shelf)
    return shelf


@pytest.fixture
def visitor(shelf) -> Callable[..., AppTest]:
    """`visitor(token)`: somebody with that token in the address, who may show something.

    What stands under `shows` in the session is remembered; `recalled` is what was known then.
    """

    def page() -> None:
        import streamlit as st

        from pages.components.shared.memory import recall, remember

        if "shows" in st.session_state:
            remember(st.session_state.pop("shows"))
        st.session_state["recalled"] = recall()

    def come(token: str = "") -> AppTest:
        app = AppTest.from_function(page, default_timeout=60)
        if token:
            app.query_params[keys.SKETCH] = token
        return run(app)

    return come


def run(app: AppTest, **shows: Memory) -> AppTest:
    for name, kept in shows.items():
        app.session_state[name] = kept
    app.run()
    assert not app.exception
    return app


def token_of(app: AppTest) -> str | None:
    value = app.query_params.get(keys.SKETCH)
    return value[0] if isinstance(value, list) else value


def without_url(app: AppTest) -> AppTest:
    """The visitor on another page: the browser has taken off what stood in the address."""
    for name in list(app.query_params):
        del app.query_params[name]
    return run(app)


# The shelf


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_the_oldest_memories_are_forgotten_when_they_grow_too_many(monkeypatch, kept):
    monkeypatch.setattr(memory, "_ROOM", Room(5_000, 5_000))
    shelf = memory._Shelf()
    for number in range(5):
        shelf.put(f"visitor{number}", kept)
    left = [number for number in range(5) if shelf.get(f"visitor{number}") is not None]
    assert left == [3, 4]


def test_whoever_shows_something_again_is_not_the_oldest_any_more(monkeypatch, shelf):
    monkeypatch.setattr(memory, "_ROOM", Room(5_000, 5_000))
    for visitor in ("one", "two", "one", "three"):
        shelf.put(visitor, KEPT["uploads"])
    assert [name for name in ("one", "two", "three") if shelf.get(name)] == ["one", "three"]


def test_one_that_is_larger_than_all_may_be_is_kept_alone(monkeypatch, shelf):
    monkeypatch.setattr(memory, "_ROOM", Room(1_000, 1_000))
    shelf.put("one", Memory())
    shelf.put("two", KEPT["an image in the lab"])
    assert shelf.get("one") is None
    assert shelf.get("two") == KEPT["an image in the lab"]


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_every_byte_of_an_image_counts(kept):
    assert 2_000 <= kept.size() - Memory().size() < 2_100


def test_all_that_one_visitor_showed_counts_together():
    everything = Memory({}, PNG, [("a.png", PNG), ("b.png", PNG)], ("c.png", PNG))
    assert 8_000 <= everything.size() - Memory().size() < 8_100


def test_one_visitor_never_sees_what_another_showed():
    shelf = memory._Shelf()
    shelf.put("one", Memory({"objects": [1]}, b"png", lab=("a.png", b"png")))
    assert shelf.get("another") is None


# The token


def test_who_has_shown_nothing_has_no_token(visitor):
    app = visitor()
    assert app.session_state["recalled"] == Memory()
    assert token_of(app) is None


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
@pytest.mark.few(1)
def test_what_was_shown_outlives_a_reload(visitor, kept):
    app = run(visitor(), shows=kept)
    assert app.session_state["recalled"] == kept
    assert len(token_of(app)) >= 12
    assert visitor(token_of(app)).session_state["recalled"] == kept


@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
@pytest.mark.few(1)
def test_what_was_shown_is_known_on_another_page(visitor, kept):
    app = run(visitor(), shows=kept)
    assert without_url(app).session_state["recalled"] == kept


@pytest.mark.slow
def test_a_token_stays_the_same_from_page_to_page(visitor):
    app = run(visitor(), shows=KEPT["uploads"])
    token = token_of(app)
    run(without_url(app), shows=KEPT["a drawing"])
    assert token_of(app) == token  # it is in the address again
    assert visitor(token).session_state["recalled"] == KEPT["a drawing"]


@pytest.mark.slow
def test_a_link_counts_for_more_than_what_was_shown_before(visitor, shelf):
    shelf.put("of a link", KEPT["a drawing"])
    app = run(visitor(), shows=KEPT["uploads"])
    app.query_params[keys.SKETCH] = "of a link"
    assert run(app).session_state["recalled"] == KEPT["a drawing"]
    run(app, shows=KEPT["an image in the lab"])
    assert token_of(app) == "of a link"
    assert without_url(app).session_state["recalled"] == KEPT["an image in the lab"]


def test_a_token_of_something_forgotten_gives_nothing_and_is_used_again(visitor):
    app = visitor("long ago")
    assert app.session_state["recalled"] == Memory()
    run(app, shows=KEPT["an image in the lab"])
    assert token_of(app) == "long ago"
    assert visitor("long ago").session_state["recalled"] == KEPT["an image in the lab"]


def test_two_visitors_have_two_tokens(visitor):
    one, other = (run(visitor(), shows=kept) for kept in list(KEPT.values())[:2])
    assert token_of(one) != token_of(other)
    assert run(one).session_state["recalled"] == KEPT["a drawing"]
    assert run(other).session_state["recalled"] == KEPT["uploads"]
