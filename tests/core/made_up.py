"""Runs that were never trained, with answers made up, for the tests of comparing and drawing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.comparison import Compared
from core.evaluation import evaluate
from core.runs import Run, RunCard


def made_up_run(name: str, classes: int = 10, **card) -> Run:
    """A run whose folder does not exist."""
    fields = {
        "id": name,
        "owner": "you",
        "dataset": "digits",
        "dataset_fingerprint": "f" * 64,
        "class_names": tuple(f"class {label}" for label in range(classes)),
        "input_shape": (8, 8, 1),
        "preprocessing": "optdigits_digit",
        "model": "random_forest",
        "family": "classical",
        "hyperparameters": {},
        "history": (),
        "metrics": {"accuracy": 0.5, "test_size": 2},
        "seconds": 1.5,
        "seed": 0,
        "validation_fraction": 0.1,
        "versions": {},
        "created": "2026-01-02T03:04:05+00:00",
        "test_fingerprint": "e" * 64,
    }
    return Run(RunCard(**{**fields, **card}), Path("/nowhere") / name)


def made_up(name: str, labels: Sequence[int], probabilities, **card) -> Compared:
    """Such a run with its answers."""
    found = evaluate(labels, probabilities)
    return Compared(made_up_run(name, found.probabilities.shape[1], **card), found)


def right_and_wrong(name: str, pattern: Sequence[int], **card) -> Compared:
    """A run that is right (1) or wrong (0) about images of the first of two classes."""
    return made_up(name, np.zeros(len(pattern)), [[r, 1 - r] for r in pattern], **card)


def several(count: int, classes: int = 10, images: int = 400, **card) -> list[Compared]:
    """Runs that answered the same images, the later ones better: `run-0`, `run-1`, …"""
    rng = np.random.default_rng(classes)
    labels = rng.permutation(np.arange(images) % classes)
    found = []
    for number in range(count):
        scores = rng.normal(size=(images, classes))
        scores = np.exp(scores + (1 + number / 4) * np.eye(classes)[labels])
        rows = scores / scores.sum(axis=1, keepdims=True)
        found.append(made_up(f"run-{number}", labels, rows, **card))
    return found
