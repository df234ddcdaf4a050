"""A result as the JSON object that scripts rely on."""

from core.serving.predictor import Result


def describe(result: Result) -> dict:
    """Label, confidence and probabilities; of several digits each one's beside the whole."""
    first = result.predictions[0]
    described = {
        "run": result.run_id,
        "label": result.label,
        "confidence": round(result.confidence, 6),
    }
    if len(result.predictions) == 1:
        return {**described, "probabilities": first.as_dict()}
    digits = [
        {"label": p.label, "confidence": round(p.confidence, 6), "probabilities": p.as_dict()}
        for p in result.predictions
    ]
    rows = {"rows": list(result.rows)} if len(result.rows) > 1 else {}
    whole = {result.label: described["confidence"]}
    return {**described, "probabilities": whole, **rows, "digits": digits}
