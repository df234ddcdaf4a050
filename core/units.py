"""Percentages, durations and sizes as people read them: written one way on pages, in charts and
reports.

Percentages have one decimal and a space, `91.6 %`. Where runs stand side by side they have two:
good models often differ by less than a tenth of a percent.
"""

from collections.abc import Mapping

_MINUTE, _HOUR = 60, 3600  # seconds
_WHOLE_MINUTES = 10 * _MINUTE  # from here on seconds say nothing


def percent(fraction: float, decimals: int = 1) -> str:
    """A fraction as a percentage: 0.916 → `91.6 %`.

    Args:
        fraction: 0 to 1.
        decimals: digits behind the point.
    """
    return f"{fraction * 100:.{decimals}f} %"


def bounded_percent(fraction: float) -> str:
    """The same, never more certain than it is: 0.0004 → `<0.1 %`, 0.99996 → `>99.9 %`."""
    if 0.9995 <= fraction < 1:
        return ">99.9 %"
    if 0 < fraction < 0.0005:
        return "<0.1 %"
    return percent(fraction)


def round_percent(fraction: float) -> str:
    """The same with as few digits as it needs, for ticks and shares: 0.04 → `4 %`."""
    return f"{round(fraction * 100, 6):g} %"


def accuracy(metrics: Mapping[str, float]) -> str:
    """The test accuracy of a run and on how many images: `91.60 % of 10,000`; `not measured here`
    of a model without one."""
    if "accuracy" not in metrics:
        return "not measured here"
    return f"{percent(metrics['accuracy'], 2)} of {metrics['test_size']:,}"


def duration(seconds: float) -> str:
    """A measured length of time: 0.0002 → `0.20 ms`, 2.34 → `2.3 s`, 65 → `1 min 5 s`."""
    if seconds < 0.999995:
        return f"{seconds * 1000:.2f} ms"
    return f"{seconds:.1f} s" if seconds < 9.95 else about(seconds)


def about(seconds: float) -> str:
    """An estimated length of time, in whole seconds: 8.3 → `8 s`, 100 → `1 min 40 s`,
    4000 → `1 h 7 min`."""
    seconds = round(seconds)
    if seconds >= _WHOLE_MINUTES:
        seconds = round(seconds / _MINUTE) * _MINUTE
    hours, rest = divmod(seconds, _HOUR)
    amounts = {"h": hours, "min": rest // _MINUTE, "s": 0 if hours else rest % _MINUTE}
    return " ".join(f"{n} {unit}" for unit, n in amounts.items() if n) or "0 s"


def file_size(size: float) -> str:
    """A number of bytes, in thousands or millions: 29000 → `29 kB`, 1.7e6 → `1.7 MB`."""
    return f"{size / 1e3:,.0f} kB" if size < 999_500 else f"{size / 1e6:,.1f} MB"
