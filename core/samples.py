"""Photographs to try a model with: they come with packages the studio needs anyway."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """A photograph that comes with a package.

    Attributes:
        title: what is on it.
        package, path: where it is.
        credit: who made it, and on what terms.
    """

    title: str
    package: str
    path: str
    credit: str

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
    Sample("Cat", _SKIMAGE, "data/chelsea.png", "Stéfan van der Walt, CC0"),
    Sample("Rocket", _SKIMAGE, "data/rocket.jpg", "SpaceX, CC0"),
    Sample("Motorcycle", _SKIMAGE, "data/motorcycle_left.png", "Daniel Scharstein, CC0"),
    Sample("Coffee", _SKIMAGE, "data/coffee.png", "Rachel Michetti, CC0"),
    Sample("Flower", _SKLEARN, "datasets/images/flower.jpg", "vultilion, CC BY 2.0"),
    Sample("Temple", _SKLEARN, "datasets/images/china.jpg", "danielbuechele, CC BY 2.0"),
)


def photographs() -> list[Sample]:
    """Those that are on this machine: packages may leave theirs out."""
    return [sample for sample in SAMPLES if sample.is_here]
