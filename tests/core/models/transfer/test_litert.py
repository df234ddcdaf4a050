"""The LiteRT file that is written without TensorFlow, beside the network in Keras."""

import subprocess
import sys

import numpy as np
import pytest

from core.models.transfer import EMBEDDED, embedded_as_litert, feature_extractor
from core.serving import open_network
from core.settings import PROJECT_DIR


def images(shape: tuple[int, int, int], count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((32, 32, 3), 32),  # as it is
        ((28, 28, 1), 64),  # enlarged, grey
        ((50, 70, 3), 40),  # reduced, of another shape, to a side no power of two divides
    ],
)
@pytest.mark.slow
def test_it_computes_what_the_network_does(shape, size):
    batch = images(shape)
    expected = np.asarray(feature_extractor(EMBEDDED, size, shape)(batch, training=False))
    received = open_network(embedded_as_litert(size, shape))(batch)
    assert received.dtype == np.float32
    assert received == pytest.approx(expected, abs=1e-4)


def test_weights_of_16_bits_halve_it_and_change_little():
    batch = images((32, 32, 3))
    whole, half = (embedded_as_litert(32, (32, 32, 3), half=half) for half in (False, True))
    assert len(half) < 0.51 * len(whole)
    expected, received = (open_network(file)(batch) for file in (whole, half))
    assert np.abs(received - expected).mean() < 0.01 * np.abs(expected).mean()


@pytest.mark.slow
def test_a_classical_model_on_backbone_features_needs_no_tensorflow(tmp_path):
    code = (
        "import sys\n"
        "from core.cli import main\n"
        "code = main(sys.argv[1:])\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
        "sys.exit(code)"
    )
    settings = [f"features={EMBEDDED}", "feature_size=32", "max_images=100", "max_iter=10"]
    chosen = [argument for setting in settings for argument in ("--set", setting)]
    arguments = ["train", "--dataset", "digits", "--model", "logistic_regression", *chosen]
    places = {f"STUDIO_{name}_DIR": str(tmp_path / name) for name in ("RUNS", "WORK")}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=PROJECT_DIR,
        env={"PATH": "", **places},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "digits-logistic-regression-1" in done.stdout
