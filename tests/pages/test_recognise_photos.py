"""Photos on the first page, classified by the bundled run, without a browser."""

import cv2
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.images import encode_png
from core.samples import SAMPLES
from pages.components.shared import browser, keys
from pages.components.shared.run_picker import FIRST_FOR_PHOTOS, FOR_PHOTOS
from tests.pages.opening import APP, html_of

TEN = list(FOR_PHOTOS)[1]
WIDE = np.full((60, 180, 3), (200, 60, 30), np.uint8)


@pytest.fixture
def app():
    """The page, turned to photos of ten classes."""
    app = AppTest.from_file(APP, default_timeout=60).run()
    app = things(app).set_value("photos").run()
    return app.segmented_control(key=keys.PHOTO_RUN).set_value(TEN).run()


@pytest.fixture
def anything():
    """The page, turned to photos."""
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params[keys.RUNS] = FIRST_FOR_PHOTOS
    app.query_params[keys.SOURCE] = "upload"
    return app.run()


def things(app):
    return app.segmented_control(key=keys.THINGS)


def take(app, title: str):
    """Click a sample photo, or show one that the model does not know."""
    keyed = f"photo_{title}"
    if keyed in [button.key for button in app.button]:
        return app.button(key=keyed).click().run()
    sample = next(sample for sample in SAMPLES.values() if sample.title == title)
    uploader = app.get("file_uploader")[0]
    return uploader.upload(sample.file_name, sample.read(), "image/jpeg").run()


def test_one_click_turns_the_page_to_photos_and_back(app):
    assert not app.exception
    app.session_state[keys.SETTINGS] = True
    app.run()
    assert app.multiselect(key=keys.RUNS).value == [TEN]
    assert "airplane" in " ".join(text.value for text in app.caption)
    app = things(app).set_value("digits").run()
    assert not app.exception
    assert app.multiselect(key=keys.RUNS).value[0] == "mnist-cnn"


@pytest.mark.slow
def test_the_hint_follows_what_is_recognised(app, monkeypatch):
    monkeypatch.setattr(browser, "hints_read", lambda: set())
    assert "digit" not in hint(app.run()) and "click one of those below" in hint(app)
    app.segmented_control(key=keys.SOURCE).set_value("camera").run()
    assert "Take a photo" in hint(app)
    assert "handwritten digits" in hint(things(app).set_value("digits").run())
    app.segmented_control(key=keys.SOURCE).set_value("draw").run()
    assert "Draw a digit in the white square" in hint(app)


def hint(app) -> str:
    (found,) = (text.value for text in app.markdown if "New here?" in text.value)
    return found


def test_a_link_to_a_photo_model_turns_it_too():
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params[keys.RUNS] = FIRST_FOR_PHOTOS
    app.run()
    assert things(app).value == "photos"


def test_photos_begin_with_the_model_that_knows_most():
    app = AppTest.from_file(APP, default_timeout=60).run()
    app = things(app).set_value("photos").run()
    assert app.segmented_control(key=keys.PHOTO_RUN).value == FIRST_FOR_PHOTOS
    told = " ".join(text.value for text in app.caption)
    assert "1,000 classes: animal (398)" in told
    assert "tench" not in told


def test_very_many_classes_have_five_bars_and_groups_that_unfold(anything):
    app = take(anything, "Coffee")
    assert not app.exception
    assert "<b>espresso</b>" in html_of(app)
    assert html_of(app).split('class="groups"')[0].count("<dt>") == 5
    tree = html_of(app).split('class="groups"')[1].split("</div>")[0]
    assert tree.count("<details open>") == 2 and "drink" in tree
    told = " ".join(text.value for text in app.caption)
    assert "not measured here" in told and "75.1 %" in told


def test_where_the_class_is_unsure_the_group_is_named(anything):
    app = take(anything, "Cat")
    assert "<b>Perhaps <bdi>tiger cat</bdi></b>" in html_of(app)
    told = " ".join(text.value for text in app.caption)
    assert "animal → cat → domestic cat" in told


def test_classes_are_searched_by_names_and_groups(anything):
    app = take(anything, "Cat")
    app = app.text_input(key=keys.CLASS_SEARCH).set_value("terrier").run()
    assert not app.exception
    told = " ".join(text.value for text in app.caption)
    assert "the 12 most probable ones" in told
    app = app.text_input(key=keys.CLASS_SEARCH).set_value("grimalkin").run()
    assert "No class is called “grimalkin”" in " ".join(text.value for text in app.caption)


def test_only_what_the_model_knows_is_offered(app):
    offered = [button.key for button in app.button if str(button.key).startswith("photo_")]
    assert offered == ["photo_Cat", "photo_Horse (silhouette)"]


def test_the_sample_of_a_cat_is_a_cat(app):
    assert "<b>cat</b>" in html_of(take(app, "Cat"))


def test_below_the_threshold_nothing_is_claimed(app):
    app.session_state[keys.NOTHING_FITS_BELOW] = 100
    app = take(app, "Coffee")
    assert "<b>Perhaps " in html_of(app)
    assert "below the threshold" in html_of(app)
    assert " sure<" not in html_of(app).split("bars")[0]
    assert "knows only these classes: airplane, automobile" in " ".join(
        text.value for text in app.caption
    )


@pytest.mark.parametrize(
    ("fit", "sentence"),
    [
        ("crop", "Centre crop, at 32×32 pixels."),
        ("whole", "The whole image on a grey background, at 32×32 pixels."),
        ("stretch", "The whole image, stretched, at 32×32 pixels."),
    ],
)
@pytest.mark.slow
def test_what_the_model_saw_follows_the_choice(app, fit, sentence):
    app = take(app, "Rocket")
    app = app.segmented_control(key=keys.FIT).set_value(fit).run()
    assert not app.exception
    assert sentence in html_of(app)
    assert app.query_params.get(keys.FIT, "crop") == fit


@pytest.mark.slow
def test_digits_are_not_asked_how_to_be_fitted(app):
    app = take(app, "Cat")
    app = things(app).set_value("digits").run()
    app = app.segmented_control(key=keys.SOURCE).set_value("upload").run()
    assert not [control for control in app.segmented_control if control.key == keys.FIT]


def test_many_photos_become_a_table():
    images = [(sample.file_name, sample.read()) for sample in (SAMPLES["cat"], SAMPLES["rocket"])]
    tall = encode_png(cv2.rotate(WIDE, cv2.ROTATE_90_CLOCKWISE))
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params[keys.RUNS] = TEN
    app.query_params[keys.SOURCE] = "upload"
    app.session_state[keys.NOTHING_FITS_BELOW] = 100
    app.run()
    files = [*images, ("tall.png", tall), ("bad.png", b"no image")]
    app.file_uploader[0].set_value([(name, content, "image/png") for name, content in files])
    app.run()
    assert not app.exception
    table: pd.DataFrame = app.dataframe[0].value
    assert list(table["file"]) == ["chelsea.png", "rocket.jpg", "tall.png", "bad.png"]
    assert set(table["remark"][:3]) == {"perhaps none of the classes"}
    assert table["label"][3] == ""
    assert {"p(cat)", "p(truck)"} <= set(table.columns)
