import pytest

from core import errors
from core.errors import StudioError, unknown


@pytest.mark.parametrize(
    "name", ["ImageError", "DatasetError", "ModelError", "RunError", "JobError"]
)
def test_every_error_belongs_to_the_tree(name):
    assert issubclass(getattr(errors, name), StudioError)


@pytest.mark.parametrize("name", ["ImageError", "DatasetError", "ModelError", "RunError"])
def test_the_tree_is_drawn_in_the_docstring(name):
    assert name in errors.__doc__


@pytest.mark.parametrize(
    ("kind", "name", "known", "sentence"),
    [
        (
            "model",
            "resnt",
            ["resnet", "mlp"],
            "There is no model named 'resnt'. Known: mlp, resnet.",
        ),
        ("run", "x", [], "There is no run named 'x'. Known: none."),
        ("dataset", 7, ("b", "a"), "There is no dataset named '7'. Known: a, b."),
        ("split", None, {"val": 1}, "There is no split named 'None'. Known: val."),
    ],
)
def test_unknown_lists_the_known_names_in_order(kind, name, known, sentence):
    assert unknown(kind, name, known) == sentence
