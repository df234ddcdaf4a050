"""Runs, what training leaves behind: save whole or not at all, list, load, rename, delete."""

from core.runs.bundled import BUNDLED, PRETRAINED, TRAINED_HERE
from core.runs.card import AXES, FAMILIES, RunCard
from core.runs.changing import delete, list_aside, remove, rename, restore, rewrite_card, set_aside
from core.runs.classes import CLASSES, ClassEntry, labels_by_name
from core.runs.classes import parsed as parsed_classes
from core.runs.distribution import OutOfDistribution
from core.runs.folder import (
    CARD,
    EVALUATION,
    Damaged,
    Run,
    check_free,
    checked,
    clear_up,
    draft,
    free_id,
    id_of,
    list_damaged,
    list_everybodys,
    list_runs,
    load,
    save,
    sha256,
)
from core.runs.foreign import FOREIGN, Foreign
from core.runs.migrating import migrate
from core.runs.naming import names_of, names_of_ids
from core.runs.published import Published
from core.runs.reference_images import (
    MOST_IMAGES,
    REFERENCES,
    References,
    references,
    small_file,
    write_references,
)
from core.runs.replays import REPLAY, Replay, read_replay, replay, write_replay
from core.runs.samples import CALIBRATION, SAMPLES, TEST, Samples, write_samples

__all__ = [
    "migrate",
    "AXES",
    "CALIBRATION",
    "CARD",
    "CLASSES",
    "ClassEntry",
    "PRETRAINED",
    "Published",
    "TRAINED_HERE",
    "labels_by_name",
    "parsed_classes",
    "EVALUATION",
    "FAMILIES",
    "FOREIGN",
    "Foreign",
    "BUNDLED",
    "Damaged",
    "MOST_IMAGES",
    "OutOfDistribution",
    "REFERENCES",
    "REPLAY",
    "References",
    "Replay",
    "Run",
    "RunCard",
    "SAMPLES",
    "Samples",
    "TEST",
    "check_free",
    "checked",
    "clear_up",
    "delete",
    "draft",
    "free_id",
    "id_of",
    "list_aside",
    "list_damaged",
    "list_everybodys",
    "list_runs",
    "load",
    "names_of",
    "names_of_ids",
    "read_replay",
    "references",
    "remove",
    "rename",
    "replay",
    "restore",
    "rewrite_card",
    "save",
    "set_aside",
    "sha256",
    "small_file",
    "write_references",
    "write_replay",
    "write_samples",
]
