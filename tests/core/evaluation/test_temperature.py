import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from core.evaluation import evaluate, fit_temperature

LOWEST, HIGHEST = 0.5, 20.0


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def at(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The same answers at a temperature."""
    return softmax(np.log(np.clip(probabilities, 1e-12, 1)) / temperature)


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(labels)), labels]).mean())


def predictions(classes: int, images: int, temperature: float, seed: int = 0):
    """Probabilities that would be correct if they were divided by the temperature, and labels."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (images, classes))
    labels = np.array([rng.choice(classes, p=row) for row in softmax(logits)])
    return softmax(logits * temperature), labels


@pytest.mark.parametrize("temperature", [0.6, 1.0, 2.5, 6.0])
@pytest.mark.parametrize("classes", [2, 10])
def test_the_temperature_that_was_put_in_is_found(classes, temperature):
    found = fit_temperature(*predictions(classes, 4000, temperature))
    assert found == pytest.approx(temperature, rel=0.12)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(4))
def test_no_other_temperature_is_better(seed, kind):
    rng = np.random.default_rng(seed)
    probabilities, labels = predictions(4, 200, float(rng.uniform(0.3, 8)), seed)
    found = fit_temperature(probabilities.astype(kind), labels)
    tried = np.geomspace(LOWEST, HIGHEST, 4000)
    losses = [log_loss(at(probabilities, temperature), labels) for temperature in tried]
    assert log_loss(at(probabilities, found), labels) <= min(losses) + 1e-6
    assert found == pytest.approx(tried[int(np.argmin(losses))], rel=0.005)


def test_scikit_learn_finds_the_same():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(600, 5))
    y = (x @ rng.normal(size=(5, 3)) + rng.gumbel(size=(600, 3))).argmax(axis=1)
    sure = LogisticRegression(C=1000).fit(x[:40], y[:40])
    rows = np.arange(560)
    theirs = CalibratedClassifierCV(
        FrozenEstimator(sure), method="temperature", cv=[(rows, rows)]
    ).fit(x[40:], y[40:])
    probabilities = sure.predict_proba(x[40:])
    found = fit_temperature(probabilities, y[40:])
    assert found > 1
    expected = theirs.predict_proba(x[40:])
    assert at(probabilities, found) == pytest.approx(expected, abs=0.002)


def test_predictions_stay_the_same_and_confidence_becomes_honest():
    probabilities, labels = predictions(5, 3000, 4.0)
    honest = at(probabilities, fit_temperature(probabilities, labels))
    assert (honest.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    before, after = evaluate(labels, probabilities), evaluate(labels, honest)
    assert after.log_loss < before.log_loss
    assert honest.max(axis=1).mean() == pytest.approx(after.accuracy, abs=0.02)


def test_who_is_always_right_becomes_as_sure_as_is_allowed():
    probabilities = np.full((50, 4), 0.2)
    labels = np.arange(50) % 4
    probabilities[np.arange(50), labels] = 0.4
    assert fit_temperature(probabilities, labels) == pytest.approx(LOWEST, rel=0.01)


def test_who_is_always_wrong_becomes_as_unsure_as_is_allowed():
    labels = np.arange(50) % 4
    probabilities = np.full((50, 4), 0.01)
    probabilities[np.arange(50), (labels + 1) % 4] = 0.97
    assert fit_temperature(probabilities, labels) == pytest.approx(HIGHEST, rel=0.01)


def test_probabilities_of_zero_and_one_can_be_measured():
    labels = np.array([0, 1, 0, 1])
    probabilities = np.array([[1, 0], [0, 1], [1, 0], [1, 0]], np.float32)  # sure, and once wrong
    found = fit_temperature(probabilities, labels)
    # 27.6 apart, since no probability counts as less than 1e-12; right three times out of four
    assert found == pytest.approx(HIGHEST, rel=0.01)
    assert np.isfinite(log_loss(at(probabilities, found), labels))


def test_one_image_is_enough():
    assert LOWEST <= fit_temperature(np.array([[0.3, 0.7]]), np.array([1])) <= HIGHEST
