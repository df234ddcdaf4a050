import io
import struct
import zlib
from itertools import product

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.images import (
    FITS,
    FORMATS,
    MAX_BYTES,
    decode,
    encode_png,
    pad_image,
    stretch_image,
    to_gray,
    to_rgb,
)

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(height: int = 32, width: int = 48) -> np.ndarray:
    """Four differently coloured quarters: shows every flip, turn and swap of channels."""
    image = np.empty((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = RED
    image[: height // 2, width // 2 :] = GREEN
    image[height // 2 :, : width // 2] = BLUE
    image[height // 2 :, width // 2 :] = WHITE
    return image


def saved(image: np.ndarray | Image.Image, file_format: str, **options) -> bytes:
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, format=file_format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to no pixels."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", size)
        + png_chunk(b"IDAT", zlib.compress(b"\0"))
        + png_chunk(b"IEND", b"")
    )


def bmp_header(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 64, 0, 0, 54, 40, width, height, 1, 24, *[0] * 6)


def assert_refused_in_plain_words(content: bytes, expected: str) -> None:
    with pytest.raises(ImageError, match=expected) as caught:
        decode(content)
    message = str(caught.value)
    assert message[0].isupper()
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 200
    assert "0x" not in message and "Error" not in message


@pytest.mark.parametrize(
    ("file_format", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("GIF", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("TIFF", {"compression": "jpeg"}, 30),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 90}, 30),
        ("JPEG", {"quality": 95, "subsampling": 0}, 6),
        ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 6),
    ],
)
def test_every_format_is_read(file_format, options, tolerance):
    decoded = decode(saved(quarters(), file_format, **options))
    assert decoded.dtype == np.uint8
    assert decoded.shape == (32, 48, 3)
    difference = np.abs(decoded.astype(int) - quarters())
    inside = np.ones((32, 48), bool)
    inside[12:20] = inside[:, 20:28] = False  # lossy formats blur where quarters meet
    assert difference[inside].max() <= tolerance


def test_the_formats_tested_are_all_there_are():
    assert set(FORMATS) == {"PNG", "BMP", "GIF", "TIFF", "WEBP", "JPEG"}


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "BMP", "TIFF"])
def test_a_grey_image_has_two_axes(file_format):
    gray = np.full((16, 24), 90, np.uint8)
    decoded = decode(saved(gray, file_format))
    assert decoded.shape == (16, 24)
    assert np.abs(decoded.astype(int) - 90).max() <= 1


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_an_animation_the_first_frame_is_read(file_format):
    frames = [Image.new("RGB", (20, 10), colour) for colour in (RED, GREEN, BLUE)]
    options = {"lossless": True} if file_format == "WEBP" else {}
    content = saved(frames[0], file_format, save_all=True, append_images=frames[1:], **options)
    assert (decode(content) == RED).all()


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(file_format):
    for orientation, as_stored in [
        (1, lambda upright: upright),
        (2, lambda upright: upright[:, ::-1]),
        (3, lambda upright: upright[::-1, ::-1]),
        (4, lambda upright: upright[::-1]),
        (5, lambda upright: upright.transpose(1, 0, 2)),
        (6, lambda upright: np.rot90(upright, 1)),
        (7, lambda upright: upright[::-1, ::-1].transpose(1, 0, 2)),
        (8, lambda upright: np.rot90(upright, -1)),
    ]:
        stored = Image.fromarray(np.ascontiguousarray(as_stored(quarters())))
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {
            "PNG": {},
            "JPEG": {"quality": 95, "subsampling": 0},
            "WEBP": {"lossless": True},
            "TIFF": {},
        }[file_format]
        decoded = decode(saved(stored, file_format, exif=exif, **options))
        assert decoded.shape == quarters().shape
        corners = np.ix_([4, -4], [4, -4])
        assert np.abs(decoded[corners].astype(int) - quarters()[corners]).max() <= 6


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_transparency_lies_over_white(file_format):
    for pixel, expected in [
        ((0, 0, 0, 0), WHITE),
        ((10, 20, 30, 255), (10, 20, 30)),
        ((0, 0, 0, 128), (127, 127, 127)),
        ((255, 0, 0, 51), (255, 204, 204)),
    ]:
        options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
        decoded = decode(saved(Image.new("RGBA", (6, 5), pixel), file_format, **options))
        assert decoded.shape == (5, 6, 3)
        assert np.abs(decoded.astype(int) - expected).max() <= 1


@pytest.mark.parametrize(
    ("pixel", "expected"), [((0, 0), 255), ((40, 255), 40), ((0, 128), 127), ((255, 0), 255)]
)
def test_grey_with_alpha_lies_over_white(pixel, expected):
    decoded = decode(saved(Image.new("LA", (6, 5), pixel), "PNG"))
    assert decoded.shape[:2] == (5, 6)
    assert np.abs(decoded.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_colour_declared_transparent_is_white(mode):
    black = {"L": 0, "RGB": (0, 0, 0)}[mode]
    image = Image.new(mode, (6, 4), black)
    image.paste({"L": 100, "RGB": RED}[mode], (3, 0, 6, 4))
    decoded = decode(saved(image, "PNG", transparency=black))
    assert (decoded[:, :3] == 255).all()
    assert (decoded[:, 3:] == {"L": 100, "RGB": RED}[mode]).all()


@pytest.mark.parametrize("file_format", ["PNG", "GIF", "BMP", "TIFF"])
def test_a_palette_becomes_its_colours(file_format):
    image = Image.fromarray(quarters()).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    assert (decode(saved(image, file_format)) == quarters()).all()


@pytest.mark.parametrize("file_format", ["PNG", "GIF"])
def test_a_transparent_palette_entry_is_white(file_format):
    image = Image.new("P", (6, 4), 0)
    image.putpalette([*BLUE, *RED])
    image.paste(1, (3, 0, 6, 4))
    decoded = decode(saved(image, file_format, transparency=0))
    assert (decoded[:, :3] == WHITE).all()
    assert (decoded[:, 3:] == RED).all()


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_shades(file_format):
    wide = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    decoded = decode(saved(Image.fromarray(wide), file_format))
    assert decoded.shape == (16, 16)
    assert np.abs(decoded.astype(int) - np.round(wide / 257)).max() <= 1


def test_sixteen_bit_colour_keeps_its_shades():
    wide = quarters().astype(np.uint16)[..., ::-1] * 128  # OpenCV stores BGR
    decoded = decode(cv2.imencode(".png", wide)[1].tobytes())
    assert decoded.shape == (32, 48, 3)
    assert np.abs(decoded.astype(int) - quarters() / 2).max() <= 1


def test_floating_point_pixels_keep_their_shades():
    values = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    decoded = decode(saved(Image.fromarray(values), "TIFF"))
    assert np.abs(decoded.astype(int) - np.arange(256).reshape(16, 16)).max() <= 1


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "BMP"])
def test_one_bit_becomes_black_and_white(file_format):
    mask = np.indices((9, 13)).sum(axis=0) % 2 == 0
    decoded = decode(saved(Image.fromarray(mask), file_format))
    assert decoded.shape == (9, 13)
    assert (decoded == np.where(mask, 255, 0)).all()


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(file_format):
    for colour in [RED, GREEN, BLUE, WHITE, (0, 0, 0)]:
        image = Image.new("RGB", (16, 16), colour).convert("CMYK")
        decoded = decode(saved(image, file_format))
        assert np.abs(decoded.astype(int) - colour).max() <= 6


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (png_header(30_000, 30_000), "too many pixels"),
        (png_header(8_000, 7_000), "too many pixels.*50 million.*8,000 × 7,000"),
        (png_header(100_000, 501), "too many pixels"),
        (png_header(1, 20_001), "at most 20,000 pixels.*1 × 20,001"),
        (png_header(50_000_000, 1), "at most 20,000 pixels.*50,000,000 × 1"),
        (png_header(7_000, 7_000), "for a PNG of this kind: at most .* million.*7,000 × 7,000"),
        (png_header(5_000, 5_000), "damaged or cut off"),
        (bmp_header(30_000, 30_000), "too many pixels"),
        (bmp_header(8_000, 7_000), "too many pixels"),
    ],
)
def test_pixels_are_counted_before_anything_is_decoded(content, expected):
    assert_refused_in_plain_words(content, expected)


@pytest.mark.parametrize("start", [b"", png_header(5, 5), b"\xff\xd8\xff"])
def test_bytes_are_counted_before_anything_is_decoded(start):
    content = start.ljust(MAX_BYTES + 1, b"\0")
    assert_refused_in_plain_words(content, "at most 20 MB.*20.0 MB")


def test_an_empty_file_is_refused():
    assert_refused_in_plain_words(b"", "empty")


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_cut_off_file_is_refused(file_format):
    for kept in [0.3, 0.5, 0.9]:
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        content = saved(noise, file_format)
        assert_refused_in_plain_words(content[: int(len(content) * kept)], "damaged|not an image")


def _damaged_files():
    rng = np.random.default_rng(20)
    image = quarters()
    good = [saved(image, file_format) for file_format in FORMATS]
    good += [
        saved(image, "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
        saved(Image.fromarray(image).convert("P"), "GIF", transparency=0),
        saved(image, "TIFF", compression="tiff_lzw"),
    ]
    for number in range(60):
        yield rng.bytes(int(rng.integers(1, 400)))
        yield good[number % len(good)][:16] + rng.bytes(int(rng.integers(1, 400)))
        flipped = bytearray(good[number % len(good)])
        for _ in range(int(rng.integers(1, 8))):
            flipped[rng.integers(min(len(flipped), 200))] ^= 1 << int(rng.integers(8))
        yield bytes(flipped)
        flipped = bytearray(good[number % len(good)])
        for _ in range(int(rng.integers(1, 30))):
            flipped[rng.integers(len(flipped))] = rng.integers(256)
        yield bytes(flipped)
        whole = good[number % len(good)]
        yield whole[: rng.integers(len(whole))] + whole[rng.integers(len(whole)) :]


def test_damaged_files_never_raise_anything_but_image_errors():
    for content in _damaged_files():
        try:
            decoded = decode(content)
        except ImageError:
            continue
        assert decoded.dtype == np.uint8
        assert decoded.ndim == 2 or decoded.shape[2] == 3


@pytest.mark.parametrize(
    ("shape", "gray_shape", "rgb_shape"),
    [
        ((4, 5), (4, 5), (4, 5, 3)),
        ((4, 5, 1), (4, 5), (4, 5, 3)),
        ((4, 5, 3), (4, 5), (4, 5, 3)),
        ((1, 1), (1, 1), (1, 1, 3)),
    ],
)
def test_images_become_grey_or_coloured(shape, gray_shape, rgb_shape):
    image = np.full(shape, 77, np.uint8)
    assert to_gray(image).shape == gray_shape
    assert to_rgb(image).shape == rgb_shape
    assert (to_gray(image) == 77).all()
    assert (to_rgb(image) == 77).all()


@pytest.mark.parametrize(("colour", "luma"), [(RED, 76), (GREEN, 150), (BLUE, 29), (WHITE, 255)])
def test_grey_weighs_colours_as_the_eye_does(colour, luma):
    """ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B."""
    assert (to_gray(np.full((2, 2, 3), colour, np.uint8)) == luma).all()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 5), np.float32),
        np.zeros((4, 5), np.int64),
        np.zeros((4, 5), bool),
        np.zeros(5, np.uint8),
        np.zeros((4, 5, 4), np.uint8),
        np.zeros((4, 5, 2), np.uint8),
        np.zeros((1, 4, 5, 3), np.uint8),
        np.zeros((0, 5), np.uint8),
        np.zeros((4, 0, 3), np.uint8),
    ],
    ids=lambda image: f"{image.dtype}{image.shape}",
)
def test_what_is_no_image_is_refused(image):
    for function in [to_gray, to_rgb, encode_png]:
        with pytest.raises(ImageError):
            function(image)


@pytest.mark.parametrize("shape", [(7, 9), (7, 9, 3), (1, 1), (1, 300, 3)])
def test_a_png_holds_the_image_it_was_made_from(shape):
    image = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    assert (decode(encode_png(image)) == image).all()


# Fitted to what a model takes

SIZES = [(1, 1), (1, 300), (300, 1), (20, 31), (32, 32), (300, 200), (2, 1000)]


@pytest.mark.parametrize("way", FITS)
def test_every_way_gives_the_size_that_is_wanted(way):
    for size, channels, wanted in product(SIZES, [(), (1,), (3,)], [(32, 32), (24, 40)]):
        image = np.random.default_rng(0).integers(0, 256, (*size, *channels), np.uint8)
        found = FITS[way](image, wanted)
        assert found.dtype == np.uint8
        assert found.shape[:2] == wanted
        assert found.reshape(*wanted, *channels).size == found.size
        assert (FITS[way](found, wanted) == found).all()


@pytest.mark.parametrize("way", FITS)
def test_an_image_of_that_size_stays_as_it_is(way):
    assert FITS[way](quarters(32, 48), (32, 48)) is not None
    assert (FITS[way](quarters(32, 48), (32, 48)) == quarters(32, 48)).all()


@pytest.mark.parametrize("turned", [False, True])
def test_a_padded_image_is_whole_in_the_middle_of_grey(turned):
    wide = quarters(50, 100)
    found = pad_image(wide.swapaxes(0, 1) if turned else wide, (40, 40))
    found = found.swapaxes(0, 1) if turned else found
    assert (found[:10] == 127).all() and (found[30:] == 127).all()
    inside = found[10:30]
    for corner, colour in [((0, 0), RED), ((0, -1), GREEN), ((-1, 0), BLUE), ((-1, -1), WHITE)]:
        assert tuple(inside[corner]) == colour
    assert not (inside == 127).all(axis=2).any()


def test_a_small_image_is_enlarged_before_it_is_padded():
    found = pad_image(np.full((2, 4), 255, np.uint8), (40, 40))
    assert (found[10:30] == 255).all()
    assert (found == 255).sum() == 20 * 40


@pytest.mark.parametrize("size", [(300, 20), (10, 10), (33, 400)], ids=str)
def test_a_stretched_image_shows_all_four_corners(size):
    found = stretch_image(quarters(*size), (40, 40))
    for corner, colour in [((0, 0), RED), ((0, -1), GREEN), ((-1, 0), BLUE), ((-1, -1), WHITE)]:
        assert tuple(found[corner]) == colour


def test_only_what_is_cropped_loses_its_rim():
    image = np.zeros((60, 120), np.uint8)
    image[:, :20] = image[:, -20:] = 255
    assert FITS["crop"](image, (30, 30)).max() == 0
    assert FITS["whole"](image, (30, 30)).max() == 255
    assert FITS["stretch"](image, (30, 30)).max() == 255
