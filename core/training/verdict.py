"""What a training curve says: underfitting, overfitting, or a good fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.evaluation import best_point, few_images, is_more, kept_point
from core.models import MODELS
from core.runs import RunCard
from core.units import percent

_LARGE_GAP = 0.05  # training accuracy above validation accuracy
_WIDE_GAP = 0.15  # never a good fit, however few images it was measured on
_DECLINE = 0.02  # validation accuracy lost since its best
_POOR = 0.8  # a training accuracy below this is poor
_STILL_RISING = 0.005  # validation accuracy gained in the last fifth
_DOUBLED = 0.01  # validation accuracy gained by twice the images
_MOST_SCORED = 2000  # images that the curve of a classical model is measured on


@dataclass(frozen=True)
class Verdict:
    """The judgement of a training curve.

    Attributes:
        kind: `too_short`, `too_few`, `overfitting`, `underfitting`, `still_learning` or `good`.
        sentence: the same with the reason, and what could be tried.
    """

    kind: str
    sentence: str


@dataclass(frozen=True)
class _Curve:
    """A training curve and what is needed to judge it; see `judge`."""

    history: Sequence[Mapping[str, float]]
    axis: str
    looks_up: bool
    keep_best: bool
    images: int | None

    @property
    def last(self) -> Mapping[str, float]:
        return self.history[-1]

    @property
    def top(self) -> Mapping[str, float]:
        return self.history[best_point(self.history)]

    @property
    def kept(self) -> Mapping[str, float]:
        """The point whose model was kept, which is the one people use."""
        return self.history[kept_point(self.history, self.keep_best)]

    @property
    def fell(self) -> bool:
        top, last = self.top["val_accuracy"], self.last["val_accuracy"]
        return top - last > _DECLINE and is_more(top, last, self.images)


def judge_run(card: RunCard, validation_size: int | None = None) -> Verdict:
    """Judge the training curve of a run.

    Args:
        card: of the run; it needs a history.
        validation_size: how many validation images there were, if the card does not say.
    """
    images = card.metrics.get("val_size", validation_size)
    if images is not None and card.family == "classical":
        images = min(images, _MOST_SCORED)
    spec = MODELS.get(card.model)
    looks_up = spec is not None and spec.looks_up
    keep_best = bool(card.hyperparameters.get("keep_best"))
    return judge(card.history, card.axis, looks_up, keep_best, images)


def judge(
    history: Sequence[Mapping[str, float]],
    axis: str,
    looks_up: bool = False,
    keep_best: bool = False,
    images: int | None = None,
) -> Verdict:
    """Judge a training curve. On few images, differences of a few of them are no reason.

    Args:
        history: metrics of each point; `accuracy`, `val_accuracy` and, if there, `val_loss`.
        axis: what the curve is drawn over, e.g. `epoch`.
        looks_up: whether the model stores its training images, so that it always knows them.
        keep_best: whether the model of the best point was kept, not that of the last.
        images: how many validation images it was measured on; None if unknown.
    """
    if len(history) < 3:
        return Verdict("too_short", "Too few points to judge the training.")
    verdict = _judge(_Curve(history, axis, looks_up, keep_best, images))
    few = few_images(images, "validation")
    return Verdict(verdict.kind, " ".join(filter(None, [verdict.sentence, few])))


def _judge(curve: _Curve) -> Verdict:
    last, axis, images = curve.last, curve.axis, curve.images
    train, val = last["accuracy"], last["val_accuracy"]
    gap = train - val > _LARGE_GAP and is_more(train, val, images)
    if not curve.looks_up and (gap or (curve.fell and train > val)):
        return Verdict("overfitting", _overfitting(curve))
    if train - val > _WIDE_GAP and not curve.looks_up:
        return Verdict("too_few", _too_few(curve))
    points = curve.history[: -max(1, len(curve.history) // 5)]
    earlier = max(point["val_accuracy"] for point in points)
    rising = val - earlier > _STILL_RISING and is_more(val, earlier, images)
    if rising and axis != "images":
        return Verdict(
            "still_learning",
            "The model was still improving: validation accuracy rose from "
            f"{percent(earlier)} to {percent(val)} in the last fifth. {_MORE[axis]} may help.",
        )
    if train < _POOR and axis != "images":
        return Verdict(
            "underfitting",
            f"Underfitting: only {percent(train)} of the training images are classified "
            "correctly, and the model has stopped improving. It is too simple for these images, "
            "or regularised too strongly. Try a larger model, less dropout, or another learning "
            "rate.",
        )
    before = curve.history[-2]["val_accuracy"]
    if axis == "images" and val - before > _DOUBLED and is_more(val, before, images):
        return Verdict(
            "still_learning",
            "More training images still help: doubling them raised validation accuracy from "
            f"{percent(before)} to {percent(val)}.",
        )
    return Verdict("good", _good(curve))


def _too_few(curve: _Curve) -> str:
    train, val = curve.kept["accuracy"], curve.kept["val_accuracy"]
    return (
        f"Too few validation images to tell whether the model overfits: {percent(train)} of the "
        f"training images and {percent(val)} of the validation images are classified correctly"
        f"{_where_kept(curve)}, a difference that may be chance. More images would show it."
    )


def _good(curve: _Curve) -> str:
    train, val = curve.kept["accuracy"], curve.kept["val_accuracy"]
    if curve.looks_up:
        return (
            f"{percent(val)} of the validation images are classified correctly. Training accuracy "
            "means nothing here: this model stores its training images."
        )
    return (
        f"A good fit: {percent(train)} of training and {percent(val)} of validation images are "
        f"classified correctly{_where_kept(curve)}, so the model generalises to images it "
        "has not seen."
    )


def _where_kept(curve: _Curve) -> str:
    if curve.kept is curve.last:
        return ""
    return f" at {curve.axis} {curve.kept[curve.axis]:g}, the best one"


_MORE = {"epoch": "More epochs", "iteration": "More iterations", "trees": "More trees"}
_MORE |= {"rounds": "More rounds"}


def _overfitting(curve: _Curve) -> str:
    train, val = curve.last["accuracy"], curve.last["val_accuracy"]
    sentence = (
        f"Overfitting: {percent(train)} of the training images are classified correctly, but only "
        f"{percent(val)} of the validation images."
    )
    top = curve.top
    if curve.fell:
        sentence += (
            f" Validation accuracy was highest at {curve.axis} {top[curve.axis]:g} and fell "
            "afterwards."
        )
    if curve.kept is not curve.last:
        kept = curve.kept
        sentence += (
            f" These are the values at the end; the model was restored from {curve.axis} "
            f"{kept[curve.axis]:g}, with {percent(kept['val_accuracy'])} on validation."
        )
    return sentence + (
        " More images, augmentation, dropout, L2 regularisation or a smaller model reduce it."
    )
