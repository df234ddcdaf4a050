"""Use the model in a program of your own: every image of a folder, most certain first.

python example.py FOLDER
"""

import sys
from pathlib import Path

from predict import open_predictor

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "proof")
predictions = open_predictor()  # opens the model once
found = []
for path in sorted(folder.glob("*.png"))[:20]:
    for prediction in predictions(path.read_bytes()):
        found.append((prediction["confidence"], path.name, prediction["label"]))
for confidence, name, label in sorted(found, reverse=True):
    sys.stdout.write(f"{confidence:.1%}  {label}  {name}\n")
