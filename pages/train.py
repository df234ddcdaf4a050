"""Train a model in three steps: Images, Model, Runs (`components/train/steps`).

From `components/train/`: Images are `dataset_look`, `own_images` and `image_sets`; Model is
`model_form`, `backbone`, `augmentation_preview` and `starting`; Runs are `training_view` (a job
that runs), `trained` (the list) and `run_view` (a trained model).
"""

import streamlit as st

from core import datasets, jobs, visitors
from core.datasets import DatasetSpec
from core.errors import StudioError
from core.jobs import limits
from core.models import OWN_PHOTOS, first_choice
from pages.components.shared import broken, deleting, html, job_progress, keys, url, welcome
from pages.components.train import (
    backbone,
    dataset_look,
    model_form,
    own_images,
    starting,
    steps,
    trained,
    training_view,
)

OWN = "+own"  # no dataset can have that name


def page() -> None:
    """Images, model, runs: one step at a time."""
    jobs.ensure_dispatcher()  # jobs that waited when the studio was closed start now
    welcome.show("train", steps.is_first())
    step = steps.pick()
    if step == "runs":
        trained.show()
        return
    announce_running()
    name = pick_dataset()
    try:
        if name == OWN:
            announce_imports()
            own_images.show()
        elif not datasets.find(name).is_here():
            offer_download(datasets.find(name))
        elif step == "data":
            look_at(datasets.find(name))
        else:
            set_up(datasets.find(name))
    except StudioError as error:
        st.error(html.message(error), icon=":material/error:")


def look_at(spec: DatasetSpec) -> None:
    """What is in the dataset; most of what fails later can be seen here."""
    st.button(
        "Next: choose a model",
        type="primary",
        icon=":material/arrow_forward:",
        on_click=steps.go_to,
        args=("model",),
    )
    dataset_look.show(spec)
    if spec.owner != visitors.STUDIO:
        offer_delete(spec)


def set_up(spec: DatasetSpec) -> None:
    """Model, hyperparameters, start."""
    chosen = dataset_look.chosen_fraction(spec)
    images = spec.training_images(chosen)
    st.caption(
        f"**{html.plain(spec.title)}**: about {images:,} training images, "
        f"{len(spec.class_names)} classes. The validation fraction is set in step 1."
    )
    dataset_look.say_few(spec, chosen)
    model = model_form.pick_model(spec)
    if not backbone.offer_download(model.backbone):
        return
    start = st.container()
    form = model_form.show(spec, chosen)
    with start:
        starting.show(spec, form)
    starting.show_script(form.config)


def announce_running() -> None:
    """A line about training jobs that run meanwhile."""
    if running := job_progress.running("train"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/model_training: {html.plain(training_view.title(running[0]))}")
            st.button("Watch it learn", on_click=steps.go_to, args=("runs",))


def pick_dataset() -> str:
    """The name of a dataset, or `OWN`; the choice is in the URL."""
    demo = limits.apply()  # which downloads nothing
    specs = {spec.name: spec for spec in datasets.list_datasets() if spec.is_here() or not demo}
    options = [*specs, OWN]
    url.recall(keys.DATASET, options, datasets.first_choice().name, keys.NEXT_DATASET)
    chosen = st.pills(
        "Dataset",
        options,
        required=True,
        format_func=lambda name: _label(specs.get(name)),
        key=keys.DATASET,
    )
    url.note(keys.DATASET, chosen, datasets.first_choice().name)
    broken.show_datasets()
    deleting.offer_undo("dataset")
    return chosen


def _label(spec: DatasetSpec | None) -> str:
    if spec is None:
        return ":material/add_photo_alternate: Your own images"
    title = html.plain(spec.title)
    return title if spec.is_here() else f":material/download: {title}"


def offer_download(spec: DatasetSpec) -> None:
    """What it is, how large, and a button; progress while it comes."""
    st.subheader(html.plain(spec.title), anchor=False)
    st.markdown(
        f"{spec.summary}  \n**Classes:** {', '.join(spec.class_names)}  \n"
        f"**Source:** {spec.source}  \n**Licence:** {spec.licence}"
    )
    last = jobs.latest("download", dataset=spec.name)
    if last is not None and not last.ended:
        job_progress.show_running(last.id)
        return
    size = f"{spec.download_bytes / 1e6:,.0f} MB"
    st.info(
        f"This dataset is not on this machine yet. The download is {size}.",
        icon=":material/cloud_download:",
    )
    job_progress.show_failure(last)
    st.button(
        "Download" if last is None else "Try again",
        type="primary",
        icon=":material/download:",
        on_click=job_progress.start,
        args=("download", {"dataset": spec.name}),
    )


def announce_imports() -> None:
    """The last import, if it has just ended well: a button leads to it."""
    imports = (job for job in jobs.list_jobs() if job.kind == "import" and not job.damaged)
    done = next(imports, None)
    if done is None or done.state != "done" or not {"images", "classes"} <= done.result.keys():
        return
    try:
        spec = datasets.find(done.settings["name"])
    except StudioError:
        return  # deleted since
    skipped = done.result.get("skipped", 0)
    left_out = f" {skipped:,} files were left out." if skipped else ""
    with st.container(border=True):
        st.success(
            f"“{html.plain(spec.title)}” is ready: {done.result['images']:,} images in "
            f"{done.result['classes']} classes.{left_out}",
            icon=":material/check_circle:",
        )
        st.button(
            "Look at it",
            type="primary",
            icon=":material/visibility:",
            on_click=go_to,
            args=(spec.name,),
        )


def go_to(name: str) -> None:
    """Choose images that were just imported, and the model that needs fewest of them."""
    st.session_state[keys.NEXT_DATASET] = name
    st.session_state[keys.NEXT_MODEL] = first_choice(OWN_PHOTOS).name


def offer_delete(spec: DatasetSpec) -> None:
    """Delete an import; asks first."""
    deleting.confirm(
        "Delete this dataset",
        f"Delete **{html.plain(spec.title)}**? Models trained on it stay, but cannot be evaluated "
        "again.",
        spec.name,
        delete,
    )


def delete(name: str) -> None:
    """Remove a dataset and go back to the first choice; raises `DatasetError` if it cannot be."""
    datasets.set_aside(name)
    st.session_state[keys.NEXT_DATASET] = datasets.first_choice().name


page()
