"""Exports of small runs, each made once, and packages that are unpacked."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import runs
from core.export import Export, export
from core.models.transfer import EMBEDDED
from core.settings import Settings
from core.training import TrainConfig, train
from tests.overriding import use

SMALL = {"max_images": 100}
# by name: what is trained in seconds, so that every way to serve is packed
TRAINED = {
    "svm": ("linear_svm", {}),
    "boosting": ("gradient_boosting", {"rounds": 3}),
    "knn": ("knn", {"features": "pca"}),
    "hog": ("random_forest", {"features": "hog", "n_estimators": 5}),
    "edges": ("knn", {"features": "hog_pca", "hog_cells": 4, "pca_components": 10}),
    "deep": ("logistic_regression", {"features": EMBEDDED, "feature_size": 32, "max_iter": 10}),
    "cnn": ("simple_cnn", {"filters": "4", "convolutions": 1, "epochs": 1}),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Iterator[Settings]:
    """Runs and exports of a module's own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("studio")
        yield use(patch, runs_dir=folder / "runs", work_dir=folder / "work")


@pytest.fixture(scope="module")
def trained(folders) -> Callable[[str], runs.Run]:
    """`trained("knn")`: that run of `TRAINED`, or a bundled one."""

    def find(name: str) -> runs.Run:
        if name in TRAINED and not (folders.runs_dir / name).exists():
            model, values = TRAINED[name]
            train(TrainConfig("digits", model, {**SMALL, **values}, name=name))
        return runs.load(name)

    return find


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory) -> Callable[[str, str], Export]:
    """`exported("knn", "onnx")`: a run in a format, written once."""
    known: dict[tuple[str, str], Export] = {}

    def make(name: str, format: str) -> Export:
        if (name, format) not in known:
            from core.export import FORMATS

            suffix = FORMATS[format].suffix
            path = tmp_path_factory.mktemp("out") / f"{trained(name).id}{suffix}"
            known[name, format] = export(name, format, path)
        return known[name, format]

    return make


@pytest.fixture
def unpacked(exported, tmp_path) -> Callable[[str], Path]:
    """`unpacked("knn")`: the folder that a package holds."""

    def unpack(name: str) -> Path:
        with zipfile.ZipFile(exported(name, "package").path) as archive:
            archive.extractall(tmp_path)
        return tmp_path / name

    return unpack


def run_in(folder: Path, *arguments: str, python: str = sys.executable):
    """Run Python in a folder, where it cannot find the studio."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [python, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
