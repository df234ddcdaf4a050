"""A copy of the studio that a how-to is followed in, so that nothing is added to the studio itself.

What a how-to says is done to the files of the copy, and the copy is then used as anybody would.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.settings import PROJECT_DIR

COPIED = ("core", "pages", "docs", "app.py", "pyproject.toml", ".streamlit", "README.md")
BLOCK = re.compile(
    r"^.*(?:at the end of|in a new file) `((?:core|pages)/[\w/]+\.py)`.*\n"
    r"```python\n((?:.*\n)+?)```$",
    re.MULTILINE | re.IGNORECASE,
)


def blocks(how_to: str) -> list[tuple[str, str]]:
    """The blocks of code of a how-to: the file each belongs in, at its end, and the code."""
    text = (PROJECT_DIR / "docs" / how_to).read_text(encoding="utf-8")
    found = BLOCK.findall(text)
    assert found and len(found) == text.count("```") / 2, (
        "every block of code says where it belongs"
    )
    return found


@dataclass(frozen=True)
class StudioCopy:
    """A copy of the studio, with empty folders for all that it makes."""

    folder: Path

    def follow(self, how_to: str) -> None:
        """Do what the how-to says."""
        for place, code in blocks(how_to):
            path = self.folder / place
            before = f"{path.read_text(encoding='utf-8')}\n\n" if path.exists() else ""
            path.write_text(f"{before}{code}", encoding="utf-8")

    def python(self, *arguments: str) -> str:
        """Run Python in it; what it printed."""
        made = {name: str(self.folder / "made" / name) for name in ("RUNS", "WORK", "DATA")}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **{f"STUDIO_{name}_DIR": made[name] for name in made}},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def core(self, *arguments: str) -> Any:
        """The JSON that `python -m core …` prints."""
        return json.loads(self.python("-m", "core", *arguments))


def copy_studio(folder: Path) -> StudioCopy:
    """Copy the studio without what it has made."""
    for name in COPIED:
        path = PROJECT_DIR / name
        if path.is_dir():
            images = ["images"] if name == "docs" else []  # nobody looks at them
            leave_out = shutil.ignore_patterns("__pycache__", *images)
            shutil.copytree(path, folder / name, ignore=leave_out)
        else:
            shutil.copy(path, folder / name)
    (folder / "saved_models").symlink_to(PROJECT_DIR / "saved_models")
    (folder / "made").mkdir()
    return StudioCopy(folder)
