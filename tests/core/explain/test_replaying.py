"""What a browser is given of a recording is what was recorded."""

import numpy as np
import pytest

from core.explain import pack_replay, unpacked
from tests.core.runs.test_replays import recorded


@pytest.mark.parametrize("filters", [70, 0])
def test_a_recording_is_packed(filters):
    replay = recorded(5, filters=filters)
    sent = unpacked(pack_replay(replay, ["a", "b", "c"]))
    probabilities = replay.probabilities.astype(np.float32)
    assert np.array_equal(sent["predicted"], probabilities.argmax(axis=2))
    assert np.array_equal(sent["confidence"], probabilities.max(axis=2))
    assert sent["truth"][3, 2] == probabilities[3, 2, replay.labels[2]]
    assert sent["epochs"] == [1, 2, 3, 4, 5]
    if not filters:
        assert sent["filters"] is None
        return
    weights = sent["filters"] * sent["scales"][:, None, None, None] / 127
    assert weights.shape == (5, 3, 3, 3, 64)  # the strongest of 70
    off = np.abs(weights[0, ..., None] - replay.filters[0, ..., None, :]).max(axis=(0, 1, 2))
    assert (off.min(axis=1) < 0.02).all()


def test_more_epochs_of_one_training_are_the_same_recording():
    replay = recorded(5)
    all_of_it, before = (unpacked(pack_replay(one, "abc")) for one in (replay, replay.until(3)))
    assert all_of_it["recording"] == before["recording"]
    assert all_of_it["version"] != before["version"]
