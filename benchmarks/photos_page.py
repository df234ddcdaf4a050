"""The page Recognise in Chromium: photos are uploaded one by one, each by a visitor of its own."""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from core import runs
from tests.browser import studio

_PATIENCE = 90_000  # milliseconds
_BARS = ".bars dt"


class Page:
    """A studio and a browser; use it in a `with` block."""

    def __enter__(self) -> "Page":
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._server = self._stack.enter_context(studio.serve_studio(folder))
        self._browser = self._stack.enter_context(studio.chromium())
        self._path = f"?runs={runs.PRETRAINED[0]}&from=upload"
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def show(self, photo: Path) -> tuple[float, list[str]]:
        """Upload a photo; seconds until its prediction is there, and the most probable classes."""
        context = self._browser.new_context(viewport={"width": 1280, "height": 1400})
        context.set_default_timeout(_PATIENCE)
        page = context.new_page()
        page.goto(f"{self._server.url}/{self._path}")
        upload = page.locator("input[type=file]").first
        upload.wait_for(state="attached")
        studio.at_rest(page)
        begun = time.perf_counter()
        upload.set_input_files(photo)
        page.locator(_BARS).first.wait_for()
        seconds = time.perf_counter() - begun
        classes = page.locator(".bars").first.locator("dt").all_inner_texts()
        context.close()
        return seconds, classes
