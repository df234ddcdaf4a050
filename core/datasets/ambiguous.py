"""What names of folders alone cannot tell: which are the classes, outer folders or inner ones?"""

from collections import Counter
from collections.abc import Iterable, Sequence

from core.datasets.choices import LayoutError, Remedy, same_class
from core.datasets.file_names import Named, classes_in_names
from core.datasets.located import Image, by_top, class_folders, listed, some


def repeated(inner: Iterable[set[str]]) -> set[str]:
    """What is in more than one."""
    counted = Counter(name for names in inner for name in names)
    return {name for name, count in counted.items() if count > 1}


def check_not_ambiguous(images: Sequence[Image]) -> None:
    """Raise `LayoutError` if outer folders repeat the same inner ones, so that either may be the
    classes."""
    tops = by_top(images)
    inner = {top: class_folders(inside) for top, inside in tops.items()}
    same = repeated(inner.values())
    within = [
        (top, parts[0])
        for top, inside in tops.items()
        for _, parts in inside
        if len(parts) > 1 and same_class(parts[0]) in same
    ]
    varied = len(same) > 1 or all(len(names) > 1 for names in inner.values() if names)
    if not same or not varied or 2 * len(within) < sum(map(len, tops.values())):
        return
    outer, shown = {top for top, _ in within}, {name for _, name in within}
    remedies = outer_or_inner(images)
    raise LayoutError(
        f"{listed(outer)} contain the same folders: {listed(shown)}. It is not clear which of "
        f"them are the classes. If they are {some(_innermost(images))}, name the outer folders "
        f"train/ and test/, or put all images of a class in one folder. If they are {some(tops)}, "
        "put their images directly into these folders.",
        *remedies,
    )


def outer_or_inner(images: Sequence[Image]) -> tuple[Remedy, ...]:
    """The two choices there are."""
    inner, outer = some(_innermost(images)), some(by_top(images))
    return (
        Remedy(f"The classes are {inner}", "--classes inner", {"classes": "inner"}),
        Remedy(f"The classes are {outer}", "--classes outer", {"classes": "outer"}),
    )


def _innermost(images: Iterable[Image]) -> set[str]:
    return {parts[-2] for _, parts in images if len(parts) > 2}


def names_of(images: Sequence[Image]) -> Named:
    """The classes in the names of their files."""
    return classes_in_names([path for path, _ in images])


def check_not_in_names(images: Sequence[Image]) -> None:
    """Raise `LayoutError` if the names of images that lie in no folders of classes begin with
    what could be one."""
    if remedies := named_remedies(images):
        raise LayoutError(
            "The images are not in one folder per class." + named_sentence(images), *remedies
        )


def named_sentence(images: Sequence[Image]) -> str:
    """Which classes the names of files hold; empty if none."""
    named = names_of(images)
    if not named.is_likely:
        return ""
    told = ", ".join(f"{name} ({count:,})" for name, count in named.counts.most_common(5))
    more = f" and {len(named.counts) - 5} more" if len(named.counts) > 5 else ""
    return f" Their names begin with what could be the classes: {told}{more}."


def named_remedies(images: Sequence[Image]) -> tuple[Remedy, ...]:
    """The choice to take classes from the names of files, if they hold some."""
    named = names_of(images)
    if not named.is_likely:
        return ()
    title = f"Take the classes from the file names: {some(sorted(named.counts))}"
    return (Remedy(title, "--classes names", {"classes": "names"}),)
