"""What PyTorch's EfficientNet-Lite0 answers for 200 images, kept in `reference.npz`.

    pip install -r requirements-convert.txt
    python -m tests.core.models.transfer.reference

The images are parts of the photos that scikit-image and scikit-learn come with.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from core.images import decode

FILE = Path(__file__).with_name("reference.npz")
SIDE = 224
_COUNT = 200
_PHOTOS = (
    ("skimage", "data/chelsea.png"),
    ("skimage", "data/coffee.png"),
    ("skimage", "data/rocket.jpg"),
    ("skimage", "data/astronaut.png"),
    ("skimage", "data/motorcycle_left.png"),
    ("sklearn", "datasets/images/china.jpg"),
    ("sklearn", "datasets/images/flower.jpg"),
)


def photo(package: str, name: str) -> np.ndarray:
    """A photo that comes with a package, uint8 `(H, W, 3)`."""
    folder = Path(find_spec(package).origin).parent
    return decode((folder / name).read_bytes())[..., :3]


def make_images() -> np.ndarray:
    """Parts of photos, uint8 `(200, 224, 224, 3)`; the same ones every time."""
    rng = np.random.default_rng(0)
    sources = [photo(*one) for one in _PHOTOS]
    parts = []
    for number in range(_COUNT):
        image = sources[number % len(sources)]
        side = int(rng.integers(96, min(image.shape[:2]) + 1))
        top, left = (int(rng.integers(0, size - side + 1)) for size in image.shape[:2])
        part = image[top : top + side, left : left + side]
        method = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
        parts.append(cv2.resize(part, (SIDE, SIDE), interpolation=method))
    return np.stack(parts)


def predictions(images: np.ndarray) -> np.ndarray:
    """PyTorch's logits, float32 `(N, 1000)`."""
    import torch

    from core.models.transfer.converting import original

    network = original()
    with torch.no_grad():
        batch = torch.from_numpy(((images.astype(np.float32) - 127) / 128).transpose(0, 3, 1, 2))
        return np.concatenate([network(part.contiguous()).numpy() for part in batch.split(20)])


if __name__ == "__main__":
    np.savez_compressed(FILE, logits=predictions(make_images()))
    sys.stdout.write(f"Wrote {FILE}, {FILE.stat().st_size:,} bytes.\n")
