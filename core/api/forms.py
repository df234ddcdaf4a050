"""The body of a request becomes names and values: JSON, or a form with files in it."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from core.api.problems import Refused
from core.errors import StoredError
from core.stored import parse_json

JSON, FORM = "application/json", "multipart/form-data"
_MOST_FIELDS = 100
_MOST_HEADERS = 4096  # bytes before a file
_DATA_URL = re.compile(r"data:[\w.+/-]*(;[\w=.+-]*)*,")


def body_schema(of_form: Mapping[str, Any], of_json: Mapping[str, Any]) -> dict[str, Any]:
    """The `requestBody` of OpenAPI for a route that takes a form or JSON, by their schemas."""
    content = {FORM: {"schema": of_form}, JSON: {"schema": of_json}}
    return {"required": True, "content": content}


@dataclass(frozen=True)
class Sent:
    """A file of a form, or an image in JSON: its name, empty if it has none, and its bytes."""

    name: str
    content: bytes


@dataclass
class _Part:
    """A part of a form while it is read."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    header: bytes = b""
    value: bytes = b""
    content: bytearray = field(default_factory=bytearray)


class Form:
    """A form: its fields, each a list of texts, and its files by the name of their field."""

    def __init__(self, content: bytes, content_type: str, most_files: int) -> None:
        self.fields: dict[str, list[str]] = {}
        self.files: dict[str, list[Sent]] = {}
        self._most_files, self._part = most_files, _Part()
        self._count, self._is_whole = 0, False
        _, options = parse_options_header(content_type)
        if not options.get(b"boundary"):
            raise Refused(400, "The form cannot be read: its Content-Type names no `boundary`.")
        callbacks = {f"on_{name}": getattr(self, f"_{name}") for name in _EVENTS}
        try:
            parser = MultipartParser(options[b"boundary"], callbacks)
            parser.write(content)
            parser.finalize()
        except FormParserError as error:
            raise Refused(400, f"The form cannot be read: {error}.") from error
        if not self._is_whole:
            raise Refused(400, "The form cannot be read: it was cut off, or holds nothing.")

    def _part_begin(self) -> None:
        self._part = _Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]
        _check_headers(self._part.header)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]
        _check_headers(self._part.value)

    def _header_end(self) -> None:
        part = self._part
        part.headers[part.header.lower()] = part.value
        part.header = part.value = b""
        _check_headers(b"".join(part.headers.values()))

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._part.content += data[start:end]

    def _part_end(self) -> None:
        part = self._part
        _, options = parse_options_header(part.headers.get(b"content-disposition", b""))
        if b"name" not in options:
            raise Refused(400, "The form cannot be read: a part of it has no `name`.")
        name = _text(options[b"name"])
        if b"filename" in options:
            files = self.files.setdefault(name, [])
            self._count += 1
            check_count(self._count, self._most_files)
            files.append(Sent(_text(options[b"filename"]), bytes(part.content)))
            return
        values = self.fields.setdefault(name, [])
        values.append(_text(bytes(part.content)))
        if sum(map(len, self.fields.values())) > _MOST_FIELDS + self._most_files:
            raise Refused(422, f"A form may hold {_MOST_FIELDS} fields.")

    def _end(self) -> None:
        self._is_whole = True


_EVENTS = (
    "part_begin",
    "part_data",
    "part_end",
    "header_field",
    "header_value",
    "header_end",
    "end",
)


def _check_headers(value: bytes) -> None:
    if len(value) > _MOST_HEADERS:
        raise Refused(400, "The form cannot be read: the headers of a part are too long.")


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(400, "The form cannot be read: a text in it is not UTF-8.") from error


def check_count(count: int, most: int) -> None:
    """Raise `Refused` if a request holds more images than it may."""
    if count > most:
        raise Refused(
            413, f"A request may hold {most:,} images (STUDIO_API_MAX_IMAGES). Received: more."
        )


def read_json(content: bytes) -> dict[str, Any]:
    """The object of a JSON text.

    Raises:
        Refused: if it is not JSON, or anything else than an object.
    """
    try:
        values = parse_json(content.decode("utf-8"))
    except (StoredError, UnicodeDecodeError) as error:
        sentence = error if isinstance(error, StoredError) else "it is not UTF-8"
        raise Refused(400, f"The body of the request cannot be read: {sentence}.") from error
    if not isinstance(values, dict):
        shown = json.dumps(values)[:50]
        raise Refused(422, f"The body must be an object of names and values. Received: {shown}.")
    return values


def media_type(headers: Mapping[str, str]) -> str:
    """The type of a body, without its options; empty if there is none."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def from_base64(text: str) -> bytes:
    """The bytes of a base64 text, also as a `data:` URL; of a bad one, `Refused`."""
    found = _DATA_URL.match(text[:200])
    text = text[found.end() :] if found else text
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(422, f"An image in JSON or in a text field is base64: {error}.") from error
