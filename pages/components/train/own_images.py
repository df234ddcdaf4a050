"""Bring in images of your own: a zip, folders, or a path on the machine of the studio."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from core import datasets, jobs
from core.datasets import Choices, sets, uploads
from core.datasets.uploads import Upload
from core.errors import StudioError
from core.jobs import Job, limits
from core.names import MOST_OF_TITLE
from pages.components.shared import deleting, html, job_progress, keys, sent
from pages.components.train import image_sets, import_choices, later

_WAYS = {
    "zip": ":material/folder_zip: A zip file",
    "folder": ":material/folder: Folders",
    "sets": ":material/photo_library: Class by class",
    "path": ":material/dns: A path on this machine",
}
_FOR_MORE = (
    "For larger files, unpack the zip on the machine that runs the studio and enter its path."
)
_HOW = """Put the images of each class in a **folder named after the class**, ten or more in each:

```
pets/
├── cats/   1.jpg  2.jpg  …
└── dogs/   1.jpg  2.jpg  …
```
If you already have a test set, put `train/` and `test/` (and optionally `validation/`) above the
class folders. Otherwise 70 % are used for training, 15 % for validation and
15 % for testing."""


def show() -> None:
    """Upload, look at what would be imported, name it, import it; progress of what is going on."""
    st.subheader("Your own images", anchor=False)
    for job in job_progress.running("import"):
        job_progress.show_running(job.id)
    if keys.IMPORT_WAY not in st.session_state:  # a reload, or back from another page
        st.session_state[keys.IMPORT_WAY] = "sets" if sets.load(_current()) else "zip"
    hint = st.container()
    way = st.segmented_control(
        "Upload as",
        [way for way in _WAYS if way != "path" or not limits.apply()],
        required=True,
        format_func=_WAYS.get,
        key=keys.IMPORT_WAY,
    )
    hint.markdown(image_sets.HOW if way == "sets" else _HOW)
    if way == "path":
        _from_path()
    elif way == "sets":
        image_sets.show(_current(), _offer)
    else:
        _from_browser(way)


def _from_browser(way: str) -> None:
    most = uploads.most_bytes() // 10**6
    turn = st.session_state.setdefault(keys.UPLOADER_TURN, 0)
    if way == "zip":
        file = st.file_uploader(  # of any type: of what is no zip, the page says what it is
            f"A zip file with a folder per class (up to {most} MB)",
            max_upload_size=most,
            key=f"zip_{turn}",
            help=None if limits.apply() else _FOR_MORE,
        )
        st.caption(sent.zip_limits())
        files = [file] if file else []
    else:
        files = st.file_uploader(
            "A folder that holds the class folders, or one class folder after another",
            accept_multiple_files="directory",
            max_upload_size=most,
            key=f"folder_{turn}",
            help="Folders you choose later are added. More than a few thousand images upload "
            "faster as a zip file.",
        )
        st.caption(sent.image_limits())
    if files:
        _take(files, way)
    if upload := _current():
        _offer(upload)


def _take(files: list, way: str) -> None:
    """Put what arrived on disk, where it outlives a reload, and empty the uploader."""
    current = _current()
    if sets.load(current):  # classes that were put together stay as they are for a day
        current = None
    zipped = way == "zip" or (len(files) == 1 and files[0].name.lower().endswith(".zip"))
    try:
        if zipped:
            upload = uploads.add_zip(files[0].name, files[0].getvalue())
        else:
            added_to = current.id if current else ""
            upload = uploads.add(((file.name, file.getvalue()) for file in files), added_to)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return
    if zipped and current:
        uploads.discard(current.id)  # a new zip takes the place of what was there
    sent.let_go(files)
    st.query_params[keys.UPLOAD] = upload.id
    st.session_state[keys.UPLOADER_TURN] += 1
    st.rerun()


def _current() -> Upload | None:
    try:
        return uploads.load(st.query_params.get(keys.UPLOAD, ""))
    except StudioError:
        return None


def _offer(upload: Upload) -> None:
    """What was uploaded, seen through, and the button that imports it."""
    with st.container(border=True):
        size = upload.path.stat().st_size / 1e6
        st.markdown(f"**{html.plain(upload.title)}** is uploaded ({size:,.1f} MB).")
        choices = _look_through(upload.path, upload.id, sets.names(upload))
        last = jobs.latest("import", upload=upload.id)
        if last is None or last.ended:
            _show_failure(last, upload.id)
            if choices is not None:
                _name_and_import(upload.title, {"upload": upload.id}, choices)
        else:
            st.info("The import is running, see above.", icon=":material/hourglass_top:")
        deleting.confirm(
            "Start over",
            f"Remove **{html.plain(upload.title)}** and your choices for it? You would have to "
            "upload it again.",
            upload.id,
            _start_over,
            "Yes, remove it",
        )


def _start_over(upload_id: str) -> None:
    for job in job_progress.running("import"):
        if job.settings.get("upload") == upload_id:
            job_progress.stop(job.id)
    uploads.discard(upload_id)
    import_choices.forget(upload_id)
    st.query_params.pop(keys.UPLOAD, None)


def _look_through(
    path: Path, source: str, names: Mapping[str, str] | None = None
) -> Choices | None:
    """The classes found by the names of the files, and what was decided of them; None if the
    images would be refused."""
    try:
        layout = datasets.inspect(path, import_choices.chosen(source, names or {}))
    except StudioError as error:
        import_choices.show_refusal(error, source)
        return None
    return import_choices.show_layout(layout, source, names or {})


def _from_path() -> None:
    with st.container(border=True):
        text = st.text_input(
            "Path of a folder or zip file on the machine that runs the studio",
            placeholder="/home/me/images/pets",
            key=keys.IMPORT_PATH,
            help="Nothing is uploaded, so this suits large datasets.",
        )
        if not text.strip():
            return
        path = Path(text.strip()).expanduser().absolute()
        choices = _look_through(path, str(path))
        if choices is not None:
            _show_failure(jobs.latest("import", path=str(path)), str(path))
            _name_and_import(path.stem, {"path": str(path)}, choices)


def _show_failure(last: Job | None, source: str) -> None:
    job_progress.show_failure(last)
    if last is not None and last.state == "failed":
        import_choices.offer_leaving_out(last.error, source)


def _name_and_import(title: str, source: dict[str, str], choices: Choices) -> None:
    name = st.text_input(
        "Name of the dataset",
        value=title,
        max_chars=MOST_OF_TITLE,
        key=f"{keys.IMPORT_NAME}_{title}",
        help="Any name you like. On the command line it is written in lower case with hyphens.",
    ).strip()
    problem = _problem_with(name)
    st.button(
        "Import these images",
        type="primary",
        icon=":material/download_for_offline:",
        disabled=bool(problem),
        on_click=later.ask,
        args=(keys.START_IMPORT,),
    )
    if problem:
        st.error(problem, icon=":material/label_off:")
    if later.asked(keys.START_IMPORT) and not problem:
        settings = {**source, "name": datasets.id_of(name), "title": name}
        if chosen := choices.to_mapping():
            settings["choices"] = chosen
        _submit(settings)


def _problem_with(name: str) -> str:
    """Why a dataset cannot be called that; empty if it can."""
    if problem := html.refusal(datasets.free_id, name):
        return problem
    if any(job.settings["name"] == datasets.id_of(name) for job in job_progress.running("import")):
        return html.plain(f"{name!r} is already being imported. Choose another name.")
    return ""


def _submit(settings: dict[str, Any]) -> None:
    if job_progress.start("import", settings):
        st.rerun()  # its progress is shown further up
