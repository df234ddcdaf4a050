"""What is said of metrics on few images."""

from core.errors import RunError
from core.evaluation import Evaluation
from core.runs import Run
from pages.components.shared import few
from tests.core.made_up import made_up, made_up_run

TWO_OF_EACH = [0, 0, 1, 1]


def test_few_test_images_are_told_of_a_run_without_predictions_on_validation_images(monkeypatch):
    """Such as an ensemble with a member that kept none."""
    found = made_up("small", TWO_OF_EACH, [[0.9, 0.1]] * 4).evaluation

    def read(run: Run, split: str) -> Evaluation:
        if split == "val":
            raise RunError("There are no answers on validation images.")
        return found

    said: list[str] = []
    monkeypatch.setattr(Run, "evaluation", read)
    monkeypatch.setattr(few, "show", said.extend)
    run = made_up_run("small", 2)
    assert few.validation_size(run) is None
    few.show_cautions(run)
    assert any("4 test images" in sentence for sentence in said)
