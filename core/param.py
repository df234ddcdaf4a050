"""One thing that may be set on a model: what it means, what is allowed, when it counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import ModelError, did_you_mean

Value = bool | int | float | str
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_MOST_LAYERS = 6
_MOST_SIGNS = 10  # of one number in a list


@dataclass(frozen=True)
class Param:
    """One hyperparameter, described for forms and checks.

    Attributes:
        name: the field's own word for it, also its name on the command line.
        title: what a form calls it.
        default: its value when nobody sets it; its type is the type every value must have. A text
            without `choices` is a list of whole numbers with hyphens between, such as `32-64`.
        help: one or two sentences a student understands.
        low, high: inclusive limits of a number.
        choices: the allowed values of a text.
        group: the section of a form it belongs to, one of `GROUPS`.
        advanced: whether a form folds it away.
        only_if: a hyperparameter and its values for which this one counts; None if it always does.
    """

    name: str
    title: str
    default: Value
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    group: str = "model"
    only_if: tuple[str, tuple[Value, ...]] | None = None
    advanced: bool = False

    def parse(self, value: Any) -> Value:
        """The value as this parameter's type, checked against its limits.

        Raises:
            ModelError: if it is of another type or outside the limits.
        """
        try:
            parsed = self._convert(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise ModelError(self._sentence(value)) from error
        if not self._allows(parsed):
            raise ModelError(self._sentence(value))
        return parsed

    def counts(self, values: Mapping[str, Any]) -> bool:
        """Whether it has any effect beside these other values."""
        return self.only_if is None or values.get(self.only_if[0]) in self.only_if[1]

    def _convert(self, value: Any) -> Value:
        if isinstance(self.default, bool):
            return _truth(value)
        if isinstance(value, bool):
            raise ValueError
        if isinstance(self.default, str):
            return str(value).strip()
        if isinstance(self.default, int) and float(value) != int(float(value)):
            raise ValueError
        return type(self.default)(float(value))

    def _allows(self, value: Value) -> bool:
        if isinstance(value, bool):
            return True
        if self.choices:
            return value in self.choices
        if isinstance(value, str):
            parts = value.split("-")
            return len(parts) <= _MOST_LAYERS and all(
                part.isascii()
                and part.isdigit()
                and len(part) < _MOST_SIGNS
                and self.low <= int(part) <= self.high
                for part in parts
            )
        return self.low <= value <= self.high

    def _sentence(self, value: Any) -> str:
        if isinstance(self.default, bool):
            allowed = "true or false"
        elif self.choices:
            allowed = f"one of {', '.join(self.choices)}"
        elif isinstance(self.default, str):
            allowed = (
                f"one to {_MOST_LAYERS} whole numbers from {self.low:g} to {self.high:g} with "
                f"hyphens between, such as {self.default}"
            )
        else:
            kind = "a whole number" if isinstance(self.default, int) else "a number"
            allowed = f"{kind} from {self.low:g} to {self.high:g}"
        hint = did_you_mean(value, self.choices) if isinstance(value, str) else ""
        return f"`{self.name}` must be {allowed}. Received: {value!r}. {hint}".rstrip()


def _truth(value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in _TRUE + _FALSE:
        raise ValueError
    return text in _TRUE


def numbers(text: str) -> list[int]:
    """The sizes of layers: `"32-64"` to `[32, 64]`."""
    return [int(part) for part in text.split("-")]
