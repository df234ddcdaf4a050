"""JSON that is read back: parsed within bounds, then checked field by field."""

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from annotated_types import Ge, Le, MaxLen, MinLen

from core.errors import StoredError
from core.stored.files import MOST_BYTES, read_text, write_whole

DEPTH = 12  # lists and maps inside each other; none of our files needs half of that
_OF_UNIONS = {
    f"{start}{name}" for start in ("", "constrained-") for name in ("int", "float", "str")
}
_OF_UNIONS |= {"bool", "none"}
_LARGEST = 2**63  # no whole number is larger

T = TypeVar("T")

# Types of fields, as `read_as` checks them.
Name = Annotated[str, MinLen(1), MaxLen(500)]
Text = Annotated[str, MaxLen(50_000)]
Count = Annotated[int, Ge(0), Le(10**15)]
Seed = Annotated[int, Ge(0), Le(2**32 - 1)]  # NumPy takes no larger one
Fraction = Annotated[float, Ge(0), Le(1)]
Seconds = Annotated[float, Ge(0), Le(1e10)]
Number = Annotated[int, Ge(-(10**15)), Le(10**15)] | Annotated[float, Ge(-1e15), Le(1e15)]
Setting = bool | Number | Text


def read_json(path: Path, most: int = MOST_BYTES) -> Any:
    """The value in a JSON file.

    Raises:
        StoredError: if the file cannot be read, or `parse_json` refuses it.
    """
    return parse_json(read_text(path, most))


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        StoredError: if it is not JSON, is nested too deeply, or holds what is not in the standard
            or cannot be shown: NaN, Infinity, endless numbers, halves of a sign.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise StoredError(_too_deep()) from error
    except ValueError as error:
        raise StoredError(f"it is not JSON: {error}") from error
    waiting = [(value, 1)]
    while waiting:
        entry, depth = waiting.pop()
        if depth > DEPTH:
            raise StoredError(_too_deep())
        if isinstance(entry, dict):
            waiting += [(name, depth) for name in entry]
            waiting += [(inner, depth + 1) for inner in entry.values()]
        elif isinstance(entry, list):
            waiting += [(inner, depth + 1) for inner in entry]
        else:
            _check_plain(entry)
    return value


def _too_deep() -> str:
    return f"it is nested too deeply; {DEPTH} lists and maps inside each other are allowed"


def _refuse(constant: str) -> None:
    raise ValueError(f"numbers must be finite. Received: {constant}")


def _check_plain(value: object) -> None:
    if isinstance(value, str):
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise StoredError(f"a text is no valid Unicode: {value[:50]!r}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise StoredError("numbers must be finite. Received: one beyond all bounds")
    elif isinstance(value, int) and abs(value) > _LARGEST:
        raise StoredError(f"whole numbers go to {_LARGEST}. Received: one of {len(str(value))}")


def read_as(path: Path, kind: type[T], most: int = MOST_BYTES) -> T:
    """A JSON file as a dataclass.

    Raises:
        StoredError: if the file cannot be read, or a field is missing or not as annotated.
    """
    return check(read_json(path, most), kind)


def check(value: Any, kind: type[T]) -> T:
    """A JSON value as a type: nothing is converted, `true` is no number and `"1"` neither.

    Args:
        value: what `parse_json` gives; lists become tuples where the type says so.
        kind: a dataclass, or any type that pydantic knows; fields it lacks are left out.

    Raises:
        StoredError: if anything is missing or of another type or size.
    """
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        raise StoredError(_sentence(error)) from error


@lru_cache(maxsize=64)
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter  # 0.2 s and 8 MB, so not in a process that only predicts

    return TypeAdapter(kind)


def _sentence(error: Any) -> str:
    """The first invalid entry and its reason; all that are missing."""
    errors = error.errors(include_url=False, include_context=False)
    missing = [e["loc"] for e in errors if e["type"] in ("missing", "missing_argument")]
    if missing:
        names = {place[-1] for place in missing if len(place) == len(missing[0])}
        inside = f" in {_place(missing[0][:-1])}" if len(missing[0]) > 1 else ""
        return f"it lacks {', '.join(sorted(map(str, names)))}{inside}"
    first = errors[0]
    if first["type"] == "value_error":
        return first["msg"].removeprefix("Value error, ")
    received = repr(first["input"])
    shown = received if len(received) <= 60 else received[:57] + "…"
    message = first["msg"][:1].lower() + first["msg"][1:]
    return f"{_place(first['loc']) or 'it'}: {message}. Received: {shown}"


def _place(parts: tuple) -> str:
    """Where an entry is; without what pydantic calls the members of a union."""
    return ".".join(str(part) for part in parts if part not in _OF_UNIONS)


def write_json(path: Path, value: Any, indent: int | None = None) -> None:
    """Put a JSON file in place as a whole; what `parse_json` would refuse is left out or replaced.

    Raises:
        OSError: if it cannot be written; the old file is still there then.
    """
    write_whole(path, (as_json(value, indent) + "\n").encode())


def as_json(value: Any, indent: int | None = None) -> str:
    """A value as JSON that is read back."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=indent)


def _plain(value: Any) -> Any:
    """Without numbers that are not finite, and without halves of signs."""
    if isinstance(value, Mapping):
        kept = {name: inner for name, inner in value.items() if not _is_endless(inner)}
        return {_plain(name): _plain(inner) for name, inner in kept.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    return None if _is_endless(value) else value


def _is_endless(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
