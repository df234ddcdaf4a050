"""Names that other people chose, as they are shown."""

import pytest

from core.names import all_shown, shown, shown_path


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("cat", "cat"),
        ("naïve 猫 👩‍👩‍👧 مرحبا", "naïve 猫 👩‍👩‍👧 مرحبا"),
        ("", "␣"),
        ("  ", "␣␣"),
        ("a\nb\tc", "a⏎b c"),
        ("\u202etac\x00\ud800", "�tac��"),
        ("A" * 900, "A" * 199 + "…"),
    ],
)
def test_a_name_can_be_seen(name, seen):
    assert shown(name) == seen


def test_names_can_be_told_apart():
    names = ["A" * 900, "A" * 901, "a\x00", "a\x01", "a"]
    seen = all_shown(names)
    assert len(set(seen)) == len(names) and max(map(len, seen)) == 200
    assert seen[2:] == ["a�", "a� (2)", "a"]


def test_a_path_keeps_its_ends():
    path = shown_path("folder/" + "x" * 900 + "/file.png")
    assert path.startswith("folder/") and path.endswith("/file.png") and len(path) == 76
