"""Photos to try things on: they are included in packages that the studio needs anyway."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from core.errors import DatasetError, unknown
from core.images import decode


@dataclass(frozen=True)
class Sample:
    """A photo that is included in a package.

    Attributes:
        name: what it is asked for by.
        title: what is on it.
        package, path: where it is.
        credit: who made it, and on what terms.
        shows: names of classes that it is an image of; empty if it is only good for OpenCV.
    """

    name: str
    title: str
    package: str
    path: str
    credit: str
    shows: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        return self.path.rpartition("/")[2]

    def read(self) -> bytes:
        """The file's content."""
        return self.file.read_bytes()

    @property
    def is_here(self) -> bool:
        """Whether the package is installed and has not left the photo out."""
        return self.file is not None and self.file.is_file()

    @property
    def file(self) -> Path | None:
        """Where it is; None if there is no such package. Looking does not import it."""
        spec = find_spec(self.package)
        return Path(spec.origin).parent / self.path if spec and spec.origin else None


SAMPLES: dict[str, Sample] = {
    sample.name: sample
    for sample in (
        Sample(
            "flower",
            "Flower",
            "sklearn",
            "datasets/images/flower.jpg",
            "vultilion, CC BY 2.0",
            ("flower", "flowers", "daisy"),
        ),
        Sample(
            "temple",
            "Temple",
            "sklearn",
            "datasets/images/china.jpg",
            "danielbuechele, CC BY 2.0",
            ("temple", "temples", "palace"),
        ),
        Sample(
            "cat",
            "Cat",
            "skimage",
            "data/chelsea.png",
            "Stéfan van der Walt, CC0",
            ("cat", "cats", "tabby cat", "tiger cat"),
        ),
        Sample(
            "rocket",
            "Rocket",
            "skimage",
            "data/rocket.jpg",
            "SpaceX, CC0",
            ("rocket", "rockets", "missile"),
        ),
        Sample(
            "motorcycle",
            "Motorcycle",
            "skimage",
            "data/motorcycle_left.png",
            "Daniel Scharstein, CC0",
            ("motorcycle", "motorcycles", "motorbike", "moped"),
        ),
        Sample(
            "coffee",
            "Coffee",
            "skimage",
            "data/coffee.png",
            "Rachel Michetti, CC0",
            ("coffee", "cup", "espresso"),
        ),
        Sample(
            "horse",
            "Horse (silhouette)",
            "skimage",
            "data/horse.png",
            "Andreas Preuss (marauder), CC0",
            ("horse", "horses"),
        ),
        Sample("coins", "Coins", "skimage", "data/coins.png", "Brooklyn Museum, public domain"),
        Sample("page", "Printed page", "skimage", "data/page.png", "public domain"),
    )
}


def photos() -> list[Sample]:
    """Those that are on this machine and show something a model may know."""
    return [sample for sample in SAMPLES.values() if sample.shows and sample.is_here]


def known_to(class_names: Iterable[str]) -> list[Sample]:
    """Those that show one of these classes; case does not count."""
    known = {name.casefold() for name in class_names}
    return [sample for sample in photos() if known.intersection(sample.shows)]


@lru_cache(maxsize=8)
def photo(name: str) -> np.ndarray:
    """A photo, uint8, shape `(H, W)` or `(H, W, 3)`, read-only.

    Raises:
        DatasetError: if there is none of that name, or the package lacks it.
    """
    if name not in SAMPLES:
        raise DatasetError(unknown("photo", name, SAMPLES))
    sample = SAMPLES[name]
    if not sample.is_here:
        raise DatasetError(
            f"The photo {name!r} should be included in {sample.package}, but it is not there."
        )
    image = decode(sample.read())
    image.setflags(write=False)
    return image
