"""Import a model that was trained elsewhere: choose the file, describe it, follow the job."""

from pathlib import Path

import streamlit as st

from core import foreign, jobs, runs
from core.datasets import uploads
from core.datasets.uploads import Upload
from core.errors import StudioError
from core.foreign import CHOICES, PACKAGE, SUFFIXES, TITLES, Found
from core.jobs import Job
from core.names import MOST_OF_TITLE
from core.settings import current
from pages.components.shared import html, job_progress, keys, sent

_KIND = "import-model"
_PLACEHOLDER = "cat\ndog\n…"


def show() -> None:
    """The import in an expander, open while an import runs or a file was uploaded."""
    job = _latest()
    _announce(job)
    busy = job is not None and job.state != "done"
    place = st.expander(
        "Import a model",
        icon=":material/upload_file:",
        expanded=busy or keys.MODEL_UPLOAD in st.query_params,
        key=keys.IMPORT_MODEL,
        on_change="rerun",
    )
    if not place.open:
        return
    with place:
        if current().public:
            _say_refused()
            return
        if job is not None and not job.ended:
            job_progress.show_running(job.id)
            return
        if job is not None:
            job_progress.show_failure(job)
        _choose()


def _say_refused() -> None:
    try:
        foreign.check_allowed()
    except StudioError as error:
        st.info(html.message(error), icon=":material/info:")


def _latest() -> Job | None:
    return next((j for j in jobs.list_jobs() if j.kind == _KIND and not j.damaged), None)


def _announce(job: Job | None) -> None:
    """Show the run of the import that has just ended, the first time it is seen."""
    if job is None or job.state != "done" or "run" not in job.result:
        st.session_state.setdefault(keys.SEEN_IMPORT, "")
        return
    known = job.id if keys.SHOWN_RUN in st.query_params else ""
    if st.session_state.setdefault(keys.SEEN_IMPORT, known) == job.id:
        return
    st.session_state[keys.NEXT_RUN] = job.result["run"]
    st.session_state[keys.SEEN_IMPORT] = job.id
    st.session_state[keys.IMPORT_MODEL] = False  # it was folded out to import this one
    st.query_params.pop(keys.MODEL_UPLOAD, None)


def _choose() -> None:
    """The file, and what has to be said of it."""
    st.markdown(
        "Bring a model that was trained elsewhere: a **package** exported from another studio, or "
        "an image classifier as **Keras** (.keras, .h5), **TensorFlow Lite** (.tflite) or **ONNX** "
        "file. It runs in a process of its own, with limits on memory and time."
    )
    upload = _upload()
    if upload is None:
        return
    try:
        found = foreign.look(upload.path)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        st.button("Choose another file", on_click=_forget, args=(upload.id,))
        return
    st.caption(f"{html.named(found.name)} is uploaded ({TITLES[found.format]}).")
    _describe(upload, found)


def _upload() -> Upload | None:
    """What was uploaded, also before a reload; an uploader if there is nothing."""
    try:
        return uploads.load(st.query_params.get(keys.MODEL_UPLOAD, ""))
    except StudioError:
        pass
    file = st.file_uploader(
        "Model", max_upload_size=uploads.most_bytes() // 10**6, key=f"{keys.MODEL_UPLOAD}_file"
    )
    st.caption(
        f"One file: .zip, {', '.join(SUFFIXES)}, up to {uploads.most_bytes() // 10**6} MB. Larger "
        "files are imported with the command `python -m core import-model`."
    )
    if file is None:
        return None
    try:
        if Path(file.name).suffix.lower() in SUFFIXES:
            upload = uploads.add([(Path(file.name).name, file.getvalue())])
        else:
            upload = uploads.add_zip(file.name, file.getvalue())
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return None
    sent.let_go([file])
    st.query_params[keys.MODEL_UPLOAD] = upload.id
    st.rerun()


def _describe(upload: Upload, found: Found) -> None:
    title = st.text_input(
        "Name",
        _free_title(Path(found.name).stem[: MOST_OF_TITLE - 5]),
        max_chars=MOST_OF_TITLE,
        key=f"{keys.MODEL_NAME}_{upload.id}",
        help="Any name you like.",
    ).strip()
    settings = {"name": title, "upload": upload.id}
    problem = html.refusal(runs.free_id, title)
    if found.format != PACKAGE:
        settings |= _description(upload)
        problem = problem or _problem(settings)
    with st.container(horizontal=True):
        st.button(
            "Import",
            type="primary",
            icon=":material/download_done:",
            disabled=bool(problem),
            on_click=_start,
            args=(settings,),
            key=f"import_model_{upload.id}",
        )
        st.button("Choose another file", on_click=_forget, args=(upload.id,))
    if problem:
        st.info(problem, icon=":material/info:")


def _free_title(stem: str) -> str:
    """A name that nothing has yet."""
    titles = (stem, *(f"{stem} {number}" for number in range(2, 100)))
    return next((title for title in titles if not html.refusal(runs.free_id, title)), stem)


def _description(upload: Upload) -> dict:
    """What a person says of the model: the settings of the job."""
    names = st.text_area(
        "Class names",
        placeholder=_PLACEHOLDER,
        key=f"{keys.MODEL_CLASSES}_{upload.id}",
        help="One a line, in the order of the model's outputs.",
    )
    said = {}
    said["preprocessing"] = _pick("preprocessing", upload)
    said["pixels"] = _pick("pixels", upload)
    with st.expander("More about the input and output"):
        said["size"] = st.text_input(
            "Height x width x channels",
            placeholder="as the file says",
            key=f"{keys.MODEL_SIZE}_{upload.id}",
            help="For example 224x224x3; 1 channel for grey images. Only needed if the file does "
            "not say it.",
        ).strip()
        for name in CHOICES:
            if name not in said:
                said[name] = _pick(name, upload)
    return {
        "classes": list(foreign.parsed_classes(names)),
        "input": {name: value for name, value in said.items() if value},
    }


def _pick(name: str, upload: Upload) -> str:
    choice = CHOICES[name]
    return st.selectbox(
        choice.title,
        list(choice.values),
        format_func=choice.values.get,
        key=f"model_{name}_{upload.id}",
        help=choice.help,
    )


def _problem(settings: dict) -> str:
    try:
        foreign.Description.from_mapping(settings["input"], settings["classes"])
    except StudioError as error:
        return html.message(error)
    return ""


def _start(settings: dict) -> None:
    job_progress.start(_KIND, settings)


def _forget(upload_id: str) -> None:
    uploads.discard(upload_id)
    st.query_params.pop(keys.MODEL_UPLOAD, None)
