import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from core.evaluation import VOTES, Evaluation, evaluate, suggest_weights, vote

NEAR = 1e-5  # nats that the search for weights may stop short of the best ones, with weak models
STOPS_SHORT = 1e-5  # the same with models that are almost always right

in_a_few_examples = settings(max_examples=40, deadline=None)


def predictions(
    seed: int, skills: tuple[float, ...], images: int = 60, classes: int = 4
) -> list[Evaluation]:
    """What models of those skills answer to the same images; 0 is guessing."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, images)
    found = []
    for skill in skills:
        scores = np.exp(rng.normal(size=(images, classes)) + skill * np.eye(classes)[labels])
        found.append(evaluate(labels, scores / scores.sum(axis=1, keepdims=True)))
    return found


def rows(found: list[Evaluation]) -> list[np.ndarray]:
    return [one.probabilities for one in found]


def loss(found: list[Evaluation], weights) -> float:
    return evaluate(found[0].labels, vote(rows(found), weights)).log_loss


several = st.lists(st.floats(0, 3), min_size=2, max_size=5).map(tuple)
seeds = st.integers(0, 10_000)
kinds = st.sampled_from(VOTES)


@pytest.mark.parametrize("weights", [(1, 1, 1), (0.2, 0.3, 0.5), (5, 0, 1), (1e-6, 1e6, 1)])
def test_a_soft_vote_is_the_weighted_mean(weights):
    given_rows = rows(predictions(0, (0.5, 1, 2)))
    received = vote(given_rows, weights)
    assert received.dtype == np.float32
    assert received == pytest.approx(np.average(given_rows, axis=0, weights=weights), abs=1e-7)


@pytest.fixture(scope="module")
def classifiers():
    """Three fitted classifiers of scikit-learn by name, and images they have not seen."""
    x, y = load_digits(return_X_y=True)
    kinds = (GaussianNB(), LogisticRegression(max_iter=20), DecisionTreeClassifier(random_state=0))
    fitted = [(type(one).__name__, one.fit(x[:600], y[:600])) for one in kinds]
    return fitted, x[600:900]


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("weights", [(5, 3, 1), (1, 3, 5), (3, 5, 1), (7, 2, 1)])
def test_votes_are_those_of_scikit_learn(classifiers, weights):
    fitted, images = classifiers
    together = VotingClassifier(fitted, voting="soft", weights=weights)
    together.estimators_ = [one for _, one in fitted]
    given_rows = [one.predict_proba(images) for _, one in fitted]
    expected = together.predict_proba(images)
    assert vote(given_rows, weights) == pytest.approx(expected, abs=1e-6)
    together.set_params(voting="hard")
    together.le_ = type("Labels", (), {"inverse_transform": staticmethod(lambda labels: labels)})
    assert (vote(given_rows, weights, "hard").argmax(axis=1) == together.predict(images)).all()


SURE_OF = {name: np.eye(3)[[place]] * 0.7 + 0.1 for place, name in enumerate("abc")}


@pytest.mark.parametrize(
    ("votes", "weights", "expected"),
    [
        ("aab", (1, 1, 1), "a"),
        ("abb", (1, 1, 1), "b"),
        ("abb", (3, 1, 1), "a"),
        ("abb", (2.1, 1, 1), "a"),
        ("abb", (1.9, 1, 1), "b"),
        ("abc", (1, 1, 2), "c"),
        ("abc", (0, 1, 0), "b"),
        ("cab", (0.2, 0.2, 0.21), "b"),
        ("aabbb", (3, 3, 2, 2, 1), "a"),
    ],
)
def test_in_a_hard_vote_the_weights_of_equal_predictions_add_up(votes, weights, expected):
    received = vote([SURE_OF[name] for name in votes], weights, "hard")
    assert "abc"[received[0].argmax()] == expected
    shares = [
        sum(weight for name, weight in zip(votes, weights, strict=True) if name == other)
        for other in "abc"
    ]
    assert received[0] == pytest.approx(np.array(shares) / sum(weights), abs=1e-4)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([0.6, 0.4, 0.0], [0.1, 0.9, 0.0], 1),
        ([0.9, 0.1, 0.0], [0.4, 0.6, 0.0], 0),
        ([0.5, 0.1, 0.4], [0.1, 0.5, 0.4], 0),  # the third class has no vote
        ([0.4, 0.3, 0.3], [0.2, 0.3, 0.5], 2),
        ([0.7, 0.3, 0.0], [0.3, 0.7, 0.0], 0),
    ],
)
def test_of_equally_many_hard_votes_the_more_probable_class_wins(first, second, expected):
    given_rows = [np.array([first]), np.array([second])]
    assert vote(given_rows, (1, 1), "hard").argmax() == expected
    assert vote(given_rows[::-1], (1, 1), "hard").argmax() == expected


def test_a_tie_of_unequal_weights_is_one_too():
    given_rows = [np.array([p]) for p in ([0.6, 0.4], [0.6, 0.4], [0.05, 0.95])]
    assert vote(given_rows, (0.1, 0.2, 0.3), "hard").argmax() == 1  # 0.1 + 0.2 is not quite 0.3


@in_a_few_examples
@given(seeds, several, kinds)
def test_probabilities_add_up_to_one(seed, skills, kind):
    weights = np.random.default_rng(seed).random(len(skills)) + 1e-3
    received = vote(rows(predictions(seed, skills)), weights, kind)
    assert received.min() >= 0
    assert received.sum(axis=1) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("kind", VOTES)
def test_only_the_proportion_of_weights_counts(kind):
    given_rows = rows(predictions(1, (0.5, 1, 2)))
    expected = vote(given_rows, (0.2, 0.3, 0.5), kind)
    assert vote(given_rows, (20, 30, 50), kind) == pytest.approx(expected, abs=1e-7)
    assert vote(given_rows, np.array([2, 3, 5]), kind) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("kind", VOTES)
def test_who_has_all_the_weight_decides_alone(kind):
    found = predictions(2, (0.5, 1, 2))
    received = vote(rows(found), (0, 1, 0), kind)
    assert (received.argmax(axis=1) == found[1].predictions).all()
    if kind == "soft":
        assert (received == found[1].probabilities).all()


@pytest.mark.parametrize("kind", VOTES)
def test_no_images_get_no_votes(kind):
    received = vote([np.zeros((0, 3)), np.zeros((0, 3))], (1, 1), kind)
    assert received.shape == (0, 3)


@in_a_few_examples
@given(seeds, several, kinds)
def test_the_order_of_models_classes_and_images_does_not_matter(seed, skills, kind):
    given_rows, rng = rows(predictions(seed, skills)), np.random.default_rng(seed)
    weights = rng.random(len(skills)) + 0.1
    expected = vote(given_rows, weights, kind)
    models, images, classes = (rng.permutation(n) for n in (len(skills), *expected.shape))
    other = [given_rows[place] for place in models]
    assert vote(other, weights[models], kind) == pytest.approx(expected, abs=1e-6)
    other = [one[images] for one in given_rows]
    assert vote(other, weights, kind) == pytest.approx(expected[images], abs=1e-6)
    other = [one[:, classes] for one in given_rows]
    assert vote(other, weights, kind) == pytest.approx(expected[:, classes], abs=1e-6)


TWO = [np.full((1, 2), 0.5)] * 2


@pytest.mark.parametrize(
    ("weights", "kind", "expected"),
    [
        ((1, 1), "loud", "`kind` must be one of soft, hard. Received: 'loud'"),
        ((1, 1), "", "`kind` must be"),
        ((1, 1), None, "`kind` must be.*None"),
        ((1,), "soft", "`weights` must be 2 numbers.*Received: "),
        ((1, 1, 1), "hard", "`weights` must be 2 numbers"),
        ((), "soft", "`weights` must be 2 numbers"),
        ((0, 0), "soft", "one of them above 0"),
        ((2, -1), "hard", "at least 0"),
        ((float("nan"), 1), "soft", "`weights` must be 2 numbers"),
    ],
)
def test_kinds_and_weights_are_checked(weights, kind, expected):
    with pytest.raises(ValueError, match=expected):
        vote(TWO, weights, kind)


@pytest.mark.parametrize("skills", [(0.5, 1.5), (1, 1), (2, 0), (1.2, 1.0), (0, 3)])
def test_soft_weights_of_two_models_are_those_of_a_search_on_a_grid(skills):
    found = predictions(7, skills, images=400)
    grid = np.linspace(0, 1, 2001)
    losses = [loss(found, (weight, 1 - weight)) for weight in grid]
    received = suggest_weights(found)
    assert loss(found, received) <= min(losses) + NEAR
    assert received[0] == pytest.approx(grid[int(np.argmin(losses))], abs=0.02)


@in_a_few_examples
@given(seeds, several)
def test_soft_weights_are_no_worse_than_one_model_or_equal_weights(seed, skills):
    found = predictions(seed, skills)
    others = [*np.eye(len(skills)), np.ones(len(skills))]
    best = min(loss(found, weights) for weights in others)
    assert loss(found, suggest_weights(found)) <= best + STOPS_SHORT


def test_models_that_mend_each_others_mistakes_share_the_weight():
    labels = np.array([0, 1] * 20)
    right_about_zeros = np.where(labels[:, None] == 0, [0.9, 0.1], [0.55, 0.45])
    right_about_ones = np.where(labels[:, None] == 0, [0.45, 0.55], [0.1, 0.9])
    found = [evaluate(labels, right_about_zeros), evaluate(labels, right_about_ones)]
    assert suggest_weights(found) == pytest.approx((0.5, 0.5), abs=1e-3)
    assert loss(found, suggest_weights(found)) < min(one.log_loss for one in found)


def test_a_model_that_only_does_harm_gets_no_soft_weight():
    labels = np.arange(90) % 3
    good = evaluate(labels, np.eye(3)[labels] * 0.7 + 0.1)
    upside_down = evaluate(labels, np.eye(3)[(labels + 1) % 3] * 0.7 + 0.1)
    assert suggest_weights([upside_down, good]) == pytest.approx((0, 1), abs=1e-6)


def test_a_model_that_rules_the_truth_out_does_no_harm_beside_another():
    labels = np.array([0, 0, 1, 1])
    certain = evaluate(labels, np.eye(2)[[0, 1, 1, 0]])
    unsure = evaluate(labels, np.full((4, 2), 0.5))
    weights = suggest_weights([certain, unsure])
    assert np.isfinite(weights).all()
    assert loss([certain, unsure], weights) <= unsure.log_loss + NEAR


def right_at(accuracy: float) -> Evaluation:
    labels = np.zeros(100)
    return evaluate(labels, np.eye(2)[(np.arange(100) >= round(100 * accuracy)).astype(int)])


@pytest.mark.parametrize(
    ("accuracies", "odds"),
    [
        ((0.9, 0.9), (9, 9)),
        ((0.9, 0.6), (9, 1.5)),
        ((0.99, 0.75, 0.55), (99, 3, 0.55 / 0.45)),
        ((1.0, 0.9), (9999, 9)),  # never quite certain
        ((0.3, 0.9), (0.501 / 0.499, 9)),  # never against its answer
        ((0.2, 0.4), (2, 2)),
    ],
)
def test_hard_weights_are_the_logarithms_of_the_odds(accuracies, odds):
    expected = np.log(odds) / np.log(odds).sum()
    received = suggest_weights([right_at(accuracy) for accuracy in accuracies], "hard")
    assert received == pytest.approx(expected, abs=1e-6)


@in_a_few_examples
@given(seeds, several, kinds)
def test_suggested_weights_are_parts_of_one_that_can_be_voted_with(seed, skills, kind):
    found = predictions(seed, skills)
    weights = suggest_weights(found, kind)
    assert all(type(weight) is float and weight >= 0 for weight in weights)
    assert sum(weights) == pytest.approx(1)
    assert vote(rows(found), weights, kind).shape == (60, 4)


@in_a_few_examples
@given(seeds, several, kinds)
def test_suggested_weights_move_with_their_models(seed, skills, kind):
    found = predictions(seed, skills)
    order = np.random.default_rng(seed).permutation(len(skills))
    expected, moved = suggest_weights(found, kind), [found[place] for place in order]
    received = suggest_weights(moved, kind)
    if kind == "hard":
        assert received == pytest.approx([expected[place] for place in order])
    assert loss(moved, received) == pytest.approx(loss(found, expected), abs=STOPS_SHORT)
