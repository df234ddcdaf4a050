"""Labels and probabilities become metrics: computed once, drawn elsewhere."""

from core.evaluation.calibration import Coverage, Reliability, coverage, reliability
from core.evaluation.comparing import agreement, mcnemar, right_against_wrong
from core.evaluation.curves import Curve, precision_recall, roc
from core.evaluation.epochs import (
    LEAST_GAIN,
    LOSS_COUNTS,
    SCORE,
    best_point,
    kept_point,
    score,
)
from core.evaluation.few import cautions, few_images, few_in_split, is_more
from core.evaluation.groups import Group, grouped, surest
from core.evaluation.metrics import Evaluation, evaluate
from core.evaluation.nearest import nearest
from core.evaluation.temperature import fit_temperature
from core.evaluation.voting import VOTES, suggest_weights, vote

__all__ = [
    "Coverage",
    "Curve",
    "Evaluation",
    "Group",
    "LEAST_GAIN",
    "LOSS_COUNTS",
    "Reliability",
    "SCORE",
    "VOTES",
    "agreement",
    "best_point",
    "cautions",
    "coverage",
    "evaluate",
    "few_images",
    "few_in_split",
    "fit_temperature",
    "grouped",
    "is_more",
    "kept_point",
    "mcnemar",
    "nearest",
    "precision_recall",
    "reliability",
    "right_against_wrong",
    "roc",
    "score",
    "suggest_weights",
    "surest",
    "vote",
]
