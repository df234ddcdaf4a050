"""How far long work is, and the ways to stop it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import Cancelled


@dataclass(frozen=True)
class Progress:
    """How far long work is.

    Attributes:
        stage: what is being done, e.g. `loading`, `fitting`, `downloading`, `prediction`, `done`.
        epoch, epochs: current epoch (from 1) and how many; 0 for work without epochs.
        fraction: of the stage that is done, 0 to 1.
        metrics: the latest values, e.g. `loss`, `accuracy`, `val_accuracy`.
        note: how far in words, e.g. `12 of 170 MB`.
        history: the training curve so far, a dict of metrics for each point.
    """

    stage: str
    epoch: int = 0
    epochs: int = 0
    fraction: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)
    note: str = ""
    history: tuple[dict[str, float], ...] = ()


@dataclass(frozen=True)
class Reporter:
    """Passes progress on and ends the work when asked.

    Attributes:
        on_progress: called with each `Progress`.
        should_stop: asked at each report; true ends the work with `Cancelled`.
        cancelled: the sentence of that error.
        should_finish: asked now and then by work whose half is of use, such as a training: true
            ends it early and keeps what there is.
    """

    on_progress: Callable[[Progress], None] = lambda progress: None
    should_stop: Callable[[], bool] = lambda: False
    cancelled: str = "Cancelled; nothing was saved."
    should_finish: Callable[[], bool] = lambda: False

    def __call__(self, progress: Progress) -> None:
        self.on_progress(progress)
        if self.should_stop():
            raise Cancelled(self.cancelled)
