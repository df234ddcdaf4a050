"""Which folders are splits and which are classes, by their names and by what repeats in them.

Folders that hold the same inner folders are not classes: they are splits (`train/cats`,
`test/cats`), or parts whose names say nothing (`set_a/cats`, `set_b/cats`). The latter look
exactly like classes whose images were taken from several sides (`cats/front`, `dogs/front`), so
whoever brings them is asked which it is.
"""

from collections.abc import Iterable, Sequence

from core.datasets.ambiguous import (
    check_not_ambiguous,
    named_remedies,
    named_sentence,
    names_of,
)
from core.datasets.choices import Choices, LayoutError, same_class
from core.datasets.located import Image, Located, Structure, class_folders
from core.datasets.refusals import NO_CLASS, NO_CLASS_IN_NAME, NOT_IN_TRAIN
from core.datasets.split_folders import (
    are_inside_classes,
    crossed,
    split_folders,
    take_inner_splits,
)
from core.datasets.splits import split_name


def structure(images: Sequence[Image], choices: Choices) -> Structure:
    """Find splits and classes.

    Raises:
        LayoutError: if it is not clear which folders are the classes.
        DatasetError: if splits do not fit together.
    """
    images, loose = without_wrapper(images)
    found = Structure(left_out=[(path, NO_CLASS) for path in loose])
    splits = crossed(images, found) or split_folders(images, found, choices)
    if choices.classes == "names":
        _by_file_names(images, splits, found)
        return found
    if splits is None and not choices.classes and are_inside_classes(images):
        take_inner_splits(images, found)
        return found
    parted = splits if splits is not None else {"unsplit": images}
    if choices.classes != "inner":
        parted = _without_wrappers_inside(parted, found) if splits is not None else parted
    _check_has_folders(parted)
    if not choices.classes:
        for inside in parted.values():
            check_not_ambiguous(inside)
    for split, inside in parted.items():
        for path, parts in inside:
            if len(parts) < 2:
                found.left_out.append((path, NO_CLASS))
            elif choices.classes == "inner":
                found.located.append(Located(path, parts[-2], split))
            else:
                found.located.append(Located(path, parts[0], split, parts[1:-1]))
    _leave_out_unlabelled(found)
    return found


def _leave_out_unlabelled(found: Structure) -> None:
    """A split that shares no class with train/ has none, as in `test/unknown/1.jpg`."""
    names: dict[str, set[str]] = {}
    for image in found.located:
        names.setdefault(image.split, set()).add(same_class(image.class_name))
    for split in names.keys() & {"val", "test"}:
        if "train" in names and names["train"].isdisjoint(names[split]):
            out = [image.path for image in found.located if image.split == split]
            found.left_out += [(path, NOT_IN_TRAIN) for path in out]
            found.located = [image for image in found.located if image.split != split]
            found.notes.append(f"The {split} images lie in no folder of a class of train/.")


def without_wrapper(images: Sequence[Image]) -> tuple[list[Image], list[str]]:
    """Pass through folders that hold all the others; what lies loose beside those is given too."""
    images, left = list(images), []
    while True:
        tops = {parts[0] for _, parts in images if len(parts) > 1}
        inner = {parts[1] for _, parts in images if len(parts) > 2}
        loose = [path for path, parts in images if len(parts) <= 2]
        only_folders = all(len(parts) != 3 for _, parts in images)
        alone = len(tops) == 1 and inner and (len(inner) > 1 or not loose or only_folders)
        if not alone or len(loose) > len(images) - len(loose):
            return images, left
        left += loose
        images = [(path, parts[1:]) for path, parts in images if len(parts) > 2]


def _without_wrappers_inside(
    parted: dict[str, list[Image]], found: Structure
) -> dict[str, list[Image]]:
    """A folder that holds all of a split is passed through if what it holds are the classes."""
    levels = {split: list(_levels(inside)) for split, inside in parted.items()}
    taken = {}
    for split, mine in levels.items():
        others = [
            class_folders(level)
            for other, theirs in levels.items()
            if other != split
            for level, _ in theirs
        ]
        shared = [
            max((len(class_folders(level) & names) for names in others), default=0)
            for level, _ in mine
        ]
        best = shared.index(max(shared))
        if max(shared) == 0 and all(split_name(parts[0]) for _, parts in mine[0][0]):
            best = len(mine) - 1  # train/train/cats, and nothing to compare it with
        images, loose = mine[best]
        found.left_out += [(path, NO_CLASS) for path in loose]
        taken[split] = images
    return taken


def _levels(images: list[Image]) -> Iterable[tuple[list[Image], list[str]]]:
    """The images as they are, and with every folder passed through that holds all of them."""
    yield images, []
    once, loose = without_wrapper(images)
    if len(once) and once != images:
        yield once, loose


def _check_has_folders(parted: dict[str, list[Image]]) -> None:
    inside = parted.get("train")
    if inside is not None and not any(len(parts) > 1 for _, parts in inside):
        raise LayoutError(
            "train/ holds images, but no folder per class. Put the images of each class in a "
            "folder of its own: train/cats/1.jpg." + named_sentence(inside),
            *named_remedies(inside),
        )


def _by_file_names(
    images: Sequence[Image], splits: dict[str, list[Image]] | None, found: Structure
) -> None:
    """`cat.0.jpg`, `dog.1.jpg`: the class is what the name of a file begins with."""
    parted = splits if splits is not None else {"unsplit": list(images)}
    known = set(names_of([image for inside in parted.values() for image in inside]).counts)
    for split, inside in parted.items():
        named = names_of(inside)
        for path, _ in inside:
            name = named.classes.get(path)
            if name in known:
                found.located.append(Located(path, name, split))
            else:
                found.left_out.append((path, NO_CLASS_IN_NAME))
