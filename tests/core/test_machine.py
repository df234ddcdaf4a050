"""How fast the machine is: measured once, and again on another machine or after a busy time."""

import pytest

from core import machine, settings
from tests.conftest import GIGAFLOPS
from tests.overriding import use


@pytest.fixture
def measured(tmp_path, monkeypatch) -> list[float]:
    """What is measured, the latest first; the work folder is empty."""
    speeds = [10.0, 20.0, 30.0]
    machine._gigaflops.cache_clear()
    monkeypatch.setattr(machine, "gigaflops", GIGAFLOPS)
    use(monkeypatch, work_dir=tmp_path / "work")
    monkeypatch.setattr(machine, "_measure", lambda: speeds.pop(0))
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    return speeds


def test_the_speed_is_measured():
    assert 0.01 < machine._measure() < 100_000


def test_the_speed_is_measured_once_for_each_machine(measured, monkeypatch):
    assert [machine.gigaflops(), machine.gigaflops()] == [10.0, 10.0]
    monkeypatch.setattr(machine, "described", lambda: "another one")
    assert [machine.gigaflops(), machine.gigaflops()] == [20.0, 20.0]


def test_what_is_measured_on_a_busy_machine_is_not_kept(measured, monkeypatch):
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (999.0, 0.0, 0.0))
    first, minute_later = machine.gigaflops(), machine.time.monotonic() + 60
    assert machine.gigaflops() == first  # not at every answer of a page
    monkeypatch.setattr(machine.time, "monotonic", lambda: minute_later)
    assert [first, machine.gigaflops()] == [10.0, 20.0]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"machine": 1}', '{"machine": "x", "gigaflops": 0}']
)
def test_a_damaged_file_is_measured_anew(measured, content):
    path = settings.current().work_dir / "speed.json"
    path.parent.mkdir()
    path.write_text(content)
    assert [machine.gigaflops(), machine.gigaflops()] == [10.0, 10.0]


def test_a_folder_that_cannot_be_written_to_is_no_failure(measured):
    settings.current().work_dir.write_text("a file where the folder should be")
    assert machine.gigaflops() == 10.0
