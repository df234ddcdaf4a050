"""Jobs of earlier versions. `bring_up` in `core.stored` says how they are read.

The first version wrote none into its files.
"""

from typing import Any

from core.runs.formats import hyperparameters_from_1
from core.stored import renamed

_NAMES_1 = {"pictures": "images", "change": "corruption"}
UNMARKED = 1


def _config_from_1(config: dict[str, Any]) -> dict[str, Any]:
    settings = renamed(config["settings"], _NAMES_1)
    if "hyperparameters" in settings:
        settings["hyperparameters"] = hyperparameters_from_1(settings["hyperparameters"])
    return {**config, "settings": settings}


def _status_from_1(status: dict[str, Any]) -> dict[str, Any]:
    status = renamed(status, {"part": "fraction", "part_before": "fraction_before"})
    status["history"] = [renamed(point, _NAMES_1) for point in status.get("history", [])]
    for name in ("metrics", "result"):
        status[name] = renamed(status.get(name, {}), _NAMES_1)
    return status


CONFIGS = {1: _config_from_1}
STATUSES = {1: _status_from_1}
