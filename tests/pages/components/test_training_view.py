"""What is said of the time that is left."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.jobs import Job
from pages.components.train.training_view import seconds_left


def left_of(elapsed: float, fraction: float, fraction_before: float = 0.0, stage: str = "fitting"):
    """What is said of a training that has been in its stage for so many seconds."""
    since = (datetime.now(UTC) - timedelta(seconds=elapsed)).isoformat()
    progress = {
        "stage": stage,
        "fraction": fraction,
        "fraction_before": fraction_before,
        "stage_since": since,
    }
    return seconds_left(Job("1", Path(), "train", {}, "you", **progress))


@pytest.mark.parametrize(
    "progress",
    [
        (3, 0.5),  # the network is still being translated for the machine
        (20, 0.05),
        (600, 0.01),
        (20, 0.55, 0.5),  # most of it was done before an interruption
        (20, 0.5, 0.0, "evaluating"),
    ],
)
def test_nothing_is_said_before_it_means_something(progress):
    assert left_of(*progress) is None


@pytest.mark.parametrize(
    ("progress", "left"), [((20, 0.25), 60), ((600, 0.05), 11400), ((20, 0.75, 0.5), 20)]
)
def test_what_is_left_follows_from_what_was_done_since_it_began(progress, left):
    assert left_of(*progress) == pytest.approx(left, rel=0.05)
