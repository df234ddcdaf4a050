import errno
import os
from pathlib import Path

import pytest

from core import errors
from core.errors import StudioError, disk_sentence, is_disk_full, unknown

NAMES = [
    "ImageError",
    "DatasetError",
    "ModelError",
    "RunError",
    "StoredError",
    "JobError",
    "Cancelled",
]


@pytest.mark.parametrize("name", NAMES)
def test_every_error_belongs_to_the_tree(name):
    assert issubclass(getattr(errors, name), StudioError)


@pytest.mark.parametrize("name", NAMES)
def test_the_tree_is_drawn_in_the_docstring(name):
    assert name in errors.__doc__


@pytest.mark.parametrize(
    ("kind", "name", "known", "sentence"),
    [
        (
            "model",
            "resnt",
            ["resnet", "mlp"],
            "There is no model named 'resnt'. Did you mean `resnet`? Known: mlp, resnet.",
        ),
        (
            "model",
            "Random Forest",
            iter(["mlp", "random_forest"]),
            "There is no model named 'Random Forest'. Did you mean `random_forest`? Known: mlp, "
            "random_forest.",
        ),
        (
            "operation",
            "gauss",
            ["gaussian_blur"],
            "There is no operation named 'gauss'. Did you "
            "mean `gaussian_blur`? Known: gaussian_blur.",
        ),
        ("run", "x", [], "There is no run named 'x'. Known: none."),
        ("dataset", 7, ("b", "a"), "There is no dataset named '7'. Known: a, b."),
        ("split", None, {"val": 1}, "There is no split named 'None'. Known: val."),
    ],
)
def test_unknown_lists_the_known_names_in_order(kind, name, known, sentence):
    assert unknown(kind, name, known) == sentence


@pytest.mark.parametrize("name", ["smal", "Small CNN", "small cn"])
def test_a_title_is_shown_and_understood(name):
    sentence = unknown("preset", name, ["small", "other"], {"small": "Small CNN"})
    assert "Did you mean `small`? Known: other, small (Small CNN)." in sentence


# What h5py raises when there is no room: the number stands only in the message.
OF_HDF5 = (
    "[Errno {0}] Unable to synchronously write (file write failed: errno = {0}, error message)"
)


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), True),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), True),
        (OSError(errno.EFBIG, os.strerror(errno.EFBIG)), True),
        (OSError(OF_HDF5.format(errno.ENOSPC)), True),
        (OSError(OF_HDF5.format(errno.EFBIG)), True),
        (OSError(OF_HDF5.format(errno.EACCES)), False),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES)), False),
        (OSError("of no number"), False),
    ],
)
def test_a_full_disk_is_told_from_other_troubles(error, full):
    assert is_disk_full(error) == full
    sentence = disk_sentence(error, Path("/runs"))
    assert sentence.startswith("The disk is full" if full else "Nothing can be written to /runs: ")
    assert "/runs" in sentence and "None" not in sentence


def no_room(path: str | None = None) -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


@pytest.mark.parametrize(
    ("error", "folder"),
    [
        (no_room("/runs/a/model"), "/runs"),
        (no_room("/work/jobs/x"), "/work"),
        (no_room("/elsewhere/x"), "/runs"),
        (no_room(), "/runs"),
        (RuntimeError("No space left on device; /tmp/saved"), "/runs"),
    ],
)
def test_the_folder_that_an_error_concerns_is_named(error, folder):
    sentence = disk_sentence(error, Path("/runs"), Path("/work"))
    assert sentence.startswith(f"The disk is full: nothing more can be written to {folder}.")
