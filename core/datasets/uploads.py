"""Files sent by a browser, kept on disk as one zip until they are imported or forgotten.

They outlive a reload of the page, and more can be added: a zip, a folder, one class after another.
"""

import io
import os
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core import drafts, settings, shares, stored, visitors
from core.datasets.not_a_zip import what_was_sent
from core.errors import DatasetError, StoredError, disk_sentence
from core.names import shown_path
from core.shares import Item

MAX_AGE = 24 * 3600.0  # seconds until an upload nobody imported is forgotten
_ID = re.compile(r"[0-9a-f]{16}")
_OWNER, _MOST_OWNER = "owner", 1000  # bytes
_OWN_MB, _PUBLIC_UPLOADS = 500, 3


@dataclass(frozen=True)
class Upload:
    """What was sent so far.

    Attributes:
        id: what it is found by.
        path: the zip.
        title: name of the first zip or folder that was sent.
    """

    id: str
    path: Path

    @property
    def title(self) -> str:
        return self.path.stem


def load(upload_id: str) -> Upload:
    """The upload of that id.

    Raises:
        DatasetError: if there is none, or no longer.
    """
    if isinstance(upload_id, str) and _ID.fullmatch(upload_id):
        for path in (_root() / upload_id).glob("*.zip"):
            if os.path.isfile(path) and visitors.may_see(_owner(path.parent)):
                return Upload(upload_id, path)
    raise DatasetError("What was uploaded is no longer there. Upload it again.")


def add(files: Iterable[tuple[str, bytes]], upload_id: str = "") -> Upload:
    """Keep files under a new id, or beside those of an earlier upload.

    Args:
        files: name, with its folders, and content of each. A zip that comes alone and first is
            kept as it is.
        upload_id: of the upload to add to.

    Raises:
        DatasetError: if nothing can be written, or a zip comes on top of something else.
    """
    files = list(files)
    _check_size(files, upload_id)
    forget_old()
    upload = _add(files, upload_id)
    use(upload.id)
    _make_room()
    return upload


def add_zip(name: str, content: bytes) -> Upload:
    """Keep a zip under a new id, whatever its name ends in.

    Args:
        name: of the file.
        content: all of it.

    Raises:
        DatasetError: if it is no zip, is too large, or nothing can be written.
    """
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise DatasetError(what_was_sent(shown_path(name), content))
    return add([(name if name.lower().endswith(".zip") else f"{name}.zip", content)])


def begin(title: str) -> Upload:
    """An upload that holds nothing yet, under a new id.

    Raises:
        DatasetError: if nothing can be written.
    """
    forget_old()
    try:
        upload = _keep_zip(f"{title}.zip", None)
    except OSError as error:
        raise DatasetError(disk_sentence(error, _root())) from error
    _make_room()
    return upload


def _add(files: list[tuple[str, bytes]], upload_id: str) -> Upload:
    try:
        existing = load(upload_id) if upload_id else None
        if len(files) == 1 and files[0][0].lower().endswith(".zip"):
            if existing is not None:
                raise DatasetError("A zip file must come alone. Start over to upload it.")
            return _keep_zip(*files[0])
        if not files and existing is None:
            raise DatasetError("No files arrived. Choose a zip file or a folder with images.")
        if existing is not None and not zipfile.is_zipfile(existing.path):
            raise DatasetError(
                "What was uploaded first is not a zip file, so nothing can be added. Start over."
            )
        upload = existing or _keep_zip(_title_of(files[0][0]) + ".zip", None)
        with zipfile.ZipFile(upload.path, "a", zipfile.ZIP_STORED) as archive:
            for name, content in files:
                archive.writestr(name, content)
        return upload
    except OSError as error:
        raise DatasetError(disk_sentence(error, _root())) from error


def most_bytes() -> int:
    """The largest upload there may be."""
    return shares.inbox().file if settings.current().public else _OWN_MB * shares.MB


def _check_size(files: list[tuple[str, bytes]], upload_id: str) -> None:
    total = sum(len(content) for _, content in files)
    if upload_id:
        total += load(upload_id).path.stat().st_size
    if settings.current().public and total > most_bytes():
        raise DatasetError(
            f"In this public demo an upload may hold {most_bytes() // shares.MB} MB. Received: "
            f"{total / shares.MB:,.0f} MB. Take fewer or smaller images."
        )


def use(upload_id: str) -> None:
    """Note that an upload is needed, so that older ones give way before it."""
    if _ID.fullmatch(upload_id):
        with suppress(OSError):
            os.utime(_root() / upload_id)


def discard(upload_id: str) -> None:
    """Forget an upload; nothing happens if it is gone already."""
    if _ID.fullmatch(upload_id) and visitors.may_change(_owner(_root() / upload_id)):
        shutil.rmtree(_root() / upload_id, ignore_errors=True)


def _keep_zip(name: str, content: bytes | None) -> Upload:
    upload_id = secrets.token_hex(8)
    stem = re.sub(r"[^\w .-]", "_", Path(name.replace("\\", "/")).stem).strip(" .") or "images"
    folder = _root() / upload_id
    folder.mkdir(parents=True)
    if visitors.is_visitor(visitors.current()):
        (folder / _OWNER).write_text(visitors.current(), encoding="utf-8")
    stem = stem[:100].encode()[:200].decode(errors="ignore")  # names are limited in bytes
    path = folder / f"{stem}.zip"
    if content is None:
        zipfile.ZipFile(path, "w").close()
    else:
        path.write_bytes(content)
    return Upload(upload_id, path)


def _owner(folder: Path) -> str:
    """Whose upload lies in that folder; empty if nobody can tell, then only the owner sees it."""
    path = folder / _OWNER
    if not os.path.lexists(path):
        return visitors.OWNER
    try:
        return stored.read_text(path, _MOST_OWNER)
    except StoredError:
        return ""


def _title_of(name: str) -> str:
    """The outermost folder."""
    return name.replace("\\", "/").strip("/").split("/")[0]


def _make_room() -> None:
    """In a public demo the latest uploads of each visitor are kept, as far as there is room."""
    me = visitors.current()
    if not (settings.current().public and visitors.is_visitor(me)):
        return
    owners = {folder: _owner(folder) for folder in drafts.inside(_root())}
    visited = sorted((f for f, owner in owners.items() if visitors.is_visitor(owner)), key=_age)
    gone = [folder for folder in visited if owners[folder] == me][_PUBLIC_UPLOADS:]
    items = [
        Item(folder, shares.whereabouts(owners[folder]), drafts.size_of(folder), -_age(folder))
        for folder in visited
        if folder not in gone
    ]
    for folder in (*gone, *(item.key for item in shares.to_let_go(items, shares.UPLOADS))):
        shutil.rmtree(folder, ignore_errors=True)


def forget_old() -> None:
    """Remove uploads that nobody imported within a day."""
    for folder in drafts.inside(_root()):
        if _age(folder) > MAX_AGE:
            shutil.rmtree(folder, ignore_errors=True)


def _age(folder: Path) -> float:
    """Seconds since something was added; 0 if it is gone already."""
    try:
        return time.time() - folder.lstat().st_mtime
    except OSError:
        return 0.0


def _root() -> Path:
    return settings.current().work_dir / "uploads"
