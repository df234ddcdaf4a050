"""Write the reference pages of docs/ and the README's results from the registries in the code.

python docs/generate.py     (or: make docs)
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
if str(FOLDER.parent) not in sys.path:
    sys.path.insert(0, str(FOLDER.parent))

from docs.reference import cli, datasets, models, operations, results, settings  # noqa: E402

FIRST_LINE = "<!-- made by docs/generate.py; do not edit -->"


def pages() -> dict[str, str]:
    """The text of every reference page, by the name of its file in docs/."""
    written = {
        "datasets.md": datasets.page(),
        "models.md": models.page(),
        "operations.md": operations.page(),
        "cli.md": cli.page(),
        "settings.md": settings.page(),
    }
    return {name: f"{FIRST_LINE}\n\n{text}" for name, text in written.items()}


def main() -> None:
    """Write the pages and the README's results, and say which of them have changed."""
    readme = FOLDER.parent / "README.md"
    texts = {FOLDER / name: text for name, text in pages().items()}
    texts[readme] = results.put_into(readme.read_text(encoding="utf-8"))
    for path, text in texts.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(FOLDER.parent)}\n")


if __name__ == "__main__":
    main()
