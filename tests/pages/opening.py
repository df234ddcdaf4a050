"""Opening a page of the studio as a test does."""

import base64
from collections.abc import Iterable

import cv2
import numpy as np
from streamlit.testing.v1 import AppTest

from core.datasets import sample_images
from core.images import encode_png
from core.settings import PROJECT_DIR

APP = str(PROJECT_DIR / "pages" / "studio.py")


def visit(page: str, unfolded: Iterable[str] = (), **url: str) -> AppTest:
    """A page of the studio at that address, run once without a failure; some of it unfolded."""
    app = AppTest.from_file(APP, default_timeout=120).switch_page(f"{page}.py")
    for name, value in url.items():
        app.query_params[name] = value
    for key in unfolded:
        app.session_state[key] = True
    return fine(app.run())


def fine(page: AppTest) -> AppTest:
    """The page; fails if an exception is shown on it."""
    assert [problem.value for problem in page.exception] == []
    return page


def drawn(image: np.ndarray) -> dict:
    """What the canvas sends for a drawing."""
    url = "data:image/png;base64," + base64.b64encode(encode_png(image)).decode()
    return {"drawing": {"raw": {"objects": [1]}, "data": url}}


def digit(label: int) -> np.ndarray:
    return 255 - cv2.resize(sample_images("mnist")[label], (320, 320))


def html_of(app) -> str:
    return " ".join(element.proto.body for element in app.get("html"))
