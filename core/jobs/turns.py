"""Whose turn it is in a public demo, and for how long.

Anybody can invent visitors, so places and time are shared between networks (`core.shares`): a
network whose work took less time lately goes first, and of its jobs the one that is expected to
be over soonest. Somebody new waits for the job that runs, not for all that came before.
"""

from collections import Counter
from collections.abc import Sequence

from core import settings, shares, visitors
from core.errors import JobError
from core.jobs.job import Job, seconds_since

PLACES = shares.Room(total=12, share=8)  # jobs that wait or run; the last are for newcomers
_LATELY = 600.0  # seconds that work is held against a network
_LONG_ENOUGH = 300.0  # seconds of waiting after which nobody goes ahead any more
ALONE = 300.0  # seconds that a job has
SHARED = {True: 30.0, False: 60.0}  # while others wait; less for one that can end early


def check_place(everybodys: Sequence[Job], network: str) -> None:
    """Raise `JobError` if there is no place for another job from that network."""
    waiting = [job for job in everybodys if not job.ended]
    mine = sum(job.network == network for job in waiting)
    if len(waiting) >= PLACES.total:
        raise JobError(f"{len(waiting)} others wait before you. Try again in a minute.")
    if network and mine >= PLACES.share:
        raise JobError(f"{mine} others from your network wait before you. Try again in a minute.")


def first(waiting: Sequence[Job], everybodys: Sequence[Job]) -> Job | None:
    """The job to see to next: one that runs already, else the one whose turn it is.

    Args:
        waiting: jobs that have not ended, first come first; outside a public demo that is the
            order they are done in.
        everybodys: all jobs there are.
    """
    running = [job for job in waiting if job.state == "running"]
    if running or not waiting or not settings.current().public:
        return (running or list(waiting) or [None])[0]
    worked: Counter[str] = Counter()
    for job in everybodys:
        worked[_network(job)] += round(_seconds_lately(job))

    def turn(job: Job) -> tuple:
        patient = seconds_since(job.times.get("queued", "")) > _LONG_ENOUGH
        if not visitors.is_visitor(job.owner) or patient:
            return (0, job.id)
        return (1, worked[_network(job)], job.expected, job.id)

    return min(waiting, key=turn)


def seconds_for(job: Job, can_finish: bool, everybodys: Sequence[Job]) -> float:
    """How long a visitor's job may take: less while others wait."""
    others = any(other.state == "queued" and other.owner != job.owner for other in everybodys)
    return SHARED[can_finish] if others else ALONE


def _network(job: Job) -> str:
    return job.network or job.owner  # of the owner, or from before there were networks


def _seconds_lately(job: Job) -> float:
    """For how long it has worked, if that was lately."""
    begun = seconds_since(job.times.get("running", ""))
    ended = seconds_since(job.times.get(job.state, "")) if job.ended else 0.0
    return max(0.0, begun - ended) if ended < _LATELY and "running" in job.times else 0.0
