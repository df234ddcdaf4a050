"""Runs are deleted and renamed, and get other cards."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core import drafts, names, settings, stored, visitors
from core.drafts import Aside
from core.errors import RunError, disk_sentence
from core.runs import folder as folders
from core.runs.bundled import BUNDLED
from core.runs.card import RunCard
from core.runs.folder import CARD, Run


def delete(run_id: str) -> None:
    """Remove one of your runs for good, also one that is damaged.

    Raises:
        RunError: if there is none, it is bundled, an ensemble needs it, or the disk
            cannot be written to.
    """
    _remove(_to_delete(run_id))


def remove(run: Run) -> None:
    """Remove a run for good, whoever asks: a public demo needs its room.

    Raises:
        RunError: if anybody's ensemble needs it, or the disk cannot be written to.
    """
    _must_be_free(run.id, "deleted", folders.list_everybodys())
    _remove(run.folder)


def _remove(folder: Path) -> None:
    try:
        drafts.remove(folder)
    except OSError as error:
        raise RunError(disk_sentence(error, folder.parent)) from error


def set_aside(run_id: str) -> Aside:
    """Delete one of your runs such that `restore` can bring it back for a minute.

    Raises:
        RunError: as for `delete`.
    """
    folder = _to_delete(run_id)
    try:
        return drafts.set_aside(folder)
    except OSError as error:
        raise RunError(disk_sentence(error, folder.parent)) from error


def list_aside() -> list[Aside]:
    """Runs that the current visitor may restore, latest first."""
    found = [aside for parent in folders.places() for aside in drafts.list_aside(parent)]
    return sorted(filter(_may_restore, found), key=lambda aside: -aside.until)


def restore(name: str) -> None:
    """Bring back the run that was deleted last under that name.

    Raises:
        RunError: if there is none any more, another run has its name, or the disk cannot be
            written to.
    """
    cure = "Rename or delete that one first."
    drafts.restore(name, list_aside(), "run", RunError, cure, folders.places())


def _may_restore(aside: Aside) -> bool:
    """The owner may bring back damaged ones too, of which nobody knows the owner."""
    if visitors.current() == visitors.OWNER:
        return True
    try:
        return visitors.may_change(folders.read_run(aside.folder).card.owner)
    except RunError:
        return False


def _to_delete(run_id: str) -> Path:
    """Where the run lies; raises `RunError` if it cannot be deleted."""
    folder = _damaged_place(run_id)
    if folder is None:
        run = folders.load(run_id)
        _must_be_yours(run, "deleted")
        folder = run.folder
    _must_be_free(run_id, "deleted", folders.list_runs())
    return folder


def _damaged_place(run_id: str) -> Path | None:
    """The folder of a damaged run that the current visitor may delete; None if there is none."""
    if visitors.current() != visitors.OWNER or not names.ID.fullmatch(run_id):
        return None
    own, bundled_runs = settings.current().runs_dir, settings.current().bundled_runs_dir
    for parent in (bundled_runs, own):
        if folders.is_place(parent / run_id):
            bundled = parent == bundled_runs and (parent != own or run_id in BUNDLED)
            try:
                folders.read_run(parent / run_id)
            except RunError as error:
                if bundled:
                    raise RunError(
                        f"The run {run_id!r} is bundled and cannot be deleted. {error} "
                        f"Restore it with `git checkout saved_models/{run_id}`."
                    ) from error
                return parent / run_id
            return None
    return None


def rename(run_id: str, title: str) -> Run:
    """Give one of your runs another title, and the id that follows from it.

    Raises:
        RunError: if there is none, it is bundled, an ensemble needs it, the new name
            cannot be used, or the disk cannot be written to.
    """
    run = folders.load(run_id)
    _must_be_yours(run, "renamed")
    _must_be_free(run_id, "renamed", folders.list_runs())
    new_id = folders.id_of(title)
    card = replace(run.card, id=new_id, title=title)
    if new_id == run_id:
        return rewrite_card(run, card)
    folders.free_id(title)
    target = run.folder.with_name(new_id)
    try:
        os.rename(run.folder, target)
    except OSError as error:
        raise RunError(disk_sentence(error, run.folder.parent)) from error
    try:
        return rewrite_card(Run(run.card, target), card)
    except RunError:
        os.rename(target, run.folder)  # which takes no room
        raise


def rewrite_card(run: Run, card: RunCard) -> Run:
    """Put another card in the place of a run's, as a whole.

    Raises:
        RunError: if the disk cannot be written to; the old card is still there then.
    """
    try:
        stored.write_whole(run.folder / CARD, card.to_json().encode())
    except OSError as error:
        raise RunError(disk_sentence(error, run.folder.parent)) from error
    return Run(card, run.folder)


def _must_be_yours(run: Run, verb: str) -> None:
    if run.card.owner == visitors.STUDIO:
        raise RunError(f"The run {run.id!r} is bundled and cannot be {verb}.")


def _must_be_free(run_id: str, verb: str, others: Sequence[Run]) -> None:
    needing = [run.id for run in others if run_id in [m["id"] for m in run.card.members]]
    if needing:
        raise RunError(
            f"The run {run_id!r} cannot be {verb}: it is a member of {', '.join(needing)}. Delete "
            "that first."
        )
