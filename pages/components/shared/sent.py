"""Files that browsers sent. Streamlit keeps them in memory while a page is open; they are let go as
soon as they are not needed.
"""

from collections.abc import Iterable

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core import shares
from core.datasets import uploads
from core.jobs import limits
from pages.components.shared.shown import FORMATS_READ
from pages.components.shared.traffic import traffic

_OWN = 500 * shares.MB  # that one upload may hold; in a public demo it is a network's share


def refusal(files: Iterable[UploadedFile], earlier: int = 0) -> str:
    """A sentence if the files, with bytes held from before, are too much together; else empty."""
    total = earlier + sum(file.size for file in files)
    most = shares.inbox().held.share if limits.apply() else _OWN
    context = get_script_run_ctx()
    if limits.apply() and context and traffic.was_emptied(context.session_id):
        return (
            f"Some of your files were removed: this demo has {most // shares.MB} MB for each "
            "network, and others need room too. Choose them again, fewer at a time."
        )
    if total > most:
        return (
            f"The files are too large together: at most {most / shares.MB:g} MB are allowed at a "
            f"time. Received: {total / shares.MB:,.0f} MB. Choose fewer images, or smaller ones."
        )
    return ""


def zip_limits() -> str:
    """What a zip may be, for below an uploader: what the browser refuses, it refuses without our
    words.
    """
    most = uploads.most_bytes() // shares.MB
    return f"One .zip file, up to {most} MB. Larger files are not uploaded."


def image_limits() -> str:
    """The same for folders and for images chosen one by one."""
    together = (
        f" Together at most {uploads.most_bytes() // shares.MB} MB." if limits.apply() else ""
    )
    return FORMATS_READ + together


def let_go(files: Iterable[UploadedFile]) -> None:
    """Have Streamlit forget files that were taken, or refused."""
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)
