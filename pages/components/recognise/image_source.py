"""Where images come from: the canvas, files, or the camera."""

import time
from dataclasses import replace

import numpy as np
import streamlit as st

from core.datasets import sample_digits
from core.images import data_url, fit_within
from pages.components.shared import camera, deleting, html, keys, leaving, sent
from pages.components.shared.memory import Memory, recall, remember
from pages.components.shared.shown import FORMATS_READ, SENT_MB, File

SIDE = 320
BRUSH_WIDTH = 20
SAMPLES = (*"0123456789", "2026")
_SAMPLE_SIDE = SIDE - 40
MOST_TRIES, MOMENTS = 60, 20  # how often the canvas is asked again, each after 20 moments


def draw() -> File | None:
    """A canvas to draw on; None while it is blank. `stroke_buttons` go below it."""
    # Importing it needs a running Streamlit, so it cannot be done at the top.
    from streamlit_drawable_canvas import st_canvas

    memory = recall()
    start = st.session_state.setdefault(keys.CANVAS_START, memory.drawing)
    canvas = st_canvas(
        stroke_width=st.session_state.get(keys.BRUSH, BRUSH_WIDTH),
        stroke_color="#000000",
        background_color="#ffffff",
        width=SIDE,
        height=SIDE,
        initial_drawing=start,
        return_image_data=True,
        key=keys.CANVAS,
    )
    _note_strokes(canvas.json_data.get("objects", []))
    if canvas.image_bytes is not None:
        st.session_state[keys.CANVAS_TRIES] = 0
    return _what_was_drawn(canvas, memory)


def _note_strokes(strokes: list[dict]) -> None:
    """Keep what is on the canvas; until it has taken up something new, it still sends the old."""
    if strokes == st.session_state.get(keys.REPLACED):
        return
    st.session_state.pop(keys.REPLACED, None)
    st.session_state[keys.STROKES] = strokes


def stroke_buttons() -> None:
    """Undo, redo and clear where a finger finds them: the canvas's own tools need a mouse."""
    strokes = st.session_state.setdefault(keys.STROKES, [])
    if st.session_state.get(keys.UNDONE) and _undone()[0] != len(strokes):
        del st.session_state[keys.UNDONE]  # something new was drawn since
    with st.container(horizontal=True, width=SIDE, gap="small"):
        for name, icon, action, possible in (
            ("Undo", "undo", _undo, bool(strokes) or _replaced_whole(strokes) is not None),
            ("Redo", "redo", _redo, bool(_undone()[1])),
            ("Clear", "delete", _clear, bool(strokes)),
        ):
            st.button(
                name,
                icon=f":material/{icon}:",
                on_click=action,
                disabled=not possible,
                width="stretch",
                key=f"{name.lower()}_strokes",
            )


def _undone() -> tuple[int, list[dict]]:
    """How many strokes were left after the last undo, and the strokes undone, latest last."""
    return st.session_state.get(keys.UNDONE, (0, []))


def _replaced_whole(strokes: list[dict]) -> list[dict] | None:
    """The drawing that was cleared or replaced by a sample, while nothing was drawn since."""
    left, whole = st.session_state.get(keys.CLEARED, (0, None))
    return whole if left == len(strokes) else None


def _undo() -> None:
    whole = _replaced_whole(st.session_state[keys.STROKES])
    if whole is not None:
        del st.session_state[keys.CLEARED]
        _start_with({"objects": whole})
        return
    *kept, last = st.session_state[keys.STROKES]
    st.session_state[keys.UNDONE] = (len(kept), [*_undone()[1], last])
    _start_with({"objects": kept})


def _redo() -> None:
    _, (*others, last) = _undone()
    strokes = [*st.session_state[keys.STROKES], last]
    st.session_state[keys.UNDONE] = (len(strokes), others)
    _start_with({"objects": strokes})


def _clear() -> None:
    _replace_whole(None)


def _replace_whole(drawing: dict | None) -> None:
    """Another drawing, or none; Undo brings back what was there."""
    before = st.session_state.get(keys.STROKES, [])
    st.session_state.pop(keys.UNDONE, None)
    _start_with(drawing)
    if before:
        st.session_state[keys.CLEARED] = (len(st.session_state[keys.STROKES]), before)


def offer_again() -> None:
    """Call last. What the canvas is given before its script has loaded, it shows and never sends.

    It sends what it is given next, so it is given the same once more, until it answers.
    """
    start = st.session_state[keys.CANVAS_START] or {}
    tries = st.session_state.get(keys.CANVAS_TRIES, 0)
    if not (tries and start["objects"]):
        return
    moment = st.empty()
    for _ in range(MOMENTS):
        time.sleep(0.02)
        moment.empty()  # here Streamlit ends this run as soon as the canvas has answered
    st.session_state[keys.CANVAS_TRIES] = tries - 1
    st.session_state[keys.CANVAS_START] = {**start, "turn": start["turn"] + 1}
    st.rerun()


def drawing_tools() -> None:
    """The size of the brush, and samples for people who do not want to draw."""
    st.slider(
        "Brush size",
        6,
        44,
        BRUSH_WIDTH,
        key=keys.BRUSH,
        help="Width of the pen in pixels. Very thin and very thick strokes are evened out.",
    )
    st.caption("Prefer not to draw? Use a handwritten sample from MNIST's test set:")
    with st.container(horizontal=True, gap="xsmall"):
        for name in SAMPLES:
            st.button(
                name,
                key=f"sample_{name}",
                on_click=_start_with_sample,
                args=(name,),
                help="Written by people whose digits are not in the training set.",
            )


def _what_was_drawn(canvas, memory: Memory) -> File | None:
    png = canvas.image_bytes
    start = st.session_state[keys.CANVAS_START] or {}
    if png is None and start.get("objects"):
        # Nothing sent yet: after a reload the drawing is the remembered one.
        png = memory.drawing_png
    elif png is None or not canvas.json_data.get("objects"):
        # Blank, or cleared before the canvas has sent anything.
        png = None
        if memory.drawing is not None:
            remember(replace(memory, drawing=None, drawing_png=None))
    elif png != memory.drawing_png:
        remember(replace(memory, drawing=canvas.json_data, drawing_png=png))
    return None if png is None else File("Your drawing", png)


def _start_with(drawing: dict | None) -> None:
    """Put something else on the canvas; a new object even when it looks the same as the last."""
    strokes = (drawing or {}).get("objects", [])
    if strokes != st.session_state.get(keys.STROKES, []):
        st.session_state[keys.REPLACED] = st.session_state.get(keys.STROKES, [])
    st.session_state[keys.STROKES] = strokes
    turn = (st.session_state.get(keys.CANVAS_START) or {}).get("turn", 0) + 1
    st.session_state[keys.CANVAS_START] = {**(drawing or {"objects": []}), "turn": turn}
    st.session_state[keys.CANVAS_TRIES] = MOST_TRIES


@st.cache_data(show_spinner=False)
def _sample(name: str) -> dict:
    """A sample as a drawing for the canvas: MNIST test digits, dark on white."""
    images = [255 - sample_digits()[int(digit)] for digit in name]
    image = np.hstack(images)
    scale = _SAMPLE_SIDE / max(image.shape)
    return {
        "objects": [
            {
                "type": "Image",
                "src": data_url(image),
                "left": SIDE / 2,
                "top": SIDE / 2,
                "originX": "center",
                "originY": "center",
                "scaleX": scale,
                "scaleY": scale,
            }
        ]
    }


def _start_with_sample(name: str) -> None:
    _replace_whole(_sample(name))


def upload(help_text: str) -> list[File]:
    """Files chosen by the visitor, also those chosen before a reload.

    Any file may be chosen: of what cannot be read, the page says what it is and what to do.

    Args:
        help_text: what the images should show.
    """
    turn = st.session_state.setdefault(keys.UPLOADS_TURN, 0)
    files = st.file_uploader(
        "Images",
        accept_multiple_files=True,
        max_upload_size=SENT_MB,
        key=keys.UPLOADS if turn == 0 else f"{keys.UPLOADS}_{turn}",
        help=help_text,
    )
    st.caption(FORMATS_READ)
    size = sum(len(content) for _, content in _earlier(files)) if files else 0
    if problem := sent.refusal(files, size):
        st.error(problem, icon=":material/database_off:")
        sent.let_go(files)
        st.session_state[keys.UPLOADS_TURN] = turn + 1  # an empty uploader from now on
        leaving.forget_uploader()
        files = []
    contents = _joined(files)
    if files and (twice := st.session_state.get(keys.UPLOADS_TWICE)):
        st.caption(f"Uploaded twice, counted once: {', '.join(map(html.named, twice))}.")
    if contents:
        deleting.confirm(
            "Remove these images",
            f"Remove {html.counted(len(contents), 'image')}? You would have to choose them again.",
            "uploads",
            _forget_uploads,
            "Yes, remove them",
        )
    return [File(name, content) for name, content in contents]


def _earlier(files: list) -> list[tuple[str, bytes]]:
    """What was uploaded before and is not in the uploader, which a reload empties."""
    held = {file.file_id for file in [*files, *st.session_state.get(keys.UPLOADS_HELD, [])]}
    inside = st.session_state.get(keys.UPLOADS_INSIDE, {})
    known = {upload for file_id, upload in inside.items() if file_id in held}
    return [upload for upload in recall().uploads if upload not in known]


def _joined(files: list) -> list[tuple[str, bytes]]:
    """What was uploaded before, without what was taken out of the uploader, and what is new."""
    memory, before = recall(), st.session_state.get(keys.UPLOADS_HELD, [])
    now = {file.file_id for file in files}
    if now == {file.file_id for file in before} and (memory.uploads or not files):
        return memory.uploads
    earlier = _earlier(files)
    inside = {file.file_id: (file.name, file.getvalue()) for file in files}
    uploads = list(dict.fromkeys([*earlier, *inside.values()]))
    kept = {upload: upload for upload in uploads}  # bytes that are kept once, and hashed once
    st.session_state[keys.UPLOADS_INSIDE] = {i: kept[upload] for i, upload in inside.items()}
    new = [inside[file.file_id] for file in files if file not in before]
    twice = [upload[0] for upload in new if upload in earlier]
    st.session_state[keys.UPLOADS_TWICE] = list(dict.fromkeys(twice))
    remember(replace(memory, uploads=uploads))
    # what was in the uploader before and is not now takes no memory any longer
    sent.let_go(file for file in before if file.file_id not in now)
    st.session_state[keys.UPLOADS_HELD] = files
    return uploads


def _forget_uploads(_: str) -> None:
    sent.let_go(st.session_state.get(keys.UPLOADS_HELD, []))
    leaving.forget_uploader()
    st.session_state[keys.UPLOADS_TURN] += 1
    remember(replace(recall(), uploads=[]))


def photo() -> File | None:
    """A photo taken now, or before a change of page; None until there is one."""
    content = camera.take("Take a photo", keys.CAMERA, "photo")
    return File("Your photo", content) if content else None


def thumbnail(image: np.ndarray, side: int = 96) -> np.ndarray:
    """The image, no larger than what shows it needs: a row of a table by default."""
    return fit_within(image, side)
