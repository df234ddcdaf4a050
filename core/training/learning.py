"""Classical models learn visibly: over iterations, trees, rounds, epochs or more images.

Each learner takes an unfitted estimator and returns a fitted one, the same as a plain `fit` would
give; on the way it adds points to a training curve, and stops early if asked to finish.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from core.errors import ModelError
from core.progress import Progress, Reporter
from core.training.batches import chosen_rows

_POINTS = 20  # of a training curve, about
_SIZES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # fractions of the training images
_SIZE_SEED = 0
_LEAST = 1e-7  # a probability of 0 for the truth would make the loss infinite


class Curve:
    """The training curve of one training.

    Args:
        axis: what it is drawn over, e.g. `trees`.
        train, val: features and labels that accuracy is measured on.
        report: told of every point.
    """

    def __init__(
        self,
        axis: str,
        train: tuple[np.ndarray, np.ndarray],
        val: tuple[np.ndarray, np.ndarray],
        report: Reporter,
    ) -> None:
        self.axis, self.train, self.val, self.report = axis, train, val, report
        self.history: list[dict[str, float]] = []

    def add(self, estimator, step: int, part: float, note: str) -> None:
        """Measure an estimator that has come so far."""
        metrics: dict[str, float] = {self.axis: step, **_measure(estimator, *self.train)}
        metrics |= {f"val_{name}": value for name, value in _measure(estimator, *self.val).items()}
        self.history.append(metrics)
        self.tell(part, note)

    def tell(self, part: float, note: str) -> None:
        """Report how far it is; raises `Cancelled` if asked to stop."""
        metrics = self.history[-1] if self.history else {}
        history = tuple(self.history)
        self.report(Progress("fitting", fraction=part, metrics=metrics, note=note, history=history))

    @property
    def enough(self) -> bool:
        """Whether it was asked to finish with what there is."""
        return self.report.should_finish()


def _measure(estimator, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Accuracy, and the log loss of an estimator that gives probabilities."""
    if not hasattr(estimator, "predict_proba"):
        return {"accuracy": float((estimator.predict(x) == y).mean())}
    probabilities, classes = estimator.predict_proba(x), estimator.classes_
    accuracy = float((classes[probabilities.argmax(axis=1)] == y).mean())
    places = np.clip(np.searchsorted(classes, y), 0, len(classes) - 1)
    of_truth = np.where(classes[places] == y, probabilities[np.arange(len(y)), places], 0)
    return {"accuracy": accuracy, "loss": float(-np.log(np.clip(of_truth, _LEAST, 1)).mean())}


def by_iterations(estimator, x: np.ndarray, y: np.ndarray, curve: Curve):
    """Logistic regression: scikit-learn calls back after each iteration of the solver."""
    iterations = estimator.max_iter
    marks = set(_marks(iterations))

    class Watching:
        done = 0

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):  # noqa: N803
            if X is None or context.task_name != "lbfgs-iter":  # not an iteration
                return
            self.done += 1
            note = f"iteration {self.done} of at most {iterations}"
            if self.done in marks:
                curve.add(fitted_estimator, self.done, self.done / iterations, note)
            else:
                curve.tell(self.done / iterations, note)
            if curve.enough:
                raise StopIteration

    watching = Watching()
    estimator.set_callbacks(watching)
    estimator.fit(x, y)
    estimator.set_callbacks()
    last = min(watching.done, iterations)
    if not curve.history or curve.history[-1]["iteration"] != last:
        curve.add(estimator, last, 1.0, f"{last} iterations")
    return estimator


def by_trees(estimator, x: np.ndarray, y: np.ndarray, curve: Curve):
    """Random forest: more trees are added to those there are."""
    return _growing(estimator, "n_estimators", "trees", x, y, curve)


def by_rounds(estimator, x: np.ndarray, y: np.ndarray, curve: Curve):
    """Gradient boosting: more rounds are added to those there were."""
    return _growing(estimator, "max_iter", "rounds", x, y, curve)


def _growing(estimator, parameter: str, things: str, x: np.ndarray, y: np.ndarray, curve: Curve):
    total = getattr(estimator, parameter)
    for size in _marks(total):
        estimator.set_params(warm_start=bool(curve.history), **{parameter: size})
        estimator.fit(x, y)
        curve.add(estimator, size, size / total, f"{size} of {total} {things}")
        if curve.enough:
            break
    estimator.set_params(warm_start=False)
    return estimator


def by_epochs(estimator, x: np.ndarray, y: np.ndarray, curve: Curve):
    """Multilayer perceptron: one pass over the images after another."""
    epochs, classes, seed = estimator.max_iter, np.unique(y), estimator.random_state
    estimator.random_state = np.random.RandomState(seed)  # goes on from one epoch to the next
    for epoch in range(1, epochs + 1):
        estimator.partial_fit(x, y, classes=classes)
        curve.add(estimator, epoch, epoch / epochs, f"epoch {epoch} of {epochs}")
        if curve.enough:
            break
    estimator.random_state = seed
    return estimator


def by_images(estimator, x: np.ndarray, y: np.ndarray, curve: Curve):
    """Support vector machines and nearest neighbours: again with more and more images."""
    from sklearn.base import clone

    fitted = None
    for part in _SIZES:
        if part < 1 and len(y) * part < 2 * len(np.unique(y)):
            continue  # too few images for some of every class
        rows = chosen_rows(y, round(part * len(y)) if part < 1 else 0, _SIZE_SEED)
        curve.tell(part / 2, f"learning from {len(rows):,} of {len(y):,} images")
        fitted = clone(estimator)
        if hasattr(fitted, "n_neighbors"):
            fitted.set_params(n_neighbors=min(fitted.n_neighbors, len(rows)))
        some = (x[rows], y[rows]) if part < 1 else (x, y)  # no second copy of all
        fitted.fit(*some)
        curve.add(fitted, len(rows), part, f"{len(rows):,} of {len(y):,} images")
        if curve.enough:
            break
    return fitted


def _marks(total: int) -> list[int]:
    """About twenty steps up to the total, closer together at the beginning."""
    marks = np.unique(np.rint(np.geomspace(1, total, _POINTS)).astype(int)).tolist()
    gap = max(1, total // 10)
    filled = [marks[0]]
    for low, high in pairwise(marks):  # no long wait without a point
        filled += range(low + gap, high, gap)
        filled.append(high)
    return filled


LEARNERS: dict[str, Callable] = {
    "iteration": by_iterations,
    "trees": by_trees,
    "rounds": by_rounds,
    "epoch": by_epochs,
    "images": by_images,
}
_NEEDED = {
    "iteration": ("set_callbacks", "max_iter"),
    "trees": ("warm_start", "n_estimators"),
    "rounds": ("warm_start", "max_iter"),
    "epoch": ("partial_fit", "max_iter", "random_state"),
    "images": (),
}


def learn(estimator, x: np.ndarray, y: np.ndarray, curve: Curve):
    """Fit an estimator by the learner of the kind that its training curve is drawn over.

    Args:
        estimator: unfitted, of scikit-learn.
        x: features, float32, shape `(N, F)`.
        y: labels, int, shape `(N,)`.
        curve: gets the points; its `axis` is one of `LEARNERS`.

    Raises:
        ModelError: if the estimator cannot be fitted step by step in that way.
        Cancelled: if it was asked to stop.
    """
    missing = [name for name in _NEEDED[curve.axis] if not hasattr(estimator, name)]
    if missing:
        raise ModelError(
            f"{type(estimator).__name__} cannot learn by {curve.axis}: it has no "
            f"{' and no '.join(missing)}. Any estimator can learn by images: set "
            f"learns_by=images in its entry."
        )
    return LEARNERS[curve.axis](estimator, x, y, curve)
