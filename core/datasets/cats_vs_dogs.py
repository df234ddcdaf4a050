"""Cats vs Dogs: Microsoft's zip of 25,000 photos, some of them damaged."""

from core import settings, visitors
from core.datasets.download import RemoteFile, fetch
from core.datasets.importing import import_zip
from core.progress import Reporter

NAME = "cats_vs_dogs"
CLASS_NAMES = ("Cat", "Dog")
FILE = RemoteFile(
    "kagglecatsanddogs_5340.zip",
    "https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"
    "kagglecatsanddogs_5340.zip",
    "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
    824_887_076,
)


def prepare(report: Reporter) -> None:
    """Download the zip unless it is here, and store its images; damaged ones are counted.

    Raises:
        DatasetError: if it cannot be had, or is damaged.
        Cancelled: if it was asked to stop.
    """
    path = fetch(FILE, settings.current().data_dir, report)
    import_zip(path, NAME, title="Cats vs Dogs", owner=visitors.STUDIO, report=report)


def archive_is_here() -> bool:
    """Whether the zip was downloaded, or put in place by hand."""
    return (settings.current().data_dir / FILE.name).is_file()
