"""A package that another studio has exported becomes a run.

Anyone can write such a package, so it is checked as a stranger's file, and its model is served
from a process of its own.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

from core import runs, stored
from core.datasets.sources import Entry
from core.errors import ForeignError, StoredError, StudioError
from core.foreign import files
from core.preprocessing import RECIPES
from core.runs import CARD, EVALUATION, Foreign, Run, RunCard
from core.serving import MODEL_FILES


def unpack(path: Path, folder: Path) -> RunCard:
    """Copy the run that a package holds into a draft; its other files stay behind.

    Args:
        path: the package.
        folder: an empty draft.

    Returns:
        Its card.

    Raises:
        ForeignError: if it is no such package, or a file is missing or not as its card says.
        OSError: if nothing can be written.
    """
    with files.inside(path) as entries:
        found = files.card_of(entries)
        if found is None:
            raise ForeignError(f"{path.name} holds no run: {CARD} is missing.")
        card = _card(found)
        parent = found.path.removesuffix(CARD)
        known = {entry.path: entry for entry in entries}
        for name, sha256 in card.files.items():
            if f"{parent}{name}" not in known:
                raise ForeignError(f"The package lacks {name}, which its card names.")
            content = files.read(known[f"{parent}{name}"])
            if hashlib.sha256(content).hexdigest() != sha256:
                raise ForeignError(
                    f"The file {name} of the package is not the one that its card describes: the "
                    "SHA-256 differs. Export the package again."
                )
            (folder / name).write_bytes(content)
    return card


def _card(entry: Entry) -> RunCard:
    try:
        text = files.read(entry)
        if len(text) > stored.MOST_BYTES:
            raise StoredError(f"it is larger than {stored.MOST_BYTES:,} bytes")
        card = RunCard.from_json(text.decode("utf-8"))
    except (StoredError, UnicodeDecodeError) as error:
        raise ForeignError(f"The card of the package cannot be read: {error}.") from error
    if card.members:
        raise ForeignError(
            "This package holds an ensemble, whose members are runs of another studio. Import the "
            "packages of its members."
        )
    if card.family not in MODEL_FILES or card.foreign is not None:
        raise ForeignError("This package holds an imported model. Import the file of the model.")
    if card.preprocessing not in RECIPES:
        raise ForeignError(
            f"This package needs the preprocessing {card.preprocessing!r}. Known: "
            f"{', '.join(sorted(RECIPES))}."
        )
    needed = {MODEL_FILES[card.family], str(card.served.get("file", ""))} - {""}
    needed |= {EVALUATION} if card.metrics else set()
    if lacking := needed - card.files.keys():
        raise ForeignError(f"The card of the package lacks {', '.join(sorted(lacking))}.")
    return card


def check_readable(card: RunCard, folder: Path) -> None:
    """Raise `ForeignError` unless predictions and samples in a draft are what a run stores."""
    run = Run(card, folder)
    try:
        for split in ("val", "test") if card.metrics else ():
            run.evaluation(split)
        run.samples()
    except StudioError as error:
        raise ForeignError(f"The package is damaged. {error}") from error


def as_imported(card: RunCard, foreign: Foreign, title: str, owner: str) -> RunCard:
    """The card of the run that a package becomes here."""
    return replace(card, id=runs.id_of(title), title=title, owner=owner, foreign=foreign)
