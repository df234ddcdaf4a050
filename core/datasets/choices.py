"""What somebody decides about an import where names of files and folders leave it open."""

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

from core.errors import DatasetError

CLASSES = {
    "outer": "the outer folders are the classes",
    "inner": "the folders right above the images are the classes",
    "names": "the names of the files begin with the class, as in cat.0.jpg",
}
MAX_NAME = 200  # characters of the name of a class


@dataclass(frozen=True)
class Choices:
    """How to take a folder or zip.

    Attributes:
        classes: one of `CLASSES`; empty where the folders say it themselves.
        leave_out: classes that are not imported, by the names they get.
        leave_out_small: whether classes with too few images are left out, not refused.
        rename: the name of a class as it was found to the name it gets; two that get the same
            name become one class.
    """

    classes: str = ""
    leave_out: tuple[str, ...] = ()
    leave_out_small: bool = False
    rename: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.classes not in ("", *CLASSES):
            raise DatasetError(
                f"Classes can be taken from {', '.join(CLASSES)}. Received: {self.classes!r}."
            )
        for new in self.rename.values():
            if not clean_name(new) or len(new) > MAX_NAME:
                raise DatasetError(
                    f"The name of a class has 1 to {MAX_NAME} characters. Received: {new[:50]!r}."
                )

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "Choices":
        """From what `to_mapping` gives.

        Raises:
            DatasetError: if anything in it is not allowed.
        """
        values = dict(values)
        try:
            values["leave_out"] = tuple(values.get("leave_out", ()))
            return cls(**values)
        except (TypeError, AttributeError) as error:
            raise DatasetError(f"These choices of an import cannot be read: {error}.") from error

    def to_mapping(self) -> dict[str, Any]:
        """As JSON, without what was not chosen."""
        return {name: value for name, value in asdict(self).items() if value}

    def also(self, **changes: Any) -> "Choices":
        """The same with something else chosen."""
        return replace(self, **changes)


AS_FOUND = Choices()


@dataclass(frozen=True)
class Remedy:
    """A choice that would make an import possible.

    Attributes:
        title: what a button says.
        option: the same on the command line.
        changes: of the fields of `Choices`.
    """

    title: str
    option: str
    changes: Mapping[str, Any]


class LayoutError(DatasetError):
    """Images cannot be imported as they lie; `remedies` are choices that would help."""

    def __init__(self, sentence: str, *remedies: Remedy) -> None:
        super().__init__(sentence)
        self.remedies = remedies


LEAVE_OUT_SMALL = Remedy(
    "Leave out the classes that are too small", "--leave-out-small", {"leave_out_small": True}
)


@lru_cache(maxsize=4096)
def clean_name(name: str) -> str:
    """The name of a class as it is shown: composed letters, no spaces around, nothing invisible
    but what joins emoji and letters."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    return "".join(
        sign if sign.isprintable() or sign in _JOINERS else "\N{REPLACEMENT CHARACTER}"
        for sign in name
    )


_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


@lru_cache(maxsize=4096)
def same_class(name: str) -> str:
    """Equal for names that differ in capitals, in spaces, hyphens and underscores, or in the way
    an accent is written."""
    name = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(name.replace("_", " ").replace("-", " ").split()) or name
