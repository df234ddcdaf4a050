"""The metrics of a comparison as CSV and JSON."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

from core import spreadsheet
from core.comparison import METRICS, Compared, lead
from core.evaluation import Evaluation
from core.report.misclassified import surest_misclassified

_MOST_MISCLASSIFIED = 1000


def as_csv(found: Sequence[Compared]) -> str:
    """A line for each run with every metric; empty where it was not measured."""
    return spreadsheet.as_csv(
        ["run", "dataset", "model", "test_images", *METRICS],
        [
            [
                one.id,
                one.run.card.dataset,
                one.run.card.model,
                len(one.evaluation.labels),
                *one.metrics.values(),
            ]
            for one in found
        ],
    )


def as_json(found: Sequence[Compared]) -> str:
    """Every run with its settings, metrics, classes and confusion matrix, and all pairs of runs."""
    return json.dumps(
        {
            "runs": [_run(one) for one in found],
            "pairs": [_pair(*pair) for pair in combinations(found, 2)],
        },
        indent=2,
    )


def class_rows(evaluation: Evaluation, class_names: Sequence[str]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and number of images of each class; None for an absent class."""
    return [
        {
            "class": name,
            "precision": _number(evaluation.precision[label]),
            "recall": _number(evaluation.recall[label]),
            "f1": _number(evaluation.f1[label]),
            "images": int(evaluation.support[label]),
        }
        for label, name in enumerate(class_names)
    ]


def _run(one: Compared) -> dict[str, Any]:
    card = asdict(one.run.card)
    kept = ("id", "dataset", "test_fingerprint", "model", "hyperparameters", "seed", "members")
    return {
        **{name: card[name] for name in kept},
        "test_images": len(one.evaluation.labels),
        "machine": card["cost"].get("machine"),
        "figures": one.metrics,
        "classes": class_rows(one.evaluation, card["class_names"]),
        "confusion_matrix": one.evaluation.confusion_matrix.tolist(),
        "misclassified": surest_misclassified(one, _MOST_MISCLASSIFIED),
    }


def _pair(one: Compared, other: Compared) -> dict[str, Any]:
    found = lead(one, other)
    return {
        "first": found.first.id,
        "second": found.second.id,
        "only_first_right": found.only_first,
        "only_second_right": found.only_second,
        "agreement": found.agreement,
        "mcnemar_p": found.p_value,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
