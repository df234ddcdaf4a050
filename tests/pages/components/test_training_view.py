"""What is said of the time that is left."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.jobs import Job
from pages.components.training_view import seconds_left


def fitting(elapsed: float, part: float, part_before: float = 0.0, stage: str = "fitting") -> Job:
    """A training that has been learning for so many seconds."""
    since = (datetime.now(UTC) - timedelta(seconds=elapsed)).isoformat()
    return Job(
        "1", Path(), "train", {}, "you", stage=stage, part=part, part_before=part_before,
        stage_since=since,
    )  # fmt: skip


@pytest.mark.parametrize(
    "job",
    [
        fitting(3, 0.5),  # the network is still being translated for the machine
        fitting(20, 0.05),
        fitting(600, 0.01),
        fitting(20, 0.55, part_before=0.5),  # most of it was done before an interruption
        fitting(20, 0.5, stage="evaluating"),
    ],
)
def test_nothing_is_said_before_it_means_something(job):
    assert seconds_left(job) is None


@pytest.mark.parametrize(
    ("job", "left"),
    [
        (fitting(20, 0.25), 60),
        (fitting(600, 0.05), 11400),
        (fitting(20, 0.75, part_before=0.5), 20),
    ],
)
def test_what_is_left_follows_from_what_was_done_since_it_began(job, left):
    assert seconds_left(job) == pytest.approx(left, rel=0.05)
