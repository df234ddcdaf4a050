"""The proof of a page: its test images through the page, in a browser, in the way of a stranger."""

import json
from pathlib import Path

import numpy as np

from core.errors import ExportError
from core.export.browser import BrowserFailure, BrowserPage, find_chromium, open_page
from core.export.proof import TIMED, Predicted, through_export
from core.progress import Progress, Reporter

_IN_BROWSER = (
    "The image files were chosen in the page, which {browser} had opened from disk with the "
    "network off."
)
_WITHOUT_BROWSER = (
    "{reason}, so the page itself was not opened: LiteRT in Python has run the model that the page "
    "holds, and its preparation of images was not compared."
)


def through_page(path: Path, report: Reporter) -> Predicted:
    """What a page predicts for the images in `proof/` beside it.

    Where no browser opens it, the model that lies beside it is run instead, and `how` says so.

    Raises:
        ExportError: if the page fails in the browser, or gives no probabilities.
        Cancelled: if it was asked to stop.
    """
    browser = find_chromium()
    if browser is None:
        return _without_browser(path, report, "No Chromium was found here")
    expected = json.loads((path.parent / "proof" / "expected.json").read_text(encoding="utf-8"))
    files = [path.parent / "proof" / image["file"] for image in expected]
    progress = Progress("proving", fraction=0.6)
    profile = path.parent.parent / "browser"
    try:
        with open_page(browser, path.resolve().as_uri(), profile, lambda: report(progress)) as page:
            if page.value("typeof self.classifier") == "object":
                return _predicted(page, files)
            reason = f"{page.version.replace('/', ' ')} is too old, or may not read files here"
    except (KeyError, TypeError, ValueError) as error:
        raise ExportError(f"The page gives no probabilities: {error}.") from error
    except BrowserFailure as error:
        reason = str(error).rstrip(".")
    return _without_browser(path, report, reason)


def _without_browser(path: Path, report: Reporter, reason: str) -> Predicted:
    found = through_export(path.parent, report)
    how = _WITHOUT_BROWSER.format(reason=reason)
    return Predicted(found.probabilities, found.latency_seconds, None, how)


def _predicted(page: BrowserPage, files: list[Path]) -> Predicted:
    page.value("classifier.ready()")
    rows, times, prepared = [], [], []
    page.value(
        "document.getElementById('file').addEventListener('change', "
        "event => { self.chosen = event.target.files[0]; })"
    )
    for file in files:
        page.choose_file("#file", file)
        found = page.value("classifier.settled()")
        prepared.append(np.asarray(found["rows"]) if "rows" in found else None)
        raw = page.value("classifier.asItIs(chosen)")
        rows.append(raw["row"])
        times.append(raw["milliseconds"] / 1000)
    return Predicted(
        np.asarray(rows, np.float32),
        float(np.median(times[:TIMED])),
        prepared,
        _IN_BROWSER.format(browser=page.version.replace("/", " ")),
    )
