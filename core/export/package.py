"""The package of a run: one zip that explains itself and predicts without the studio."""

from collections.abc import Iterator
from pathlib import Path

from core import runs, stored
from core.export import kit as programs_of_kit
from core.export.copying import imaging_files
from core.export.model_card import model_card
from core.export.programs import Opening
from core.export.proof import Proof
from core.export.zipped import pack
from core.runs import Run

CARD = "README.md"
_KIT = Path(programs_of_kit.__file__).parent
_PROGRAMS = ("predict.py", "example.py", "proof.py")
_MOST_BYTES = 4 * 2**30  # of one file


def programs() -> dict[str, bytes]:
    """The programs of every package, by name, with the code that prepares images."""
    return {
        **{name: (_KIT / name).read_bytes() for name in _PROGRAMS},
        **dict(imaging_files()),
    }


def as_zip(run: Run, opened: Opening, proof: Proof, kit: Path) -> bytes:
    """The package, in a folder named like the run.

    Args:
        run: what is packed; its own files go in too, so that a studio can take it in again.
        opened: how its model is opened.
        proof: of this package.
        kit: a folder with all that it takes to predict and to prove.

    Raises:
        StoredError: if a file cannot be read.
    """
    return pack((f"{run.id}/{name}", content) for name, content in _files(run, opened, proof, kit))


def _files(run: Run, opened: Opening, proof: Proof, kit: Path) -> Iterator[tuple[str, bytes]]:
    yield CARD, model_card(run, opened, proof).encode()
    inside = {path.relative_to(kit).as_posix(): path for path in kit.rglob("*") if path.is_file()}
    own = {name: run.folder / name for name in (runs.CARD, *run.card.files)}
    for name, path in sorted({**own, **inside}.items()):
        if "__pycache__" not in name and path.is_file():
            yield name, stored.read_bytes(path, _MOST_BYTES)
