"""Files that browsers sent. Streamlit keeps them in memory while a page is open; here they are
counted, for each upload and for all pages together, and let go as soon as they are not needed.
"""

from collections.abc import Iterable

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.jobs import limits
from core.settings import settings

_OWN_MB, _PUBLIC_MB = 500, 100  # that one upload may hold
_ALL_PUBLIC_MB = 150  # that all pages of a public demo may hold together


def refusal(files: Iterable[UploadedFile]) -> str:
    """A sentence if the files are too much together; empty if they are not."""
    total = sum(file.size for file in files) / 1e6
    most = _PUBLIC_MB if limits.apply() else _OWN_MB
    if total > most:
        return (
            f"The files are too large together: at most {most} MB are allowed at a time. "
            f"Received: {total:,.0f} MB. Choose fewer images, or smaller ones."
        )
    if settings.public and _held() / 1e6 > _ALL_PUBLIC_MB:
        return "Others are showing many images now. Try again in a few minutes, with fewer images."
    return ""


def let_go(files: Iterable[UploadedFile]) -> None:
    """Have Streamlit forget files that were taken, or refused."""
    context = get_script_run_ctx()
    if context and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        for file in files:
            context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def _held() -> int:
    """Bytes of all files that Streamlit keeps."""
    context = get_script_run_ctx()
    if not context or not isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        return 0
    stats = context.uploaded_file_mgr.get_stats()
    return sum(stat.byte_length for family in stats.values() for stat in family)
