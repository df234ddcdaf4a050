"""A result as the JSON object that scripts rely on: of the command line and of the REST API."""

from typing import Any

from core.serving.predictor import Prediction, Result


def describe(result: Result, top_k: int | None = None) -> dict[str, Any]:
    """Label, confidence and probabilities; of several digits, also those of each.

    Args:
        result: what a run predicts for an image.
        top_k: how many of the most probable classes are named; None for all.
    """
    first = result.predictions[0]
    described: dict[str, Any] = {
        "run": result.run_id,
        "label": result.label,
        "confidence": round(result.confidence, 6),
    }
    if len(result.predictions) == 1:
        return {**described, "probabilities": _probabilities(first, top_k)}
    digits = [
        {
            "label": prediction.label,
            "confidence": round(prediction.confidence, 6),
            "probabilities": _probabilities(prediction, top_k),
            **({"touching": True} if number in result.prepared.parted else {}),
        }
        for number, prediction in enumerate(result.predictions)
    ]
    rows = {"rows": list(result.rows)} if len(result.rows) > 1 else {}
    whole = {result.label: described["confidence"]}
    return {**described, "probabilities": whole, **rows, "digits": digits}


def _probabilities(prediction: Prediction, top_k: int | None) -> dict[str, float]:
    """Class name to probability, all in the model's order or the most probable ones first."""
    found = prediction.as_dict()
    if top_k is None:
        return found
    return dict(sorted(found.items(), key=lambda entry: -entry[1])[:top_k])
