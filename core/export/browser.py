"""A headless Chromium that a program asks, over the pipe of its DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/
"""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core import settings
from core.errors import ExportError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)
# Chromium reads commands from descriptor 3 and answers on 4, so both are put there first.
_START = (
    "import fcntl, os, sys; "
    "read, write = (fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3]); "
    "os.dup2(read, 3); os.dup2(write, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
_EVERY = 0.1  # seconds between two looks whether to stop
_TIME_LIMIT = 120  # seconds for one answer
_READ = 2**16


class BrowserFailure(ExportError):
    """The browser did not start, ended, or does not respond; the page may be well."""


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome: the one of the settings, else one that is installed."""
    names = (settings.current().chromium, *_NAMES)
    return next((path for name in names if name and (path := shutil.which(name))), None)


@contextmanager
def open_page(
    path: str, url: str, folder: Path, wait: Callable[[], None]
) -> Iterator["BrowserPage"]:
    """Open a URL in a browser of its own, whose network is off; the browser ends afterwards.

    Args:
        path: of the browser.
        url: what is opened.
        folder: for the browser's own files.
        wait: called again and again while an answer is awaited; may raise.

    Raises:
        BrowserFailure: if the browser does not start, ends, or does not respond.
    """
    commands_read, commands_write = os.pipe()
    answers_read, answers_write = os.pipe()
    flags = [*_FLAGS, f"--user-data-dir={folder}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--no-sandbox")  # it has none for root, and opens nothing but our own page
    descriptors = [str(commands_read), str(answers_write)]
    process = subprocess.Popen(
        [sys.executable, "-c", _START, *descriptors, path, *flags],
        pass_fds=(commands_read, answers_write),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(commands_read)
    os.close(answers_write)
    try:
        yield BrowserPage(commands_write, answers_read, url, wait)
    finally:
        process.terminate()  # it ends its helpers itself if it is not killed
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for descriptor in (commands_write, answers_read):
            with suppress(OSError):
                os.close(descriptor)


class BrowserPage:
    """A page in a browser without a network."""

    def __init__(self, write: int, read: int, url: str, wait: Callable[[], None]) -> None:
        self._write, self._read, self._wait = write, read, wait
        self._number, self._rest, self._session = 0, b"", ""
        self.version = str(self._ask("Browser.getVersion")["product"])
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._ask("Network.enable")
        self._ask(
            "Network.emulateNetworkConditions",
            offline=True,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )
        self._ask("Page.enable")
        self._ask("Page.navigate", url=url)
        self.value("new Promise(r => document.readyState === 'complete' ? r() : onload = r)")

    def value(self, expression: str) -> Any:
        """What JavaScript gives, awaited.

        Raises:
            ExportError: if it raises.
            BrowserFailure: as `open_page`.
        """
        answer = self._ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"].get("exception", {})
            text = str(thrown.get("description", "an error")).splitlines()[0]
            raise ExportError(f"The page failed in {self.version}: {text}")
        return answer["result"].get("value")

    def choose_file(self, selector: str, path: Path) -> None:
        """Choose a file in a field, as a person does."""
        root = self._ask("DOM.getDocument", depth=0)["root"]["nodeId"]
        node = self._ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._ask("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        try:
            os.write(self._write, json.dumps(message).encode() + b"\0")
        except OSError as error:
            raise BrowserFailure("The browser that was to show the page did not start.") from error
        for answer in self._answers():
            if answer.get("id") != self._number:
                continue  # an event
            if "error" in answer:
                reason = answer["error"].get("message")
                raise BrowserFailure(f"The browser refused {method}: {reason}.")
            return answer["result"]
        raise AssertionError  # answers end with an error

    def _answers(self) -> Iterator[dict[str, Any]]:
        begun = time.monotonic()
        while True:
            self._wait()
            while b"\0" in self._rest:
                line, self._rest = self._rest.split(b"\0", 1)
                yield json.loads(line)
            if time.monotonic() - begun > _TIME_LIMIT:
                raise BrowserFailure(f"The browser did not respond for {_TIME_LIMIT} seconds.")
            if select.select([self._read], [], [], _EVERY)[0]:
                content = os.read(self._read, _READ)
                if not content:
                    raise BrowserFailure("The browser that was to show the page has ended.")
                self._rest += content
