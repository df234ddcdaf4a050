"""What uploads cost a public demo in memory, in a control group that ends it beyond a limit.

The studio runs with `STUDIO_PUBLIC=1` and as much memory as a small machine has; a real browser
sends it images that are small as files and huge as pixels, ordinary photos of today's phones, and
a zip of the former. Where control groups cannot be written (without Linux or root) nothing ends
the studio, and only the peak is measured.
"""

import io
import os
import re
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from benchmarks.report import print_table
from tests.browser import studio
from tests.core.image_files import chunk, empty_png

LIMITS_MB = (2000, 690)
PATIENCE = 120_000  # milliseconds
_EVERY = 0.01  # seconds between two looks at the memory
_V1, _V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
_ENDED = re.compile("is ready|failed|went wrong|allowed|could not|were ended|cancelled", re.I)


class Group:
    """A control group with a limit, or none where that cannot be had."""

    def __init__(self, name: str, most: int) -> None:
        self.folder: Path | None = None
        first = (_V1.is_dir(), _V1 if _V1.is_dir() else _V2)
        folder = first[1] / name
        files = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
        files = files if first[0] else ("memory.max", "memory.swap.max")
        with suppress(OSError):
            folder.mkdir()
            (folder / files[0]).write_text(str(most))
            with suppress(OSError):  # no swap on this machine
                (folder / files[1]).write_text(str(most if first[0] else 0))
            self.folder = folder

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Processes that are started meanwhile belong to the group."""
        if self.folder is None:
            yield
            return
        me = str(os.getpid())
        (self.folder / "cgroup.procs").write_text(me)
        try:
            yield
        finally:
            (self.folder.parent / "cgroup.procs").write_text(me)

    def killed(self) -> int:
        """How many processes were ended for want of memory."""
        if self.folder is None:
            return 0
        names = ("memory.oom_control", "memory.events")
        text = "".join(p.read_text() for n in names if (p := self.folder / n).is_file())
        found = re.search(r"^oom_kill (\d+)", text, re.MULTILINE)
        return int(found[1]) if found else 0

    def held(self) -> int | None:
        """Bytes that its processes hold, without files the system may forget; None: no group."""
        if self.folder is None:
            return None
        text = (self.folder / "memory.stat").read_text()
        found = re.search(r"^(?:total_rss|anon) (\d+)", text, re.MULTILINE)
        return int(found[1])

    def remove(self) -> None:
        """It is empty by then."""
        if self.folder is not None:
            with suppress(OSError):
                self.folder.rmdir()


class Watch:
    """The most memory that the studio and its jobs held since it was last asked."""

    def __init__(self, process: int, group: Group) -> None:
        self._process, self._group = process, group
        self._peak, self._ended = 0.0, threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while not self._ended.wait(_EVERY):
            self._peak = max(self._peak, self.now())

    def now(self) -> float:
        """Megabytes held by the studio and what it has started."""
        total = self._group.held()
        if total is not None:
            return total / 1e6
        total = 0.0
        with suppress(psutil.Error):
            server = psutil.Process(self._process)
            total = server.memory_info().rss
            for child in server.children(recursive=True):
                with suppress(psutil.Error):
                    memory = child.memory_info()
                    total += memory.rss - memory.shared
        return total / 1e6

    def peak(self) -> float:
        found, self._peak = max(self._peak, self.now()), 0.0
        return found

    def end(self) -> None:
        self._ended.set()


@dataclass(frozen=True)
class Sent:
    """What is sent: a title, the files, and whether they are a dataset to import."""

    title: str
    files: tuple[Path, ...]
    dataset: bool = False


def main() -> None:
    """Print a table for each limit."""
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory() as name, studio.chromium() as browser:
        folder = Path(name)
        sent = make(folder)
        for most in LIMITS_MB:
            rows = [measure(browser, folder, most, one) for one in sent]
            header = ("upload", "files, MB", "before, MB", "peak, MB", "more, MB", "server", "said")
            print_table(f"Memory of a public demo with {most} MB", header, rows)


def measure(browser: Browser, folder: Path, most: int, sent: Sent) -> tuple[object, ...]:
    """A studio of its own for each upload, warmed up by an ordinary image."""
    group = Group(f"studio-{os.getpid()}-{most}", most * 10**6)
    places = {f"STUDIO_{n.upper()}_DIR": str(folder / n) for n in ("data", "runs", "work")}
    with group.entered():
        serving = studio.serve(studio.PROJECT / "app.py", folder, {**places, "STUDIO_PUBLIC": "1"})
        server = serving.__enter__()
    watch = Watch(server.process.pid, group)
    try:
        page = browser.new_context(viewport={"width": 1280, "height": 1400}).new_page()
        page.set_default_timeout(PATIENCE)
        show(page, server.url, (folder / "ordinary.png",))
        before = watch.now()
        watch.peak()
        said = outcome(lambda: (bring if sent.dataset else show)(page, server.url, sent.files))
        peak = watch.peak()
        lives = "lives" if server.process.poll() is None and not group.killed() else "ended"
        page.context.close()
    finally:
        watch.end()
        with suppress(Exception):
            serving.__exit__(None, None, None)
        group.remove()
    size = sum(path.stat().st_size for path in sent.files) / 1e6
    limit = lives if group.folder else f"{lives} (no control group here: no limit)"
    figures = (f"{size:.2f}", f"{before:.0f}", f"{peak:.0f}", f"{peak - before:+.0f}")
    return (sent.title, *figures, limit, said)


def outcome(act: Callable[[], str]) -> str:
    """What the page said; a browser that waits in vain is an outcome as well."""
    try:
        return act().replace("|", "/").replace("\n", " ")[:160]
    except Exception as error:
        return f"nothing ({type(error).__name__})"


def show(page: Page, url: str, files: tuple[Path, ...]) -> str:
    """Upload images on the first page; what it says of them."""
    page.goto(f"{url}/?from=upload")
    page.locator("input[type=file]").first.wait_for(state="attached")
    studio.at_rest(page)
    page.locator("input[type=file]").first.set_input_files(files)
    said = page.get_by_test_id("stAlert").or_(page.locator(".prediction b"))
    said = said.or_(page.get_by_text(re.compile(r"\d+ of \d+ \w+ read")))
    said.first.wait_for()
    studio.at_rest(page)
    return said.first.inner_text()


def bring(page: Page, url: str, files: tuple[Path, ...]) -> str:
    """Import a zip as a dataset; how that ended."""
    page.goto(f"{url}/train")
    page.get_by_text("Your own images").first.click()
    page.locator("[data-testid=stFileUploader] input[type=file]").first.set_input_files(files)
    page.get_by_role("button", name="Import these images").click()
    said = page.get_by_test_id("stAlert").or_(page.get_by_text("is ready")).filter(has_text=_ENDED)
    said.first.wait_for()
    return said.first.inner_text()


def make(folder: Path) -> list[Sent]:
    """The files that are sent."""

    def put(name: str, content: bytes) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    put("ordinary.png", saved(digit(800, 600), "PNG"))
    thin = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0\0\0\1\x02\xfa\xf0\x80\x08\6\0\0\0")
    thin += chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")
    webp = saved(Image.new("RGB", (7000, 7000)), "WEBP", lossless=True, quality=0, method=0)
    fractions = saved(Image.new("F", (7000, 7000)), "TIFF", compression="tiff_deflate")
    phone_photo, photo = (saved(digit(*size), "JPEG") for size in ((8064, 6048), (6000, 4000)))
    phone = [put(f"phone{n}.jpg", phone_photo + bytes([n])) for n in range(10)]
    photos = [put(f"photo{n}.jpg", photo + bytes([n])) for n in range(8)]
    scan = put("scan.png", saved(digit(1500, 1000).resize((6000, 4000)), "PNG"))
    return [
        Sent("PNG of 1 × 50,000,000", (put("thin.png", thin),)),
        Sent("PNG of 7,000 × 7,000, grey", (put("grey.png", empty_png(7000, 7000, 8, 0)),)),
        Sent("PNG of 24 megapixels", (scan,)),
        Sent("WebP of 7,000 × 7,000", (put("large.webp", webp),)),
        Sent("TIFF of 7,000 × 7,000 fractions", (put("fractions.tif", fractions),)),
        Sent("JPEG of 48 megapixels", (phone[0],)),
        Sent("ten of them", tuple(phone)),
        Sent("eight photos of 24 megapixels", tuple(photos)),
        Sent("zip of 80 PNGs of 7,000 × 7,000", (packed(folder / "pets.zip"),), dataset=True),
    ]


def digit(width: int, height: int) -> Image.Image:
    """A black 1 on grainy paper."""
    rng = np.random.default_rng(0)
    paper = rng.normal(215, 12, (height // 2, width // 2)).clip(0, 255).astype(np.uint8)
    paper[height // 8 : 3 * height // 8, width // 4 : width // 4 + width // 50] = 30
    return Image.fromarray(paper).convert("RGB").resize((width, height))


def saved(image: Image.Image, file_format: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def packed(path: Path) -> Path:
    """A zip of two classes; all images are alike but for a text."""
    large = empty_png(7000, 7000, 1, 0)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for number in range(80):
            text = chunk(b"tEXt", b"Title\0%d" % number)
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", large[:33] + text + large[33:])
    return path
