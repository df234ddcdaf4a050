"""Images as HTML: small enough to arrive at once, with their histograms."""

import base64
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np

from core.images import data_url, fit_within

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
/* the result stays in sight while a slider below it is moved */
[data-testid=stLayoutWrapper]:has(> .st-key-lab_result) {position:sticky; top:3.75rem; z-index:5}
.st-key-lab_result {padding:.4rem 0; background:light-dark(#FFFFFF, #10181E)}
@media (max-width:640px) {
 [data-testid=stLayoutWrapper]:has(> [data-testid=stHorizontalBlock] > [data-testid=stColumn]
 > [data-testid=stVerticalBlock] > [data-testid=stLayoutWrapper] > .st-key-lab_result)
 {flex-direction:column; gap:1rem}
 [data-testid=stHorizontalBlock]:has(> [data-testid=stColumn] .st-key-lab_result),
 [data-testid=stColumn]:has(.st-key-lab_result),
 [data-testid=stColumn] > [data-testid=stVerticalBlock]:has(.st-key-lab_result) {display:contents}
 [data-testid=stLayoutWrapper]:has(> .st-key-lab_result) {order:-1}
 .st-key-lab_result [data-testid=stHorizontalBlock] {display:flex; flex-wrap:nowrap}
 .st-key-lab_result [data-testid=stColumn] {min-width:0; flex:1}
 .lab img {max-height:24vh} .lab img.histogram {display:none}
}
</style>"""
_CHANNELS = (("#D55E00", "red"), ("#009E73", "green"), ("#0072B2", "blue"))


@dataclass(frozen=True)
class View:
    """An image as it is shown: reduced once, however often it is needed.

    Attributes:
        reduced: uint8, at most `LARGE` pixels long.
        width, height: of the image itself.
    """

    reduced: np.ndarray
    width: int
    height: int

    @classmethod
    def of(cls, image: np.ndarray) -> "View":
        return cls(fit_within(image, LARGE), image.shape[1], image.shape[0])


def large(view: View, title: str) -> str:
    """An image with its size and its histogram."""
    tiny = " tiny" if max(view.height, view.width) < 120 else ""
    return (
        f'<figure class="lab{tiny}"><img src="{url(view.reduced, LARGE)}" '
        f'alt="{escape(title)}"><figcaption><b>{escape(title)}</b> · {view.width}×{view.height} '
        f"pixels</figcaption>{histogram(view.reduced)}</figure>"
    )


def url(image: np.ndarray, longest: int) -> str:
    """An image as a URL, reduced; photos as JPEG, which is quicker."""
    image = fit_within(image, longest)
    if image.ndim == 2 or max(image.shape[:2]) < 120:
        return data_url(image)
    options = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)[1]
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def histogram(image: np.ndarray) -> str:
    """How often each brightness occurs, dark on the left; a line for each colour."""
    if image.ndim == 2:
        lines = [_line(image, "#888888", "grey")]
    else:
        lines = [_line(image[..., i], colour, name) for i, (colour, name) in enumerate(_CHANNELS)]
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
    channel = np.ascontiguousarray(channel)
    counts = cv2.calcHist([channel], [0], None, [_BINS], [0, 256]).ravel()
    heights = 20 - 19 * np.sqrt(counts / counts.max())
    points = " ".join(f"{place},{height:.1f}" for place, height in enumerate(heights))
    dash = {"red": "", "green": "4 2", "blue": "1 2", "grey": ""}[name]
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5" '
        f'stroke-dasharray="{dash}" vector-effect="non-scaling-stroke"/>'
    )
