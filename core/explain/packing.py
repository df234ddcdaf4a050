"""A description and arrays in one piece of bytes, which a browser reads without parsing numbers.

Four bytes say how long the description is (little-endian), then comes the description as JSON,
padded to a multiple of eight bytes, then the arrays. In the description an array is
`{"at": …, "type": …, "shape": …}`: where it begins behind the description, its NumPy type, its
shape. `unpacked` says the same in Python; `packed.js` of the pages says it in JavaScript.
"""

import json
from typing import Any

import numpy as np

_TYPES = {"float32": "<f4", "uint8": "|u1", "int8": "|i1"}
_ALIGNED = 8  # bytes; a browser's Float32Array begins at a multiple of four
Place = dict[str, Any]


class Packer:
    """Collects arrays; the same object is packed once."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0
        self._known: dict[int, tuple[np.ndarray, Place]] = {}

    def add(self, array: np.ndarray) -> Place:
        """Where a browser finds an array; floats become float32.

        Args:
            array: float, uint8 or int8, of any shape.
        """
        if id(array) in self._known:
            return self._known[id(array)][1]
        kept = array.astype(np.float32) if array.dtype.kind == "f" else array
        content = np.ascontiguousarray(kept).tobytes()
        place = {"at": self._length, "type": _TYPES[kept.dtype.name], "shape": list(kept.shape)}
        self._known[id(array)] = (array, place)  # kept, so that its id stays its own
        content += bytes(-len(content) % _ALIGNED)
        self._parts.append(content)
        self._length += len(content)
        return place

    def pack(self, description: dict[str, Any]) -> bytes:
        """Everything in one piece."""
        text = json.dumps(description, ensure_ascii=False, allow_nan=False).encode()
        text += b" " * (-(len(text) + 4) % _ALIGNED)
        return len(text).to_bytes(4, "little") + text + b"".join(self._parts)


def unpacked(content: bytes) -> dict[str, Any]:
    """The description, with arrays in place of where they lie."""
    end = 4 + int.from_bytes(content[:4], "little")

    def read(part: dict[str, Any]) -> Any:
        if part.keys() != {"at", "type", "shape"}:
            return part
        count = int(np.prod(part["shape"]))
        return np.frombuffer(content, part["type"], count, end + part["at"]).reshape(part["shape"])

    return json.loads(content[4:end], object_hook=read)
