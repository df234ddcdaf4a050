import pytest

from core import units


@pytest.mark.parametrize(
    ("seconds", "measured", "estimated"),
    [
        (0.0, "0.00 ms", "0 s"),
        (0.0002, "0.20 ms", "0 s"),
        (0.25, "250.00 ms", "0 s"),
        (0.999999, "1.0 s", "1 s"),
        (8.3, "8.3 s", "8 s"),
        (9.97, "10 s", "10 s"),
        (59.4, "59 s", "59 s"),
        (59.6, "1 min", "1 min"),
        (65, "1 min 5 s", "1 min 5 s"),
        (599.6, "10 min", "10 min"),
        (3580, "1 h", "1 h"),
        (4000, "1 h 7 min", "1 h 7 min"),
        (7199, "2 h", "2 h"),
        (90_000, "25 h", "25 h"),
    ],
)
def test_durations_are_written_one_way(seconds, measured, estimated):
    assert (units.duration(seconds), units.about(seconds)) == (measured, estimated)


@pytest.mark.parametrize(
    ("fraction", "text", "shortest"),
    [
        (0.916, "91.6 %", "91.6 %"),
        (0.5, "50.0 %", "50 %"),
        (0.9915, "99.2 %", "99.15 %"),
        (1.0, "100.0 %", "100 %"),
        (0.07, "7.0 %", "7 %"),
    ],
)
def test_percentages_are_written_one_way(fraction, text, shortest):
    assert (units.percent(fraction), units.round_percent(fraction)) == (text, shortest)
