"""A run for other programs: a file of some format, or a package, each with a proof.

export          writes a file and proves that it predicts as the studio does
FORMATS         the formats, one entry each
fitting         those of a run
pack            several files as one zip
"""

from core.export.exporting import Export, clear_up, export, has_samples
from core.export.formats import FORMATS, PACKAGE, Format, find, fitting
from core.export.proof import PROOF, Proof, read_proof
from core.export.zipped import pack

__all__ = [
    "FORMATS",
    "PACKAGE",
    "PROOF",
    "Export",
    "Format",
    "Proof",
    "clear_up",
    "export",
    "find",
    "fitting",
    "has_samples",
    "pack",
    "read_proof",
]
