"""A run as a file for other programs: choose a format, see the proof, download."""

import streamlit as st

from core import export, jobs, units
from core.datasets import uploads
from core.errors import StudioError
from core.export import Proof
from core.jobs import Job
from core.runs import Run
from pages.components.shared import html, job_progress, keys, sent

_SAME = 1.0
_USUAL = "The exported file was opened in a process of its own, without the studio."


def show(run: Run) -> None:
    """Everything about exporting one run."""
    formats = {entry.name: entry for entry in export.fitting(run)}
    if not formats:
        st.info(
            "This model was imported and is not exported again: use the file that you imported.",
            icon=":material/info:",
        )
        return
    name = st.selectbox(
        "Format",
        list(formats),
        format_func=lambda name: formats[name].title,
        key=f"{keys.EXPORT_FORMAT}_{run.id}",
        width=380,
        help="For which program or device the file is.",
    )
    st.markdown(formats[name].help)
    settings = {"run": run.id, "format": name}
    if not export.has_samples(run):
        upload = _images(run)
        if not upload:
            return
        settings["upload"] = upload
    last = jobs.latest_export(run, name)
    if last is None or last.ended:
        st.button(
            "Export again" if last and last.state == "done" else "Export",
            type="secondary" if last and last.state == "done" else "primary",
            icon=":material/ios_share:",
            on_click=_start,
            args=(run, settings),
            key=f"export_{run.id}",
            help="Writes the file, then compares its predictions with those of the studio.",
        )
    if last is not None and job_progress.show_unless_done(last):
        _show_result(run, last)


def _start(run: Run, settings: dict[str, str]) -> None:
    """Begin an export; the file of the one before makes room."""
    before = [
        job
        for job in jobs.list_jobs()
        if job.kind == "export"
        and job.ended
        and not job.damaged
        and (job.settings["run"], job.settings["format"]) == (run.id, settings["format"])
    ]
    if not job_progress.start("export", settings):
        return
    for job in before:
        try:
            jobs.delete(job.id)
        except StudioError as error:
            st.toast(html.message(error))


def _images(run: Run) -> str:
    """The id of an upload to prove the export with; an uploader, and an empty id, without one."""
    key = f"{keys.EXPORT_IMAGES}_{run.id}"
    if held := st.session_state.get(key):
        return held
    st.info(
        "This model was trained before the studio stored sample images with each model. To compare "
        "the exported file with the studio, it needs some of your images, best with a folder per "
        "class.",
        icon=":material/info:",
    )
    zipped = st.file_uploader(
        "A zip file of images", max_upload_size=uploads.most_bytes() // 10**6, key=f"{key}_zip"
    )
    st.caption(sent.zip_limits())
    if zipped is None:
        return ""
    try:
        st.session_state[key] = uploads.add_zip(zipped.name, zipped.getvalue()).id
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return ""
    sent.let_go([zipped])
    return st.session_state[key]


def _show_result(run: Run, job: Job) -> None:
    """The proof and the download; each file is read when its button is clicked."""
    path = jobs.exported_file(job)
    try:
        proof = jobs.proof_of(job)
        size = path.stat().st_size
    except (StudioError, OSError) as error:
        reason = html.message(error) if isinstance(error, StudioError) else "Its file is gone."
        st.warning(f"This export cannot be shown. {reason} Export again.", icon=":material/info:")
        return
    _show_proof(proof, size)
    st.download_button(
        f"Download {path.name} ({units.file_size(size)})",
        path.read_bytes,
        path.name,
        "application/zip" if path.suffix == ".zip" else "application/octet-stream",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        key=f"download_{run.id}",
    )


def _show_proof(proof: Proof, size: int) -> None:
    same = round(proof.agreement * proof.images)
    told = f"{proof.images} test images were predicted by the studio and by the exported file. "
    if proof.agreement == _SAME:
        st.success(f"{told}The class is the same for all of them.", icon=":material/verified:")
    else:
        st.warning(
            f"{told}The class is the same for {same} and differs for {proof.images - same}.",
            icon=":material/rule:",
        )
    with st.container(horizontal=True, gap="medium"):
        if proof.accuracy is not None:
            low, high = proof.accuracy_low, proof.accuracy_high
            st.metric(
                "Accuracy on these images",
                html.percent(proof.accuracy),
                f"95 % interval {low * 100:.1f} to {units.percent(high)}",
                "off",
                delta_arrow="off",
                width="content",
                help=f"Of the exported file, on {proof.labelled} images. The studio: "
                f"{units.percent(proof.studio_accuracy)}.",
            )
        st.metric(
            "Largest difference",
            f"{proof.largest_difference:.1g}",
            width="content",
            help="Of a probability, which is 0 to 1.",
        )
        st.metric(
            "Time for one image",
            units.duration(proof.latency_seconds),
            f"studio: {units.duration(proof.studio_latency_seconds)}",
            "off",
            delta_arrow="off",
            width="content",
            help="The median, measured on this machine.",
        )
        st.metric("Size", units.file_size(size), width="content")
    st.caption(f"The images were written as PNG files. {html.plain(proof.how) or _USUAL}")
