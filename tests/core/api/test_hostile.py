"""What somebody may send who means no good."""

import struct
import zlib

import pytest

from tests.core.api.conftest import files
from tests.core.image_files import chunk

FORM = "multipart/form-data; boundary=XX"
HEAD = b'--XX\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
END = b"\r\n--XX--\r\n"


def bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 400 million pixels."""
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


UPLOADS = {
    "empty": b"",
    "text": b"<script>alert(1)</script>",
    "a page that says it is an image": b"GIF89a<html></html>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "a bomb": bomb(),
    "cut off": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "a pickle": b"\x80\x04\x95\x0b\0\0\0\0\0\0\0\x8c\x05posix\x94.",
    "a zip": b"PK\x03\x04" + bytes(60),
    "a program": b"\x7fELF" + bytes(100),
    "no pixels": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 0, 0, 1, 24, *[0] * 6),
}


@pytest.mark.every_case
@pytest.mark.parametrize("name", UPLOADS)
def test_a_hostile_upload_gets_a_sentence(client, name):
    answer = client.post("/predict", files=files(UPLOADS[name]))
    assert answer.status_code == 422
    assert answer.json()["success"] is False
    assert answer.json()["error"].endswith(".")
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", FORM),
        (b"--XX--\r\n", FORM),
        (HEAD, FORM),
        (b"nonsense", FORM),
        (HEAD + b"a" + END, "multipart/form-data"),
        (HEAD.replace(b'; name="image"', b"") + b"a" + END, FORM),
        (HEAD.replace(b'"image"', b'"\xff\xfe"') + b"a" + END, FORM),
        (HEAD.replace(b'"image"', b'"../../etc/passwd"') + b"a" + END, FORM),
        (b"--XX\r\n" + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\na" + END, FORM),
        (b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 900 + END, FORM),
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"image": NaN}', "application/json"),
        (b'{"image": "\\ud800"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"threshold": 1' + b"0" * 5000 + b"}", "application/json"),
        (b"image=abc", "application/x-www-form-urlencoded"),
        (b"image", "text/plain"),
        (b"image", ""),
    ],
)
@pytest.mark.parametrize("path", ["/predict", "/train"])
def test_a_hostile_body_gets_a_sentence(client, path, body, kind):
    headers = {"Content-Type": kind} if kind else {}
    answer = client.post(path, content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.json()["success"] is False


@pytest.mark.parametrize(
    "path", ["/runs/..%2F..", "/runs/" + "a" * 5000, "/jobs/..%2f", "/docs/..%2fapp.py"]
)
def test_a_hostile_url_gets_a_sentence(client, path):
    answer = client.get(path)
    assert 400 <= answer.status_code < 500
    assert answer.json()["success"] is False
