"""Stored datasets of earlier versions get the card and the index of today, in their place."""

import io
import json
from dataclasses import asdict

import numpy as np

from core import stored
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
            if stored.read_json(folder / store.CARD)[stored.VERSION] == store.FORMAT_VERSION:
                continue
            card, index = store.read_card(name), store.read_index(folder)
        except (DatasetError, StoredError, KeyError, TypeError):
            continue  # the list of datasets reports it
        arrays = io.BytesIO()
        np.savez(arrays, **index)
        try:
            stored.write_whole(folder / store.INDEX, arrays.getvalue())
            text = json.dumps(asdict(card), indent=1, ensure_ascii=False)
            stored.write_whole(folder / store.CARD, text.encode())
        except OSError as error:
            raise DatasetError(disk_sentence(error, folder)) from error
        done.append(name)
    return done
