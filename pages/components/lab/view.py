"""Pictures as HTML: small enough to arrive at once, with their histograms."""

import base64
from html import escape

import cv2
import numpy as np

from core.images import fit_within
from pages.components import html

LARGE, SMALL = 760, 300  # pixels of the longer side, as shown
_JPEG_QUALITY = 90
_BINS = 64
STYLE = """<style>
.lab {margin:0} .lab img {width:100%; max-height:34rem; object-fit:contain; border-radius:.5rem;
 background:color-mix(in srgb, currentColor 6%, transparent); display:block}
.lab.tiny img {image-rendering:pixelated}
.lab figcaption {font-size:.88rem; margin-top:.3rem; opacity:.85}
.lab img.histogram {width:100%; height:3.6rem; object-fit:fill; margin-top:.35rem;
 image-rendering:auto}
</style>"""
_CHANNELS = (("#D55E00", "red"), ("#009E73", "green"), ("#0072B2", "blue"))


def large(image: np.ndarray, title: str, said: str = "") -> str:
    """A picture with its size, what is said of it, and its histogram."""
    height, width = image.shape[:2]
    tiny = " tiny" if max(height, width) < 120 else ""
    details = f"{width}×{height} pixels" + (f" · {said}" if said else "")
    return (
        f'<figure class="lab{tiny}"><img src="{address(image, LARGE)}" alt="{escape(title)}">'
        f"<figcaption><b>{escape(title)}</b> · {escape(details)}</figcaption>"
        f"{histogram(image)}</figure>"
    )


def address(image: np.ndarray, longest: int) -> str:
    """A picture as an address, reduced; photographs as JPEG, which is quicker."""
    image = fit_within(image, longest)
    if image.ndim == 2 or max(image.shape[:2]) < 120:
        return html.data_url(image)
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)[1]
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def histogram(image: np.ndarray) -> str:
    """How often each brightness occurs, dark on the left; a line for each colour."""
    small = fit_within(image, LARGE)
    if small.ndim == 2:
        lines = [_line(small, "#888888", "grey")]
    else:
        lines = [_line(small[..., i], colour, name) for i, (colour, name) in enumerate(_CHANNELS)]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_BINS - 1} 20" '
        f'preserveAspectRatio="none">{"".join(lines)}</svg>'
    )
    content = base64.b64encode(svg.encode()).decode()
    return (
        f'<img class="histogram" src="data:image/svg+xml;base64,{content}" '
        'alt="histogram: how often each brightness occurs, dark on the left">'
    )


def _line(channel: np.ndarray, colour: str, name: str) -> str:
    counts = np.bincount(channel.ravel() >> 2, minlength=_BINS).astype(np.float64)
    heights = 20 - 19 * np.sqrt(counts / counts.max())
    points = " ".join(f"{place},{height:.1f}" for place, height in enumerate(heights))
    dash = {"red": "", "green": "4 2", "blue": "1 2", "grey": ""}[name]
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5" '
        f'stroke-dasharray="{dash}" vector-effect="non-scaling-stroke"/>'
    )
