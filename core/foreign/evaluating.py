"""An imported model evaluated on a dataset of the studio, so that it can be compared."""

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core import datasets, runs, stored
from core.datasets.choices import same_class
from core.errors import ForeignError, RunError, disk_sentence
from core.evaluation import Evaluation, evaluate
from core.images import fit_batch
from core.progress import Progress, Reporter
from core.runs import EVALUATION, Run, RunCard, evaluations
from core.serving import Predictor, load_predictor

_AT_ONCE = 256
_CANCELLED = "The evaluation was cancelled; nothing was changed."


def fitting(card: RunCard) -> list[str]:
    """Names of the datasets on this machine that have the classes of a run."""
    return [
        spec.name
        for spec in datasets.list_datasets()
        if spec.is_here() and places(spec.class_names, card.class_names) is not None
    ]


def places(wanted: Sequence[str], names: Sequence[str]) -> tuple[int, ...] | None:
    """For each class of a dataset, which class of a model it is; None if they are others.

    Capitals, spaces, hyphens and underscores make no difference.
    """
    known = {same_class(name): place for place, name in enumerate(names)}
    found = [known.get(same_class(name)) for name in wanted]
    fits = len(wanted) == len(names) == len(known) and None not in found
    return tuple(found) if fits and len(set(found)) == len(found) else None


def check(run: Run, dataset: str) -> tuple[int, ...]:
    """For each class of a dataset, which class of the run it is.

    Raises:
        ForeignError: if the run was not imported, or has other classes.
        DatasetError: if the dataset is unknown or not on this machine.
    """
    if run.card.foreign is None:
        raise ForeignError(
            f"The run {run.id!r} was trained here, and its card says how well it does on its "
            "dataset. Only imported models are evaluated on another."
        )
    spec = datasets.find(dataset)
    datasets.check_here(spec)
    found = places(spec.class_names, run.card.class_names)
    if found is None:
        theirs = ", ".join(spec.class_names[:10])
        raise ForeignError(
            f"The classes of {spec.title} are not those of {run.id!r}. The dataset has "
            f"{len(spec.class_names)}: {theirs}. The model has {len(run.card.class_names)}: "
            f"{', '.join(run.card.class_names[:10])}."
        )
    return found


def evaluate_on(
    run_id: str,
    dataset: str,
    report: Reporter = Reporter(cancelled=_CANCELLED),  # noqa: B008 - frozen
) -> Run:
    """Predict the test images of a dataset, and note on the card how well that went.

    Images are brought to the size of the model as its card says. Its classes get the names and
    the order of those of the dataset, so that it can be compared with other runs.

    Raises:
        ForeignError, DatasetError: as `check`; or the model does not predict.
        RunError: if there is no such run, or nothing can be written.
        Cancelled: if it was asked to stop.
    """
    run = runs.load(run_id)
    order = check(run, dataset)
    report(Progress("loading"))
    loaded = datasets.load(dataset, side=datasets.side_for(dataset, run.card.input_shape[0]))
    predictor = load_predictor(run)
    rows = []
    for start in range(0, len(loaded.y_test), _AT_ONCE):
        done, total = start, len(loaded.y_test)
        note = f"{done:,} of {total:,} images"
        report(Progress("evaluating", fraction=done / total, note=note))
        rows.append(_predicted(predictor, np.asarray(loaded.x_test[start : start + _AT_ONCE])))
    found = evaluate(loaded.y_test, np.concatenate(rows)[:, list(order)])
    card = replace(
        run.card,
        dataset=dataset,
        dataset_fingerprint=loaded.fingerprint(),
        test_fingerprint=loaded.test_fingerprint(),
        validation_fraction=datasets.find(dataset).validation_fraction,
        class_names=tuple(loaded.class_names),
        metrics={**found.metrics(), "test_size": len(found.labels)},
        foreign=replace(run.card.foreign, outputs=_outputs(run.card, order)),
    )
    return _put(run, card, found)


def _predicted(predictor: Predictor, images: np.ndarray) -> np.ndarray:
    card = predictor.run.card
    return predictor.probabilities(fit_batch(images, tuple(card.input_shape), card.fit))


def _outputs(card: RunCard, order: tuple[int, ...]) -> tuple[int, ...]:
    """For each class, in its new place, which of the model's outputs it is."""
    before = card.foreign.outputs or tuple(range(len(order)))
    return tuple(before[place] for place in order)


def _put(run: Run, card: RunCard, test: Evaluation) -> Run:
    """Store predictions and card; at every moment the run is whole, or not evaluated yet."""
    none = evaluate(np.zeros(0), np.zeros((0, test.probabilities.shape[1])))
    others = {name: sha256 for name, sha256 in run.card.files.items() if name != EVALUATION}
    try:
        if run.card.metrics:
            run = runs.rewrite_card(run, replace(run.card, metrics={}, files=others))
        content = io.BytesIO()
        evaluations.write(content, none, test)
        stored.write_whole(run.folder / EVALUATION, content.getvalue())
    except OSError as error:
        raise RunError(disk_sentence(error, run.folder.parent)) from error
    files = {**others, EVALUATION: runs.sha256(run.folder / EVALUATION)}
    return runs.rewrite_card(run, replace(card, files=files))
