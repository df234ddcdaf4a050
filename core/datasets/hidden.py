"""Files and folders that systems and programs leave beside images."""

from collections import Counter
from collections.abc import Iterable

from core.datasets.choices import same_class

_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
_FOLDERS = {"__macosx", "@eadir", "$recycle.bin", "system volume information"}
_OF_PROGRAMS = (
    "git svn hg bzr idea vscode vs ipynb_checkpoints cache config local npm venv env thumbnails "
    "thumbs tmb xvpics thumb pics trash trashes spotlight-v100 fseventsd temporaryitems "
    "documentrevisions-v100 appledouble appledb appledesktop picasaoriginals picasa comments "
    "dropbox dropbox.cache sync stfolder stversions tox pytest_cache mypy_cache ruff_cache gradle "
    "ds_store streamlit kaggle huggingface lrdata @__thumb nextcloud"
)
_HIDDEN_FOLDERS = {f".{name}" for name in _OF_PROGRAMS.split()}


def belongs_to_a_system(path: str) -> bool:
    """Whether a file is nobody's image: hidden itself, or in a folder of a system or program."""
    *folders, name = path.split("/")
    return (
        name.startswith(".")
        or name.lower() in _FILES
        or any(_is_of_a_system(folder.lower()) for folder in folders)
    )


def _is_of_a_system(folder: str) -> bool:
    return folder in _FOLDERS or folder in _HIDDEN_FOLDERS or folder.startswith((".trash-", "._"))


def hidden_folder(path: str) -> str:
    """The outermost folder whose name begins with a dot, from the root on; empty if none."""
    folders = path.split("/")[:-1]
    for depth, folder in enumerate(folders, 1):
        if folder.startswith("."):
            return "/".join(folders[:depth])
    return ""


def hidden_classes(paths: Iterable[str], fewest: int) -> set[str]:
    """Hidden folders that are classes all the same, such as `.net` beside `java` and `python`.

    Args:
        paths: of all images.
        fewest: images that a class must have.

    Returns:
        those beside other folders that hold images, with enough images in all folders of that name.
    """
    found: dict[str, str] = {}
    beside: set[str] = set()
    counts: Counter = Counter()
    for path in paths:
        folder = hidden_folder(path)
        if folder:
            found[folder] = name = same_class(folder.rpartition("/")[2])
            counts[name] += 1
            continue
        beside.add("/".join(path.split("/")[:-2]) if path.count("/") else "/")
    return {
        folder
        for folder, name in found.items()
        if folder.rpartition("/")[0] in beside and counts[name] >= fewest
    }
