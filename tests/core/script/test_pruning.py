"""Source code without what known values make unreachable."""

import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.script.pruning import pruned

KNOWN = {"values": {"on": True, "off": False, "kind": "b"}}
SOURCES = {
    "taken": (
        """
        if values["on"]:  # a remark
            # About what is on.
            x = 1
        y = 2
        """,
        """
        # About what is on.
        x = 1
        y = 2
        """,
    ),
    "not taken": (
        """
        x = 0
        # About what is off.
        if values["off"]:
            x = 1
        y = 2
        """,
        """
        x = 0
        y = 2
        """,
    ),
    "else": (
        """
        if values["off"]:
            x = 1
        else:
            x = 2  # kept
        y = 2
        """,
        """
        x = 2  # kept
        y = 2
        """,
    ),
    "the second of three": (
        """
        if values["kind"] == "a":
            x = 1
        elif values["kind"] == "b":
            x = 2
        else:
            x = 3
        """,
        """
        x = 2
        """,
    ),
    "behind one that is open": (
        """
        if argument:
            x = 1
        elif values["off"]:
            x = 2
        elif values["on"]:
            x = 3
        else:
            x = 4
        """,
        """
        if argument:
            x = 1
        else:
            x = 3
        """,
    ),
    "before one that is open": (
        """
        if values["off"]:
            x = 1
        elif argument:
            x = 2
        else:
            x = 3
        """,
        """
        if argument:
            x = 2
        else:
            x = 3
        """,
    ),
    "one of two that must hold": (
        """
        if argument and values["on"]:
            x = 1
        if values["off"] and argument:
            x = 2
        """,
        """
        if argument:
            x = 1
        """,
    ),
    "over several lines": (
        """
        if (
            values["kind"] == "b"
            or values["off"]
        ):
            x = 1
        """,
        """
        x = 1
        """,
    ),
    "a return within": (
        """
        if values["on"]:
            return 1
        x = 2
        return x
        """,
        """
        return 1
        """,
    ),
    "by a function of the module": (
        """
        for x in argument:
            if is_on(values):
                print(x)
        """,
        """
        for x in argument:
            print(x)
        """,
    ),
    "what is not known": (
        """
        if values["other"]:
            x = 1
        if local(values):
            x = 2
        """,
        """
        if values["other"]:
            x = 1
        if local(values):
            x = 2
        """,
    ),
}


def function(body: str) -> str:
    return "def f(argument, local):\n" + textwrap.indent(textwrap.dedent(body).strip(), " " * 4)


@pytest.mark.parametrize("name", SOURCES)
def test_only_the_branch_that_is_taken_stays(name):
    before, after = map(function, SOURCES[name])
    assert pruned(before, KNOWN, {"is_on": lambda values: values["on"]}) == after


def test_of_a_docstring_the_first_paragraph_stays():
    source = 'def f(x):\n    """What it\n    does.\n\n    Args:\n        x: a number.\n    """\n'
    assert pruned(source, {}, {}) == 'def f(x):\n    """What it\n    does."""'


def test_threads_parse_at_the_same_time():
    source = function("\n".join(f"x = [{n}, [{n}, [{n}, {{{n}: {n}}}]]]" for n in range(200)))
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: pruned(source, {}, {}), range(12))) == {source}
