"""Labels and probabilities become figures: computed once, drawn elsewhere."""

from core.evaluation.calibration import Coverage, Reliability, coverage, reliability
from core.evaluation.comparing import agreement, mcnemar, right_against_wrong
from core.evaluation.curves import Curve, precision_recall, roc
from core.evaluation.figures import Evaluation, evaluate
from core.evaluation.temperature import fit_temperature
from core.evaluation.voting import VOTES, suggest_weights, vote

__all__ = [
    "Coverage",
    "Curve",
    "Evaluation",
    "Reliability",
    "VOTES",
    "agreement",
    "coverage",
    "evaluate",
    "fit_temperature",
    "mcnemar",
    "precision_recall",
    "reliability",
    "right_against_wrong",
    "roc",
    "suggest_weights",
    "vote",
]
