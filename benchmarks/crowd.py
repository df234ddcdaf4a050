"""An honest visitor of a public demo while twenty invented ones take whatever they can get.

Each invented visitor has a cookie and a page of its own and sends files as large as it may, one
after another; others fill the queue with work that takes long. Meanwhile a real browser shows an
image and trains a model. All of it happens in a control group of 2 GB, then of 690 MB.
"""

import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import Browser, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.memory import LIMITS_MB, PATIENCE, Group, Watch, digit, saved, show
from benchmarks.report import print_table
from core import shares
from tests.browser import studio

INVENTED = 20
FILES = 5  # that each of them sends
_QUEUE = """
import sys
from core import jobs, shares
from core.errors import StudioError
from core.visitors import acting_as
from core.jobs import limits
queued = 0
for number in range(int(sys.argv[1])):
    owner = f"visitor-{number:020}"
    shares.met(owner, "theirs")
    with acting_as(owner):
        values = {"epochs": 200, "hidden_units": "512"} if "mlp" in limits.models() else {}
        try:
            jobs.submit("train", {"dataset": "mnist", "model": "mlp", "hyperparameters": values})
            queued += 1
        except StudioError:
            pass
print(queued)
"""


class Invented(threading.Thread):
    """A visitor that sends files as fast as it can."""

    def __init__(self, url: str, size: int) -> None:
        super().__init__(daemon=True)
        self.url, self.size = url, size
        self.taken, self.refused = 0, 0

    def run(self) -> None:
        import httpx2
        from websockets.sync.client import connect

        token = f"2|{secrets.token_hex(4)}|{secrets.token_hex(16)}|{int(time.time())}"
        cookie = {"Cookie": f"_streamlit_xsrf={token}"}
        stream = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        with connect(
            stream,
            subprotocols=["streamlit", token],
            additional_headers=cookie,
            max_size=None,
            ping_interval=None,
        ) as socket:
            socket.send(BackMsg(rerun_script={"query_string": "from=upload"}).SerializeToString())
            session = ""
            while not session:
                message = ForwardMsg.FromString(socket.recv(timeout=60))
                session = message.new_session.initialize.session_id
            for _ in range(FILES):
                path = f"{self.url}/_stcore/upload_file/{session}/{uuid.uuid4()}"
                with suppress(httpx2.HTTPError):
                    prediction = httpx2.put(
                        path,
                        files={"file": ("x.zip", bytes(self.size))},
                        headers={**cookie, "X-Xsrftoken": token},
                        timeout=120,
                    )
                    self.taken += prediction.status_code == 204
                    self.refused += prediction.status_code != 204


def main() -> None:
    """Print a table for both limits."""
    expect.set_options(timeout=PATIENCE)
    header = (
        "memory, MB",
        "before, MB",
        "peak, MB",
        "files taken / refused",
        "queue",
        "image read after, s",
        "model trained after, s",
        "on disk, MB",
        "server",
    )
    with studio.chromium() as browser:
        rows = [measure(browser, most) for most in LIMITS_MB]
    print_table(f"A public demo with {INVENTED} invented visitors", header, rows)


def measure(browser: Browser, most: int) -> tuple[object, ...]:
    group = Group(f"studio-crowd-{os.getpid()}-{most}", most * 10**6)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        image = folder / "ordinary.png"
        image.write_bytes(saved(digit(800, 600), "PNG"))
        places = {f"STUDIO_{n.upper()}_DIR": str(folder / n) for n in ("data", "runs", "work")}
        environment = {**places, "STUDIO_PUBLIC": "1"}
        with group.entered():
            size = shares.inbox().file - shares.MB
            serving = studio.serve(studio.PROJECT / "app.py", folder, environment)
            server = serving.__enter__()
            queue = [sys.executable, "-c", _QUEUE, str(INVENTED)]
            told = subprocess.run(
                queue, env={**os.environ, **environment}, capture_output=True, text=True, check=True
            )
        watch = Watch(server.process.pid, group)
        try:
            before = watch.now()
            crowd = [Invented(server.url, size) for _ in range(INVENTED)]
            for one in crowd:
                one.start()
            page = browser.new_context(viewport={"width": 1280, "height": 1400}).new_page()
            page.set_default_timeout(PATIENCE)
            shown, trained = visit(page, server.url, image)
            for one in crowd:
                one.join(PATIENCE / 1000)
            lives = server.process.poll() is None and not group.killed()
            page.context.close()
            disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            peak = f"{watch.peak():.0f}"
        finally:
            watch.end()
            with suppress(Exception):
                serving.__exit__(None, None, None)
            group.remove()
    counts = f"{sum(one.taken for one in crowd)} / {sum(one.refused for one in crowd)}"
    memory = f"{most}" if group.folder else "no control group"
    figures = (
        f"{before:.0f}",
        peak,
        counts,
        f"{told.stdout.strip()} of {INVENTED}",
        shown,
        trained,
    )
    return (memory, *figures, f"{disk / 1e6:.0f}", "lives" if lives else "ended")


def visit(page: Page, url: str, image: Path) -> tuple[str, str]:
    """Show an image, then train a random forest; the seconds that each takes."""
    begun = time.monotonic()
    show(page, url, (image,))
    shown = time.monotonic() - begun
    begun = time.monotonic()
    page.goto(f"{url}/train?dataset=digits&step=model&model=random_forest")
    page.get_by_role("button", name="Start training", exact=True).click()
    expect(page).to_have_url(re.compile("run=digits-random-forest"))  # it has ended
    return f"{shown:.1f}", f"{time.monotonic() - begun:.1f}"
