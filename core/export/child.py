"""The process that writes a file of another format: TensorFlow and scikit-learn stay inside it.

`core.export.exporting` calls `main` in it, with a folder that holds `request.json`. A failure that
a person can understand is written to `error.txt` there.
"""

import json
import traceback
from pathlib import Path

from core.errors import ConversionError, StudioError
from core.export.formats import FORMATS
from core.runs.folder import read_run
from core.runs.samples import read_samples

REQUEST, ERROR = "request.json", "error.txt"


def main(folder: Path) -> int:
    """Write what `request.json` asks for: `run` (its folder), `format`, `path`, `samples`."""
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    try:
        run = read_run(Path(request["run"]))
        entry = FORMATS[request["format"]]
        images = read_samples(Path(request["samples"]), run.card).calibration
        entry.write(run)(run.file(entry.source(run)), Path(request["path"]), images)
    except StudioError as error:
        (folder / ERROR).write_text(str(error), encoding="utf-8")
        return 1
    except Exception as error:  # packages that convert fail in ways of their own
        traceback.print_exc()
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        (folder / ERROR).write_text(
            str(ConversionError(f"The file could not be written: {reason}")), encoding="utf-8"
        )
        return 1
    return 0
