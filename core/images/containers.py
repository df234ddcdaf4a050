"""What surrounds the pixels in a file: kept away from the decoders, which refuse sound pixels for it.

Of PNG and JPEG files everything but the pixels is left out before they are decoded: text, colour
profiles, EXIF, previews, whether large or damaged. Only which way is up is read first.
"""  # noqa: E501 - the first line of a docstring cannot be broken

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from core.images.formats import damaged

_PNG_KEPT = (b"IHDR", b"PLTE", b"IDAT")
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_MOST_METADATA = 1 << 20  # bytes that are looked through for the orientation
_RAW_EXIF, _XMP = b"Raw profile type exif\0", b"XML:com.adobe.xmp\0"
_ORIENTATION = 0x0112
_IN_XMP = re.compile(rb"tiff:Orientation(?:=\"|>)([1-8])")
_ALONE = (0x01, *range(0xD0, 0xDA))  # markers of a JPEG without a length
_FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)


@dataclass
class Bare:
    """A file without what surrounds the pixels.

    Attributes:
        content: the file; as it was if nothing could be told apart in it.
        orientation: EXIF's number, 1 to 8; 1 is upright.
        facts: what else its header says.
    """

    content: bytes
    orientation: int = 1
    facts: dict[str, int] = field(default_factory=dict)


def bare_png(content: bytes) -> Bare:
    """A PNG with nothing but its header, palette, transparency and pixels.

    `facts` holds `width`, `height`, `bits` and `colours`, the numbers of its header. An animation
    becomes the image that programs show which know no animations.

    Raises:
        ImageError: if it is cut off.
    """
    found, kept = Bare(content), [content[:8]]
    for kind, start, end in _png_chunks(content):
        body = content[start:end]
        if kind in _PNG_KEPT or kind == b"tRNS" and _is_whole(found.facts, body):
            if end > len(content):  # cut off; OpenCV would make room for all that it claims
                raise damaged("PNG")
            check = content[end : end + 4] if end + 4 <= len(content) else b""
            kept += [content[start - 8 : end], check or _check_of(content[start - 4 : end])]
        elif kind == b"eXIf" and len(body) <= _MOST_METADATA:
            found.orientation = in_exif(body)
        elif found.orientation == 1 and kind in (b"tEXt", b"zTXt", b"iTXt"):
            found.orientation = _in_png_text(kind, body)
        if kind == b"IHDR" and len(body) == 13:
            found.facts = {
                "width": int.from_bytes(body[:4], "big"),
                "height": int.from_bytes(body[4:8], "big"),
                "bits": body[8],
                "colours": body[9],
            }
    found.content = b"".join([*kept, _PNG_END])
    return found


def _check_of(chunk: bytes) -> bytes:
    return zlib.crc32(chunk).to_bytes(4, "big")


def _is_whole(facts: dict[str, int], transparency: bytes) -> bool:
    """Whether what a PNG says of its transparency is as long as its colours need it to be."""
    long = {0: (2,), 2: (6,), 3: range(1, 257)}.get(facts.get("colours", -1), ())
    return len(transparency) in long


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of what each chunk holds; the last may be cut off."""
    at = 8
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        if kind == b"IEND":
            return
        yield kind, at + 8, at + 8 + size
        at += 12 + size


def _in_png_text(kind: bytes, body: bytes) -> int:
    if body.startswith(_RAW_EXIF):  # as ImageMagick keeps it: hexadecimal digits
        text = body[len(_RAW_EXIF) :]
        if kind == b"zTXt":
            text = _unpacked(text[1:])
        digits = re.sub(rb"\s", b"", b"".join(text.split(b"\n")[3:]))
        if re.fullmatch(rb"(?:[0-9a-fA-F]{2})+", digits):
            return in_exif(bytes.fromhex(digits.decode()))
    if body.startswith(_XMP):
        text = body[len(_XMP) :]
        return in_xmp(_unpacked(text[4:]) if text[:1] == b"\1" else text)
    return 1


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, _MOST_METADATA)
    except zlib.error:
        return b""


def bare_jpeg(content: bytes) -> Bare:
    """A JPEG with nothing but its pixels and what says how they are coded.

    `facts` holds `width`, `height`, `bits`, and `whole`: the bytes for which all of it must be
    unpacked before any pixel is known, because it is progressive; 0 for an ordinary one.
    """
    found, kept, at, frame = Bare(content), [content[:2]], 2, b""
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            return found  # nothing a decoder would not refuse
        marker = content[at + 1]
        if marker == 0xFF or marker in _ALONE:  # padding
            at += 1 if marker == 0xFF else 2
            continue
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        body = content[at + 4 : end]
        if marker == 0xDA:
            found.facts.update(_frame_facts(frame, scans_at_once=body[:1]))
            found.content = b"".join([*kept, content[at:]])
            return found
        if marker in _FRAMES:
            frame = bytes([marker]) + body
        if marker == 0xE1:
            if body.startswith(b"Exif\0"):
                found.orientation = in_exif(body)
            elif found.orientation == 1:
                found.orientation = in_xmp(body)
        elif marker == 0xEE or not (0xE1 <= marker <= 0xEF or marker == 0xFE):
            kept.append(content[at:end])  # E0 and EE say which colours they are
        at = end
    return found


def _frame_facts(frame: bytes, scans_at_once: bytes) -> dict[str, int]:
    """What the frame's header says; empty if there is none."""
    if len(frame) < 7 or len(frame) < 7 + 3 * frame[6]:
        return {}
    height, width = (int.from_bytes(frame[at : at + 2], "big") for at in (2, 4))
    samplings = [frame[8 + 3 * number] for number in range(frame[6])]
    across = [max(1, sampling >> 4) for sampling in samplings]
    down = [max(1, sampling & 15) for sampling in samplings]
    each = sum(a * d for a, d in zip(across, down, strict=True)) / (max(across) * max(down))
    in_parts = frame[0] in _PROGRESSIVE or scans_at_once != bytes([frame[6]])
    whole = int(2 * each * width * height) if in_parts else 0  # coefficients of 16 bits
    return {"width": width, "height": height, "bits": frame[1], "whole": whole}


def webp_facts(content: bytes) -> Bare:
    """The header of a WebP file.

    `facts` holds `width`, `height`, `lossless`, `alpha` and `animated`; empty if it has none.
    """
    found, at = Bare(content), 12
    while at + 8 <= len(content):
        kind, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        body = content[at + 8 : at + 8 + min(size, _MOST_METADATA)]
        if kind == b"VP8X" and len(body) >= 10:
            width, height = (1 + int.from_bytes(body[i : i + 3], "little") for i in (4, 7))
            found.facts |= {"width": width, "height": height}
            found.facts |= {"alpha": body[0] >> 4 & 1, "animated": body[0] >> 1 & 1}
        elif kind == b"VP8L" and len(body) >= 5:
            bits = int.from_bytes(body[1:5], "little")
            size_of_it = {"width": 1 + (bits & 0x3FFF), "height": 1 + (bits >> 14 & 0x3FFF)}
            found.facts = size_of_it | {"alpha": bits >> 28 & 1} | found.facts | {"lossless": 1}
        elif kind == b"VP8 " and len(body) >= 10:
            width, height = (int.from_bytes(body[i : i + 2], "little") & 0x3FFF for i in (6, 8))
            found.facts = {"width": width, "height": height} | found.facts
        elif kind == b"EXIF":
            found.orientation = in_exif(body)
        elif kind == b"XMP " and found.orientation == 1:
            found.orientation = in_xmp(body)
        at += 8 + size + size % 2
    return found


def in_exif(exif: bytes) -> int:
    """The orientation in EXIF, wherever the rest of it is broken; 1 if there is none.

    Args:
        exif: a TIFF header and its tags, with or without `Exif` before them.
    """
    exif = exif.removeprefix(b"Exif\0\0").removeprefix(b"Exif\0\xff")
    order = {b"II": "little", b"MM": "big"}.get(exif[:2])
    if order is None:
        return 1
    at = int.from_bytes(exif[4:8], order)
    tags = int.from_bytes(exif[at : at + 2], order)
    for start in range(at + 2, min(at + 2 + 12 * tags, len(exif) - 11), 12):
        if int.from_bytes(exif[start : start + 2], order) == _ORIENTATION:
            value = int.from_bytes(exif[start + 8 : start + 10], order)
            return value if 1 <= value <= 8 else 1
    return 1


def in_xmp(xmp: bytes) -> int:
    """The orientation in XMP; 1 if there is none."""
    match = _IN_XMP.search(xmp[:_MOST_METADATA])
    return int(match[1]) if match else 1
