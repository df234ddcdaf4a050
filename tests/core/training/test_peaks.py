"""The table of peaks: what the README says, and whether its trainings can be asked for."""

from benchmarks.peaks import TRAININGS
from core.models import resolve
from core.settings import PROJECT_DIR
from core.training.peaks import PEAKS


def test_the_readme_shows_the_table():
    readme = (PROJECT_DIR / "README.md").read_text(encoding="utf-8")
    for peak in PEAKS.values():
        assert f"| {peak.title} | {peak.megabytes:,} |" in readme


def test_what_was_measured_can_be_measured_again():
    assert TRAININGS.keys() == PEAKS.keys()
    for training in TRAININGS.values():
        assert resolve(training.model, training.hyperparameters)
