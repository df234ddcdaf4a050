"""Formats told apart by how a file begins, whatever its name says; a cure for those not read."""

import re

from core.errors import ImageError

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
SUFFIXES = (
    *(".png", ".apng"),
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".pjpeg", ".pjp", ".mpo"),
    *(".gif", ".bmp", ".dib", ".webp", ".tif", ".tiff"),
)
ALLOWED = "PNG, JPEG, GIF, BMP, WebP and TIFF images can be read"

_BEGINNINGS = (
    (rb"\x89PNG\r\n\x1a\n", "PNG"),
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"GIF8[79]a", "GIF"),
    (rb"BM", "BMP"),
    (rb"RIFF....WEBP", "WEBP"),
    (rb"II\*\0(?!.{4}CR)|MM\0\*|II\+\0|MM\0\+", "TIFF"),
)

_AS_JPEG = "Open it and export it as JPEG or PNG."
_PHOTO_CURE = (
    "Export it as JPEG; iPhones take JPEGs with Settings › Camera › Formats › Most Compatible."
)
_RAW_CURE = "Develop it: export it as JPEG from the camera's or a photo program."
RAW = f"The file is a camera's raw file, which cannot be read. {_RAW_CURE}"
_HEIF = rb"....ftyp(?:hei[cfmsx]|hev[cmsx]|mif1|msf1|miaf)"

# how a file begins, what it is, what to do
_OTHERS = (
    (rb"....ftyp(?:avif|avis|(?:mif1|miaf|msf1).{4}.{0,40}avi[fs])", "an AVIF image", _AS_JPEG),
    (_HEIF, "a HEIC image, as iPhones take them", _PHOTO_CURE),
    (rb"....ftypcrx |II\*\0.{4}CR|IIRO|IIRS|MMOR|IIU\0|FUJIFILMCCD-RAW|\0MRM", "", ""),
    (rb"....ftyp|\x1a\x45\xdf\xa3|RIFF....AVI |....moov|\0\0\x01\xba", "a video", "Save one of its "
     "frames as JPEG or PNG."),
    (rb"%PDF", "a PDF document", "Save its page as an image, or take a screenshot of it."),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript drawing", _AS_JPEG),
    (rb"8BPS", "a Photoshop document (PSD)", _AS_JPEG),
    (rb"gimp xcf", "a GIMP document (XCF)", _AS_JPEG),
    (rb"\0\0[\x01\x02]\0[^\0]|icns", "an icon", _AS_JPEG),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 image", _AS_JPEG),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL image", _AS_JPEG),
    (rb"II\xbc", "a JPEG XR image", _AS_JPEG),
    (rb"P[1-7fF]\s", "a PNM image", _AS_JPEG),
    (rb"v/1\x01|#\?RAD", "an HDR image", _AS_JPEG),
    (rb"DDS |qoif|BPG\xfb|FLIF", "an image of a rare format", _AS_JPEG),
    (rb".{128}DICM", "a DICOM image", _AS_JPEG),
    (rb"\x93NUMPY|\x89HDF", "an array, not an image", "Save each image as PNG."),
    (rb"PK(?:\x03\x04|\x05\x06)", "a zip file or an Office document", "Take the images out of it."),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ", "an archive", "Unpack it first."),
    (rb"\0\x05\x16\x07", "a file in which macOS keeps notes on another", "Take the file it is of."),
    (rb"ID3|\xff\xfb|OggS|fLaC|RIFF....WAVE", "a sound", "Bring an image."),
    (rb"version https://git-lfs", "a pointer of Git LFS", "Fetch the file: `git lfs pull`."),
)  # fmt: skip
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
_HTML = re.compile(rb"\s*<(?:!doctype html|html|head|body)", re.IGNORECASE)


def format_of(content: bytes) -> str:
    """Which of `FORMATS` a file is of, by its first bytes.

    Raises:
        ImageError: if it is of none; the message names the format and what to do.
    """
    for beginning, name in _BEGINNINGS:
        if re.match(beginning, content, re.DOTALL):
            return name
    raise ImageError(_what_it_is(content))


def _what_it_is(content: bytes) -> str:
    start = content[:4096].removeprefix(b"\xef\xbb\xbf")
    for beginning, name, cure in _OTHERS:
        if re.match(beginning, start, re.DOTALL):
            return f"The file is {name}, which cannot be read. {cure}" if name else RAW
    if _HTML.match(start):
        return (
            "The file is a web page, not an image. Download the image itself: open it in a tab of "
            "its own and save it."
        )
    if _SVG.search(start):
        return f"The file is an SVG drawing, which cannot be read. {_AS_JPEG}"
    return f"The file is not an image the studio knows, whatever its name says. {ALLOWED}."


def damaged(name: str) -> ImageError:
    """The error for a file that begins like one of `FORMATS` and ends too soon, or holds nonsense.

    Args:
        name: of the format.
    """
    return ImageError(
        f"The {_as_written(name)} image is damaged or cut off and cannot be read. "
        "Copy it again, or save it anew in another program."
    )


def rare(name: str) -> ImageError:
    """The error for a sound file of one of `FORMATS` whose kind of pixels is not known.

    Args:
        name: of the format.
    """
    return ImageError(f"This kind of {_as_written(name)} image cannot be read. {_AS_JPEG}")


def _as_written(name: str) -> str:
    return "WebP" if name == "WEBP" else name
