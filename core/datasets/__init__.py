"""A name, a folder or a zip becomes a `Dataset`: `load("mnist")`, `import_zip(path, "pets")`."""

from core.datasets.choices import Choices, LayoutError
from core.datasets.dataset import Dataset
from core.datasets.importing import import_folder, import_images, import_zip, inspect
from core.datasets.known import DATASETS
from core.datasets.migrating import migrate
from core.datasets.naming import id_of
from core.datasets.overview import Overview, few_images_of, overview
from core.datasets.registry import (
    check_fraction,
    check_here,
    created,
    find,
    first_choice,
    folder_of,
    list_datasets,
    load,
    load_test,
    load_test_measured,
    prepare,
    sample_digits,
    sample_images,
    side_for,
    test_files,
    title_of,
)
from core.datasets.removal import delete, list_aside, restore, set_aside
from core.datasets.spec import DatasetSpec
from core.datasets.store import Damaged, check_free, free_id, list_damaged, list_everybodys, remove
from core.datasets.stored_images import StoredImages
from core.datasets.writing import sweep as clear_up

__all__ = [
    "migrate",
    "DATASETS",
    "Choices",
    "Damaged",
    "Dataset",
    "DatasetSpec",
    "LayoutError",
    "Overview",
    "StoredImages",
    "check_fraction",
    "check_free",
    "check_here",
    "clear_up",
    "created",
    "folder_of",
    "delete",
    "few_images_of",
    "find",
    "first_choice",
    "free_id",
    "id_of",
    "import_folder",
    "import_images",
    "import_zip",
    "inspect",
    "list_aside",
    "list_damaged",
    "list_datasets",
    "list_everybodys",
    "load",
    "load_test",
    "load_test_measured",
    "overview",
    "prepare",
    "remove",
    "restore",
    "set_aside",
    "sample_digits",
    "sample_images",
    "side_for",
    "test_files",
    "title_of",
]
