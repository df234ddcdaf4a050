"""Files of images, made byte by byte where no library writes them."""

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image, ImageDraw


def stroke(width: int = 60, height: int = 48) -> np.ndarray:
    """A black corner on white, which no turn or flip leaves as it is; uint8 `(H, W)`."""
    image = Image.new("L", (width, height), 255)
    points = [
        (0.7 * width, 0.2 * height),
        (0.3 * width, 0.2 * height),
        (0.3 * width, 0.85 * height),
    ]
    ImageDraw.Draw(image).line(points, fill=0, width=max(1, width // 12))
    return np.asarray(image)


def saved(image: np.ndarray | Image.Image, file_format: str, **options) -> bytes:
    """With Pillow."""
    image = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    file = io.BytesIO()
    image.save(file, format=file_format, **options)
    return file.getvalue()


def by_opencv(image: np.ndarray, suffix: str) -> bytes:
    """With OpenCV, which writes more than 8 bits a channel."""
    return cv2.imencode(suffix, image)[1].tobytes()


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(image: np.ndarray, *chunks: bytes) -> bytes:
    """A PNG with more chunks, right behind its header."""
    content = saved(image, "PNG")
    return content[:33] + b"".join(chunks) + content[33:]


def empty_png(width: int, height: int, bits: int, colours: int, *chunks: bytes) -> bytes:
    """All pixels 0: few bytes, however large it is."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours]
    row = bytes(1 + (width * samples * bits + 7) // 8)
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def bitmap_v5(image: np.ndarray, alpha: int) -> bytes:
    """A BMP with 32 bits a pixel and the same alpha everywhere."""
    height, width = image.shape
    pixels = np.dstack([image, image, image, np.full_like(image, alpha)])[::-1].tobytes()
    header = struct.pack(
        "<IiiHHIIiiII", 124, width, height, 1, 32, 3, len(pixels), 2835, 2835, 0, 0
    )
    header += struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(48)
    header += struct.pack("<IIII", 4, 0, 0, 0)
    start = struct.pack("<IHHI", 14 + len(header) + len(pixels), 0, 0, 14 + len(header))
    return b"BM" + start + header + pixels


def heic() -> bytes:
    """What an iPhone's photo begins with."""
    return struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(64)
