import numpy as np
import pytest

from core import runs
from core.comparison import Compared, compared
from tests.core.made_up import made_up


@pytest.fixture(scope="session")
def bundled() -> list[Compared]:
    """The runs on MNIST that come with the studio."""
    return [compared(runs.load(name)) for name in runs.BUNDLED if name.startswith("mnist-")]


@pytest.fixture(scope="session")
def with_gaps() -> list[Compared]:
    """Runs over four classes: one has no images, one is never answered, one is neither."""
    labels = np.array([0, 0, 0, 1, 1, 1])
    found = []
    for name, predictions in (("first", [0, 0, 2, 0, 0, 2]), ("second", [0, 0, 0, 2, 0, 2])):
        rows = np.full((6, 4), 0.1)
        rows[np.arange(6), predictions] = 0.7
        found.append(made_up(name, labels, rows))
    return found
