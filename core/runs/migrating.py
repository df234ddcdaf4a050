"""Runs of earlier versions get the card of today, in their place."""

from core import drafts, names, stored
from core.errors import RunError, StoredError
from core.runs import folder as folders
from core.runs.card import FORMAT_VERSION
from core.runs.changing import rewrite_card


def migrate() -> list[str]:
    """Write the cards of all runs anew whose format is an earlier one; models stay as they are.

    Returns:
        The ids of these runs. Damaged ones are passed over.

    Raises:
        RunError: if a card cannot be written; the old one is still there then.
    """
    done = []
    for parent in folders.places():
        for folder in drafts.inside(parent):
            if not names.ID.fullmatch(folder.name) or not folders.is_place(folder):
                continue
            try:
                if stored.read_json(folder / folders.CARD)[stored.VERSION] == FORMAT_VERSION:
                    continue
                run = folders.read_run(folder)
            except (RunError, StoredError, KeyError, TypeError):
                continue  # the list of runs reports it
            rewrite_card(run, run.card)
            done.append(run.id)
    return done
