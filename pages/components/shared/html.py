"""Small pieces of HTML that Streamlit has no widget for: large predictions, bars, image strips.

They take their colours from the theme, so they suit light and dark, and wrap on a phone.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from html import escape

import numpy as np

from core import visitors
from core.errors import StudioError
from core.images import data_url, fit_within
from core.names import shown
from core.serving import Prediction
from core.units import bounded_percent

_STRIP_SIDE = 480  # pixels: three for each that a strip has room for
_LONG = 24  # letters of a name that is set smaller
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:&=-]|(?<=^\d)\.)")
# What Markdown makes a link of by itself: a word joiner, which is not seen, comes in between.
_LINKS = re.compile(r"(https?:)(?=//)|(\bwww)(?=\.)|(?<=[^\s@])(@)(?=[^\s@])", re.IGNORECASE)
STYLE = """<style>
.prediction {display:flex; align-items:baseline; flex-wrap:wrap; gap:.1rem 1.1rem; line-height:1}
.prediction b {font-size:clamp(3.4rem, 9vw, 6rem); font-weight:750; overflow-wrap:anywhere}
.prediction span {font-size:1.35rem; line-height:1.3}
.prediction.word b {font-size:clamp(2.2rem, 5vw, 3.4rem)}
.prediction.small b {font-size:2.6rem} .prediction.small span {font-size:1.05rem}
.prediction.long b {font-size:1.5rem; line-height:1.2}
.bars {display:grid; grid-template-columns:fit-content(45%) minmax(3rem, 1fr) 4.2em;
 gap:.22rem .6rem;
 align-items:center; font-variant-numeric:tabular-nums; margin:0}
.bars dt {font-weight:600; text-align:right; overflow-wrap:anywhere; line-height:1.25}
.bars dd {margin:0}
.bars .track {height:.85rem; border-radius:.3rem; overflow:hidden;
 background:color-mix(in srgb, currentColor 11%, transparent)}
.bars .fill {height:100%; border-radius:.3rem; transition:width .12s;
 background:color-mix(in srgb, currentColor 42%, transparent)}
.bars .top .fill {background:#2F8FBF}
.bars .top.number {font-weight:700}
img.uploaded {max-width:100%; max-height:17rem; border-radius:.5rem; display:block}
.strip {display:flex; flex-wrap:wrap; gap:1rem 1.1rem; align-items:flex-start}
.strip {--wide:min(max(9.2rem, var(--side, 0px)), 100%)}
.strip figure {margin:0; width:var(--wide); flex:0 0 auto; overflow-wrap:anywhere}
.strip img {width:100%; aspect-ratio:1; object-fit:contain; border-radius:.5rem;
 image-rendering:pixelated; border:1px solid color-mix(in srgb, currentColor 22%, transparent);
 background:color-mix(in srgb, currentColor 6%, transparent)}
.strip figcaption {font-size:.86rem; line-height:1.35; margin-top:.3rem}
.strip figcaption b {display:block; font-size:.95rem}
.gallery {display:grid; grid-template-columns:minmax(4.5rem,9rem) 1fr; gap:.5rem 1rem;
 align-items:center; margin:0}
.gallery dt {text-align:right; font-weight:600; overflow-wrap:anywhere; line-height:1.25}
dt span {display:-webkit-box; -webkit-box-orient:vertical; -webkit-line-clamp:4; overflow:hidden}
.bars dt span {-webkit-line-clamp:2}
.prediction b, .bars dt, .gallery dt {unicode-bidi:plaintext}
.gallery dt small {display:block; font-weight:400; opacity:.75}
.gallery dd {margin:0; display:flex; gap:.35rem; overflow:hidden; flex-wrap:wrap; max-height:4.2rem}
.gallery img {height:4.2rem; width:4.2rem; object-fit:contain; border-radius:.35rem;
 image-rendering:pixelated; background:color-mix(in srgb, currentColor 6%, transparent)}
@media (max-width:640px) {
 .gallery img {height:3.2rem; width:3.2rem} .gallery dd {max-height:3.2rem}
 .gallery {grid-template-columns:minmax(3.5rem,5.5rem) 1fr; gap:.5rem .6rem}
 .strip {gap:.8rem; --wide:min(max(50vw - 1.6rem, var(--side, 0px)), 100%)}}
</style>"""


def _named(name: str) -> str:
    """The beginning of a `<dt>`; of a long name a few lines, and all of it in a tooltip."""
    written = escape(shown(name))
    if len(name) <= _LONG:
        return f"<dt>{written}"
    return f'<dt title="{written}"><span>{written}</span>'


def isolated(name: str) -> str:
    """A name whose direction of writing leaves the sentence around it as it is."""
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"


def prediction(label: str, confidence: str, small: bool = False, before: str = "") -> str:
    """The predicted class in large type with its confidence beside it.

    Args:
        label, confidence: what is written.
        small: whether it stands among others.
        before: a word in front of the label, whose direction of writing stays its own.
    """
    size = "prediction small" if small else "prediction word" if len(label) > 8 else "prediction"
    if len(label) > _LONG:
        size = "prediction long"
    named = f"<bdi>{escape(shown(label))}</bdi>" if before else escape(shown(label))
    written = f"<b>{escape(before)}{named}</b><span>{escape(confidence)}</span>"
    return f'<div class="{size}">{written}</div>'


def bars(
    prediction: Prediction, most: int | None = None, order: Iterable[int] | None = None
) -> str:
    """A bar for each class.

    Args:
        prediction: of one image or digit.
        most: how many of the most probable ones, in falling order; None for all.
        order: which classes instead.
    """
    if order is None:
        order = range(len(prediction.class_names))
        if most is not None:
            order = prediction.probabilities.argsort()[::-1][:most]
    best = int(prediction.probabilities.argmax())
    rows = []
    for index in order:
        probability, name = float(prediction.probabilities[index]), prediction.class_names[index]
        mark = "top" if index == best else ""
        rows.append(
            f"{_named(name)}</dt>"
            f'<dd class="track {mark}">'
            f'<div class="fill" style="width:{probability:.2%}"></div></dd>'
            f'<dd class="number {mark}">{percent(probability)}</dd>'
        )
    return f'<dl class="bars">{"".join(rows)}</dl>'


def strip(images: Sequence[tuple[np.ndarray, str, str]], side: int = 0) -> str:
    """Images side by side, each `(image, title, sentence)`, at least `side` pixels wide.

    Large ones are reduced.
    """
    figures = (
        f'<figure><img src="{data_url(fit_within(image, _STRIP_SIDE))}" alt="{escape(title)}">'
        f"<figcaption><b>{escape(title)}</b>{escape(sentence)}</figcaption></figure>"
        for image, title, sentence in images
    )
    return f'<div class="strip" style="--side:{side}px">{"".join(figures)}</div>'


def gallery(rows: Sequence[tuple[str, int | None, Sequence[np.ndarray]]]) -> str:
    """A row of images for each class: `(class name, how many there are, images)`."""
    parts = []
    for name, count, samples in rows:
        number = "" if count is None else f"<small>{count:,}</small>"
        alt = escape(shown(name))
        images = "".join(f'<img src="{data_url(p)}" alt="{alt}">' for p in samples)
        parts.append(f"{_named(name)}{number}</dt><dd>{images}</dd>")
    return f'<dl class="gallery">{"".join(parts)}</dl>'


def plain(text: str) -> str:
    """A text with words somebody else wrote, so that Markdown shows it as it is: no images, no
    links, no colours."""
    text = _LINKS.sub(lambda found: found[0] + "\N{WORD JOINER}", " ".join(text.split()))
    return _MARKS.sub(r"\\\1", text)


def told(error: StudioError | str) -> str:
    """What an error says, as this visitor may read it: in a public demo without folders."""
    return visitors.without_paths(str(error))


def message(error: StudioError | str) -> str:
    """The same as Markdown that shows it as it is."""
    return plain(told(error))


def refusal(check: Callable[[str], object], title: str) -> str:
    """Why a check refuses a title, as Markdown; empty if it passes.

    Args:
        check: raises `StudioError`, e.g. `core.runs.free_id`.
        title: what somebody typed.
    """
    try:
        check(title)
    except StudioError as error:
        return message(error)
    return ""


def named(name: str) -> str:
    """A name somebody else chose, so that Markdown shows it as it is, and all of it in one line
    whose direction leaves the sentence around it alone."""
    name = shown(name)
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name):
        name = isolated(name)
    return plain(name)


def accuracy(fraction: float | None) -> str:
    """The test accuracy of a run; of a model that has none of ours, that it was not measured."""
    return "not measured here" if fraction is None else percent(fraction)


def counted(number: int, thing: str) -> str:
    """A number of things: 1 → '1 image', 1200 → '1,200 images'."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


percent = bounded_percent  # what pages say of a probability or an accuracy
