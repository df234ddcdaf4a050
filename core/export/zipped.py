"""Several files as one to download."""

import io
import zipfile
from collections.abc import Iterable


def pack(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of files, each `(name, content)`; they are packed already, so they are only stored."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()
