"""Files that are read back from disk: nothing in them is trusted, and none of them can block.

A file may have been cut off, edited by hand or replaced by anything else. Each kind of file has
one reader, which calls a function of this module and gives back values of the right types, or
raises one `StoredError` whose message gives the reason.

    read_text, read_json    any small file
    read_as                 JSON as a dataclass, every field checked against its annotation
    read_arrays             an npz file with exactly the arrays that are expected
    write_json, write_whole what these read: the whole file or none of it
"""

from core.stored.arrays import read_arrays
from core.stored.checking import (
    Count,
    Fraction,
    Name,
    Number,
    Seconds,
    Seed,
    Setting,
    Text,
    as_json,
    check,
    parse_json,
    read_as,
    read_json,
    write_json,
)
from core.stored.files import (
    MOST_BYTES,
    append,
    check_regular,
    check_room,
    is_locked,
    open_log,
    read_bytes,
    read_tail,
    read_text,
    sweep_written,
    write_whole,
)
from core.stored.versions import VERSION, bring_up, current_version, renamed

__all__ = [
    "Count",
    "Fraction",
    "MOST_BYTES",
    "Name",
    "Number",
    "Seconds",
    "Seed",
    "Setting",
    "Text",
    "VERSION",
    "append",
    "bring_up",
    "current_version",
    "renamed",
    "as_json",
    "check",
    "check_regular",
    "check_room",
    "is_locked",
    "open_log",
    "parse_json",
    "read_arrays",
    "read_as",
    "read_bytes",
    "read_json",
    "read_tail",
    "read_text",
    "sweep_written",
    "write_json",
    "write_whole",
]
