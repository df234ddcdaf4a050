"""An ONNX file must hold all of itself: data in other files could be any file of this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core import stored
from core.errors import ForeignError
from core.serving.foreign import MOST_BYTES

_MOST_DEPTH = 60  # of graphs within graphs


def check_self_contained(path: Path) -> None:
    """Raise `ForeignError` if the file is no ONNX, or names other files."""
    import onnx

    try:
        model = onnx.load_model_from_string(stored.read_bytes(path, MOST_BYTES))
    except Exception as error:
        if isinstance(error, MemoryError):
            raise
        raise ForeignError("This is no ONNX file, or a damaged one.") from error
    if not model.graph.node:
        raise ForeignError("This is no ONNX file, or a damaged one: it computes nothing.")
    for message in _messages(model, 0):
        if isinstance(message, onnx.TensorProto) and (
            message.external_data or message.data_location == onnx.TensorProto.EXTERNAL
        ):
            places = [entry.value for entry in message.external_data if entry.key == "location"]
            raise ForeignError(
                "The weights of this model are in another file "
                f"({', '.join(map(repr, places))[:200] or 'without a name'}), which is refused. "
                "Export it as one file: onnx.save_model(model, path, save_as_external_data=False)."
            )


def _messages(message: Any, depth: int) -> Iterator[Any]:
    """A message of protobuf and all messages in it, whatever they are called."""
    if depth > _MOST_DEPTH:
        raise ForeignError("The graphs of this model lie in each other too deep to be checked.")
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        is_one = hasattr(value, "ListFields")
        for inner in [value] if is_one else value:
            yield from _messages(inner, depth + 1)
