import numpy as np
import pytest

from core import datasets
from core.preprocessing.shapes import fit_shapes, load_shapes


@pytest.mark.slow
def test_the_stored_shapes_are_those_of_mnist_s_training_digits():
    dataset = datasets.load("mnist")
    stored = load_shapes()
    again = fit_shapes(dataset.x_train[..., 0], dataset.y_train)
    assert np.allclose(stored.means, again.means, atol=1e-3)
    digits = dataset.x_val[:500, ..., 0]
    assert np.allclose(stored.strangeness(digits), again.strangeness(digits), rtol=0.02)


def test_real_digits_are_less_strange_than_what_is_none(mnist_test):
    digits = mnist_test[0][:500]
    boxed = digits.copy()
    boxed[:, [3, 24], 3:25] = boxed[:, 3:25, [3, 24]] = 255
    usual = load_shapes().strangeness(digits)
    assert np.quantile(usual, 0.99) < 3
    assert (load_shapes().strangeness(boxed) > 3).mean() > 0.95
    assert (load_shapes().strangeness(255 - digits) > 5).all()
