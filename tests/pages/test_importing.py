"""Importing a model on the Train page: choose a file, describe it, follow the job, evaluate it."""

import pytest
from streamlit.testing.v1 import AppTest

from core import export, jobs, runs
from core.datasets import uploads
from core.foreign import PACKAGE
from pages.components.shared import keys
from tests.core.foreign import model_files as made
from tests.core.foreign.model_files import CNN, DIGITS
from tests.overriding import use
from tests.pages.opening import fine, visit
from tests.pages.reading import button, texts, worked
from tests.pages.test_train import studio

__all__ = ["studio"]


def open_import(**url: str) -> AppTest:
    return visit("train", [keys.IMPORT_MODEL], step="runs", **url)


def field(page: AppTest, key: str):
    kinds = (page.selectbox, page.text_input, page.text_area)
    (found,) = (one for kind in kinds for one in kind if one.key and one.key.startswith(key))
    return found


def sent(name: str, content: bytes) -> uploads.Upload:
    """A file that was uploaded, as the page keeps it."""
    return uploads.add([(name, content)])


def imported() -> runs.Run:
    (job,) = (job for job in jobs.list_jobs() if job.kind == "import-model")
    assert worked(job).state == "done"
    return runs.load(jobs.load(job.id).result["run"])


def test_a_model_is_described_imported_and_evaluated(studio, tmp_path):  # noqa: F811
    path = made.linear_onnx(tmp_path / "lines.onnx")
    upload = sent("lines.onnx", path.read_bytes())
    page = open_import(**{keys.MODEL_UPLOAD: upload.id})
    assert "lines.onnx is uploaded (ONNX)" in texts(page)
    assert button(page, "Import").disabled and "at least two classes" in texts(page)
    field(page, keys.MODEL_CLASSES).set_value("\n".join(DIGITS))
    field(page, "model_pixels").set_value("0..1")
    page = fine(page.run())
    fine(button(page, "Import").click().run())
    run = imported()
    assert run.card.foreign.pixels == "0..1"
    page = fine(visit("train", step="runs"))
    assert "It was not evaluated yet." in texts(page)
    assert "not measured here" in "".join(field(page, keys.SHOWN_RUN).options)
    assert not [tab for tab in page.tabs if tab.label in ("Export", "Classes", "Training curve")]
    fine(button(page, "Evaluate").click().run())
    (job,) = (job for job in jobs.list_jobs() if job.kind == "evaluate-on")
    assert worked(job).state == "done"
    page = fine(visit("train", step="runs", run=run.id))
    assert button(page, "Evaluate again")
    assert "Test accuracy" in [metric.label for metric in page.metric]
    for view in ("leaderboard", "report", "ensemble", "curves"):
        page = fine(visit("compare", compare=f"{run.id},digits-random-forest", show=view))
        assert "an imported one may have" in texts(page)


def test_a_file_that_is_refused_is_one_sentence_and_can_be_replaced(studio, tmp_path):  # noqa: F811
    path = made.onnx_elsewhere(tmp_path / "theirs.onnx", "../../etc/passwd")
    page = open_import(**{keys.MODEL_UPLOAD: sent("theirs.onnx", path.read_bytes()).id})
    field(page, keys.MODEL_CLASSES).set_value("\n".join(DIGITS))
    page = fine(page.run())
    fine(button(page, "Import").click().run())
    (job,) = jobs.list_jobs()
    assert worked(job).state == "failed"
    page = open_import(**{keys.MODEL_UPLOAD: job.settings["upload"]})
    assert any("in another file" in error.value for error in page.error)
    page = fine(button(page, "Choose another file").click().run())
    assert page.get("file_uploader")


def test_a_zip_without_a_model_says_what_is_needed(studio):  # noqa: F811
    page = open_import(**{keys.MODEL_UPLOAD: sent("notes.txt", b"no model").id})
    assert any("no package of this studio" in error.value for error in page.error)


def test_a_public_demo_says_that_it_imports_none(studio, monkeypatch):  # noqa: F811
    use(monkeypatch, public=True)
    page = open_import()
    assert "This public demo imports no models." in texts(page)


def test_a_model_that_does_not_predict_is_one_sentence_where_images_are(
    studio,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    from core.foreign import Order, import_model
    from core.serving import apart
    from tests.pages.opening import digit, drawn

    path = made.linear_onnx(tmp_path / "lines.onnx", (1, 28, 28))
    run = import_model(Order(path, "Lines", DIGITS, {"preprocessing": "mnist_digit"}))
    monkeypatch.setattr(apart, "_CHILD", "core.no_such_module")
    page = visit("recognise", runs=run.id)
    page.session_state[keys.CANVAS] = drawn(digit(7))
    page = fine(page.run())
    assert any("ended unexpectedly" in error.value for error in page.error)


@pytest.mark.slow
@pytest.mark.parametrize("format", ["keras", "tflite", PACKAGE])
def test_every_format_is_imported(studio, tmp_path, format):  # noqa: F811
    if format == PACKAGE:
        export.export("digits-random-forest", PACKAGE, tmp_path / "theirs.zip")
        upload = uploads.add_zip("theirs.zip", (tmp_path / "theirs.zip").read_bytes())
    else:
        upload = sent(f"theirs.{format}", (CNN / f"model.{format}").read_bytes())
    page = open_import(**{keys.MODEL_UPLOAD: upload.id})
    if format != PACKAGE:
        field(page, keys.MODEL_CLASSES).set_value(", ".join(DIGITS))
        field(page, "model_preprocessing").set_value("mnist_digit")
        page = fine(page.run())
    fine(button(page, "Import").click().run())
    assert imported().card.foreign.format == format
    assert "It predicts in a process of its own." in texts(visit("train", step="runs"))
