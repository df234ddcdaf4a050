from dataclasses import FrozenInstanceError

import pytest

from core.errors import Cancelled, JobError
from core.progress import Progress, Reporter


def test_progress_is_passed_on_in_order():
    seen = []
    report = Reporter(seen.append)
    told = [Progress("reading", fraction=fraction / 2) for fraction in range(3)]
    for progress in told:
        report(progress)
    assert seen == told


def test_a_reporter_of_nobody_lets_work_continue():
    Reporter()(Progress("reading"))


@pytest.mark.parametrize(
    ("details", "sentence"),
    [({}, "Cancelled; nothing was saved."), ({"cancelled": "Stopped early."}, "Stopped early.")],
)
def test_work_that_was_asked_to_stop_ends_with_the_sentence(details, sentence):
    seen = []
    report = Reporter(seen.append, lambda: len(seen) == 2, **details)
    report(Progress("one"))
    with pytest.raises(Cancelled) as caught:
        report(Progress("two"))
    assert str(caught.value) == sentence
    assert isinstance(caught.value, JobError)
    assert [progress.stage for progress in seen] == ["one", "two"]


def test_asking_to_finish_does_not_end_anything_by_itself():
    seen = []
    report = Reporter(seen.append, should_finish=lambda: len(seen) >= 1)
    assert not report.should_finish()
    report(Progress("fitting"))
    assert report.should_finish()
    report(Progress("exporting"))
    assert [progress.stage for progress in seen] == ["fitting", "exporting"]


def test_nobody_asks_to_finish_by_default():
    assert Reporter().should_finish() is False


def test_the_last_progress_is_told_before_work_ends():
    seen = []
    with pytest.raises(Cancelled):
        Reporter(seen.append, lambda: True)(Progress("one"))
    assert seen == [Progress("one")]


def test_a_reporter_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Reporter().cancelled = "Stopped."


def test_progress_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        Progress("reading").fraction = 1.0


def test_metrics_are_not_shared():
    assert Progress("one").metrics is not Progress("two").metrics


def test_progress_carries_the_training_curve():
    points = ({"epoch": 1, "accuracy": 0.5}, {"epoch": 2, "accuracy": 0.75})
    assert Progress("fitting", history=points).history == points
    assert Progress("fitting").history == ()
