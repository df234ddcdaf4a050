import pytest

from core import runs
from tests.core.made_up import made_up_run

LONG = "A network with a very long title, of which only the end differs from others, number "


@pytest.mark.parametrize(
    ("titles", "names"),
    [
        ({"one": "First", "two": "Second"}, ["First", "Second"]),
        ({"one": "", "two": "Second"}, ["one", "Second"]),
        (
            {"one": "Same", "two": "Same", "three": "Third"},
            ["Same (one)", "Same (two)", "Third"],
        ),
        ({"one": "My  CNN", "two": "my cnn"}, ["My  CNN (one)", "my cnn (two)"]),
        ({"one": "two", "two": ""}, ["two (one)", "two (two)"]),
        ({"a": "Same", "b": "Same", "c": "Same (a)"}, ["Same (a)", "Same (b)", "Same (a) (2)"]),
        ({"one": LONG + "1" * 30, "two": LONG + "2" * 30}, None),
        ({"one": "\u202eevil", "two": " \t"}, ["\N{REPLACEMENT CHARACTER}evil", "␣␣"]),
    ],
)
def test_names_are_titles_and_ids_where_titles_are_alike(titles, names):
    found = [made_up_run(name, title=title) for name, title in titles.items()]
    received = runs.names_of(found)
    assert list(received) == list(titles)
    assert len(set(received.values())) == len(titles)
    assert names is None or list(received.values()) == names


def test_a_run_that_is_gone_is_called_by_its_id():
    assert runs.names_of_ids(["mnist-cnn", "long-gone"])["long-gone"] == "long-gone"
    assert runs.names_of_ids([]) == {}
