"""Choose images class by class: a name, files, and what has arrived so far."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.datasets import sets, uploads
from core.datasets.choices import MAX_NAME
from core.datasets.sets import ImageSet
from core.datasets.uploads import Upload
from core.errors import ImageError, StudioError
from core.images import data_url, decode, fit_image
from pages.components.shared import deleting, html, keys, sent

HOW = """Give each class a name and choose its images, **ten or more for each class**: from the
files of a computer, or from the photos of a phone. 70 % are used for training, 15 % for validation
and 15 % for testing."""
_SHOWN, _SIDE = 6, 56  # thumbnails of a class, and their pixels
_MOST_TOLD = 5  # files that cannot be read
_STRIP = f"""<style>.image-set {{display:flex; gap:4px; flex-wrap:wrap}}
.image-set img {{width:{_SIDE}px; height:{_SIDE}px; border-radius:4px}}</style>"""
_FAILED, _OF = "image_set_failed", "image_set_of"
_NAME = f"{keys.IMAGE_SET}_name_"


def show(upload: Upload | None, offer: Callable[[Upload], None]) -> None:
    """The rows of all classes, and below them the import once there are two classes.

    Args:
        upload: what was chosen so far; None if nothing was.
        offer: shows the import of an upload.
    """
    rows = sets.load(upload)
    if upload is not None and not rows:
        st.info(
            "Your zip file or folders are kept until you choose images here.",
            icon=":material/info:",
        )
        upload = None
    _forget_others(upload.id if upload else "")
    rows = rows or sets.EMPTY
    st.html(_STRIP)
    doubled = sets.twice(rows)
    for place, row in enumerate(rows, 1):
        with st.container(border=True, key=f"{keys.IMAGE_SET}_{row.number}"):
            _show_row(upload, row, place, row.number in doubled)
    st.button(
        "Add a class",
        icon=":material/add:",
        on_click=_add_class,
        disabled=len(rows) >= sets.MOST_SETS,
    )
    if not any(row.files for row in rows):
        return
    if problem := sets.problem(rows):
        st.info(problem, icon=":material/info:")
    else:
        offer(upload)


def _forget_others(upload_id: str) -> None:
    """Names typed for another upload do not count; those typed before there was one do.

    Widgets keep their keys when the upload is made, so that nothing under way is lost.
    """
    before = st.session_state.get(_OF, "")
    if before and before != upload_id:
        for key in [key for key in st.session_state if str(key).startswith(_NAME)]:
            del st.session_state[key]
    st.session_state[_OF] = upload_id


def _show_row(upload: Upload | None, row: ImageSet, place: int, doubled: bool) -> None:
    key = f"{_NAME}{row.number}"
    line = st.container(horizontal=True, vertical_alignment="bottom")
    st.session_state.setdefault(key, row.name)
    line.text_input(
        f"Name of class {place}",
        max_chars=MAX_NAME,
        placeholder=("cats", "dogs")[place - 1] if place <= 2 else "another class",
        key=key,
        on_change=_rename,
        args=(row.number, key),
    )
    with line:
        _offer_removal(row, place)
    if doubled:
        st.error("Another class has this name too. Give each class its own name.")
    _choose_files(row, place)
    if row.files and upload is not None:
        _show_images(upload, row)
    _say_refused(row)


def _offer_removal(row: ImageSet, place: int) -> None:
    """A button that takes the class away, which asks first if there are images to lose."""
    title = f"Remove class {place} and its images"
    if row.files:
        name = f"**{html.plain(row.name)}**" if row.name else f"class {place}"
        question = f"Remove {name} and its {html.counted(len(row.files), 'image')}?"
        number, yes = str(row.number), "Yes, remove it"
        deleting.confirm(title, question, number, _remove, yes, icon_only=True)
        return
    st.button(
        "",
        icon=":material/delete:",
        help=title,
        key=f"{keys.IMAGE_SET}_remove_{row.number}",
        on_click=_change,
        args=(sets.remove, row.number),
        disabled=not (row.name or row.refused or place > 2),
    )


def _remove(number: str) -> None:
    sets.remove(_upload(), int(number))


def _choose_files(row: ImageSet, place: int) -> None:
    turn_key = f"{keys.IMAGE_SET}_turn_{row.number}"
    turn = st.session_state.get(turn_key, 0)
    name = html.plain(row.name) if row.name else f"Class {place}"
    files = st.file_uploader(
        f"{name}: choose files",
        accept_multiple_files=True,
        max_upload_size=uploads.most_bytes() // 10**6,
        key=f"{keys.IMAGE_SET}_files_{row.number}_{turn}",
        help="Choose several files at once. Files you choose later are added.",
    )
    if not row.files:
        st.caption(sent.image_limits())
    if files:
        _take(row, files)
        st.session_state[turn_key] = turn + 1
        st.rerun()
    if failed := st.session_state.pop(f"{_FAILED}_{row.number}", ""):
        st.error(html.plain(failed), icon=":material/error:")


def _take(row: ImageSet, files: list) -> None:
    """Put what arrived beside what is there; the uploader is emptied afterwards."""
    try:
        upload = _upload()
        with st.spinner("Checking the images …"):
            sets.add_images(upload, row.number, [(file.name, file.getvalue()) for file in files])
    except StudioError as error:
        st.session_state[f"{_FAILED}_{row.number}"] = html.told(error)
    sent.let_go(files)


def _upload() -> Upload:
    """The upload that holds the classes; a new one in the URL if there is none."""
    try:
        upload = uploads.load(st.query_params.get(keys.UPLOAD, ""))
        if sets.load(upload):
            return upload
    except StudioError:
        pass
    upload = sets.begin()
    st.query_params[keys.UPLOAD] = upload.id
    return upload


def _rename(number: int, key: str) -> None:
    _change(sets.rename, number, st.session_state[key])


def _add_class() -> None:
    _change(sets.more)


def _change(action: Callable, *arguments: object) -> None:
    try:
        action(_upload(), *arguments)
    except StudioError as error:
        st.toast(html.message(error))


def _show_images(upload: Upload, row: ImageSet) -> None:
    shown = _thumbnails(upload.id, row.files[-_SHOWN:])
    count = len(row.files)
    st.markdown(f"{count:,} {'image' if count == 1 else 'images'}")
    st.html(f'<div class="image-set">{"".join(shown)}</div>')


@st.cache_data(show_spinner=False, max_entries=200)
def _thumbnails(upload_id: str, files: Sequence[str]) -> list[str]:
    thumbnails = []
    for content in sets.sample(uploads.load(upload_id), files):
        try:
            image = fit_image(decode(content, 4 * _SIDE**2), (_SIDE, _SIDE))
        except ImageError:
            continue  # changed on disk since it arrived
        thumbnails.append(f'<img src="{data_url(image)}" alt="">')
    return thumbnails


def _say_refused(row: ImageSet) -> None:
    if not row.refused:
        return
    count = len(row.refused)
    told = [
        f"- **{html.named(name)}**: {html.plain(why)}" for name, why in row.refused[:_MOST_TOLD]
    ]
    if count > _MOST_TOLD:
        told.append(f"- and {count - _MOST_TOLD:,} more")
    files = "1 file was" if count == 1 else f"{count:,} files were"
    st.warning("\n".join([f"{files} left out:", *told]), icon=":material/image_not_supported:")
