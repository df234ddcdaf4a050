"""The running studio and a real Chromium, for browser tests and benchmarks."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
CANVAS = "canvas.upper-canvas"
PREDICTION = ".prediction b"
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
STROKES = {  # in pixels of the 320-pixel canvas
    "7": [[(80, 70), (230, 70), (190, 150), (140, 270)]],
    "1": [[(160, 60), (160, 270)]],
    "0": [
        [(160, 60), (110, 80), (85, 160), (110, 245), (160, 265)]
        + [(210, 245), (235, 160), (210, 80), (160, 60)]
    ],
}


@dataclass(frozen=True)
class Server:
    """A running Streamlit server."""

    url: str
    process: subprocess.Popen
    log: Path


@contextmanager
def serve(
    script: Path, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[Server]:
    """Start a Streamlit script on a free port; wait until it is healthy; end it afterwards.

    Args:
        script: what to run.
        folder: where its log goes.
        environment: variables to add.
    """
    port = free_port()
    log = folder / f"{script.stem}-{port}.log"
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += ["--server.port", str(port), "--server.address", "localhost"]
    command += ["--server.headless", "true"]
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://localhost:{port}"
        _wait_until_healthy(url, process, log)
        yield Server(url, process, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def serve_studio(folder: Path) -> Iterator[Server]:
    """Start the studio with all that it makes in a folder; see `serve`."""
    places = {"STUDIO_RUNS_DIR": str(folder / "runs"), "STUDIO_WORK_DIR": str(folder / "work")}
    with serve(PROJECT / "app.py", folder, places) as running:
        yield running


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium: the one named by CHROMIUM, else one that is installed."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path is None:
        raise RuntimeError("No Chromium found: run `make chromium`, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def at_rest(page: Page) -> None:
    """Wait until the page is not being drawn anew."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale=true]")).to_have_count(0)


def choose(page: Page, field: str | re.Pattern, option: str, typed: str = "") -> None:
    """Choose from a drop-down list by its keys, which a list that moves cannot lose."""
    box = page.get_by_role("combobox", name=field)
    box.click()
    box.press_sequentially(typed or option)
    found = page.get_by_role("option", name=option, exact=True)
    expect(found).to_be_visible()
    while found.get_attribute("data-focused") != "true":
        box.press("ArrowDown")
    box.press("Enter")
    expect(found).to_have_count(0)
    at_rest(page)


def draw(page: Page, digit: str, offset: tuple[int, int] = (0, 0), size: float = 1.0) -> None:
    """Draw a digit on the canvas with the mouse."""
    canvas = page.locator(CANVAS)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for stroke in STROKES[digit]:
        points = [
            (box["x"] + offset[0] + x * size, box["y"] + offset[1] + y * size) for x, y in stroke
        ]
        _drag(page, points)


def _drag(page: Page, points: Sequence[tuple[float, float]]) -> None:
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=6)
    page.mouse.up()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)  # between two questions, not instead of one
    raise RuntimeError(f"The studio did not start:\n{log.read_text()[-3000:]}")
