"""The table of results in README.md, from what bundled runs have stored about themselves."""

from core import runs, units
from core.comparison import written
from core.models import MODELS
from docs.reference.markdown import table

BEGIN, END = "<!-- results: made by docs/generate.py -->", "<!-- end of results -->"
HEADER = (
    "model",
    "dataset",
    "test accuracy",
    "95 % interval",
    "F1",
    "training time",
    "prediction time",
    "model size",
)
_SOURCES = {"cifar10-jpeg": "CIFAR-10 (as JPEG)", "digits": "scikit-learn digits", "mnist": "MNIST"}


def results() -> str:
    """The table, between its two marks."""
    rows = []
    for name in runs.TRAINED_HERE:
        run = runs.load(name)
        card = run.card
        size = int(card.metrics["test_size"])
        low, high = run.evaluation("test").accuracy_interval
        rows.append(
            (
                f"{MODELS[card.model].title} (`{name}`)",
                _SOURCES[card.dataset],
                f"**{written('accuracy', card.metrics['accuracy'])}** of {size:,}",
                f"{low * 100:.1f}–{high * 100:.1f} %",
                written("f1", card.metrics["f1"]),
                units.duration(card.seconds),
                written("latency_seconds", card.cost["latency_seconds"]),
                written("file_bytes", card.cost["file_bytes"]),
            )
        )
    return f"{BEGIN}\n\n{table(HEADER, rows)}\n\n{END}"


def put_into(text: str) -> str:
    """A text with the table in place of the one it has.

    Raises:
        ValueError: if it has no such marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"The text lacks the marks {BEGIN!r} and {END!r}.")
    return before + results() + after
