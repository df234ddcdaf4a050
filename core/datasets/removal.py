"""Imported datasets are deleted, and for a while can be brought back."""

from core import drafts, visitors
from core.datasets import registry, store
from core.drafts import Aside
from core.errors import DatasetError


def delete(name: str) -> None:
    """Remove the stored images of a dataset for good, also if they are damaged.

    Raises:
        DatasetError: if it is bundled, there is none of that name, or the disk cannot
            be written to.
    """
    _must_be_stored(name)
    store.delete(name)


def set_aside(name: str) -> None:
    """Delete a dataset such that `restore` can bring it back for a minute.

    Raises:
        DatasetError: as for `delete`.
    """
    _must_be_stored(name)
    store.delete(name, drafts.set_aside)


def list_aside() -> list[Aside]:
    """Datasets that the current visitor may restore, latest first."""
    return [aside for aside in drafts.list_aside(store.root()) if _may_restore(aside)]


def restore(name: str) -> None:
    """Bring back the dataset that was deleted last under that name.

    Raises:
        DatasetError: if there is none any more, another dataset has its name, or the disk cannot
            be written to.
    """
    drafts.restore(name, list_aside(), "dataset", DatasetError, "Delete the new one first.")


def _must_be_stored(name: str) -> None:
    if not isinstance(name, str) or not store.exists(name):
        title = registry.find(name).title
        raise DatasetError(f"{title} is bundled and cannot be deleted.")


def _may_restore(aside: Aside) -> bool:
    """The owner may bring back damaged ones too, of which nobody knows the owner."""
    if visitors.current() == visitors.OWNER:
        return True
    try:
        return visitors.may_change(store.read_card_in(aside.folder).owner)
    except DatasetError:
        return False
