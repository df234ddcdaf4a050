"""What a training that goes on has recorded so far."""

from core.errors import StoredError
from core.jobs.job import Job
from core.runs import REPLAY, Replay, read_replay


def replay_of(job: Job) -> Replay | None:
    """The recording of a training up to its last whole epoch.

    None if it has recorded nothing yet, or is over: `core.runs.replay` reads that of the run.
    """
    try:
        return read_replay(job.kept / REPLAY)
    except StoredError:
        return None
