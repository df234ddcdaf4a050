"""Why files are left out, and the messages that refuse an import: the reason, and what to do.

A reason is a sentence beside the path of a file. Where an import is refused, the commonest reason
is told with its number and an example, whatever the reasons are.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from core.datasets.choices import LEAVE_OUT_SMALL, LayoutError
from core.names import shown_path

MIN_IMAGES = 10
TOO_SMALL = "or leave the small classes out."  # how a refusal ends that leaving out would cure
NO_CLASS = "It is not inside a class folder."
NOT_IN_TRAIN = "Its folder is no class of train/."
NO_CLASS_IN_NAME = "Its name does not begin with a class."
NOT_CHOSEN = "Its class is left out."
EMPTY = "The file is empty (0 bytes)."
NOT_BY_NAME = "Its name is not that of an image."
NO_SUFFIX = "Its name has no ending such as .jpg."
_AS_IMAGE, _EACH = "export {them} as JPEG or PNG", "save every image as a PNG or JPEG file"
_UNPACK = "unpack {them} and bring the folder inside"
_KINDS = {  # what files are by their ending, one and several, and what helps
    "heic heif hif": ("a HEIC photo", "HEIC photos", "export {them} as JPEG"),
    "avif": ("an AVIF image", "AVIF images", _AS_IMAGE),
    "jxl": ("a JPEG XL image", "JPEG XL images", _AS_IMAGE),
    "jp2 j2k jpx": ("a JPEG 2000 image", "JPEG 2000 images", _AS_IMAGE),
    "cr2 cr3 crw nef nrw arw srf sr2 dng orf raf rw2 pef srw raw": (
        "a raw photo",
        "raw photos",
        "export {them} as JPEG",
    ),
    "psd psb xcf kra ai eps svg cdr": ("a drawing file", "drawing files", "export {them} as PNG"),
    "dcm dicom nii mha": ("a medical image", "medical images", "export {them} as PNG"),
    "mp4 mov avi mkv webm m4v 3gp wmv mpg mpeg": (
        "a video",
        "videos",
        "save single frames as JPEG",
    ),
    "zip": ("a zip file", "zip files", _UNPACK),
    "rar 7z tar gz tgz bz2 xz zst lz4": ("an archive", "archives", _UNPACK),
    "npy npz mat pkl pickle parquet arrow tfrecord tfrecords record lmdb hdf": (
        "a file of arrays",
        "files of arrays",
        _EACH,
    ),
    "h5 hdf5 keras tflite onnx pt pth pb safetensors ckpt joblib skops model": (
        "a trained model",
        "trained models",
        "import the images it was trained on",
    ),
    "pdf doc docx ppt pptx odt odp xls xlsx": ("a document", "documents", _EACH),
}
_BY_SUFFIX = {f".{suffix}": kind for known, kind in _KINDS.items() for suffix in known.split()}
_SAME = re.compile(r"the same image as (.*?)(?:, which is in the class (.*))?", re.S)


def by_name(path: str) -> str:
    """Why a file is not an image by its name."""
    suffix = PurePosixPath(path).suffix.lower()
    if kind := _BY_SUFFIX.get(suffix):
        return f"It is {kind[0]}: {kind[2].format(them='it')}."
    return NOT_BY_NAME if suffix else NO_SUFFIX


_MANY = {
    f"It is {one}: {cure.format(them='it')}.": (many, cure.format(them="them"))
    for one, many, cure in _KINDS.values()
}


def why(skipped: Sequence[tuple[str, str]]) -> str:
    """The commonest reason why files were left out, with its number and an example.

    Returns:
        a sentence that ends with a full stop, or an empty text if nothing was left out.
    """
    counted = Counter(_kind(reason) for _, reason in skipped)
    if not counted:
        return ""
    kind, count = counted.most_common(1)[0]
    path, reason = next(pair for pair in skipped if _kind(pair[1]) == kind)
    said = _said(reason, count, shown_path(path))
    if len(counted) == 1:
        return said
    others = len(skipped) - count
    also = "1 more file" if others == 1 else f"{others:,} more files"
    return f"{said} {also} could not be used for other reasons."


def _kind(reason: str) -> str:
    """The same for reasons that differ only in a number, a size or the name of a file."""
    if match := _SAME.fullmatch(reason):
        return f"the same as in {match[2]}"
    return re.sub(r"[\d,.]*\d", "#", reason)


def _said(reason: str, count: int, example: str) -> str:
    one = count == 1
    if match := _SAME.fullmatch(reason):
        where = f"ones in {match[2]}" if match[2] else "others"
        subject = "1 image is" if one else f"{count:,} images are"
        return f"{subject} the same as {where}, such as {example} and {shown_path(match[1])}."
    files, are, such = ("1 file", "is", "") if one else (f"{count:,} files", "are", "such as ")
    named = f", {such}{example}" if such else f" ({example})"
    if reason == EMPTY:
        return f"{files} {are} empty (0 bytes){named}."
    if reason == NO_CLASS:
        return f"{files} {are} in no class folder{named}."
    if reason == NOT_BY_NAME:
        what = "does not have the name of an image" if one else "do not have the names of images"
        return f"{files} {what}{named}."
    if reason == NO_SUFFIX:
        return f"{files} {'has' if one else 'have'} no ending such as .jpg{named}."
    if reason in _MANY:
        many, cure = _MANY[reason]
        thing = reason.removeprefix("It is ").partition(":")[0] if one else many
        cure = reason.partition(": ")[2].rstrip(".") if one else cure
        return f"{files} {are} {thing}{named}: {cure}."
    return f"{files} could not be used{named}: {reason}"


def check_counts(
    names: Sequence[str], counts: Mapping[str, int], skipped: Sequence[tuple[str, str]]
) -> None:
    """Raise `LayoutError` unless there are two classes with ten images each."""
    reason = f" {why(skipped)}" if skipped else ""
    if not any(counts.values()):
        how = (
            " Bring a folder for each class, with its images inside: cats/1.jpg, dogs/1.jpg."
            if _lie_in_no_folders(skipped)
            else ""
        )
        raise LayoutError(f"No images in class folders were found.{reason}{how}")
    if len(names) < 2:
        raise LayoutError(
            f"There is only one class, {names[0]!r}: a model needs at least two."
            f"{reason} Bring a folder for each class."
        )
    few = [name for name in names if counts[name] < MIN_IMAGES]
    if few:
        told = "; ".join(f"{name}: {counts[name]}, {_missing(counts[name])}" for name in few[:5])
        more = f"; and {len(few) - 5} more classes" if len(few) > 5 else ""
        left = len(names) - len(few)
        raise LayoutError(
            f"Every class needs at least {MIN_IMAGES} images. Too few are in {told}{more}.{reason}"
            f" Add images{f', {TOO_SMALL}' if left > 1 else '.'}",
            *([LEAVE_OUT_SMALL] if left > 1 else []),
        )


def _missing(count: int) -> str:
    lacking = MIN_IMAGES - count
    return "one more is needed" if lacking == 1 else f"{lacking} more are needed"


def _lie_in_no_folders(skipped: Sequence[tuple[str, str]]) -> bool:
    """Whether folders are what is missing."""
    folders = {path.rpartition("/")[0] for path, _ in skipped} - {""}
    return len(folders) < 2 and not any(reason in _MANY for _, reason in skipped)


def check_splits(
    names: Sequence[str], counts: Mapping[tuple[str, int], int], has_test: bool
) -> None:
    """Raise `LayoutError` unless every class can be learned in train/, and measured in test/."""
    few = [name for label, name in enumerate(names) if counts[("train", label)] < 2]
    absent = [name for label, name in enumerate(names) if not counts[("test", label)]]
    small = {*few, *(absent if has_test else [])}
    remedies = [LEAVE_OUT_SMALL] if len(names) - len(small) > 1 else []
    cure = f" Add images, {TOO_SMALL}" if remedies else ""
    if few:
        raise LayoutError(
            "Every class needs at least 2 images in train/, or the class cannot be learned. Too "
            f"few of: {_quoted(few)}.{cure}",
            *remedies,
        )
    if has_test and absent:
        raise LayoutError(
            "Every class of train/ needs images in test/ too, or the class cannot be evaluated. "
            f"Missing: {_quoted(absent)}.{cure}",
            *remedies,
        )


def _quoted(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more


def too_small(
    names: Sequence[str], counts: Mapping[tuple[str, int], int], splits: set[str]
) -> set[str]:
    """The classes that `check_counts` or `check_splits` would refuse.

    Args:
        names: of the classes.
        counts: images by split and label.
        splits: those there are.
    """
    small = set()
    for label, name in enumerate(names):
        total = sum(counts[(split, label)] for split in splits)
        untaught = "train" in splits and counts[("train", label)] < 2
        unmeasured = {"train", "test"} <= splits and not counts[("test", label)]
        if total < MIN_IMAGES or untaught or unmeasured:
            small.add(name)
    return small
