"""Many images at once: a table of predictions, a CSV file of it, and each image's steps."""

import streamlit as st

from core.errors import ForeignError, ImageError
from core.images import data_url
from core.runs import Run
from core.serving import Predictor
from pages.components.recognise import image_source, prediction
from pages.components.shared import html, keys, run_picker, tables
from pages.components.shared.shown import File, Shown

COLUMNS = ("image", "file", "label", "confidence", "second", "remark")  # CSV has more
_ROW, _HIGHEST = 56, 480  # pixels, of the table
_MOST_REFUSED = 10
_MOST_COLUMNS = 100  # that are sent to the browser


def show(shown: list[File], run: Run, unsure_below: float, fit: str, details) -> None:
    """A table of many images and a CSV file of it; a click on a row shows that image's steps.

    Args:
        shown: the files.
        run: the model that predicts.
        unsure_below: confidence below which that is said.
        fit: how photos are fitted.
        details: container for the steps.
    """
    predictor = run_picker.open_run(run)
    if predictor is None:
        return
    table = _table_of(shown, predictor, unsure_below, fit)
    read = table["label"].ne("")
    st.subheader(f"{int(read.sum())} of {len(table)} images predicted", anchor=False)
    st.caption("Click the box at the left of a row to see what the model saw.")
    picked = st.dataframe(
        # without the probabilities of very many classes
        (table if table.shape[1] < _MOST_COLUMNS else table[list(COLUMNS)]).assign(
            confidence=100 * table["confidence"].astype(float)
        ),
        hide_index=True,
        column_order=COLUMNS,
        row_height=_ROW,
        height=min(_HIGHEST, _ROW * len(table) + 40),
        on_select="rerun",
        selection_mode="single-row",
        key=keys.MANY,
        column_config={
            "image": st.column_config.ImageColumn("Image", width="small"),
            "file": st.column_config.TextColumn("File"),
            "label": st.column_config.TextColumn("Predicted class"),
            "confidence": st.column_config.ProgressColumn(
                "Confidence", format="%.1f %%", min_value=0, max_value=100
            ),
            "second": st.column_config.TextColumn("Second most likely"),
            "remark": st.column_config.TextColumn("Remark", width="large"),
        },
    )
    _show_refused(table)
    texts = table.drop(columns="image")
    tables.offer_csv(
        "Download this table as CSV", list(texts), texts.itertuples(index=False), "predictions.csv"
    )
    st.caption(f"Predicted by {html.plain(run_picker.title(run))} ({html.plain(run.title)}).")
    rows = [row for row in picked.selection.rows if row < len(shown)]
    with details:
        for row in rows:
            _show_picked(shown[row].read(), predictor, unsure_below, fit)


def _table_of(shown: list[File], predictor: Predictor, unsure_below: float, fit: str):
    """The table; made anew only for other images or settings, not for a click on a row."""
    import pandas as pd

    made_from = ([file.content for file in shown], predictor.run, unsure_below, fit)
    known, table = st.session_state.get(keys.MANY_READ, (None, None))
    if known and known[1:] == made_from[1:] and _same(known[0], made_from[0]):
        return table
    rows, bar = [], st.progress(0.0, "Predicting …")
    for number, file in enumerate(shown, 1):  # one at a time is decoded
        rows.append(_row_of(file.read(), predictor, unsure_below, fit))
        bar.progress(number / len(shown), f"Predicting {number} of {len(shown)} …")
    bar.empty()
    table = pd.DataFrame(rows)
    st.session_state[keys.MANY_READ] = (made_from, table)
    return table


def _same(one: list[bytes], other: list[bytes]) -> bool:
    """Whether they are the very same objects, which takes no time however large they are."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _show_refused(table) -> None:
    """Which files were not read, and why; of very many the first few."""
    refused = [
        f"{row.file}: {row.remark}" for row in table.itertuples(index=False) if not row.label
    ]
    if not refused:
        return
    lines = ["Could not be read:", *map(html.plain, refused[:_MOST_REFUSED])]
    if len(refused) > _MOST_REFUSED:
        lines.append(f"… and {len(refused) - _MOST_REFUSED} more, in the column Remark.")
    st.warning("  \n".join(lines), icon=":material/broken_image:")


def _show_picked(shown: Shown, predictor: Predictor, unsure_below: float, fit: str) -> None:
    """What the model made of one of many images, step by step."""
    st.subheader(f"What the model saw: {html.named(shown.name)}", anchor=False)
    if shown.error:
        st.error(html.plain(shown.error), icon=":material/broken_image:")
        return
    try:
        reading = predictor.predict(shown.image, fit=fit)
    except (ImageError, ForeignError) as error:
        st.info(html.message(error), icon=":material/info:")
        prediction.show_looked_at(shown.image, error)
        return
    prediction.show_prediction(reading, unsure_below, run_picker.reads_photos(predictor.run))
    prediction.show_steps(reading)


def _row_of(shown: Shown, predictor: Predictor, unsure_below: float, fit: str) -> dict:
    """One line of the table."""
    row = dict.fromkeys(COLUMNS, "") | {"image": None, "file": shown.name, "confidence": None}
    if shown.image is None:
        return {**row, "remark": shown.error}
    row["image"] = data_url(image_source.thumbnail(shown.image))
    try:
        result = predictor.predict(shown.image, fit=fit)
    except (ImageError, ForeignError) as error:
        return {**row, "remark": html.told(error)}
    row |= {"label": result.label, "confidence": round(result.confidence, 4)}
    if result.confidence < unsure_below:
        photo = run_picker.reads_photos(predictor.run)
        row["remark"] = "perhaps none of the classes" if photo else "not sure"
    elif result.prepared.parted:
        row["remark"] = "digits that touch were split"
    if len(result.predictions) == 1:  # one predicted class: how sure of each class
        (only,) = result.predictions
        row["second"] = prediction.second_guess(only)
        row |= {f"p({name})": p for name, p in only.as_dict().items()}
    return row
