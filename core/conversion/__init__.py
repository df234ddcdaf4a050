"""A trained model to other files: what serves it without scikit-learn, and what is exported.

convert         writes the file that serves, compares it with the original, refuses it if it differs
WAYS            the writers, by what the model's entry says in `served_by`
networks        writers of a network's other formats
whole_graph     the writer of a classical model as one ONNX graph
opening         opens each kind of file with nothing of the studio
"""

from core.conversion.converting import (
    LARGEST_DIFFERENCE,
    MOST_IMAGES,
    ORIGINAL,
    WAYS,
    convert,
    difference,
    refusal,
)

__all__ = [
    "LARGEST_DIFFERENCE",
    "MOST_IMAGES",
    "ORIGINAL",
    "WAYS",
    "convert",
    "difference",
    "refusal",
]
