"""The README's table of results is that of the stored runs."""

import pytest

from core import runs
from core.settings import PROJECT_DIR
from docs.reference import results

pytestmark = pytest.mark.every_case

README = (PROJECT_DIR / "README.md").read_text(encoding="utf-8")


def test_the_table_in_the_readme_is_as_the_runs_say():
    assert results.results() in README
    assert results.put_into(README) == README


@pytest.mark.parametrize("name", runs.TRAINED_HERE)
def test_every_bundled_run_is_in_it(name):
    accuracy = runs.load(name).evaluation("test").accuracy
    (row,) = [line for line in results.results().splitlines() if f"`{name}`" in line]
    assert f"**{accuracy * 100:.2f} %**" in row


def test_a_text_without_marks_is_refused():
    with pytest.raises(ValueError, match="lacks the marks"):
        results.put_into("# A text")
