"""When a training stops by itself."""

import pytest

from core.training.fitting import was_over

STILL = (0.5, 1.0)


@pytest.mark.parametrize(
    ("epochs", "over"),
    [
        ([], False),
        ([STILL, STILL], False),
        ([STILL, STILL, STILL], True),
        ([STILL, STILL, (0.5001, 1.0)], False),
        ([STILL, (0.4, 1.0), (0.3, 0.5)], True),
        ([STILL, (0.5, 0.99), (0.5, 0.98)], False),
        ([STILL, (0.5, 0.9999), (0.5, 0.9998)], True),
        ([(0.4, 1.0), STILL, (0.5, 1.5), STILL], True),
    ],
    ids=[
        "not begun",
        "one epoch without progress",
        "two",
        "one image of 10,000 more",
        "worse",
        "a lower loss",
        "a loss that hardly falls",
        "progress first",
    ],
)
def test_after_as_many_epochs_without_progress_as_patience_allows_it_is_over(epochs, over):
    history = [{"val_accuracy": accuracy, "val_loss": loss} for accuracy, loss in epochs]
    assert was_over({"early_stopping": 2}, history) == over
    assert not was_over({"early_stopping": 0}, history)
