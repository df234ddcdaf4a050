"""Images and runs become what a client reads: decoded, prepared, then one call of each model."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core import runs, settings, visitors
from core.api.forms import Sent
from core.errors import ImageError, OutOfMemory
from core.images import decode
from core.preprocessing import Prepared, reads
from core.serving import Predictor, Result, describe, load_predictor

DEFAULT_RUN = "mnist-cnn"
_AT_ONCE = 16 * 2**20  # bytes of prepared images that are held until a model predicts them
_MOST_KNOWN = 100  # runs whose cards are remembered
_EXACT = 15  # digits of a number that every JSON reader keeps
_known: dict[tuple, tuple[tuple[int, ...], runs.Run]] = {}

Outcome = Result | ImageError | OutOfMemory


@dataclass(frozen=True)
class Wanted:
    """What is to be predicted.

    Attributes:
        runs: ids of the runs that predict.
        threshold: confidence below which there is no label, 0 to 1.
        top_k: how many of the most probable classes are named; None for all.
    """

    runs: tuple[str, ...] = (DEFAULT_RUN,)
    threshold: float = 0.0
    top_k: int | None = None


def predict(images: Sequence[Sent], wanted: Wanted) -> list[dict[str, Any]]:
    """What a client reads for each image, in their order.

    Raises:
        RunError: if a run is unknown, or its model cannot be opened.
    """
    predictors = [load_predictor(find_run(run_id)) for run_id in wanted.runs]
    answers = []
    for group in _prepared(images, predictors):
        outcomes = [
            _predict(predictor, [one[number] for one in group])
            for number, predictor in enumerate(predictors)
        ]
        for each in zip(*outcomes, strict=True):
            entries = [
                _described(outcome, predictor, wanted)
                for outcome, predictor in zip(each, predictors, strict=True)
            ]
            answers.append(_together(entries))
    return [
        {"file": image.name, **answer} if image.name and len(images) > 1 else answer
        for image, answer in zip(images, answers, strict=True)
    ]


def find_run(run_id: str) -> runs.Run:
    """The run of that name, its card read again only if it has changed; see `core.runs.load`."""
    place = (run_id, settings.current().runs_dir, settings.current().bundled_runs_dir)
    if place in _known:
        read_at, run = _known[place]
        if _changed(run) == read_at and visitors.may_see(run.card.owner):
            return run
    run = runs.load(run_id)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[place] = (_changed(run), run)
    return run


def _changed(run: runs.Run) -> tuple[int, ...]:
    """The same as long as the card of a run is the same file."""
    try:
        found = os.stat(run.folder / runs.CARD)
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _prepared(
    images: Sequence[Sent], predictors: Sequence[Predictor]
) -> Iterator[list[list[Prepared | ImageError | OutOfMemory]]]:
    """Groups of images, each prepared for every predictor, or with the reason why it is not.

    An image is decoded and prepared once for all runs with the same preprocessing; of a large one
    only what a model sees is kept.
    """
    group, held = [], 0
    for image in images:
        group.append(_prepare(image.content, predictors))
        held += sum(one.batch.nbytes for one in group[-1] if isinstance(one, Prepared))
        if held > _AT_ONCE:
            yield group
            group, held = [], 0
    if group:
        yield group


def _prepare(
    content: bytes, predictors: Sequence[Predictor]
) -> list[Prepared | ImageError | OutOfMemory]:
    try:
        image = decode(content)
    except (ImageError, OutOfMemory) as error:
        return [error] * len(predictors)
    found: dict[tuple, Prepared | ImageError | OutOfMemory] = {}
    for predictor in predictors:
        way = _way(predictor)
        if way not in found:
            try:
                found[way] = predictor.prepare(image).without_steps()
            except (ImageError, OutOfMemory) as error:
                found[way] = error
    return [found[_way(predictor)] for predictor in predictors]


def _way(predictor: Predictor) -> tuple:
    card = predictor.run.card
    return card.preprocessing, card.input_shape


def _predict(
    predictor: Predictor, prepared: Sequence[Prepared | ImageError | OutOfMemory]
) -> list[Outcome]:
    """One call of the model for all images; those that were refused stay where they are."""
    results = iter(predictor.predict_many([one for one in prepared if isinstance(one, Prepared)]))
    return [next(results) if isinstance(one, Prepared) else one for one in prepared]


def _described(outcome: Outcome, predictor: Predictor, wanted: Wanted) -> dict[str, Any]:
    """What a client reads of one run about one image."""
    if not isinstance(outcome, Result):
        sentence = visitors.without_paths(str(outcome))
        return {"success": False, "run": predictor.run.id, "error": sentence}
    answer = describe(outcome, wanted.top_k)
    is_sure = outcome.confidence >= wanted.threshold
    return {
        "success": True,
        "prediction": _as_number(outcome, predictor),
        **answer,
        "label": answer["label"] if is_sure else None,
    }


def _as_number(result: Result, predictor: Predictor) -> int | str:
    """The label, as a number if the run reads digits and they are one number."""
    label = result.label
    is_number = label.isascii() and label.isdecimal() and len(label) <= _EXACT
    if is_number and reads(predictor.run.card.preprocessing) == "digits":
        return int(label)
    return label


def _together(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One run's answer, or those of several by their ids."""
    if len(entries) == 1:
        return entries[0]
    together: dict[str, Any] = {"success": any(entry["success"] for entry in entries)}
    if not together["success"]:
        together["error"] = entries[0]["error"]
    return {**together, "runs": {entry["run"]: entry for entry in entries}}
