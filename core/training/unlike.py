"""Images that a model was not trained on and should notice: letters, and what other datasets show.

Letters are drawn on the spot, in fonts that come with matplotlib.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from core import datasets
from core.datasets import Dataset
from core.errors import ImageError
from core.preprocessing import prepare, reads

UNLIKE_DIGITS = "ACEFHKMNPRTUVWXY"
LIKE_DIGITS = "BDGILOQSZ"
FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "DejaVuSansMono",
    "STIXGeneral",
    "STIXGeneralItalic",
    "cmtt10",
)
LETTERS, LETTERS_LIKE_DIGITS = "letters", "letters like digits"
MOST_IMAGES = 500  # of another dataset
_LARGEST_SIDE = 32  # in pixels, of its images: larger ones take too long to load
_SIDE, _HEIGHT = 84, 48  # in pixels, of the drawing and of the font


def other_images(dataset: Dataset) -> dict[str, np.ndarray]:
    """By name, images as the model takes them, uint8 `(N, H, W, C)`.

    Args:
        dataset: what the model is trained on.
    """
    shows, takes = reads(dataset.preprocessing), (dataset.preprocessing, dataset.input_shape)
    found = {}
    if shows == "digits":
        found[LETTERS] = _letters(UNLIKE_DIGITS, FONTS, *takes)
        found[LETTERS_LIKE_DIGITS] = _letters(LIKE_DIGITS, FONTS, *takes)
    for spec in datasets.DATASETS.values():
        other = reads(spec.preprocessing) != shows
        if other and max(spec.input_shape) <= _LARGEST_SIDE and spec.is_here():
            images = spec.read_test()[0]
            rows = np.random.default_rng(0).permutation(len(images))[:MOST_IMAGES]
            found[spec.title] = _prepared((np.asarray(images[row]) for row in rows), *takes)
    return {name: images for name, images in found.items() if len(images)}


@lru_cache(maxsize=8)
def _letters(
    letters: str, fonts: tuple[str, ...], recipe: str, shape: tuple[int, int, int]
) -> np.ndarray:
    return _prepared(drawn(letters, fonts), recipe, shape)


def _prepared(images: Iterable[np.ndarray], recipe: str, shape: tuple[int, int, int]) -> np.ndarray:
    """Images as somebody would show them; those that already fit are left as they are."""
    batches = []
    for image in images:
        if image.shape == tuple(shape):
            batches.append(image[None])
            continue
        try:
            image = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
            batches.append(prepare(recipe, image, shape).batch[:1])
        except ImageError:  # nothing to classify in it, which is a good sign
            continue
    return np.concatenate(batches) if batches else np.zeros((0, *shape), np.uint8)


def drawn(letters: str, fonts: Sequence[str]) -> Iterator[np.ndarray]:
    """Each letter in each of `FONTS` asked for, black on white, uint8 `(84, 84)`."""
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name in fonts:
        font = ImageFont.truetype(str(folder / f"{name}.ttf"), _HEIGHT)
        for letter in letters:
            image = Image.new("L", (_SIDE, _SIDE), 255)
            centre = (_SIDE // 2, _SIDE // 2)
            ImageDraw.Draw(image).text(centre, letter, 0, font, anchor="mm")
            yield np.asarray(image)
