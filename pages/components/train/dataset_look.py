"""Look at a dataset before training: samples, how many of each class, sizes, the split."""

import streamlit as st

from core import datasets, plots, visitors
from core.datasets import DatasetSpec, Overview
from core.errors import StudioError
from core.names import all_shown
from core.units import round_percent
from pages.components.shared import few, html, keys, tables

_SAMPLES = 10
_MOST_CLASSES = 12  # more than this and one chooses which to see


def show(spec: DatasetSpec) -> None:
    """Everything about a dataset that is on this machine."""
    _about(spec)
    split = _validation_fraction(spec)
    look = _overview(spec.name, split, _version(spec))
    views = {
        "Samples": lambda: show_gallery(look),
        "Classes and split": lambda: show_counts(look),
        "Image sizes": lambda: show_sizes(look),
    }
    if spec.owner != visitors.STUDIO or look.skipped:
        views[f"Left out ({len(look.skipped):,})"] = lambda: show_left_out(look)
    else:
        views["Source"] = lambda: show_source(spec)
    tabs = st.tabs(list(views), key=f"{keys.LOOK}_{spec.name}", on_change="rerun")
    for tab, show_view in zip(tabs, views.values(), strict=True):
        if tab.open:
            with tab:
                show_view()


def _about(spec: DatasetSpec) -> None:
    total = spec.train_size + spec.test_size
    st.subheader(html.plain(spec.title), anchor=False)
    st.markdown(html.plain(spec.summary))
    with st.container(horizontal=True, gap="medium"):
        st.metric("Images", f"{total:,}", width="content")
        st.metric("Classes", len(spec.class_names), width="content")
        height, width, channels = spec.input_shape
        colour = "grey" if channels == 1 else "colour"
        st.metric("Model input", f"{width}×{height} {colour}", width="content")


def _version(spec: DatasetSpec) -> str:
    """Changes when something else is stored under the same name."""
    created = datasets.created(spec.name)
    return f"{spec.train_size} {spec.test_size} {spec.title} {created}"


def say_few(spec: DatasetSpec, split: float | None) -> None:
    """Say so where the validation or test set of somebody's own images is small."""
    if spec.owner != visitors.STUDIO:
        few.show(_few(spec.name, split, _version(spec)))


@st.cache_data(show_spinner=False, max_entries=50)
def _few(name: str, split: float | None, version: str) -> list[str]:
    dataset = datasets.load(name, split)
    return datasets.few_images_of(dataset.class_names, dataset.counts())


@st.cache_data(show_spinner="Loading the images …", max_entries=8)
def _overview(name: str, split: float | None, version: str) -> Overview:
    return datasets.overview(name, split, _SAMPLES)


def _validation_fraction(spec: DatasetSpec) -> float | None:
    """The fraction of the training images for validation; None if the dataset decides."""
    if spec.validation_fraction == 0:
        return None
    usual = spec.validation_fraction
    chosen = chosen_fraction(spec) or usual
    return st.select_slider(
        "Validation fraction",
        sorted({0.05, 0.1, 0.2, 0.3, usual, chosen}),
        chosen,
        format_func=lambda split: (
            round_percent(round(split, 2)) + (" (default)" if split == usual else "")
        ),
        key=_fraction_key(spec),
        on_change=_note_fraction,
        args=(spec,),
        help="The fraction of the training images that is used for validation. The model does not "
        "learn from these: they show during training whether it improves on images it has not "
        "seen. The test images stay untouched until the end.",
    )


def chosen_fraction(spec: DatasetSpec) -> float | None:
    """The validation fraction chosen, also before a reload; None for the default."""
    try:
        split = float(st.query_params.get(keys.VALIDATION_FRACTION, ""))
        datasets.check_fraction(spec, split)
    except (ValueError, StudioError):
        return None
    return split if spec.validation_fraction else None


def choose_fraction(dataset: str, split: float | None) -> None:
    """Use that validation fraction from now on; the default of the dataset is not noted."""
    try:
        usual = datasets.find(dataset).validation_fraction
    except StudioError:  # deleted since
        usual = None
    if split and split != usual:
        st.query_params[keys.VALIDATION_FRACTION] = str(split)
    else:
        st.query_params.pop(keys.VALIDATION_FRACTION, None)


def _fraction_key(spec: DatasetSpec) -> str:
    return f"{keys.VALIDATION_FRACTION}_{spec.name}"


def _note_fraction(spec: DatasetSpec) -> None:
    choose_fraction(spec.name, st.session_state[_fraction_key(spec)])


def show_gallery(look: Overview) -> None:
    """A row of training images for each class."""
    names = all_shown(look.class_names)
    if len(names) > _MOST_CLASSES:
        names = st.multiselect(
            "Classes to show", names, names[:_MOST_CLASSES], key=f"{keys.SHOWN_CLASSES}_{look.name}"
        )
    rows = [
        (name, int(look.per_class[label]), look.samples[label])
        for label, name in enumerate(all_shown(look.class_names))
        if name in names
    ]
    st.html(html.STYLE + html.gallery(rows))
    st.caption("A few training images of each class.")


def show_counts(look: Overview) -> None:
    """How many images each class has and how they are split."""
    import pandas as pd

    if warning := look.balance():
        st.warning(html.plain(warning), icon=":material/balance:")
    else:
        st.success("The classes are balanced.", icon=":material/balance:")
    few.show(look.few())
    totals = look.counts.sum(1)
    splits = (
        ("Training", "to learn from"),
        ("Validation", "to check during training"),
        ("Test", "to evaluate at the end"),
    )
    with st.container(horizontal=True, gap="medium"):
        for (title, use), total in zip(splits, totals, strict=True):
            share = html.percent(total / totals.sum())
            st.metric(
                title, f"{total:,}", f"{share}, {use}", "off", delta_arrow="off", width="content"
            )
    st.altair_chart(plots.class_counts(look), width="stretch")
    table = st.expander("Show as a table", key=f"{keys.COUNTS}_{look.name}", on_change="rerun")
    if table.open:
        with table:
            columns = dict(zip(plots.SPLIT_NAMES, look.counts, strict=True))
            names = all_shown(look.class_names)
            counts = pd.DataFrame({"class": names, **columns, "all": look.per_class})
            st.dataframe(counts, hide_index=True)


def show_sizes(look: Overview) -> None:
    """How large the images are."""
    st.markdown(look.sizes())
    if len(look.heights) > 1:
        st.altair_chart(plots.image_sizes(look), width="stretch")


def show_source(spec: DatasetSpec) -> None:
    """Where a dataset of the studio comes from."""
    st.markdown(f"**Source:** {spec.source}  \n**Licence:** {spec.licence}")


def show_left_out(look: Overview) -> None:
    """Files that were left out of an import, and why."""
    import pandas as pd

    for note in look.notes:
        st.info(html.plain(note), icon=":material/info:")
    if look.ignored:
        st.caption(f"{look.ignored:,} hidden files of operating systems were ignored.")
    if not look.skipped:
        st.success("Every image was imported. None was damaged or a duplicate.")
        return
    st.markdown(f"**{len(look.skipped):,} files were left out.** All others were imported.")
    table = pd.DataFrame(look.skipped, columns=["file", "why"])
    st.dataframe(
        table,
        hide_index=True,
        column_config={"file": "File", "why": st.column_config.TextColumn("Why", width="large")},
    )
    rows = table.itertuples(index=False)
    file = f"{look.name}-left-out.csv"
    tables.offer_csv("Download this list as CSV", list(table), rows, file)
