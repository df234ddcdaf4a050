"""What the tests of charts share: figures as files."""

import io


def as_file(figure, kind: str = "png") -> bytes:
    """The content of the file that a matplotlib figure is written to."""
    file = io.BytesIO()
    figure.savefig(file, format=kind)
    return file.getvalue()


def is_image(content: bytes, kind: str = "png") -> bool:
    if kind == "svg":
        return b"<svg" in content and content.rstrip().endswith(b"</svg>")
    return content.startswith(b"\x89PNG")
