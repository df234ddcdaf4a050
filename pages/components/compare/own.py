"""One of the runs evaluated on your own labelled images: a classification report."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import jobs, labelled
from core.comparison import Compared, run_names
from core.datasets import uploads
from core.datasets.refusals import why
from core.datasets.uploads import Upload
from core.errors import StudioError
from core.evaluation import cautions
from core.images import fit_within
from core.jobs import Job
from core.labelled import Labelled
from core.names import all_shown
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
_SIDE = 300  # pixels of an image as it is shown


def show(found: Sequence[Compared]) -> None:
    """Upload, choose a run, look at the report."""
    chosen.still_there(found)
    names = [html.named(name) for name in found[0].run.card.class_names]
    listed = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
    st.markdown(
        "Evaluate a model on **your** images: put the images of each class in a folder named "
        f"after the class ({listed}), and upload a zip file or a folder."
    )
    upload = _take()
    if upload is None:
        return
    known = {one.id: one for one in found}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = choice.select(keys.LABELLED_RUN, "Model to evaluate", run_names(found), width=380)
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


def _show_report(one: Compared, job: Job, upload: Upload) -> None:
    import pandas as pd

    try:
        found = labelled.load(job.kept, len(one.run.card.class_names))
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
        st.metric(
            "Accuracy on its test set", html.percent(one.evaluation.accuracy), width="content"
        )
        st.metric("Images", f"{len(found.paths):,}", width="content")
    few.show(cautions(found.evaluation, one.run.card.class_names, ""))
    class_report.show(
        f"{one.id}-yours", found.evaluation, all_shown(one.run.card.class_names), "Your images"
    )
    _offer_predictions(one, found)
    _show_misclassified(one, found, upload)
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


def _show_misclassified(one: Compared, found: Labelled, upload: Upload) -> None:
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
    names = all_shown(one.run.card.class_names)
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
    st.html(html.STYLE + html.strip(figures, max(one.run.card.input_shape[:2])))


def _offer_predictions(one: Compared, found: Labelled) -> None:
    """Every image with its file name, true and predicted class, to download."""
    names = one.run.card.class_names
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
    tables.offer_csv("Download the predictions as CSV", columns, rows, f"{one.id}-your-images.csv")
