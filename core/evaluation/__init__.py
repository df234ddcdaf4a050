"""Labels and probabilities become figures: computed once, drawn elsewhere."""

from core.evaluation.calibration import Coverage, Reliability, coverage, reliability
from core.evaluation.comparing import agreement, mcnemar, right_against_wrong
from core.evaluation.curves import Curve, precision_recall, roc
from core.evaluation.figures import Evaluation, evaluate

__all__ = [
    "Coverage",
    "Curve",
    "Evaluation",
    "Reliability",
    "agreement",
    "coverage",
    "evaluate",
    "mcnemar",
    "precision_recall",
    "reliability",
    "right_against_wrong",
    "roc",
]
