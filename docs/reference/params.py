"""Tables of parameters: of models, operations and augmentation."""

from collections.abc import Iterable

from core.param import Param
from docs.reference.markdown import code, codes, plain, table

HEADER = ("name", "title", "meaning", "type", "default", "allowed")


def params_table(params: Iterable[Param]) -> str:
    """A row for each parameter."""
    return table(HEADER, map(_row, params))


def _row(param: Param) -> tuple[str, ...]:
    return (
        code(param.name),
        param.title,
        meaning(param),
        kind(param),
        code(param.default),
        allowed(param),
    )


def meaning(param: Param) -> str:
    """Its help, and when it has an effect."""
    if param.only_if is None:
        return param.help
    other, values = param.only_if
    wanted = " or ".join(code(f"{other}={plain(value)}") for value in values)
    return f"{param.help} Only with {wanted}."


def kind(param: Param) -> str:
    """What sort of value it takes."""
    if isinstance(param.default, bool):
        return "yes or no"
    if param.choices:
        return "choice"
    if isinstance(param.default, str):
        return "whole numbers joined by hyphens"
    return "whole number" if isinstance(param.default, int) else "number"


def allowed(param: Param) -> str:
    """Its choices or its limits."""
    if isinstance(param.default, bool):
        return codes((True, False))
    if param.choices:
        return codes(param.choices)
    limits = f"{_limit(param.low)} to {_limit(param.high)}"
    return f"each {limits}" if isinstance(param.default, str) else limits


def _limit(value: float | None) -> str:
    return "" if value is None else plain(value)
