"""The card of a stored dataset: everything about it that is not an array."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import MinLen

from core import stored
from core.datasets.formats import CARDS
from core.errors import StoredError
from core.stored import Count, Name, Text

FORMAT_VERSION = stored.current_version(CARDS)
SPLITS = ("train", "val", "test", "unsplit")
CARD = "card.json"


@dataclass(frozen=True)
class StoreCard:
    """Everything about stored images that is not an array.

    Attributes:
        name: what the dataset is asked for by.
        title: its name as its owner writes it.
        owner: `you` or a visitor of a public demo, or `studio` for what was downloaded.
        source: what it was read from.
        class_names: label `i` means `class_names[i]`.
        channels: 1 if every image is grey, else 3.
        images: how many.
        splits: how many in each of `SPLITS`.
        skipped: how many files were left out as damaged, duplicate or no image.
        ignored: how many hidden files of operating systems were passed over.
        notes: what else is worth knowing, in sentences.
        fingerprint: SHA-256 (hex) of classes, images, labels and splits.
        created: when, ISO 8601 in UTC.
        format_version: version of this layout.
    """

    name: Name
    title: Name
    owner: Name
    source: Text
    class_names: Annotated[tuple[Name, ...], MinLen(1)]
    channels: Literal[1, 3]
    images: Count
    splits: dict[Literal["train", "val", "test", "unsplit"], Count]
    skipped: Count
    ignored: Count
    notes: tuple[Text, ...]
    fingerprint: Name
    created: Name
    format_version: int = FORMAT_VERSION


def read(folder: Path) -> StoreCard:
    """The card in a folder, as any version has written it.

    Raises:
        StoredError: if there is none, or it cannot be read.
    """
    content = stored.bring_up(stored.read_json(folder / CARD), CARDS)
    if missing := {field.name for field in fields(StoreCard)} - content.keys():
        raise StoredError(f"it lacks {', '.join(sorted(missing))}")
    card = stored.check(content, StoreCard)
    _check(card)
    return card


def write(folder: Path, card: StoreCard) -> None:
    """Put a card in place, as a whole."""
    stored.write_json(folder / CARD, asdict(card), indent=1)


def _check(card: StoreCard) -> None:
    """Raise `StoredError` unless the fields of a card fit together."""
    if set(card.splits) != set(SPLITS) or sum(card.splits.values()) != card.images:
        raise StoredError(f"splits must count {card.images:,} images in {', '.join(SPLITS)}")
    if card.images == 0:
        raise StoredError("it holds no images")
    if len(set(card.class_names)) < len(card.class_names):
        raise StoredError("two of its classes have one name")
    try:
        datetime.fromisoformat(card.created)
    except ValueError as error:
        raise StoredError(f"created must be in ISO 8601. Received: {card.created}") from error
