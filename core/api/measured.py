"""The metrics of a run as clients read them, and its confusion matrix as an image."""

import base64
from threading import Lock
from typing import Any

import numpy as np

from core import runs, visitors
from core.api.predicting import DEFAULT_RUN, find_run
from core.comparison import Compared
from core.evaluation import Evaluation
from core.runs import Run

_drawing = Lock()  # one chart at a time: matplotlib promises nothing to threads


def metrics(run_id: str | None) -> dict[str, Any]:
    """How well a run does on its test images.

    Args:
        run_id: which; None for the caller's newest.

    Raises:
        RunError: if it is unknown or damaged.
    """
    run = find_run(run_id) if run_id is not None else newest()
    evaluation = run.evaluation("test")
    return {
        "success": True,
        "run": run.id,
        "accuracy": evaluation.accuracy,
        **_counts(evaluation),
        "classes": list(run.card.class_names),
        "confusion_matrix": evaluation.confusion_matrix.tolist(),
        "classification_report": report(evaluation, run.card.class_names),
    }


def newest() -> Run:
    """The caller's newest run with metrics; without one, the run that predicts by default."""
    me = visitors.current()
    mine = [run for run in runs.list_runs() if run.card.owner == me and run.card.metrics]
    return max(mine, key=lambda run: run.card.created) if mine else find_run(DEFAULT_RUN)


def of_training(run: Run) -> dict[str, Any]:
    """What a training that was waited for answers.

    Raises:
        RunError: if the run is damaged.
    """
    evaluation = run.evaluation("test")
    return {
        "accuracy": evaluation.accuracy,
        **_counts(evaluation),
        "run": run.id,
        "cm_image": base64.b64encode(_drawn(run, evaluation)).decode(),
        "report": report(evaluation, run.card.class_names),
        "cm_matrix": evaluation.confusion_matrix.tolist(),
    }


def _counts(evaluation: Evaluation) -> dict[str, int]:
    return {
        "total_samples": len(evaluation.labels),
        "correct_predictions": int(evaluation.right.sum()),
    }


def report(evaluation: Evaluation, class_names: tuple[str, ...]) -> dict[str, Any]:
    """Precision, recall, F1 and support of each class and their means.

    Names and values are those of scikit-learn's `classification_report(…, output_dict=True)`: what
    cannot be computed is 0, and classes that neither occur nor are predicted count in no mean.
    """
    scores = (evaluation.precision, evaluation.recall, evaluation.f1)
    table = np.nan_to_num(np.stack(scores, axis=1).astype(float))
    support = evaluation.support
    occur = (support > 0) | (evaluation.confusion_matrix.sum(axis=0) > 0)
    weights = support / support.sum()
    rows = {name: (table[label], support[label]) for label, name in enumerate(class_names)}
    rows["macro avg"] = (table[occur].mean(axis=0), support.sum())
    rows["weighted avg"] = (weights @ table, support.sum())
    return {
        **{name: _row(values, images) for name, (values, images) in rows.items()},
        "accuracy": evaluation.accuracy,
    }


def _row(values: np.ndarray, images: int) -> dict[str, float]:
    scores = dict(zip(("precision", "recall", "f1-score"), values.tolist(), strict=True))
    return {**scores, "support": int(images)}


def _drawn(run: Run, evaluation: Evaluation) -> bytes:
    """The confusion matrix as PNG; this imports matplotlib."""
    from core.plots import confusion_figure
    from core.report import png

    with _drawing:
        return png(confusion_figure(Compared(run, evaluation)))
