"""One export from beginning to end: write the file, prove it, put it in place."""

import json
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import drafts, runs, settings, stored
from core.errors import ExportError, disk_sentence, is_disk_error
from core.export import child, own_images, package, programs
from core.export.formats import PACKAGE, Format, find
from core.export.processes import run_process
from core.export.programs import Opening
from core.export.proof import PROOF, Proof, compared, through_export, through_studio, write_images
from core.files import check_target
from core.names import all_shown
from core.progress import Progress, Reporter
from core.runs import Run, Samples
from core.serving import load_predictor
from core.settings import PROJECT_DIR

_CANCELLED = "The export was cancelled; nothing was written."


@dataclass(frozen=True)
class Export:
    """A file that was exported.

    Attributes:
        path: where it is.
        format: one of `FORMATS`.
        bytes: how large it is.
        proof: what the comparison with the studio has found.
    """

    path: Path
    format: str
    bytes: int
    proof: Proof


def export(
    run_id: str,
    format: str,
    out: Path,
    images: Path | None = None,
    report: Reporter = Reporter(cancelled=_CANCELLED),  # noqa: B008 - frozen
) -> Export:
    """Write a run to a file that other programs open, and prove that it predicts the same.

    Args:
        run_id: of the run.
        format: one of `FORMATS`.
        out: the file to write; one that is there is replaced once the new one is whole.
        images: a folder or zip of images to prove it with, and to calibrate on; without it the
            samples are used that the run has stored.
        report: told how far it is; may stop it.

    Raises:
        ExportError: if the run has no such format or no samples, the file is named otherwise or
            cannot be written there, or the result gives no probabilities.
        ConversionError: if the model cannot be converted.
        RunError: if there is no such run, or it is damaged.
        DatasetError: if the folder of images is refused or holds no readable image.
        Cancelled: if it was asked to stop.
    """
    run = runs.load(run_id)
    entry = find(format, run)
    if out.suffix.lower() != entry.suffix:
        raise ExportError(
            f"A file of the format {format} must end in {entry.suffix}. Received: {str(out)!r}."
        )
    try:
        check_target(out)
        if not out.parent.is_dir():
            raise FileNotFoundError(2, "there is no such folder", str(out.parent))
        with drafts.draft(_drafts(), run.id) as folder:
            return _export(run, entry, out, images, folder, report)
    except OSError as error:
        if is_disk_error(error):
            places = (out.parent, settings.current().work_dir)
            raise ExportError(disk_sentence(error, *places)) from error
        reason = error.strerror or str(error)
        raise ExportError(f"{out} cannot be written: {reason}.") from error


def clear_up() -> None:
    """Remove what killed exports have left behind."""
    drafts.sweep(_drafts())
    with suppress(OSError):
        _drafts().rmdir()  # unless another export is at work


def _drafts() -> Path:
    return settings.current().work_dir / "exports"


def _export(
    run: Run, entry: Format, out: Path, images: Path | None, folder: Path, report: Reporter
) -> Export:
    report(Progress("preparing"))
    predictor = load_predictor(run)
    samples = own_images.read(predictor, images, report) if images else _stored_samples(run)
    kit = folder / run.id
    kit.mkdir()
    path = kit / f"model{entry.suffix}"
    if entry.write is not None:
        _write(run, entry, path, samples, report)
    opened = entry.opens(run, path)
    is_package = entry.name == PACKAGE
    _lay_out(run, opened, kit, is_package)
    report(Progress("proving", fraction=0.5))
    studio = through_studio(predictor, samples, prepare=is_package or entry.prove is not None)
    write_images(kit / "proof", samples, studio)
    proven = entry.prove(path, report) if entry.prove else through_export(kit, report)
    about = {
        "run": run.id,
        "format": entry.name,
        "file": out.name,
        "bytes": _size(kit, [path.name] if path.exists() else opened.files),
    }
    proof = compared(about, samples, studio, proven)
    report(Progress("writing", fraction=0.9))
    if is_package:
        stored.write_json(kit / PROOF, proof.as_dict(), indent=2)
        content = package.as_zip(run, opened, proof, kit)
    else:
        content = path.read_bytes()
        content = entry.with_proof(content, proof) if entry.with_proof else content
    stored.write_whole(out, content)
    report.on_progress(Progress("done", fraction=1.0))
    return Export(out, entry.name, len(content), proof)


def _size(kit: Path, names: Iterable[str]) -> int:
    return sum((kit / name).stat().st_size for name in names)


def has_samples(run: Run) -> bool:
    """Whether an export of a run is proven with images that it has stored, itself or a member."""
    return _with_samples(run) is not None


def _with_samples(run: Run) -> Run | None:
    """The run that has stored samples: the run, or of an ensemble the first member that has."""
    candidates = [runs.load(member["id"]) for member in run.card.members] or [run]
    return next((one for one in candidates if runs.SAMPLES in one.card.files), None)


def _stored_samples(run: Run) -> Samples:
    stored_by = _with_samples(run)
    if stored_by is None:
        raise ExportError(
            f"The run {run.id!r} was trained before runs stored sample images, which an export is "
            "proven with. Give a folder of images: `--images FOLDER`, best with a folder per class."
        )
    return stored_by.samples()


def _write(run: Run, entry: Format, path: Path, samples: Samples, report: Reporter) -> None:
    """Write the file in a process of its own.

    Raises:
        ExportError, Cancelled: as `export`.
    """
    folder = path.parent.parent
    request: dict[str, Any] = {
        "run": str(run.folder),
        "format": entry.name,
        "path": str(path),
        "samples": str(runs.write_samples(samples, folder)),
    }
    (folder / child.REQUEST).write_text(json.dumps(request), encoding="utf-8")
    progress = Progress("converting", fraction=0.1)
    code = f"import sys; sys.path.insert(0, {str(PROJECT_DIR)!r}); from core.export import child; "
    code += "from pathlib import Path; sys.exit(child.main(Path('.')))"
    try:
        run_process(["-c", code], folder, report, progress)
    except ExportError as error:
        sentence = folder / child.ERROR
        if sentence.is_file():
            raise ExportError(sentence.read_text(encoding="utf-8")) from error
        raise


def _lay_out(run: Run, opened: Opening, kit: Path, imaging: bool) -> None:
    """Put into a folder what it takes to predict there without the studio."""
    for name, path in opened.files.items():
        if (target := kit / name) != path:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    labels = "".join(f"{name}\n" for name in all_shown(run.card.class_names))
    texts = {
        "labels.txt": labels,
        "model.py": programs.model_program(run, opened),
        "requirements.txt": programs.requirements(opened, imaging),
    }
    contents = {name: text.encode() for name, text in texts.items()} | dict(opened.more)
    if imaging:
        contents |= package.programs()
    for name, content in contents.items():
        (kit / name).parent.mkdir(parents=True, exist_ok=True)
        (kit / name).write_bytes(content)
