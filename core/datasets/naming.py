"""What a dataset may be called, and the id that follows from it."""

from core import visitors
from core.errors import DatasetError
from core.names import ID, MOST_OF_TITLE, is_title


def id_of(title: str) -> str:
    """The id of a dataset with that title, if the current visitor makes it: “My pets!” → `my-pets`.

    Raises:
        DatasetError: if nothing can be called that.
    """
    if not is_title(title):
        raise DatasetError(
            f"The name of a dataset is 1 to {MOST_OF_TITLE} characters. Received: "
            f"{str(title)[:50]!r}."
        )
    return visitors.id_of(title, "images")


def check_name(name: str) -> None:
    """Raise `DatasetError` if no dataset can have that name."""
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise DatasetError(
            "The name of a dataset is 1 to 64 lower-case letters, digits, hyphens and underscores, "
            f"beginning with a letter or digit. Received: {name!r}."
        )
