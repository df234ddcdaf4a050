"""A studio whose trainings are watched in a browser."""

import json
import re
import shutil
from pathlib import Path

import psutil
from playwright.sync_api import Page, expect

from tests.browser import studio
from tests.browser.studio import at_rest
from tests.core.jobs.conftest import processes_in, until


class Studio:
    """Folders, and a server on them that can be started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def serve(self):
        return studio.serve_studio(self.folder)

    def cards(self) -> dict[str, dict]:
        """The cards of your runs."""
        found = (self.folder / "runs").glob("[!.]*/card.json")
        return {path.parent.name: json.loads(path.read_text()) for path in found}

    def children(self) -> list[psutil.Process]:
        """Processes that do the work of a job."""
        jobs = str(self.folder / "work" / "jobs")
        return [
            process
            for process in processes_in(self.folder)
            if any(part.startswith(jobs) for part in process.cmdline())
        ]

    def clear(self) -> None:
        """Stop whatever is going on, and forget all that was done."""
        for job in (self.folder / "work" / "jobs").glob("2*"):
            (job / "cancel").touch()
        until(lambda: not processes_in(self.folder / "work"))
        for name in ("work", "runs"):
            shutil.rmtree(self.folder / name, ignore_errors=True)


def button(page: Page, name: str | re.Pattern):
    return page.get_by_role("button", name=name, exact=isinstance(name, str))


def metric(page: Page, name: str):
    """The value of a figure."""
    return page.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue")


def finished(page: Page, folders: Studio) -> dict:
    """The card of the only run, once it is there and shown."""
    until(folders.cards)
    ((run_id, card),) = folders.cards().items()
    expect(page).to_have_url(re.compile(f"run={run_id}(&|$)"))
    expect(button(page, "Stop early")).to_have_count(0)
    at_rest(page)
    expect(metric(page, "Test accuracy")).to_have_text(re.compile(r"^\d+\.\d %$"))
    return card
