"""What decoding takes, measured in a process of its own: no file may need more than 200 MB."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.images import decode, formats, limits
from tests.core.image_files import by_opencv, chunk, empty_png, saved

MOST_MB = 200
MEASURE = """
import sys
from core.errors import ImageError
from core.images import decode, encode_png
import numpy as np

def peak():
    status = open("/proc/self/status").read()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000

decode(encode_png(np.zeros((9, 9, 3), np.uint8)))  # what is loaded with the first is not its own
for path in sys.argv[1:]:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = peak()
    try:
        decode(open(path, "rb").read())
        outcome = "read"
    except ImageError:
        outcome = "refused"
    print(outcome, peak() - before)
"""


def black(mode: str, width: int, height: int) -> Image.Image:
    return Image.new(mode, (width, height))


FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "thin": ("refused", lambda: saved(black("RGBA", 1, 1), "PNG").replace(
        b"\0\0\0\1\0\0\0\1\x08", b"\0\0\0\1\x02\xfa\xf0\x80\x08")),
    "square": ("refused", lambda: empty_png(20_000, 20_000, 1, 0)),
    "mask": ("read", lambda: empty_png(7000, 7000, 8, 0, chunk(b"tRNS", b"\0\0"))),
    "rgba": ("read", lambda: empty_png(6000, 4000, 8, 6)),
    "rgba50": ("refused", lambda: empty_png(7000, 7000, 8, 6)),
    "rgb16": ("read", lambda: by_opencv(np.full((3000, 4000, 3), 4095, np.uint16), ".png")),
    "claims": ("refused", lambda: by_opencv(np.full((48, 60, 3), 99, np.uint16), ".png")[:33]
               + b"\x7f\xff\xff\xf0IDAT" + bytes(99)),
    "webp": ("read", lambda: saved(black("RGB", 4000, 3000), "WEBP", method=0)),
    "webp50": ("refused", lambda: saved(black("RGB", 5000, 5000), "WEBP", lossless=True, method=0)),
    "jpeg": ("read", lambda: saved(black("RGB", 8064, 6048), "JPEG")),
    "progressive": ("read", lambda: saved(black("RGB", 6000, 4000), "JPEG", progressive=True)),
    "float": ("read", lambda: saved(black("F", 5500, 5500), "TIFF", compression="tiff_deflate")),
    "float50": ("refused", lambda: saved(black("F", 7000, 7000), "TIFF", compression="tiff_lzw")),
    "tiff": ("read", lambda: saved(black("RGB", 5500, 5500), "TIFF", compression="tiff_lzw")),
    "strip": ("read", lambda: saved(black("RGB", 4000, 4000), "TIFF", compression="tiff_lzw",
                                    strip_size=1 << 30)),
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak of memory")
@pytest.mark.slow
def test_no_file_needs_more_than_200_megabytes(tmp_path: Path):
    for name, (_, make) in FILES.items():
        (tmp_path / name).write_bytes(make())
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *(str(tmp_path / name) for name in FILES)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    lines = [line.split() for line in done.stdout.splitlines()]
    found = {name: (line[0], float(line[1])) for name, line in zip(FILES, lines, strict=True)}
    assert {name: outcome for name, (outcome, _) in found.items()} == {
        name: outcome for name, (outcome, _) in FILES.items()
    }
    assert {name: mb for name, (_, mb) in found.items() if mb > MOST_MB} == {}


def test_large_images_are_decoded_one_at_a_time_and_small_ones_side_by_side():
    with limits.turn(limits.MAX_MEMORY):
        assert limits._one_at_a_time.locked()
        with limits.turn(1000):  # does not wait
            pass
    assert not limits._one_at_a_time.locked()
    with pytest.raises(ValueError), limits.turn(limits.MAX_MEMORY):
        raise ValueError("a damaged file")
    assert not limits._one_at_a_time.locked()


CONTENTS = {name: saved(black("RGB", 64, 64), name) for name in formats.FORMATS}


@pytest.mark.parametrize("name", formats.FORMATS)
def test_what_decoding_takes_is_asked_before_it_is_done(monkeypatch, name):
    """A limit of next to nothing refuses every format without a pixel being decoded."""
    monkeypatch.setattr(limits, "MAX_MEMORY", 1000)
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("decoded"))
    with pytest.raises(ImageError, match="too many pixels for an? .* of this kind.*64 × 64"):
        decode(CONTENTS[name])
