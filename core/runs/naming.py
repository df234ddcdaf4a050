"""What runs are called where several of them are shown together."""

from collections import Counter
from collections.abc import Iterable, Mapping

from core.names import MOST_OF_TITLE, all_shown, shown
from core.runs.folder import Run, list_runs


def names_of(runs: Iterable[Run]) -> dict[str, str]:
    """The name of each run for people to read, by its id; no two are the same.

    A name is the title, as `core.names.shown` writes it. Runs whose titles look the same have
    their ids behind it: “My model (my-model-2)”.
    """
    return _distinct({run.id: run.title for run in runs})


def names_of_ids(ids: Iterable[str]) -> dict[str, str]:
    """The same by ids alone; a run that is not there any more is called by its id."""
    titles = {run.id: run.title for run in list_runs()}
    return _distinct({run_id: titles.get(run_id, run_id) for run_id in ids})


def _distinct(titles: Mapping[str, str]) -> dict[str, str]:
    seen = {run_id: shown(title, MOST_OF_TITLE) for run_id, title in titles.items()}
    times = Counter(map(_as_read, seen.values()))
    names = [
        f"{name} ({run_id})" if times[_as_read(name)] > 1 else name for run_id, name in seen.items()
    ]
    return dict(zip(seen, all_shown(names), strict=True))


def _as_read(name: str) -> str:
    """Names that differ only in capitals and spaces are easily confused."""
    return " ".join(name.split()).casefold()
