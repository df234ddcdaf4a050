"""The first page without a browser."""

import io
import weakref

import cv2
import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import datasets
from core.datasets import import_folder
from core.images import encode_png
from core.training import TrainConfig, train, unlike
from core.training.strings import as_drawn, touching_string
from pages.components.shared import keys, sent
from pages.components.shared.contents import PAGES
from pages.components.shared.shown import File
from tests.core.datasets.images_on_disk import write_folder
from tests.core.image_files import heic
from tests.core.jobs.conftest import own_folders
from tests.pages.opening import APP, digit, drawn, html_of


@pytest.fixture
def app():
    return AppTest.from_file(APP, default_timeout=60)


def test_a_blank_canvas_asks_to_draw(app):
    app.run()
    assert not app.exception
    assert [heading.value for heading in app.subheader] == ["No image yet"]
    assert "Draw a digit from 0 to 9" in " ".join(text.value for text in app.markdown)


@pytest.mark.parametrize("label", [2, 7])
def test_a_drawing_is_classified_by_three_models(app, label):
    app.session_state[keys.CANVAS] = drawn(digit(label))
    app.run()
    assert not app.exception
    before, _, nearest = html_of(app).rpartition('class="strip"')
    assert before.count(f"<b>{label}</b>") == 4  # the large answer and one for each model
    assert [heading.value for heading in app.subheader] == [
        "What the model saw",
        "What each model predicts",
        "Nearest training images",
        "Look inside",
    ]
    assert nearest.count(f"<b>{label}</b>similarity") >= 4
    assert not app.warning  # it is like the training images


def test_a_letter_is_said_to_be_unlike_the_training_images(app):
    (letter,) = unlike.drawn("K", unlike.FONTS[:1])
    app.session_state[keys.CANVAS] = drawn(cv2.resize(letter, (320, 320)))
    app.run()
    assert not app.exception
    assert "unlike the training images" in app.warning[0].value


def test_of_several_digits_each_has_its_nearest_training_images(app):
    row = np.hstack([digit(4)[:, 40:280], digit(1)[:, 40:280]])
    app.session_state[keys.CANVAS] = drawn(row)
    app.run()
    for number, label in enumerate("41"):
        app.segmented_control(key=keys.NEAREST_OF).set_value(str(number)).run()
        assert not app.exception
        assert html_of(app).rpartition('class="strip"')[2].count(f"<b>{label}</b>similarity") >= 4


def test_after_a_reload_a_drawing_can_be_cleared_before_the_canvas_is_there(app):
    app.session_state[keys.CANVAS] = drawn(digit(7))
    app.run()
    again = AppTest.from_file(APP, default_timeout=60)
    for name, value in app.query_params.items():
        again.query_params[name] = value
    again.run()
    assert "<b>7</b>" in html_of(again)
    again.button(key="clear_strokes").click().run()
    assert [heading.value for heading in again.subheader] == ["No image yet"]


def test_an_image_without_ink_is_said_to_be_blank(app):
    app.session_state[keys.CANVAS] = drawn(np.full((320, 320), 255, np.uint8))
    app.run()
    assert not app.exception
    assert "blank" in app.info[0].value


def test_where_nothing_is_found_the_page_shows_what_was_looked_at(app):
    page = np.clip(np.random.default_rng(0).normal(200, 3, (60, 60, 3)), 0, 255)
    app.session_state[keys.CANVAS] = drawn(page.astype(np.uint8))
    app.run()
    assert not app.exception
    assert "blank" in app.info[0].value
    shown = html_of(app)
    assert "Contrast" in shown and "A darker pen" in shown


def test_the_page_says_which_classes_a_model_knows(app):
    app.session_state[keys.CANVAS] = drawn(digit(3))
    app.run()
    assert any("knows only these classes: 0, 1, 2" in caption.value for caption in app.caption)


def test_several_digits_are_read_from_left_to_right(app):
    row = np.hstack([digit(4), digit(2)])
    app.session_state[keys.CANVAS] = drawn(row)
    app.run()
    assert "<b>42</b>" in html_of(app)
    assert [tab.label for tab in app.tabs] == ["Digit 1: 4", "Digit 2: 2"]


def test_a_prediction_below_the_threshold_is_marked_as_not_sure(app):
    app.session_state[keys.CANVAS] = drawn(digit(7))
    app.session_state[keys.UNSURE_BELOW] = 100
    app.run()
    assert "<b>7?</b>" in html_of(app)
    assert any("could be 7 or" in caption.value for caption in app.caption)


def test_without_a_model_the_page_asks_for_one(app):
    app.session_state[keys.RUNS] = []
    app.run()
    assert not app.exception
    assert "Choose at least one model" in app.info[0].value


def test_a_chosen_run_that_is_gone_is_replaced_by_the_usual_ones(app):
    app.session_state[keys.RUNS] = ["was-deleted"]
    app.session_state[keys.CANVAS] = drawn(digit(7))
    app.run()
    assert not app.exception
    assert "<b>7</b>" in html_of(app)


def test_every_setting_has_help(app):
    app.run()
    for widget in [*app.slider, *app.multiselect]:
        assert widget.help, widget.label


# A model that knows photos, not digits

COLOURS = {"red *fruit*": (190, 40, 30), "green <leaves>": (40, 160, 50)}


def photo(name: str, seed: int) -> bytes:
    """Grain of one colour, 24 pixels wide and 20 high."""
    noise = np.random.default_rng(seed).normal(0, 20, (20, 24, 3))
    return encode_png(np.clip(noise + COLOURS[name], 0, 255).astype(np.uint8))


@pytest.fixture
def photos(tmp_path, monkeypatch, app):
    """The page with `colours-knn-1`, trained on coloured images, as the model that answers."""
    files = {
        f"{name}/{number}.png": photo(name, 100 * label + number)
        for label, name in enumerate(COLOURS)
        for number in range(20)
    }
    with own_folders(tmp_path, monkeypatch):
        import_folder(write_folder(files, tmp_path / "colours"), "colours")
        train(TrainConfig("colours", "knn", {"features": "pixels"}))
        app.query_params[keys.RUNS] = "colours-knn-1"
        yield app


def shown_text(app) -> str:
    kinds = (app.markdown, app.caption, app.info, app.error, app.warning)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")


@pytest.mark.parametrize("source", [None, "draw", "upload", "unheard-of"])
@pytest.mark.few(2)
def test_photos_are_shown_not_drawn(photos, source):
    if source:
        photos.query_params[keys.SOURCE] = source
    photos.run()
    assert not photos.exception
    where = photos.button_group[-1]  # after digits or photos, and which model
    assert where.options == ["Upload", "Camera"]
    assert where.value == "upload"
    assert len(photos.file_uploader) == 1
    named = [b.key for b in photos.button if b.key and b.key != "glossary"]
    assert all(key.startswith("photo_") for key in named)  # no strokes, no digits
    assert "digit" not in shown_text(photos).replace(PAGES["recognise"].how.strip(), "")
    assert "knows only these classes: green <leaves>, red *fruit*." in shown_text(photos)


def test_the_camera_is_offered_for_photos(photos):
    photos.query_params[keys.SOURCE] = "camera"
    photos.run()
    assert not photos.exception
    assert len(photos.camera_input) == 1


@pytest.mark.parametrize("name", COLOURS)
@pytest.mark.few(1)
def test_a_photo_is_classified(photos, name):
    photos.run()
    photos.file_uploader[0].upload("one.png", photo(name, 7)).run()
    assert not photos.exception
    escaped = name.replace("<", "&lt;").replace(">", "&gt;")
    before = html_of(photos).rpartition('class="strip"')[0]
    assert before.count(f"<b>{escaped}</b>") == 2  # the large answer, and the model's own
    assert "<leaves>" not in html_of(photos)
    assert [heading.value for heading in photos.subheader] == [
        "What the model saw",
        "What each model predicts",
        "Nearest training images",
        "Look inside",
    ]


def test_a_photo_is_read_by_a_model_of_digits_too(photos):
    photos.query_params[keys.RUNS] = "colours-knn-1,mnist-cnn"
    photos.run()
    photos.file_uploader[0].upload("one.png", photo("red *fruit*", 7)).run()
    assert not photos.exception
    assert "<b>red *fruit*</b>" in html_of(photos)


def test_many_photos_become_a_table_and_a_csv_with_every_probability(photos, monkeypatch):
    downloads = {}
    real = st.download_button

    def keep(label, data, name, *rest, **more):
        downloads[name] = data
        return real(label, data, name, *rest, **more)

    monkeypatch.setattr(st, "download_button", keep)
    photos.run()
    files = [(f"{number}.png", photo(name, 7)) for number, name in enumerate(COLOURS)]
    files.insert(1, ("bad.png", b"no image"))
    photos.file_uploader[0].set_value([(*file, "image/png") for file in files]).run()
    assert not photos.exception
    assert [heading.value for heading in photos.subheader] == ["2 of 3 images predicted"]
    assert "bad.png: The file is not an image" in shown_text(photos)
    table = pd.read_csv(io.StringIO(downloads["predictions.csv"]), keep_default_na=False)
    probabilities = [f"p({name})" for name in sorted(COLOURS)]
    assert list(table) == ["file", "label", "confidence", "second", "remark", *probabilities]
    assert list(table["file"]) == ["0.png", "bad.png", "1.png"]
    assert list(table["label"]) == ["red *fruit*", "", "green <leaves>"]
    for _, row in table[table["label"] != ""].iterrows():
        values = {name: float(row[f"p({name})"]) for name in COLOURS}
        assert sum(values.values()) == pytest.approx(1, abs=1e-3)
        assert max(values, key=values.get) == row["label"]
        assert float(row["confidence"]) == pytest.approx(values[row["label"]], abs=1e-3)
    assert list(table.loc[1, probabilities]) == ["", ""]


def test_models_of_digits_and_of_photos_take_turns(photos):
    photos.session_state[keys.SETTINGS] = True
    photos.run()
    for chosen, sources in (
        (["mnist-cnn", "colours-knn-1"], ["Draw", "Upload", "Camera"]),
        (["colours-knn-1", "mnist-cnn"], ["Upload", "Camera"]),
        (["mnist-cnn"], ["Draw", "Upload", "Camera"]),
    ):
        photos.multiselect(key=keys.RUNS).set_value(chosen).run()
        assert not photos.exception
        assert photos.button_group[-1].options == sources


def test_a_file_of_another_format_is_taken_or_refused_with_what_to_do(app):
    app.query_params[keys.SOURCE] = "upload"
    app.run()
    assert list(app.file_uploader[0].proto.type) == []  # none is refused before it is looked at
    app.file_uploader[0].upload("IMG_0001.HEIC", heic()).run()
    (error,) = app.error
    assert "IMG_0001.HEIC: The file is a HEIC image" in error.value.replace("\\", "")
    assert "Export it as JPEG" in error.value


@pytest.mark.slow
def test_files_that_are_too_large_together_are_refused_and_let_go(app, monkeypatch):
    monkeypatch.setattr(sent, "_OWN", 1_000)
    app.query_params[keys.SOURCE] = "upload"
    app.run()
    files = [(f"{label}.png", encode_png(digit(label)), "image/png") for label in (2, 7)]
    app.file_uploader[0].set_value(files).run()
    assert "too large together: at most 0.001 MB" in app.error[0].value
    assert [heading.value for heading in app.subheader] == ["No image yet"]
    monkeypatch.setattr(sent, "_OWN", 500 * 10**6)
    app.run()
    assert not app.error
    assert app.file_uploader[0].value == []
    app.file_uploader[0].set_value(files).run()
    assert [heading.value for heading in app.subheader] == ["2 of 2 images predicted"]


def test_images_are_decoded_one_after_another(app, monkeypatch):
    """Many large images fit into a small memory if only one of them is held."""
    held, most = set(), []

    def read(file, *rest):
        found = real(file, *rest)
        held.add(id(found.image))
        weakref.finalize(found.image, held.discard, id(found.image))
        most.append(len(held))
        return found

    real = File.read
    monkeypatch.setattr(File, "read", read)
    app.query_params[keys.SOURCE] = "upload"
    app.run()
    files = [(f"{n}.png", encode_png(digit(n)), "image/png") for n in range(6)]
    app.file_uploader[0].set_value(files).run()
    assert len(most) == 6
    assert max(most) <= 2  # the last one is let go when the next is there


def test_touching_digits_are_split_unless_they_are_one(app):
    images = datasets.sample_images("mnist")
    string, _ = touching_string([images[n][..., 0] for n in (3, 0, 6)], np.random.default_rng(0))
    app.session_state[keys.CANVAS] = drawn(as_drawn(string))
    app.run()
    assert not app.exception
    assert "<b>306</b>" in html_of(app) and "Taken apart" in html_of(app)
    assert "3 of the digits touch each other and were split." in [c.value for c in app.caption]
    app.toggle(key=keys.ONE_DIGIT).set_value(True).run()
    assert not app.exception
    assert "<b>306</b>" not in html_of(app)
    assert app.toggle(key=keys.ONE_DIGIT).value


def test_why_is_answered_by_every_model_once_it_is_asked(app):
    app.session_state[keys.CANVAS] = drawn(digit(7))
    app.run()
    assert "speaks for the class" not in html_of(app)
    app.session_state[keys.WHY_CLASS] = "4"
    app.run()
    assert not app.exception
    shown = html_of(app)
    assert shown.count("speaks for the class") == 3
    assert "Weight × pixel: “4”" in shown and "Occlusion: “4”" in shown
    app.selectbox(key=keys.WHY_METHOD).select("hires_cam").run()
    assert "HiResCAM: “4”" in html_of(app)
    assert any("HiResCAM does not fit" in caption.value for caption in app.caption)
