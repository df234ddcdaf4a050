"""A drawing that is moved: templates lose it, a convolutional network does not."""

import numpy as np

from core import runs
from core.datasets import sample_images
from core.explain import shift_probabilities, shifted
from core.serving import load_predictor


def test_an_image_is_moved_and_black_comes_in():
    image = np.arange(1, 13, dtype=np.uint8).reshape(3, 4, 1)
    assert shifted(image, 1, -2)[..., 0].tolist() == [[0, 0, 0, 0], [3, 4, 0, 0], [7, 8, 0, 0]]
    assert np.array_equal(shifted(image, 0, 0), image)


def test_a_network_recognises_moved_digits_that_templates_lose():
    label, far = 7, 6
    image = sample_images("mnist")[label]
    found = {}
    for run_id in ("mnist-cnn", "mnist-logistic-regression"):
        predictor = load_predictor(runs.load(run_id))
        table = shift_probabilities(predictor, image)
        moved = shifted(image, -2, 4)
        assert np.allclose(table[far - 2, far + 4], predictor.probabilities(moved[None])[0])
        found[run_id] = (table.argmax(axis=2) == label).mean()
    assert found["mnist-cnn"] > 0.7 > 0.5 > found["mnist-logistic-regression"]
