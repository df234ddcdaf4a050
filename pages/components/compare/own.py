"""One of the runs evaluated on your own labelled images: a classification report."""

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core import jobs, labelled, runs
from core.comparison import Compared
from core.datasets import uploads
from core.datasets.refusals import why
from core.datasets.uploads import Upload
from core.errors import StudioError
from core.evaluation import cautions
from core.images import fit_within
from core.jobs import Job
from core.labelled import Labelled
from core.names import all_shown
from core.runs import Run
from core.units import percent
from pages.components.compare import cases, chosen
from pages.components.shared import (
    choice,
    class_report,
    deleting,
    few,
    html,
    job_progress,
    keys,
    sent,
    tables,
)

_MOST_MISCLASSIFIED = 24
_TOP = 5
_SIDE = 300  # pixels of an image as it is shown


def show(found: Sequence[Compared]) -> None:
    """Upload, choose a run, look at the report.

    Runs without metrics of ours are offered too: this is how they are measured.
    """
    chosen.still_there(found)
    known = {one.id: one.run for one in found}
    known |= {
        run.id: run for run in runs.list_runs() if run.card.published and not run.card.metrics
    }
    called = runs.names_of(known.values())
    name = choice.select(keys.LABELLED_RUN, "Model to evaluate", called, width=380)
    names = [html.named(name) for name in known[name].card.class_names]
    listed = ", ".join(names[:12]) + (f" and {len(names) - 12:,} more" if len(names) > 12 else "")
    st.markdown(
        "Evaluate a model on **your** images: put the images of each class in a folder named "
        f"after the class ({listed}), and upload a zip file or a folder."
    )
    upload = _take()
    if upload is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        last = jobs.latest("evaluate", upload=upload.id, run=name)
        if last is None or last.ended:
            st.button(
                "Evaluate" if last is None else "Evaluate again",
                type="primary" if last is None else "secondary",
                icon=":material/play_arrow:",
                on_click=job_progress.start,
                args=("evaluate", {"run": name, "upload": upload.id}),
            )
        deleting.confirm(
            "Use other images",
            f"Remove **{html.plain(upload.title)}**? You would have to upload it again.",
            upload.id,
            _forget,
            "Yes, remove it",
        )
    if last is not None and job_progress.show_unless_done(last):
        _show_report(known[name], last, upload)
        _show_others(called, upload)


def _take() -> Upload | None:
    """What was uploaded, also before a reload; an uploader if there is nothing."""
    try:
        upload = uploads.load(st.query_params.get(keys.LABELLED, ""))
    except StudioError:
        upload = None
    if upload is not None:
        size = upload.path.stat().st_size / 1e6
        st.caption(f"{html.plain(upload.title)} is uploaded ({size:,.1f} MB).")
        return upload
    most = uploads.most_bytes() // 10**6
    left, right = st.columns(2)
    with left:
        zipped = st.file_uploader(  # of any type: of what is no zip, the page says what it is
            f"A zip file (up to {most} MB)", max_upload_size=most, key="labelled_zip"
        )
        st.caption(sent.zip_limits())
    with right:
        folder = st.file_uploader(
            "Or a folder that holds the class folders",
            accept_multiple_files="directory",
            max_upload_size=most,
            key="labelled_folder",
        )
        st.caption(sent.image_limits())
    files = [zipped] if zipped else list(folder or [])
    if not files:
        return None
    try:
        if zipped:
            upload = uploads.add_zip(zipped.name, zipped.getvalue())
        else:
            upload = uploads.add((file.name, file.getvalue()) for file in files)
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return None
    sent.let_go(files)
    st.query_params[keys.LABELLED] = upload.id
    st.rerun()


def _forget(upload_id: str) -> None:
    uploads.discard(upload_id)
    st.query_params.pop(keys.LABELLED, None)


def _show_report(run: Run, job: Job, upload: Upload) -> None:
    import pandas as pd

    try:
        found = labelled.load(job.kept, len(run.card.class_names))
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")
        return
    low, high = found.evaluation.accuracy_interval
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Accuracy on your images",
            html.percent(found.evaluation.accuracy),
            f"95 % interval {low * 100:.1f} to {percent(high)}",
            "off",
            delta_arrow="off",
            width="content",
        )
        if len(run.card.class_names) > _TOP:
            st.metric(
                f"Top-{_TOP} accuracy",
                html.percent(found.evaluation.top_k(_TOP)),
                width="content",
                help=f"The class of the image is among the {_TOP} most probable ones.",
            )
        title, accuracy = "Accuracy on its test set", run.card.accuracy
        if accuracy is None and run.card.published:
            title, accuracy = "Published by others", run.card.published.accuracy
        st.metric(title, html.accuracy(accuracy), width="content")
        st.metric("Images", f"{len(found.paths):,}", width="content")
    few.show(cautions(found.evaluation, run.card.class_names, ""))
    class_report.show(
        f"{run.id}-yours", found.evaluation, all_shown(run.card.class_names), "Your images"
    )
    _offer_predictions(run, found)
    _show_misclassified(run, found, upload)
    if found.elsewhere:
        count = html.counted(found.elsewhere, "image")
        st.caption(f"Ignored, because they are in other folders: {count}.")
    if found.others:
        st.caption(html.plain(f"Ignored: {why(found.others)}"))
    if found.refused:
        count = html.counted(len(found.refused), "image")
        st.warning(f"Could not be read: {count}.", icon=":material/info:")
        table = pd.DataFrame(found.refused, columns=["File", "Why"])
        st.dataframe(table, hide_index=True)


def _show_others(called: Mapping[str, str], upload: Upload) -> None:
    """What each model was found to do on these images, if there are several."""
    import pandas as pd

    jobs_done = [jobs.latest("evaluate", upload=upload.id, run=name) for name in called]
    rows = [
        (called[job.settings["run"]], job.result["accuracy"], job.result["images"])
        for job in jobs_done
        if job is not None and job.state == "done"
    ]
    if len(rows) < 2:
        return
    st.subheader("Models on these images", anchor=False)
    table = pd.DataFrame(rows, columns=["model", "accuracy", "images"])
    table = table.sort_values("accuracy", ascending=False)
    st.dataframe(tables.written(table, ["accuracy"]), hide_index=True)
    st.caption("Only models that know the same classes can be compared on all of your images.")


def _show_misclassified(run: Run, found: Labelled, upload: Upload) -> None:
    """The misclassified images with the highest confidence."""
    misclassified = np.flatnonzero(~found.evaluation.right)
    if len(misclassified) == 0:
        return
    confidences = found.evaluation.confidences
    misclassified = cases.surest_first(found.evaluation, misclassified)[:_MOST_MISCLASSIFIED]
    try:
        images = labelled.read(upload.path, [found.paths[i] for i in misclassified])
    except StudioError as error:
        st.info(html.message(error), icon=":material/hide_image:")
        return
    names = all_shown(run.card.class_names)
    st.subheader("Misclassified images, most confident first", anchor=False)
    figures = [
        (
            fit_within(image, _SIDE),
            f"{names[found.evaluation.labels[i]]} → {names[found.evaluation.predictions[i]]}",
            f"{html.percent(float(confidences[i]))}, {found.paths[i]}",
        )
        for i, image in zip(misclassified, images, strict=True)
        if image is not None
    ]
    st.html(html.STYLE + html.strip(figures, max(run.card.input_shape[:2])))


def _offer_predictions(run: Run, found: Labelled) -> None:
    """Every image with its file name, true and predicted class, to download."""
    names = run.card.class_names
    evaluation = found.evaluation
    rows = (
        (path, names[truth], names[prediction], round(float(confidence), 4))
        for path, truth, prediction, confidence in zip(
            found.paths,
            evaluation.labels,
            evaluation.predictions,
            evaluation.confidences,
            strict=True,
        )
    )
    columns = ["file", "true class", "predicted class", "confidence"]
    tables.offer_csv("Download the predictions as CSV", columns, rows, f"{run.id}-your-images.csv")
