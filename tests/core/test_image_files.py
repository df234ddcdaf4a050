"""Sound pixels are read whatever surrounds them and however they are stored; others get a cure."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.images import decode, decode_sized
from tests.core.image_files import (
    bitmap_v5,
    by_opencv,
    chunk,
    empty_png,
    heic,
    png_with,
    saved,
    stroke,
)

STROKE = stroke()
INK = 255 - STROKE  # as alpha


def distance(content: bytes, expected: np.ndarray = STROKE) -> float:
    """Mean grey levels between what is decoded and what is expected."""
    image = decode(content)
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    assert grey.shape == expected.shape
    return float(np.abs(grey.astype(int) - expected).mean())


def jpeg_with(kind: int, body: bytes) -> bytes:
    """A JPEG with another segment at its beginning."""
    content = saved(STROKE, "JPEG", quality=95)
    return content[:2] + struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body + content[2:]


# Metadata


@pytest.mark.parametrize(
    "content",
    [
        png_with(STROKE, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 1_500_000))),
        png_with(STROKE, chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(b"x" * 1_500_000))),
        png_with(STROKE, *[chunk(b"tEXt", b"Comment\0" + b"x" * 1_000_000)] * 3),
        png_with(STROKE, chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(1_500_000)))),
        png_with(STROKE, chunk(b"iCCP", b"p\0\x07" + zlib.compress(b"x"))),
        png_with(STROKE, chunk(b"eXIf", b"not exif at all")),
        png_with(STROKE, chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff")),
        png_with(STROKE, chunk(b"gAMA", b""), chunk(b"pHYs", b"1"), chunk(b"acTL", b"")),
        png_with(STROKE, chunk(b"tEXt", b"Comment\0text")[:-1] + b"?"),
        saved(STROKE, "PNG")[:-12],
        saved(STROKE, "PNG")[:-14],
        saved(STROKE, "PNG", icc_profile=b"nonsense"),
        jpeg_with(0xE1, b"Exif\0\0not exif at all"),
        jpeg_with(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"),
        jpeg_with(0xE2, b"MPF\0nonsense"),
        jpeg_with(0xE2, b"ICC_PROFILE\0\1\7nonsense"),
        jpeg_with(0xED, b"Photoshop 3.0\0" + b"8BIM\4\4" * 9),
        jpeg_with(0xFE, b"x" * 60_000),
        saved(STROKE, "WEBP", lossless=True, exif=b"not exif at all"),
        saved(STROKE, "TIFF", icc_profile=b"nonsense", tiffinfo={270: "x" * 2_000_000}),
    ],
    ids=lambda content: f"{content[1:4]}-{len(content)}",
)
def test_metadata_never_keeps_sound_pixels_from_being_read(content):
    assert distance(content) < 2


@pytest.mark.parametrize("orientation", [3, 6])
def test_broken_tags_beside_the_orientation_do_not_hide_it(orientation):
    tags = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0) + b"\xff" * 12
    exif = b"MM\0*\0\0\0\x08" + struct.pack(">H", 2) + tags
    expected = np.rot90(STROKE, {3: 2, 6: -1}[orientation])
    assert distance(jpeg_with(0xE1, b"Exif\0\0" + exif), expected) < 2
    assert distance(png_with(STROKE, chunk(b"eXIf", exif)), expected) == 0


@pytest.mark.parametrize("keyword", [b"Raw profile type exif\0", b"XML:com.adobe.xmp\0"])
def test_the_orientation_may_stand_in_a_text_of_a_png(keyword):
    exif = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHH", 1, 0x0112, 3, 1, 6, 0)
    raw = b"\nexif\n%8d\n%s\n" % (len(exif), exif.hex().encode())
    text = {
        b"R": chunk(b"zTXt", keyword + b"\0" + zlib.compress(raw)),
        b"X": chunk(b"iTXt", keyword + b"\0\0\0\0" + b'<x tiff:Orientation="6"/>'),
    }[keyword[:1]]
    assert distance(png_with(STROKE, text), np.rot90(STROKE, -1)) == 0


# Transparency


def on_transparent(ink: tuple[int, int, int]) -> Image.Image:
    image = Image.new("RGBA", INK.shape[::-1], (*ink, 0))
    image.putalpha(Image.fromarray(INK))
    return image


def palette(transparent) -> bytes:
    image = Image.new("P", INK.shape[::-1], 0)
    image.putpalette([255] * 6)
    image.paste(1, mask=Image.fromarray(INK))
    return saved(image, "PNG", transparency=transparent)


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_ink_on_a_transparent_ground_stands_out_from_it(file_format):
    for ink in [255, 225, 170, 128, 60, 0]:
        options = {"lossless": True} if file_format == "WEBP" else {}
        decoded = decode(saved(on_transparent((ink,) * 3), file_format, **options))
        contrast = np.ptp(decoded[..., 0].astype(int))
        assert contrast >= 125
        ground = int(decoded[0, 0, 0])
        assert ground == (255 if ink <= 128 else 0)


@pytest.mark.parametrize(
    "content",
    [
        palette(0),
        palette(b"\0\xff"),
        palette(b"\0\x80"),
        by_opencv(np.dstack([0 * INK + 255] * 3 + [INK]).astype(np.uint16) * 257, ".png"),
        saved(Image.fromarray(np.dstack([np.full_like(INK, 255), INK]), "LA"), "PNG"),
    ],
    ids=["index", "bytes", "half", "16 bits", "grey"],
)  # fmt: skip
def test_white_on_transparent_is_seen_however_it_is_stored(content):
    decoded = decode(content)
    grey = decoded if decoded.ndim == 2 else decoded[..., 0]
    assert grey[0, 0] == 0
    assert grey.max() >= 125


def test_colours_and_alpha_of_sixteen_bits_have_a_range_each():
    pixels = np.full((8, 9, 4), 65535, np.uint16)
    pixels[..., :3] = 4095
    pixels[..., 3] = 32768  # half of it is seen
    pixels[2:6, 2:6, :3] = 0
    decoded = decode(by_opencv(pixels, ".png")).astype(int)
    assert np.abs(decoded[0, 0] - 255).max() <= 1
    assert np.abs(decoded[4, 4] - 127).max() <= 1


def test_a_white_card_with_thin_writing_stays_on_white():
    image = Image.new("RGBA", (120, 96), (0, 0, 0, 0))
    image.paste(Image.fromarray(STROKE).convert("RGB"), (30, 24))
    assert tuple(decode(saved(image, "PNG"))[0, 0]) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["BMP", "PNG", "WEBP", "TIFF", "LA"])
def test_where_alpha_hides_everything_the_colours_are_shown(kind):
    for alpha in [0, 1, 5, 31]:
        hidden = np.dstack([STROKE] * 3 + [np.full_like(STROKE, alpha)])
        exactly = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        if kind == "BMP":
            content = bitmap_v5(STROKE, alpha)
        elif kind == "LA":
            content = saved(Image.fromarray(hidden[..., 2:], "LA"), "PNG")
        else:
            content = saved(hidden, kind, **exactly)
        assert distance(content) == 0


def test_an_image_that_lies_in_a_faint_alpha_alone_is_shown():
    faint = np.dstack([np.zeros_like(INK)] * 3 + [INK // 12])
    assert distance(saved(faint, "PNG")) < 1


@pytest.mark.parametrize("transparency", [chunk(b"tRNS", b""), chunk(b"tRNS", b"\0")])
def test_broken_transparency_is_left_aside(transparency):
    assert distance(png_with(STROKE, transparency)) == 0


# Bit depths


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_of_sixteen_bits_those_in_use_count(channels, suffix):
    for bits in [8, 10, 12, 14, 16]:
        wide = (STROKE.astype(np.uint32) * (2**bits - 1) // 255).astype(np.uint16)
        planes = (
            [wide] if channels == 1 else [wide] * 3 + [np.full_like(wide, 65535)] * (channels - 3)
        )
        assert distance(by_opencv(np.dstack(planes).squeeze(), suffix)) < 1


@pytest.mark.parametrize(
    "values",
    [
        (STROKE / 255).astype(np.float32),
        STROKE.astype(np.float32),
        (STROKE / 127.5 - 1).astype(np.float32),
        STROKE.astype(np.float32) * 10 - 1000,
        STROKE.astype(np.float32) * 1e6,
        (STROKE / 255).astype(np.float64),
        np.where(np.arange(STROKE.size).reshape(STROKE.shape) == 7, np.nan, STROKE / 255),
        STROKE.astype(np.int32) * 257,
        STROKE.astype(np.int16) * 10 - 1000,
        (STROKE.astype(np.int16) - 128).astype(np.int8),
    ],
    ids=["0-1", "0-255", "±1", "Hounsfield", "large", "double", "nan", "int32", "int16", "int8"],
)  # fmt: skip
@pytest.mark.parametrize("channels", [1, 3])
def test_whatever_numbers_pixels_are_they_keep_their_shades(values, channels):
    if channels == 3 and not np.issubdtype(values.dtype, np.floating):
        pytest.skip("colours of signed whole numbers are no photos")
    assert distance(by_opencv(np.dstack([values] * channels).squeeze(), ".tiff")) < 1.5


def test_stray_values_do_not_hide_the_rest():
    values = STROKE.astype(np.float32)
    values[0, 0] = -3.4e38
    assert distance(saved(Image.fromarray(values), "TIFF")) < 1.5


# Reduced while they are decoded


@pytest.mark.parametrize(
    "content",
    [
        saved(stroke(1200, 800), "JPEG", quality=95),
        saved(stroke(1200, 800), "JPEG", quality=95, progressive=True),
        saved(Image.fromarray(stroke(1200, 800)).convert("CMYK"), "JPEG", quality=95),
        saved(stroke(1200, 800), "PNG"),
        saved(stroke(1200, 800), "GIF"),
        saved(stroke(1200, 800), "BMP"),
        saved(Image.fromarray(stroke(1200, 800)).convert("RGB"), "WEBP"),
        saved(stroke(1200, 800), "TIFF", compression="tiff_lzw"),
        by_opencv(stroke(1200, 800).astype(np.uint16) * 257, ".png"),
        by_opencv(np.dstack([stroke(1200, 800)] * 3).astype(np.uint16) * 257, ".png"),
    ],
)
def test_no_more_pixels_come_than_are_wanted(content):
    for pixels in [1_000_000, 250_000, 20_000]:
        found = decode_sized(content, pixels)
        height, width = found.image.shape[:2]
        assert (found.width, found.height) == (1200, 800)
        assert pixels / 8 <= height * width <= pixels * 1.1
        assert width / height == pytest.approx(1.5, rel=0.02)
        grey = found.image if found.image.ndim == 2 else found.image[..., 0]
        expected = cv2.resize(stroke(1200, 800), (width, height), interpolation=cv2.INTER_AREA)
        assert np.abs(grey.astype(int) - expected).mean() < 4


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_reduced_image_is_upright(file_format):
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        upright = decode(saved(stroke(600, 400), file_format, exif=exif))
        small = decode_sized(saved(stroke(600, 400), file_format, exif=exif), 30_000)
        height, width = small.image.shape[:2]
        assert (small.height, small.width) == upright.shape[:2]
        expected = cv2.resize(upright, (width, height), interpolation=cv2.INTER_AREA)
        assert np.abs(small.image.astype(int) - expected).mean() < 6


@pytest.mark.parametrize("size", [(1, 9), (9, 1), (1, 20_000), (20_000, 1), (3, 16_001)])
def test_thin_images_stay_whole(size):
    assert decode(empty_png(*size, 8, 0)).shape == size[::-1]
    assert min(decode(empty_png(*size, 8, 2), 2000).shape[:2]) >= 1


# Other formats


@pytest.mark.parametrize(
    ("content", "name", "cure"),
    [
        (heic(), "HEIC", "JPEG"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic" + bytes(99), "HEIC", "JPEG"),
        (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miaf" + bytes(99), "AVIF", "JPEG"),
        (b"\0\0\0\x20ftypmif1\0\0\0\0mif1avifmiaf" + bytes(99), "AVIF", "JPEG"),
        (saved(STROKE, "AVIF"), "AVIF", "JPEG"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(99), "raw", "JPEG"),
        (b"II*\0\x10\0\0\0CR\2\0" + bytes(99), "raw", "JPEG"),
        (b"FUJIFILMCCD-RAW 0201", "raw", "JPEG"),
        (saved(STROKE, "TIFF", tiffinfo={50706: b"\1\4\0\0"}), "raw", "JPEG"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "video", "frame"),
        (b"\x1a\x45\xdf\xa3\x9f\x42", "video", "frame"),
        (b"%PDF-1.7\n1 0 obj", "PDF", "image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript", "PNG"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "SVG", "PNG"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- by hand -->\n<svg></svg>', "SVG", "PNG"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page", "Download"),
        (b"8BPS\0\1" + bytes(99), "Photoshop", "PNG"),
        (saved(STROKE, "ICO"), "icon", "PNG"),
        (saved(STROKE, "JPEG2000"), "JPEG 2000", "PNG"),
        (saved(STROKE, "PPM"), "PNM", "PNG"),
        (b"\xff\x0a" + bytes(99), "JPEG XL", "PNG"),
        (b"PK\x03\x04 a zip archive", "zip", "Take the images out"),
        (b"\x1f\x8b\x08\0", "archive", "Unpack"),
        (b"\x93NUMPY\1\0", "array", "PNG"),
        (bytes(128) + b"DICM", "DICOM", "PNG"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS", "git lfs pull"),
        (b"this is a text that is merely named image.png", "not an image", "PNG"),
        (b"#define x_width 8\nstatic char x_bits[] = {0x1};", "not an image", "PNG"),
        (bytes(1000), "not an image", "PNG"),
    ],
)
def test_other_formats_are_named_with_what_to_do(content, name, cure):
    with pytest.raises(ImageError) as caught:
        decode(content)
    message = str(caught.value)
    assert name in message
    assert cure in message
    assert message.endswith(".") and "\n" not in message and len(message) < 200
