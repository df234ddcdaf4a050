"""Several runs as one: they vote, and what they say together can be saved as a run of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np

from core import cost, runs, serving, visitors
from core.errors import RunError
from core.evaluation import VOTES, Evaluation, evaluate, suggest_weights, vote
from core.runs import Run, RunCard

FAMILY = MODEL = "ensemble"
LEAST_MEMBERS = 2


@dataclass(frozen=True)
class Ensemble:
    """Runs that vote.

    Attributes:
        members: at least two runs, measured on the same test images; none an ensemble itself.
        weights: how much each counts, not negative; one is above 0.
        vote: `soft` or `hard`; see `core.evaluation.vote`.
        predictions: of each member on the test images, if they are loaded already.

    Raises:
        RunError: if the members do not fit together, or weights or vote are not allowed.
    """

    members: tuple[Run, ...]
    weights: tuple[float, ...]
    vote: str = "soft"
    predictions: tuple[Evaluation, ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        check(self.members)
        if self.vote not in VOTES:
            raise RunError(f"A vote is {' or '.join(VOTES)}. Received: {self.vote!r}.")
        fits = len(self.weights) == len(self.members) and np.isfinite(self.weights).all()
        if not (fits and min(self.weights) >= 0 and 0 < sum(self.weights) < np.inf):
            raise RunError(
                f"An ensemble of {len(self.members)} needs one weight per member, each at least 0 "
                f"and one of them above 0. Received: {list(self.weights)}."
            )

    @cached_property
    def test(self) -> Evaluation:
        """What they say together on the test images."""
        found = self.predictions or [member.evaluation("test") for member in self.members]
        return self._together(found)

    @cached_property
    def val(self) -> Evaluation | None:
        """The same on validation; None if the members had different validation images."""
        found = [member.evaluation("val") for member in self.members]
        return self._together(found) if _alike(self.members, found) else None

    def _together(self, evaluations: Sequence[Evaluation]) -> Evaluation:
        rows = [evaluation.probabilities for evaluation in evaluations]
        return evaluate(evaluations[0].labels, vote(rows, self.weights, self.vote))


def check(members: Sequence[Run]) -> None:
    """Raise `RunError` unless these runs can vote together."""
    if len(members) < LEAST_MEMBERS:
        raise RunError(f"An ensemble needs at least two runs. Received: {len(members)}.")
    first, called = members[0].card, runs.names_of(members)
    for member in members:
        card = member.card
        if card.foreign is not None:
            raise RunError(
                f"{called[member.id]!r} was imported. It predicts in a process of its own, which "
                "can end at any time, so it cannot be a member of an ensemble."
            )
        if not card.metrics:
            raise RunError(
                f"{called[member.id]!r} cannot be a member of an ensemble, which is measured on "
                f"the test images of its members. {card.why_unmeasured}"
            )
        if card.members:
            raise RunError(
                f"{called[member.id]!r} is an ensemble itself; choose its members instead."
            )
        if (card.test_set, card.class_names, card.input_shape, card.preprocessing) != (
            first.test_set,
            first.class_names,
            first.input_shape,
            first.preprocessing,
        ):
            raise RunError(
                f"{called[member.id]!r} and {called[first.id]!r} cannot vote together: they were "
                "not trained for the same images and classes."
            )
    if len({member.id for member in members}) < len(members):
        raise RunError("A run can be a member only once.")


def suggest(members: Sequence[Run], kind: str = "soft") -> tuple[float, ...] | None:
    """Weights fitted to the members' predictions on the validation set, in hundredths, sum 1.

    Test images have no part in it. None if the members had different validation images, so
    that some would be judged by what they learned from.

    Raises:
        RunError: if the predictions of a member are missing or were changed.
    """
    found = [member.evaluation("val") for member in members]
    if not _alike(members, found):
        return None
    return _in_hundredths(suggest_weights(found, kind))


def _in_hundredths(weights: Sequence[float]) -> tuple[float, ...]:
    """Rounded so that they still add up to 1: those cut most get what is left over."""
    parts = np.asarray(weights) * 100
    whole = np.floor(parts + 1e-9)
    left = round(100 - whole.sum())
    whole[np.argsort(whole - parts, kind="stable")[:left]] += 1
    return tuple(float(part) / 100 for part in whole)


def _alike(members: Sequence[Run], found: Sequence[Evaluation]) -> bool:
    """Whether they had the same validation images."""
    splits = {member.card.dataset_fingerprint for member in members}
    same = all(np.array_equal(found[0].labels, other.labels) for other in found)
    return len(splits) == 1 and same and len(found[0].labels) > 0


def save(title: str, ensemble: Ensemble) -> Run:
    """Save an ensemble as a run, which predicts like any other.

    The cost of a prediction is measured, which takes a few seconds.

    Raises:
        RunError: if the name is not allowed or taken, or a member is damaged.
    """
    with runs.draft(runs.free_id(title)) as folder:
        test, val = ensemble.test, ensemble.val
        if val is None:
            val = evaluate(np.zeros(0), np.zeros((0, test.probabilities.shape[1])))
        return runs.save(_card(title, ensemble), folder, val, test)


def _card(title: str, ensemble: Ensemble) -> RunCard:
    cards = [member.card for member in ensemble.members]
    total = sum(ensemble.weights)
    val = {} if ensemble.val is None else ensemble.val.metrics()
    return RunCard(
        id=runs.id_of(title),
        title=title,
        owner=visitors.current(),
        dataset=cards[0].dataset,
        dataset_fingerprint=cards[0].dataset_fingerprint,
        class_names=cards[0].class_names,
        input_shape=cards[0].input_shape,
        preprocessing=cards[0].preprocessing,
        model=MODEL,
        family=FAMILY,
        hyperparameters={"vote": ensemble.vote},
        history=(),
        metrics={
            **ensemble.test.metrics(),
            **{f"val_{metric}": value for metric, value in val.items()},
            **({} if ensemble.val is None else {"val_size": len(ensemble.val.labels)}),
            "test_size": len(ensemble.test.labels),
            "train_size": max(card.metrics.get("train_size", 0) for card in cards),
        },
        seconds=round(sum(card.seconds for card in cards), 1),
        seed=cards[0].seed,
        validation_fraction=cards[0].validation_fraction,
        versions={name: version for card in cards for name, version in card.versions.items()},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        test_fingerprint=cards[0].test_fingerprint,
        cost=_cost(ensemble),
        members=tuple(
            {
                "id": member.id,
                "sha256": serving.model_sha256(member),
                "weight": round(weight / total, 6),
            }
            for member, weight in zip(ensemble.members, ensemble.weights, strict=True)
        ),
    )


def _cost(ensemble: Ensemble) -> dict[str, Any]:
    models = []
    for member in ensemble.members:
        models.append((serving.model_path(member), member.card.family))
    shape = ensemble.members[0].card.input_shape
    found = cost.measure(models, shape, ensemble.weights, ensemble.vote)
    parameters = [member.card.cost.get("parameters") for member in ensemble.members]
    return found if None in parameters else {**found, "parameters": sum(parameters)}
