"""What a network has learned so far, on disk: a training that was killed goes on from there.

<folder>/
├── state.json          the history, and which files belong to it
├── epoch-<n>.weights.h5    weights and optimiser after the last whole epoch
└── best-<n>.weights.h5     weights of the best epoch

A file is written under a new name first, then named in `state.json`, which is replaced as a whole.
"""

import math
import os
import re
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le

from core import drafts, stored
from core.errors import StoredError
from core.evaluation import score
from core.stored import Name, Number, Text

_STATE = "state.json"
_ENDING = ".weights.h5"
_SLACK, _EACH = 1.2, 4096  # bytes that HDF5 takes besides, of each value and of each array
_A_DAY = 24 * 3600.0  # seconds
_OLD = re.compile(r"checkpoints-[a-z0-9_]{8}")
_FILE = re.compile(r"(epoch|best)-[0-9]{1,9}\.weights\.h5")


@dataclass(frozen=True)
class _State:
    """What `state.json` holds; see `Checkpoints`."""

    identity: Name
    history: tuple[dict[Name, Number], ...]
    last: Name
    best: Text
    best_accuracy: Annotated[float, Ge(-1), Le(1)]


@dataclass
class Checkpoints:
    """The checkpoints of one training.

    Attributes:
        folder: where they lie; it is made when the first is saved.
        history: figures of each whole epoch.
        last, best: names of files; empty if there are none.
        best_accuracy: validation accuracy of the best epoch.
        seconds_before: how long the interrupted training took until there.
        identity: what is trained on what; a folder of something else is not resumed.
        identity_before: what an earlier version of the studio called the same; empty if none did.
    """

    folder: Path
    identity: str
    history: list[dict[str, float]] = field(default_factory=list)
    last: str = ""
    best: str = ""
    best_accuracy: float = -1.0
    seconds_before: float = 0.0
    identity_before: str = ""

    @property
    def best_epoch(self) -> int:
        """Number of the best epoch, from 1; 0 if none was kept."""
        return _epoch_of(self.best)

    def fresh(self) -> "Checkpoints":
        """Those of the same training before it has begun."""
        return Checkpoints(self.folder, self.identity, identity_before=self.identity_before)

    def read(self) -> bool:
        """Take up what is there; whether there was anything that belongs to this training."""
        try:
            state = stored.read_as(self.folder / _STATE, _State)
        except StoredError:
            return False
        names = [state.last, *filter(None, [state.best])]
        files = all(_FILE.fullmatch(name) and (self.folder / name).is_file() for name in names)
        known = {self.identity, self.identity_before} - {""}
        if state.identity not in known or not files or not state.history:
            return False
        if not all({"seconds", "val_accuracy"} <= point.keys() for point in state.history):
            return False
        if _epoch_of(state.best) > len(state.history):
            return False
        self.history, self.last, self.best = list(state.history), state.last, state.best
        self.best_accuracy = state.best_accuracy
        self.seconds_before = state.history[-1]["seconds"]
        return True

    def save(self, network, metrics: dict[str, float], keep_best: bool) -> None:
        """Write down an epoch.

        Args:
            network: the compiled `keras.Model`.
            metrics: of this epoch; `core.evaluation.score` of them decides whether it is the best.
            keep_best: whether the best epoch's weights are wanted.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        epoch = len(self.history) + 1
        outdated = {self.last}
        last = f"epoch-{epoch}{_ENDING}"
        stored.check_room(self.folder, _bytes_of(network))
        try:
            network.save_weights(self.folder / last)
        except OSError:
            (self.folder / last).unlink(missing_ok=True)  # the half of it fills a full disk
            raise
        if keep_best and self._is_best(metrics):
            outdated.add(self.best)
            self.best, self.best_accuracy = f"best-{epoch}{_ENDING}", metrics["val_accuracy"]
            (self.folder / self.best).unlink(missing_ok=True)
            os.link(self.folder / last, self.folder / self.best)
        self.last = last
        self.history.append(metrics)
        self._write_state()
        for name in outdated - {"", self.last, self.best}:
            (self.folder / name).unlink(missing_ok=True)

    def _is_best(self, metrics: dict[str, float]) -> bool:
        return not self.best or score(metrics) > score(self.history[self.best_epoch - 1])

    def _write_state(self) -> None:
        state = {
            "identity": self.identity,
            "history": self.history,
            "last": self.last,
            "best": self.best,
            "best_accuracy": self.best_accuracy,
        }
        stored.write_json(self.folder / _STATE, state)


def _epoch_of(best: str) -> int:
    return int(best.removeprefix("best-").removesuffix(_ENDING) or 0)


def _bytes_of(network) -> int:
    """About how much room its weights and its optimizer take, rather too much."""
    variables = [*network.variables, *network.optimizer.variables]
    values = sum(4 * math.prod(variable.shape) for variable in variables)
    return int(_SLACK * values) + _EACH * (len(variables) + len(network.layers))


def sweep_old() -> None:
    """Remove checkpoints in the folder for temporary files, where they were kept once, that are
    ours, hold nothing else and were left alone for a day: no lock says who uses them."""
    for folder in drafts.inside(Path(tempfile.gettempdir())):
        if not _OLD.fullmatch(folder.name) or folder.is_symlink():
            continue
        with suppress(OSError):
            status = folder.stat()
            ours = status.st_uid == os.getuid() and stat.S_ISDIR(status.st_mode)
            names = [path.name for path in folder.iterdir()] if ours else [""]
            known = all(_FILE.fullmatch(name) or name.lstrip(".") == _STATE for name in names)
            if known and time.time() - status.st_mtime > _A_DAY:
                shutil.rmtree(folder, ignore_errors=True)


def are_in(folder: Path) -> bool:
    """Whether a training can go on from what is in the folder."""
    return (folder / _STATE).is_file()
