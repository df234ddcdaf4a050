"""The deletion check: does hiding what a map marks matter more than hiding anything else?

After V. Petsiuk, A. Das & K. Saenko (2018), "RISE: randomized input sampling for explanation of
black-box models", at one size, and against areas of the same size and shape elsewhere.
"""

from dataclasses import dataclass

import numpy as np

from core.explain.occlusion import blank
from core.serving import Predictor
from core.units import bounded_percent, round_percent

FRACTION = 0.1  # of an image that is hidden
DRAWS = 10  # random areas
_LEAST = 0.01  # probability that leaves something to lower


@dataclass(frozen=True)
class Deletion:
    """What hiding does to the probability of a class.

    Attributes:
        fraction: of the image that was hidden, at most `FRACTION`; 0 if the map marks nothing.
        before: probability of the class for the whole image.
        marked: without the area that the map marks most.
        others: without each of `DRAWS` random areas of the same size and shape.
    """

    fraction: float
    before: float
    marked: float
    others: tuple[float, ...]

    @property
    def random(self) -> float:
        """Mean probability without a random area."""
        return float(np.mean(self.others)) if self.others else self.before

    @property
    def verdict(self) -> str:
        """`passed`, `failed`, or why it says nothing: `nothing` marked, `improbable` class."""
        if self.fraction == 0:
            return "nothing"
        if self.before < _LEAST:
            return "improbable"
        return "passed" if self.marked < min(self.random, self.before) else "failed"

    def sentences(self, name: str) -> str:
        """What was found, for a class of that name, and what it says of the map."""
        if self.verdict == "nothing":
            return f"Nothing in the image speaks for “{name}” by this method."
        verb = "lowers" if self.marked < self.before else "does not lower"
        hidden, before, marked, random = (
            round_percent(round(self.fraction, 2)),
            *map(bounded_percent, (self.before, self.marked, self.random)),
        )
        moved = f"from {before} to {marked}" if verb == "lowers" else f"({before} to {marked})"
        found = (
            f"Hiding the marked {hidden} {verb} “{name}” {moved}; hiding a random {hidden} "
            f"(mean of {len(self.others)}): to {random}."
        )
        return f"{found} {_REMARKS[self.verdict]}".strip()


_REMARKS = {
    "passed": "",
    "failed": "The marked area matters no more than a random one, so do not rely on this map.",
    "improbable": "So low a probability can hardly fall: this check says nothing about the map.",
}


def deletion(predictor: Predictor, image: np.ndarray, index: int, seen: np.ndarray) -> Deletion:
    """Check a map by hiding.

    Args:
        predictor: the model that was explained.
        image: as the model takes it, uint8, `(H, W, C)`.
        index: of the class.
        seen: what speaks for the class, float32, `(H, W)`; only positive values are marked.
    """
    marked = most_marked(seen)
    rng = np.random.default_rng(0)
    height, width = marked.shape
    areas = [marked] if marked.any() else []
    for _ in range(DRAWS if areas else 0):
        by = rng.integers(height), rng.integers(width)
        areas.append(np.roll(marked, by, axis=(0, 1)))
    colour = blank(predictor, image)
    hidden = [np.where(area[..., None], colour, image) for area in areas]
    found = predictor.probabilities(np.stack([image, *hidden]))[:, index].tolist()
    before, after, *others = found if areas else (*found, *found)
    return Deletion(float(marked.mean()), before, after, tuple(others))


def most_marked(seen: np.ndarray, fraction: float = FRACTION) -> np.ndarray:
    """The pixels with the largest positive values, bool `(H, W)`: at most that fraction."""
    most = round(fraction * seen.size)
    order = np.argsort(-seen, axis=None, kind="stable")[:most]
    marked = np.zeros(seen.size, bool)
    marked[order] = seen.ravel()[order] > 0
    return marked.reshape(seen.shape)
