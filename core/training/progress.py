"""How far a training is, and the way to stop it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import JobError


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes:
        stage: `loading`, `fitting`, `exporting`, `evaluating` or `done`.
        epoch, epochs: current epoch (from 1) and how many; 0 for models without epochs.
        part: part of the fitting that is done, 0 to 1.
        metrics: latest figures, e.g. `loss`, `accuracy`, `val_accuracy`.
    """

    stage: str
    epoch: int = 0
    epochs: int = 0
    part: float = 0.0
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Reporter:
    """Passes progress on and stops the training when asked.

    Attributes:
        on_progress: called with each `Progress`.
        should_stop: asked at each report; true ends the training with a `JobError`.
    """

    on_progress: Callable[[Progress], None]
    should_stop: Callable[[], bool]

    def __call__(self, progress: Progress) -> None:
        self.on_progress(progress)
        if self.should_stop():
            raise JobError("The training was cancelled; no run was kept.")
