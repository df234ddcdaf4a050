"""Python as text: calls that break where a line is full, comments, sections and their imports."""

import json
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

WIDTH = 100
_INDENT = " " * 4


@dataclass(frozen=True)
class Call:
    """Something with parts in brackets: a call, or a list.

    Attributes:
        opening: what comes before the parts, e.g. `model.fit(`.
        parts: texts or other calls; in a list, a text that begins with # is a comment.
        open: whether each part has a line of its own even if one line would do.
    """

    opening: str
    parts: tuple["str | Call", ...]
    open: bool = False

    def lines(self, indent: str = "", after: str = "") -> list[str]:
        """The lines of it: one if that is not too long, else one for each part."""
        if len(line := f"{indent}{self._flat()}{after}") <= WIDTH and not self._opens:
            return [line]
        lines = [indent + self.opening]
        comma = "," if self.open or len(self.parts) > 1 else ""
        for part in self.parts:
            if isinstance(part, Call):
                lines += part.lines(indent + _INDENT, comma)
            else:
                lines.append(f"{indent}{_INDENT}{part}{'' if part.startswith('#') else comma}")
        return [*lines, indent + self._closing + after]

    def _flat(self) -> str:
        parts = (part._flat() if isinstance(part, Call) else part for part in self.parts)
        return self.opening + ", ".join(parts) + self._closing

    @property
    def _opens(self) -> bool:
        return self.open or any(part._opens for part in self.parts if isinstance(part, Call))

    @property
    def _closing(self) -> str:
        return "]" if self.opening.endswith("[") else ")"


def call(opening: str, *parts: "str | Call", **named: Any) -> Call:
    """A call; `named` values are written as `literal` writes them.

    Args:
        opening: what comes before the parts, the bracket left out: `model = keras.Model`.
        parts: what comes in the brackets first.
    """
    return Call(f"{opening}(", (*parts, *(f"{name}={literal(named[name])}" for name in named)))


def listed(opening: str, parts: Iterable["str | Call"]) -> Call:
    """A list with a line for each part, e.g. `callbacks = `."""
    return Call(f"{opening}[", tuple(parts), open=True)


def literal(value: Any) -> str:
    """A value as Python reads it; texts in double quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def comment(text: str, indent: str = "") -> list[str]:
    """A comment, as many lines as it needs."""
    return textwrap.wrap(text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


class Script:
    """A script that is being written: a docstring, then sections with a line between them."""

    def __init__(self) -> None:
        self._imports: set[str] = set()
        self._sections: list[list[str]] = []

    def uses(self, *imports: str) -> None:
        """Add import statements, each once."""
        self._imports.update(imports)

    def add(self, *parts: "str | Call | Iterable[str]", why: str = "") -> None:
        """Add a section.

        Args:
            parts: lines, lists of lines and calls.
            why: the comment it begins with.
        """
        section = comment(why)
        for part in parts:
            if isinstance(part, Call):
                section += part.lines()
            else:
                section += [part] if isinstance(part, str) else part
        self._sections.append(section)

    def text(self, docstring: str) -> str:
        """The whole script."""
        text = f'"""{docstring}\n"""\n\n' + "\n\n".join(self._blocks_of_imports())
        before = True  # the imports end like a definition if one follows
        for section in self._sections:
            defines = any(line.startswith(("def ", "class ")) for line in section)
            blank = 2 if defines or not before else 1
            text += "\n" * (blank + 1) + "\n".join(section)
            before = not defines
        return text + "\n"

    def _blocks_of_imports(self) -> list[str]:
        """Sorted: Python's own, those of packages, those of the project."""
        blocks: list[list[str]] = [[], [], []]
        for line in sorted(self._imports, key=lambda line: (line.startswith("from"), line)):
            package = line.split()[1].partition(".")[0]
            own = package in sys.stdlib_module_names
            blocks[0 if own else 2 if package == "core" else 1].append(line)
        return ["\n".join(block) for block in blocks if block]
