"""Run the notebooks and keep what they show: `python notebooks/execute.py [NAME…]`.

A name is the beginning of a file's name, such as `01`; without one, all are run.
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
LONGEST = 900  # seconds that one cell may take
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebooks(*names: str) -> list[Path]:
    """Those whose names begin with one of `names`, in order; all of them if there are none."""
    return sorted(path for path in FOLDER.glob("*.ipynb") if path.name.startswith(names or ("",)))


def run(path: Path) -> nbformat.NotebookNode:
    """The notebook as it is after a fresh kernel has run it; the file stays as it is.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(
        notebook,
        timeout=LONGEST,
        kernel_name="python3",
        resources=resources,
        coalesce_streams=True,
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
    ).execute()
    return cleaned(notebook)


def cleaned(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The same without anything about when and where it was run."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.NotebookNode()
    return notebook


def main(names: list[str]) -> int:
    """Run and write; the exit status."""
    found = notebooks(*names)
    if not found:
        sys.stderr.write(f"There is no notebook named {' or '.join(names)} in {FOLDER.name}/.\n")
        return 2
    for path in found:
        begun = time.perf_counter()
        notebook = run(path)
        nbformat.write(notebook, path)
        seconds, size = time.perf_counter() - begun, path.stat().st_size
        sys.stdout.write(f"{path.name}: {seconds:.0f} s, {size / 1e3:.0f} kB\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
