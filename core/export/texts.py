"""What is written into the download of a run."""

from collections.abc import Sequence

_HEAD = '''"""Predict the class of one image: python predict.py image.png"""

import sys
from pathlib import Path

import numpy as np
'''
_IMAGE = """
folder, shape = Path(__file__).parent, SHAPE
labels = (folder / "labels.txt").read_text(encoding="utf-8").splitlines()
image = ImageOps.exif_transpose(Image.open(sys.argv[1])).convert(MODE)
batch = np.asarray(ImageOps.fit(image, (shape[1], shape[0])), np.uint8).reshape(1, *shape)
"""
_LITERT = """interpreter = Interpreter(str(folder / "FILE"))
interpreter.allocate_tensors()
source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
interpreter.set_tensor(source["index"], batch.astype(source["dtype"]))
interpreter.invoke()
"""
_TELL = """print(labels[probabilities.argmax()])
for label, probability in zip(labels, probabilities):
    print(f"{probability:.6f}  {label}")
"""
_IMPORT_LITERT = "from ai_edge_litert.interpreter import Interpreter\n"
_IMPORT_PILLOW = "from PIL import Image, ImageOps\n"

NETWORK = (
    _HEAD
    + _IMPORT_LITERT
    + _IMPORT_PILLOW
    + _IMAGE
    + _LITERT.replace("FILE", "model.tflite")
    + 'probabilities = interpreter.get_tensor(target["index"])[0]\n'
    + _TELL
)


def classical(trusted: Sequence[str], features: str) -> str:
    """The program for a model from scikit-learn.

    Args:
        trusted: the types that its file may consist of.
        features: the LiteRT file that it looks through; empty if it looks at pixels.
    """
    listed = "".join(f'    "{name}",\n' for name in trusted)
    look = _LITERT.replace("FILE", features) + 'batch = interpreter.get_tensor(target["index"])\n'
    return (
        _HEAD
        + "import skops.io\n"
        + (_IMPORT_LITERT if features else "")
        + _IMPORT_PILLOW
        + _IMAGE
        + (look if features else "")
        + f"trusted = [\n{listed}]\n"
        + 'model = skops.io.load(folder / "model.skops", trusted=trusted)\n'
        + "probabilities = model.predict_proba(batch.reshape(1, -1).astype(np.float32))[0]\n"
        + _TELL
    )
