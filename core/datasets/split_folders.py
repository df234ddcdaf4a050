"""Folders whose names say which split they hold: beside each other, in classes, in their names."""

from collections.abc import Sequence

from core.datasets.ambiguous import check_not_ambiguous, outer_or_inner, repeated
from core.datasets.choices import Choices, LayoutError, same_class
from core.datasets.located import (
    Image,
    Located,
    Structure,
    by_top,
    class_folders,
    listed,
    readable,
)
from core.datasets.refusals import NO_CLASS
from core.datasets.splits import SplitName, has_no_labels, split_name
from core.errors import DatasetError

_ORDER = ("train", "val", "test")
_USUAL = {"train", "training", "val", "valid", "validation", "test", "testing"}


def split_folders(
    images: Sequence[Image], found: Structure, choices: Choices
) -> dict[str, list[Image]] | None:
    """The images of each split without its folder; None if the outer folders are no splits."""
    tops = by_top(images)
    names = {top: split_name(top) for top in tops}
    inner = {top: class_folders(inside) for top, inside in tops.items()}
    deep = [top for top in tops if inner[top]]
    known = {top: name for top, name in names.items() if name and (name.sure or inner[top])}
    resolved = _resolved(known)
    others = [top for top in tops if top not in known]
    if not known:
        return None
    if others:
        return _beside_others(images, resolved, found, bool(choices.classes))
    if not all(name.sure for name in known.values()):
        same_inside = bool(repeated(inner[top] for top in deep))
        if len(set(resolved.values())) < 2 or not same_inside:
            return None
    if "train" not in resolved.values():
        if not set(resolved.values()) & {"test"}:
            return None
        raise DatasetError(
            f"There are {listed(tops)} but no train/. Bring train/ and test/, each with a folder "
            "per class, or only a folder per class."
        )
    if len(tops) == 1:
        return None
    return _joined(tops, resolved, found, images)


def _beside_others(
    images: Sequence[Image], resolved: dict[str, str], found: Structure, decided: bool
) -> dict[str, list[Image]] | None:
    """Folders of splits beside folders that are none; `decided`: what the classes are is known."""
    tops = by_top(images)
    inner = {top: class_folders(inside) for top, inside in tops.items()}
    others = [top for top in tops if top not in resolved]
    deep = [top for top in resolved if inner[top]]
    splits = {resolved[top] for top in deep}
    within = set().union(*(inner[top] for top in deep))
    if deep and "train" not in splits and within <= {same_class(top) for top in others}:
        # cats/, dogs/ and test/cats
        found.notes.append(f"The folders beside {listed(deep)} were taken as training images.")
        outside = [image for image in images if image[1][0] in others]
        rest = {top: tops[top] for top in deep}
        return {"train": outside, **_joined(rest, resolved, found, [])}
    unlabelled = [top for top in others if not inner[top] or has_no_labels(top)]
    unknown = [top for top in others if top not in unlabelled]
    many = any(resolved[top] == "train" and len(inner[top]) > 1 for top in deep)
    labelled = [top for top in others if not has_no_labels(top)]
    if "train" not in splits or decided or not (len(splits) > 1 or many or not labelled):
        return None
    if unknown or (labelled and len(splits) < 2):
        if len(splits) < 2:
            check_not_ambiguous(images)
        raise LayoutError(
            f"Beside {listed(deep)} there is {listed(unknown or labelled)}. Bring either train/, "
            "validation/ and test/ with a folder per class in each, or only a folder per class.",
            *outer_or_inner(images),
        )
    for top in unlabelled:
        found.left_out += [(path, NO_CLASS) for path, _ in tops[top]]
    return _joined({top: tops[top] for top in resolved}, resolved, found, images)


def _resolved(known: dict[str, SplitName]) -> dict[str, str]:
    """The split of each folder: `eval` and the like mean test, or validation beside a test."""
    has_test = any(name.split == "test" for name in known.values())
    held = "val" if has_test else "test"
    return {top: held if name.split == "held" else name.split for top, name in known.items()}


def _joined(
    tops: dict[str, list[Image]],
    resolved: dict[str, str],
    found: Structure,
    images: Sequence[Image],
) -> dict[str, list[Image]]:
    found.left_out += [(path, NO_CLASS) for path, parts in images if len(parts) < 2]
    parted: dict[str, list[Image]] = {}
    said = {"train": "training", "val": "validation", "test": "test"}
    for top, inside in tops.items():
        parted.setdefault(resolved[top], []).extend(inside)
    unusual = [top for top in tops if top.lower() not in _USUAL]
    if unusual:
        told = ", ".join(f"{readable(top)}/ as {said[resolved[top]]}" for top in sorted(tops))
        found.notes.append(f"The folders were taken as splits: {told}.")
    return {split: parted[split] for split in _ORDER if split in parted}


# --- Splits inside classes, or in the names of classes -----------------------------------------


def are_inside_classes(images: Sequence[Image]) -> bool:
    """`cats/train/1.jpg`, `cats/test/2.jpg`: every class is split by itself."""
    tops = by_top(images)
    seen = set()
    for inside in tops.values():
        names = [split_name(parts[0]) if len(parts) > 1 else None for _, parts in inside]
        if not all(name and name.sure for name in names):
            return False
        splits = {name.split for name in names if name}
        if "train" not in splits:
            return False
        seen |= splits
    return len(tops) > 1 and len(seen) > 1


def take_inner_splits(images: Sequence[Image], found: Structure) -> None:
    """Every class by its outer folder, the split by the inner one."""
    inner = {parts[1] for _, parts in images if len(parts) > 2}
    resolved = _resolved({name: split for name in inner if (split := split_name(name))})
    found.notes.append(f"The folders inside the classes were taken as splits: {listed(inner)}.")
    for path, parts in images:
        if len(parts) > 2:
            split = resolved[parts[1]]
            found.located.append(Located(path, parts[0], split, parts[2:-1]))
        else:
            found.left_out.append((path, NO_CLASS))


def crossed(images: Sequence[Image], found: Structure) -> dict[str, list[Image]] | None:
    """`cats_train`, `cats_test`, `dogs_train`: the folder names both; None if it is otherwise."""
    tops = by_top(images)
    names = {top: split_name(top) for top in tops}
    if len(tops) < 4 or not all(name and name.rest for name in names.values()):
        return None
    if repeated(class_folders(inside) for inside in tops.values()):
        return None  # train_1/cats, train_2/cats
    resolved = _resolved({top: name for top, name in names.items() if name})
    rests = {top: name.rest for top, name in names.items() if name}
    splits_of: dict[str, set[str]] = {}
    for top, rest in rests.items():
        splits_of.setdefault(same_class(rest), set()).add(resolved[top])
    if len(splits_of) < 2 or any(len(s) < 2 or "train" not in s for s in splits_of.values()):
        return None
    found.notes.append(
        f"The folders name both the class and the split, such as {listed(sorted(tops)[:1])}."
    )
    found.left_out += [(path, NO_CLASS) for path, parts in images if len(parts) < 2]
    parted: dict[str, list[Image]] = {}
    for top, inside in tops.items():
        parted.setdefault(resolved[top], []).extend(
            (path, (rests[top], *parts)) for path, parts in inside
        )
    return {split: parted[split] for split in _ORDER if split in parted}
