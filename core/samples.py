"""Photos to try a model with: they come with packages the studio needs anyway."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """A photo that comes with a package.

    Attributes:
        title: what is on it.
        package, path: where it is.
        credit: who made it, and on what terms.
        shows: names of classes that it is an image of.
    """

    title: str
    package: str
    path: str
    credit: str
    shows: tuple[str, ...]

    @property
    def file_name(self) -> str:
        return self.path.rpartition("/")[2]

    def read(self) -> bytes:
        """The file's content."""
        return (_folder(self.package) / self.path).read_bytes()

    @property
    def is_here(self) -> bool:
        return (_folder(self.package) / self.path).is_file()


def _folder(package: str) -> Path:
    return Path(find_spec(package).origin).parent  # without importing it


_SKIMAGE, _SKLEARN = "skimage", "sklearn"
SAMPLES = (
    Sample("Cat", _SKIMAGE, "data/chelsea.png", "Stéfan van der Walt, CC0", ("cat", "cats")),
    Sample("Rocket", _SKIMAGE, "data/rocket.jpg", "SpaceX, CC0", ("rocket", "rockets", "missile")),
    Sample(
        "Motorcycle",
        _SKIMAGE,
        "data/motorcycle_left.png",
        "Daniel Scharstein, CC0",
        ("motorcycle", "motorcycles", "motorbike"),
    ),
    Sample(
        "Coffee", _SKIMAGE, "data/coffee.png", "Rachel Michetti, CC0", ("coffee", "cup", "espresso")
    ),
    Sample(
        "Flower",
        _SKLEARN,
        "datasets/images/flower.jpg",
        "vultilion, CC BY 2.0",
        ("flower", "flowers"),
    ),
    Sample(
        "Temple",
        _SKLEARN,
        "datasets/images/china.jpg",
        "danielbuechele, CC BY 2.0",
        ("temple", "temples", "palace"),
    ),
    Sample(
        "Horse (silhouette)",
        _SKIMAGE,
        "data/horse.png",
        "Andreas Preuss (marauder), CC0",
        ("horse", "horses"),
    ),
)


def photos() -> list[Sample]:
    """Those that are on this machine: packages may leave theirs out."""
    return [sample for sample in SAMPLES if sample.is_here]


def known_to(class_names: Iterable[str]) -> list[Sample]:
    """Those that show one of these classes; case does not count."""
    known = {name.casefold() for name in class_names}
    return [sample for sample in photos() if known.intersection(sample.shows)]
