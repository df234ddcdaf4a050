"""Files of earlier versions of the studio, brought up to the names and values of today.

A file says which version of its layout it has. For each earlier version there is one function,
which takes the content as it was and gives it as the next version has it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from core.errors import StoredError

Step = Callable[[dict[str, Any]], dict[str, Any]]
VERSION = "format_version"


def bring_up(content: Any, steps: Mapping[int, Step], *, unmarked: int | None = None) -> dict:
    """The content of a file as the current version writes it.

    Args:
        content: what `parse_json` gave.
        steps: by version, what turns it into the next one. The current version is one above the
            highest.
        unmarked: the version of files that do not say theirs; None if all do.

    Raises:
        StoredError: if it is no map, does not say its version, or a newer studio wrote it.
    """
    current = current_version(steps)
    if not isinstance(content, dict):
        raise StoredError("it must be a map of names to values")
    version = content.get(VERSION, unmarked)
    if type(version) is not int or version < 1:
        raise StoredError(
            f"its format version must be a whole number from 1 to {current}. "
            f"Received: {version!r:.50}"
        )
    if version > current:
        raise StoredError(
            "a newer version of the studio wrote it: its format version is "
            f"{str(version):.20}, and this one knows 1 to {current}"
        )
    for earlier in range(version, current):
        try:
            content = steps[earlier](dict(content))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StoredError(f"it does not fit its format version {earlier}") from error
    return {**content, VERSION: current}


def current_version(steps: Mapping[int, Step]) -> int:
    """The version that is written today."""
    return max(steps, default=0) + 1


def renamed(content: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The same values, some under other names, in the same order."""
    return {names.get(name, name): value for name, value in content.items()}
