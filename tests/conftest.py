"""Fixtures that several tests share: folders for runs, small runs, real digits."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

import core.cost
import core.machine
import core.runs
import core.training.bundled
from core.cost import measure as MEASURE
from core.datasets import DATASETS
from core.machine import gigaflops as GIGAFLOPS  # noqa: F401 - before it is replaced
from core.runs import Run
from core.training import TrainConfig, references, train, unlike
from tests.overriding import use

MOST_CASES = 5  # of one test in `make test`


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test with many cases, only some are part of `make test`, the same ones each time.

    They are five, or n where it is marked `few(n)`, or all where it is marked `every_case`.
    """
    cases: dict[tuple[str, str], list[pytest.Item]] = {}
    for item in items:
        if not (item.get_closest_marker("slow") or item.get_closest_marker("every_case")):
            key = (str(item.path), item.function.__qualname__)
            cases.setdefault(key, []).append(item)
    for (_, name), of_one_test in cases.items():
        few = of_one_test[0].get_closest_marker("few")
        wanted = few.args[0] if few else MOST_CASES
        if len(of_one_test) > wanted:
            # By chance: evenly spaced ones could all have the same value of one of two parameters.
            chosen = Random(name).sample(range(len(of_one_test)), wanted)
            for place, item in enumerate(of_one_test):
                if place not in chosen:
                    item.add_marker("slow")


SMALL_RUN = "small-digits"
SOME_COST = {
    "latency_seconds": 0.0002,
    "latency_p95_seconds": 0.0003,
    "images_per_second": 5000.0,
    "memory_bytes": 100_000_000,
    "file_bytes": 30_000,
    "machine": "a processor, 2 cores, 24 GB, Linux, Python 3.11.7",
}


@pytest.fixture(scope="session", autouse=True)
def some_cost() -> Iterator[pytest.MonkeyPatch]:
    """What answers cost, how fast the machine is, and how well a model notices images unlike those
    of its training are measured only where that is tested: of a few images elsewhere."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(core.cost, "measure", lambda *_, **__: dict(SOME_COST))
        monkeypatch.setattr(core.machine, "gigaflops", lambda: core.machine.REFERENCE)
        monkeypatch.setattr(references, "MOST_MEASURED", 60)
        monkeypatch.setattr(references, "MOST_IMAGES", 100)
        monkeypatch.setattr(unlike, "FONTS", unlike.FONTS[:1])
        monkeypatch.setattr(unlike, "MOST_IMAGES", 40)
        yield monkeypatch


@pytest.fixture
def real_cost(some_cost: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure what answers cost after all."""
    monkeypatch.setattr(core.cost, "measure", MEASURE)


@pytest.fixture
def runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for your runs, and no bundled runs."""
    folder = tmp_path / "runs"
    use(monkeypatch, runs_dir=folder, bundled_runs_dir=tmp_path / "bundled")
    return folder


@pytest.fixture
def bundled_folder(runs_folder: Path) -> Path:
    """The folder of bundled runs that belongs to `runs_folder`; empty as well."""
    folder = runs_folder.with_name("bundled")
    folder.mkdir()
    return folder


@pytest.fixture
def own_runs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for your runs beside the real bundled ones."""
    folder = tmp_path / "own-runs"
    use(monkeypatch, runs_dir=folder)
    return folder


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A real run, trained once: logistic regression on scikit-learn's digits. Read it only."""
    folder = tmp_path_factory.mktemp("small-run")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(monkeypatch, runs_dir=folder, bundled_runs_dir=folder / "none")
        run = train(TrainConfig("digits", "logistic_regression", {"max_iter": 30}, SMALL_RUN))
    yield run


@pytest.fixture
def runs_with_small(runs_folder: Path, small_run: Run) -> Path:
    """A folder for your runs that holds a copy of `small_run`, which may be damaged."""
    shutil.copytree(small_run.folder, runs_folder / small_run.id)
    return runs_folder


@pytest.fixture(scope="session")
def mnist_test() -> tuple[np.ndarray, np.ndarray]:
    """MNIST's test images, uint8 `(10000, 28, 28)`, and their labels."""
    images, labels = DATASETS["mnist"].read_test()
    return images[..., 0], labels


@pytest.fixture(scope="session")
def digit_image(mnist_test) -> Callable[[int], np.ndarray]:
    """`digit_image(7)`: the first 7 of MNIST's test set, light on black, uint8 `(28, 28)`."""
    images, labels = mnist_test
    return lambda label: images[int((labels == label).argmax())]


@pytest.fixture(scope="session")
def drawn_digit(digit_image) -> Callable[[int], np.ndarray]:
    """`drawn_digit(7)`: the same 7 as one draws it, dark on white, uint8 `(280, 280)`."""

    def draw(label: int) -> np.ndarray:
        return 255 - cv2.resize(digit_image(label), (280, 280), interpolation=cv2.INTER_CUBIC)

    return draw
