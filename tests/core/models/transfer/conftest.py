"""Fixtures of the pretrained networks: a folder of their own for weights that are fetched."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.datasets.download import RemoteFile
from core.models.transfer import BACKBONES, weights
from core.training.fitting import load_keras
from tests.core.datasets.conftest import server
from tests.overriding import use

__all__ = ["server"]


@pytest.fixture(scope="package", autouse=True)
def quiet_keras() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        load_keras()
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where weights are kept that are fetched; it does not exist yet."""
    use(monkeypatch, data_dir=tmp_path / "data")
    return tmp_path / "data" / weights.FOLDER


@pytest.fixture
def with_file(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, RemoteFile], None]:
    """`with_file(name, file)`: the weights of a backbone are another file."""

    def change(name: str, file: RemoteFile) -> None:
        monkeypatch.setitem(BACKBONES, name, replace(BACKBONES[name], file=file))

    return change
