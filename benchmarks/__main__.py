"""Print every figure, or those of the parts named on the command line."""

import sys

from benchmarks import (
    accuracy,
    api,
    batch,
    comparing,
    crowd,
    explain,
    imagenet,
    lab,
    memory,
    patience,
    peaks,
    serving,
    speed,
    touching,
    training,
    transfer,
    visiting,
)

PARTS = {
    "accuracy": accuracy.main,
    "touching": touching.main,
    "conditions": accuracy.conditions,
    "speed": speed.main,
    "serving": serving.main,
    "batch": batch.main,
    "api": api.main,
    "training": training.main,
    "patience": patience.main,
    "comparing": comparing.main,
    "explain": explain.main,
    "lab": lab.main,
    "transfer": transfer.main,
    "imagenet": imagenet.main,
    "visiting": visiting.main,
    "memory": memory.main,
    "crowd": crowd.main,
    "peaks": peaks.main,
}


def main(names: list[str]) -> int:
    if "--images" in names:  # a path for `imagenet`, which reads it itself
        del names[names.index("--images") :][:2]
    for name in names or PARTS:
        if name not in PARTS:
            sys.stderr.write(f"error: no part named {name!r}; known: {', '.join(PARTS)}\n")
            return 2
        PARTS[name]()
    return 0


sys.exit(main(sys.argv[1:]))
