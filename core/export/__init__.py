"""A run to take away: one zip that explains itself and predicts without the studio."""

from core.export.package import as_zip, files
from core.export.zipped import pack

__all__ = ["as_zip", "files", "pack"]
