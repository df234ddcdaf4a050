"""What a browser is given to replay a training: filters and predictions, epoch by epoch."""

import hashlib
from collections.abc import Sequence

import numpy as np

from core.explain.packing import Packer
from core.runs import Replay

MOST_FILTERS = 64  # that are shown: those that differ most from 0 in the end
_LEVELS = 127  # to each side of 0, as `core.runs.replays` stores weights


def pack_replay(replay: Replay, class_names: Sequence[str]) -> bytes:
    """What `core.explain.unpacked` reads.

    Args:
        replay: of E epochs, M images.
        class_names: of the model.

    Returns:
        `epochs`; `images`, uint8 `(M, H, W, C)`; `labels`; `classes`; of each epoch and image,
        float32 `(E, M)`: `predicted` (the class's number), `confidence`, `truth` (the probability
        of the true class); `filters`, int8 `(E, height, width, channels, F)`, with `scales`,
        float32 `(E, F)`, the weight of level 127, or both None; `recording`, the same for all
        epochs of one training; `version`, the same for the same content.
    """
    packer = Packer()
    probabilities = replay.probabilities.astype(np.float32)
    predicted = probabilities.argmax(axis=2)
    truth = probabilities[:, np.arange(len(replay.labels)), replay.labels]
    recording = hashlib.sha256(replay.rows.tobytes() + replay.images.tobytes()).hexdigest()
    content = hashlib.sha256(probabilities.tobytes() + replay.epochs.tobytes()).hexdigest()
    filters, scales = _levels(replay.filters)
    return packer.pack(
        {
            "recording": recording,
            "version": recording + content,
            "epochs": replay.epochs.tolist(),
            "labels": replay.labels.tolist(),
            "classes": list(class_names),
            "images": packer.add(replay.images),
            "predicted": packer.add(predicted.astype(np.float32)),
            "confidence": packer.add(probabilities.max(axis=2)),
            "truth": packer.add(truth),
            "filters": None if filters is None else packer.add(filters),
            "scales": None if scales is None else packer.add(scales),
        }
    )


def _levels(filters: np.ndarray | None) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Weights as whole numbers and what they are to be multiplied by."""
    if filters is None or not filters.size:
        return None, None
    strength = np.abs(filters[-1]).sum(axis=(0, 1, 2))
    shown = sorted(np.argsort(-strength, kind="stable")[:MOST_FILTERS].tolist())
    filters = filters[..., shown]
    largest = np.abs(filters).max(axis=(1, 2, 3))
    scales = np.where(largest == 0, 1, largest)
    levels = np.rint(filters / scales[:, None, None, None] * _LEVELS)
    return levels.astype(np.int8), scales.astype(np.float32)
