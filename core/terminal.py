"""What a command has to do with its process: signals, standard streams, the exit code.

It is imported first, so it imports nothing that takes time: Ctrl-C counts from here on.
"""

import io
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from core.errors import Interrupted, OutOfMemory, StudioError, is_out_of_memory, system_sentence

FAILED = 2
_BY_SIGNAL = 128  # more than the number of the signal: 130 for Ctrl-C, 143 for SIGTERM
_LONGEST = 2000  # characters of a line about a failure
_PATIENCE = 3  # signals until the process ends at once, whatever it is clearing up
_TOLD = {
    signal.SIGINT: "Interrupted; nothing was saved.",
    signal.SIGTERM: "Stopped by SIGTERM; nothing was saved.",
}
_CLOSED = (
    "Standard output is closed, so nothing could be printed and nothing was done. Send it to a "
    "file or to /dev/null instead."
)
_received: list[int] = []


def run(load: Callable[[], Callable[[], int]]) -> int:
    """Run a program and return its exit code; whatever happens, no traceback is printed.

    Args:
        load: imports the program and returns it: signals count while it does.
    """
    _mind_signals()
    try:
        if _repair_streams():
            code = load()()
        else:
            code = FAILED
            say(_CLOSED)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else FAILED
    except BaseException as error:
        code = explain(error)
    code = _flushed(code)
    with suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left takes no time
    return _BY_SIGNAL + _received[0] if _received else code


def explain(error: BaseException) -> int:
    """Say in one line what ended a command; its exit code."""
    if _received or isinstance(error, Interrupted | KeyboardInterrupt):
        number = _received[0] if _received else signal.SIGINT
        told = isinstance(error, StudioError | Interrupted) and str(error)
        say(told or _TOLD[number])
        return _BY_SIGNAL + number
    if isinstance(error, BrokenPipeError):  # whoever read our output has seen enough
        _silence(1)
        return 0
    say(_sentence(error))
    return FAILED


def say(sentence: str) -> None:
    """One line on standard error."""
    line = " ".join(sentence.split())
    if len(line) > _LONGEST:
        line = f"{line[:_LONGEST]}…"
    with suppress(OSError, ValueError):
        sys.stderr.write(f"error: {line}\n")
        sys.stderr.flush()


def _sentence(error: BaseException) -> str:
    if isinstance(error, StudioError):
        return str(error)
    if is_out_of_memory(error):
        return str(OutOfMemory())
    if isinstance(error, OSError):
        try:
            sys.stdout.flush()  # what could not be written once cannot be written now
        except OSError as reason:
            return _cannot_be_written(reason)
        return system_sentence(error)
    return f"Unexpected error: {type(error).__name__}: {error}"


def _cannot_be_written(error: OSError) -> str:
    return f"Standard output cannot be written: {error.strerror or error}."


def _flushed(code: int) -> int:
    """Write what is still held back; the exit code after that."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _silence(1)
    except (OSError, ValueError) as error:
        if code < FAILED and isinstance(error, OSError):
            say(_cannot_be_written(error))
            code = FAILED
        _silence(1)
    return code


def _mind_signals() -> None:
    """SIGTERM ends a command as Ctrl-C does: by an exception, so that it clears up.

    Signals that whoever started us has turned off stay off.
    """
    for number, usual in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGTERM, signal.SIG_DFL),
    ):
        if signal.getsignal(number) == usual:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame) -> None:
    """The first one interrupts; others would interrupt the clearing up, so they wait."""
    _received.append(number)
    if len(_received) >= _PATIENCE:
        os._exit(_BY_SIGNAL + number)
    if len(_received) == 1:
        raise Interrupted


def _repair_streams() -> bool:
    """Make standard streams that can be relied on; whether standard output is open.

    A stream that is closed would give its number to the next file that is opened.
    """
    for number, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # takes the lowest free number, this one
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - open until the exit
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    elif isinstance(sys.stderr, io.TextIOWrapper):
        encoding = sys.stderr.encoding
        sys.stderr = _Remarks(
            sys.stderr.detach(), encoding, "backslashreplace", line_buffering=True
        )
        sys.__stderr__ = sys.stderr
    if sys.stdout is None:
        return False
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # e.g. an emoji where only ASCII goes
    return True


class _Remarks(io.TextIOWrapper):
    """Standard error: remarks that nobody can read end no training."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError:
            _silence(2)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            _silence(2)


def _silence(number: int) -> None:
    """Send what is still written to a stream nowhere."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
