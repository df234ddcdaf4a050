"""Photos that come with packages the studio needs anyway: something to try things on."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from core.errors import DatasetError, unknown
from core.images import decode

# name: title, package, file, licence
PHOTOS = {
    "flower": ("Flower", "sklearn", "datasets/images/flower.jpg", "CC BY 2.0, vultilion"),
    "temple": ("Temple", "sklearn", "datasets/images/china.jpg", "CC BY 2.0, danielbuechele"),
    "cat": ("Cat", "skimage", "data/chelsea.png", "CC0, Stefan van der Walt"),
    "coffee": ("Coffee", "skimage", "data/coffee.png", "CC0, Rachel Michetti"),
    "coins": ("Coins", "skimage", "data/coins.png", "public domain, Brooklyn Museum"),
    "page": ("Printed page", "skimage", "data/page.png", "public domain"),
}


@lru_cache(maxsize=8)
def photo(name: str) -> np.ndarray:
    """A photo, uint8, shape `(H, W)` or `(H, W, 3)`, read-only.

    Raises:
        DatasetError: if there is none of that name, or the package lacks it.
    """
    if name not in PHOTOS:
        raise DatasetError(unknown("photo", name, PHOTOS))
    _, package, file, _ = PHOTOS[name]
    spec = find_spec(package)  # finds the package without importing it
    path = Path(spec.origin).parent / file if spec and spec.origin else None
    if path is None or not path.is_file():
        raise DatasetError(f"The photo {name!r} should come with {package}, but is not there.")
    image = decode(path.read_bytes())
    image.setflags(write=False)
    return image
