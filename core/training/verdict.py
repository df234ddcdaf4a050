"""What a learning curve says: too little learnt, too much by heart, or just right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LARGE_GAP = 0.05  # training accuracy above validation accuracy
_DECLINE = 0.02  # validation accuracy lost since its best
_POOR = 0.8  # a training accuracy below this is poor
_STILL_RISING = 0.005  # validation accuracy gained in the last fifth


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a training.

    Attributes:
        kind: `too_short`, `overfitting`, `underfitting`, `still_learning` or `good`.
        sentence: the same with the reason, and what could be tried.
    """

    kind: str
    sentence: str


def best_point(history: Sequence[Mapping[str, float]]) -> int:
    """Index of the point with the highest validation accuracy; the first of several."""
    values = [point["val_accuracy"] for point in history]
    return values.index(max(values))


def judge(history: Sequence[Mapping[str, float]], axis: str, looks_up: bool = False) -> Verdict:
    """Judge a learning curve.

    Args:
        history: figures of each point; `accuracy` and `val_accuracy` are read.
        axis: what the curve is drawn over, e.g. `epoch`.
        looks_up: whether the model looks its training pictures up, so that it always knows them.
    """
    if len(history) < 3:
        return Verdict("too_short", "Too few points to say whether it learnt enough.")
    best = best_point(history)
    last, top = history[-1], history[best]
    train, val = last["accuracy"], last["val_accuracy"]
    fell = top["val_accuracy"] - val > _DECLINE and train > val
    if not looks_up and (train - val > _LARGE_GAP or fell):
        return Verdict("overfitting", _overfitting(last, top, axis))
    earlier = max(point["val_accuracy"] for point in history[: -max(1, len(history) // 5)])
    if val - earlier > _STILL_RISING and axis != "pictures":
        return Verdict(
            "still_learning",
            "It was still getting better at the end: validation accuracy rose from "
            f"{_percent(earlier)} to {_percent(val)} in the last fifth. {_MORE[axis]} would help.",
        )
    if train < _POOR and axis != "pictures":
        return Verdict(
            "underfitting",
            f"Underfitting: even of the training pictures only {_percent(train)} come out right, "
            "and it has stopped getting better. The model is too simple for these pictures, or is "
            "held back too much: try a larger model, less dropout, or another learning rate.",
        )
    if axis == "pictures" and len(history) > 1 and val - history[-2]["val_accuracy"] > 0.01:
        return Verdict(
            "still_learning",
            f"More pictures still help: the last doubling brought validation accuracy from "
            f"{_percent(history[-2]['val_accuracy'])} to {_percent(val)}.",
        )
    if looks_up:
        return Verdict(
            "good",
            f"{_percent(val)} of the validation pictures come out right. Training accuracy says "
            "nothing here: this model looks its training pictures up.",
        )
    return Verdict(
        "good",
        f"A good fit: {_percent(train)} of training and {_percent(val)} of validation pictures "
        "come out right, so what it learnt also holds for pictures it has not seen.",
    )


_MORE = {"epoch": "More epochs", "iteration": "More iterations", "trees": "More trees"}
_MORE |= {"rounds": "More rounds"}


def _overfitting(last: Mapping[str, float], top: Mapping[str, float], axis: str) -> str:
    train, val = last["accuracy"], last["val_accuracy"]
    sentence = (
        f"Overfitting: {_percent(train)} of the training pictures come out right, but only "
        f"{_percent(val)} of the validation pictures: part of it was learnt by heart."
    )
    if top["val_accuracy"] - val > _DECLINE:
        sentence += f" Validation was best at {axis} {top[axis]:g} and fell afterwards."
    return sentence + (
        " More pictures, random changes to them, dropout, a weight penalty or a smaller model "
        "help against it."
    )


def _percent(part: float) -> str:
    return f"{100 * part:.1f} %"
