"""Stored datasets of earlier versions get the card and the index of today, in their place."""

from core import stored
from core.datasets import card as cards
from core.datasets import index as indexes
from core.datasets import store
from core.errors import DatasetError, StoredError, disk_sentence


def migrate() -> list[str]:
    """Write card and index of all datasets anew whose format is an earlier one; images stay.

    Returns:
        The names of these datasets. Damaged ones are passed over.

    Raises:
        DatasetError: if something cannot be written; the dataset can still be read then.
    """
    done = []
    for name in store.names():
        folder = store.root() / name
        try:
            if stored.read_json(folder / cards.CARD)[stored.VERSION] == cards.FORMAT_VERSION:
                continue
            card, index = store.read_card(name), indexes.read(folder)
        except (DatasetError, StoredError, KeyError, TypeError):
            continue  # the list of datasets reports it
        try:
            indexes.write(folder, index)
            cards.write(folder, card)
        except OSError as error:
            raise DatasetError(disk_sentence(error, folder)) from error
        done.append(name)
    return done
