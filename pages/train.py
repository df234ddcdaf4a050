"""Train a model: choose a dataset and look at it."""

import streamlit as st

from core import datasets, jobs
from core.datasets import DatasetSpec
from core.errors import StudioError
from pages.components import dataset_look, house, html, job_progress, keys, own_pictures

OWN = "+own"  # no dataset can have that name
FIRST_CHOICE = "mnist"


def page() -> None:
    """Which dataset, then what is in it."""
    house.enter()
    jobs.ensure_dispatcher()  # what waited when the studio was closed goes on
    st.title("Train a model", anchor=False)
    st.markdown(
        "A model learns from examples. Choose what it should learn from, and look at the pictures "
        "first: most of what goes wrong later can be seen here."
    )
    name = pick_dataset()
    if name == OWN:
        announce_imports()
        own_pictures.show()
        return
    try:
        spec = datasets.find(name)
        if not spec.is_here():
            offer_download(spec)
        else:
            dataset_look.show(spec)
            if spec.owner == "you":
                offer_delete(spec)
    except StudioError as error:
        st.error(html.plain(str(error)), icon=":material/error:")


def pick_dataset() -> str:
    """The name of a dataset, or `OWN`; the choice is in the address of the page."""
    specs = {spec.name: spec for spec in datasets.list_datasets()}
    options = [*specs, OWN]
    if (coming := st.session_state.pop(keys.NEXT_DATASET, None)) in options:
        st.session_state[keys.DATASET] = coming
    if st.session_state.get(keys.DATASET) not in options:
        asked = st.query_params.get(keys.DATASET, FIRST_CHOICE)
        st.session_state[keys.DATASET] = asked if asked in options else FIRST_CHOICE
    chosen = st.pills(
        "What to learn from",
        options,
        required=True,
        format_func=lambda name: _label(specs.get(name)),
        key=keys.DATASET,
    )
    st.query_params[keys.DATASET] = chosen
    return chosen


def _label(spec: DatasetSpec | None) -> str:
    if spec is None:
        return ":material/add_photo_alternate: Your own pictures"
    title = html.plain(spec.title)
    return title if spec.is_here() else f":material/download: {title}"


def offer_download(spec: DatasetSpec) -> None:
    """What it is, how large, and a button; progress while it comes."""
    st.subheader(spec.title, anchor=False)
    st.markdown(
        f"{spec.summary}  \n**Classes:** {', '.join(spec.class_names)}  \n"
        f"**Source:** {spec.source}  \n**Licence:** {spec.licence}"
    )
    last = job_progress.latest("download", dataset=spec.name)
    if last is not None and not last.ended:
        job_progress.show_running(last.id)
        return
    st.info(
        f"It is not on this machine yet. The download is {spec.download_bytes / 1e6:,.0f} MB.",
        icon=":material/cloud_download:",
    )
    job_progress.show_failure(last)
    st.button(
        "Download it" if last is None else "Try again",
        type="primary",
        icon=":material/download:",
        on_click=start_download,
        args=(spec.name,),
    )


def start_download(name: str) -> None:
    """Queue the download."""
    try:
        jobs.submit("download", {"dataset": name})
    except StudioError as error:
        st.toast(str(error))


def announce_imports() -> None:
    """The last import, if it has just ended well: a button leads to it."""
    done = next((job for job in jobs.list_jobs() if job.kind == "import"), None)
    if done is None or done.state != "done":
        return
    try:
        spec = datasets.find(done.settings["name"])
    except StudioError:
        return  # deleted since
    skipped = done.result.get("skipped", 0)
    left_out = f" {skipped:,} files were left out." if skipped else ""
    with st.container(border=True):
        st.success(
            f"“{html.plain(spec.title)}” is ready: {done.result['pictures']:,} pictures in "
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
    """Choose a dataset from elsewhere on the page."""
    st.session_state[keys.NEXT_DATASET] = name


def offer_delete(spec: DatasetSpec) -> None:
    """Delete an import; asks first."""
    with st.popover("Delete this dataset", icon=":material/delete:"):
        st.markdown(
            f"Delete **{html.plain(spec.title)}** for good? Models trained on it stay, but cannot "
            "be measured again."
        )
        st.button("Yes, delete it", type="primary", on_click=delete, args=(spec.name,))


def delete(name: str) -> None:
    """Remove a dataset and go back to the first choice."""
    try:
        datasets.delete(name)
    except StudioError as error:
        st.toast(str(error))
    st.session_state[keys.NEXT_DATASET] = FIRST_CHOICE


page()
