"""Files that are damaged, are not what was said of them, or would do harm: a sentence each."""

import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import pytest

from core import runs
from core.errors import ForeignError
from core.foreign import Order, check, import_model, keras_check
from core.serving import apart
from tests.core.foreign import model_files as made
from tests.core.foreign.model_files import CNN, DIGITS, keras_file, layer
from tests.overriding import use

# What is refused: how the file is made, what is said of it, and what the sentence says.
CASES = {
    "class count": (made.linear_onnx, {}, ("a", "b", "c"), "must have 3 numbers.*gives: 10"),
    "input shape": (made.linear_onnx, {"size": "28x28x1"}, DIGITS, r"\(1, 8, 8\).*\(28, 28, 1\)"),
    "sigmoid": (partial(made.linear_onnx, ends="Sigmoid"), {}, DIGITS, "each class by itself"),
    "no logits": (
        partial(made.linear_onnx, ends="Softmax"),
        {"output": "logits"},
        DIGITS,
        "probabilities, not logits",
    ),
    "logits": (made.linear_onnx, {"output": "probabilities"}, DIGITS, "its output is logits"),
    "other file": (
        partial(made.onnx_elsewhere, place="../../../../etc/passwd"),
        {},
        DIGITS,
        "in another file .*passwd",
    ),
    "other file, in a branch": (
        partial(made.onnx_elsewhere, place="/etc/passwd", inside_a_branch=True),
        {},
        DIGITS,
        "in another file .*passwd",
    ),
    "50 GB": (made.onnx_of_50_gigabytes, {}, DIGITS, "more than the 2 GB"),
}


@pytest.mark.parametrize(("make", "said", "classes", "sentence"), CASES.values(), ids=list(CASES))
@pytest.mark.few(3)
def test_a_hostile_or_unfitting_onnx_file_gets_a_sentence(
    runs_folder, tmp_path, make, said, classes, sentence
):
    order = Order(make(tmp_path / "theirs.onnx"), "Theirs", classes, said)
    with pytest.raises(ForeignError, match=sentence):
        import_model(order)
    assert not list(runs_folder.glob("**/*"))


@pytest.mark.slow
def test_a_model_without_end_is_ended(runs_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(apart, "SECONDS_TO_OPEN", 3.0)
    path = made.onnx_without_end(tmp_path / "theirs.onnx")
    with pytest.raises(ForeignError, match="longer than 3 seconds and was ended"):
        import_model(Order(path, "Theirs", DIGITS))
    assert not list(runs_folder.glob("**/*"))


@pytest.mark.parametrize("suffix", [".onnx", ".tflite", ".keras", ".h5"])
@pytest.mark.few(1)
def test_a_truncated_file_gets_a_sentence(runs_folder, tmp_path, suffix):
    path = tmp_path / f"theirs{suffix}"
    if suffix == ".onnx":
        made.linear_onnx(path)
    elif suffix == ".h5":
        with h5py.File(path, "w") as file:
            file["weights"] = made.weights(64, 10)
    else:
        path.write_bytes((CNN / f"model{suffix}").read_bytes())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ForeignError, match="damaged|not a valid"):
        import_model(Order(path, "Theirs", DIGITS))
    assert not list(runs_folder.glob("**/*"))


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.few(1)
def test_a_pickle_is_never_opened(runs_folder, tmp_path, inside):
    path = made.pickle_as_h5(tmp_path / "theirs.h5", inside)
    with pytest.raises(ForeignError, match="no HDF5 file|no JSON"):
        import_model(Order(path, "Theirs", DIGITS))
    assert not (tmp_path / "harmed").exists()


def test_a_lambda_layer_is_refused_before_keras_sees_it(runs_folder, tmp_path):
    path = keras_file(tmp_path / "theirs.keras", layer("Lambda"))
    with pytest.raises(ForeignError, match="theirs.keras holds a Lambda layer"):
        import_model(Order(path, "Theirs", DIGITS))
    assert not list(runs_folder.glob("**/*"))


def _h5_bytes(fill: Callable[[h5py.File], None]) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        fill(file)
    return content.getvalue()


def _linked(file: h5py.File) -> None:
    file["theirs"] = h5py.ExternalLink("/etc/passwd", "/")


def _outside(file: h5py.File) -> None:
    file.create_dataset("w", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def _bomb(file: h5py.File) -> None:
    file.create_dataset("w", (2**34,), "f4", chunks=(2**20,), compression="gzip")


DENSE = layer("Dense", units=10)


@pytest.mark.parametrize(
    ("config", "more", "sentence"),
    [
        (layer("__lambda__"), {}, "Lambda"),
        (layer("Dense", activation={"class_name": "__lambda__", "config": {}}), {}, "Lambda"),
        (layer("TFSMLayer", filepath="/"), {}, "SavedModel"),
        (layer("TorchModuleWrapper"), {}, "pickle"),
        (layer("StringLookup", vocabulary="/etc/passwd"), {}, "other files"),
        (layer("system", module="os"), {}, "'os', which is no part"),
        (layer("get_file", module="keras.utils"), {}, "no part of Keras"),
        (layer("get_file", module="keras.src.utils.file_utils"), {}, "no part of Keras"),
        (DENSE, {"assets/../../x": b""}, "no image classifier needs"),
        (DENSE, {"model.weights.h5": _h5_bytes(_linked)}, "Links are refused"),
        (DENSE, {"model.weights.h5": _h5_bytes(_outside)}, "in another file"),
        (DENSE, {"model.weights.h5": _h5_bytes(_bomb)}, "64.0 GB"),
        (DENSE, {"model.weights.h5": b"no hdf5"}, "damaged"),
    ],
)
def test_what_a_keras_file_must_not_hold(tmp_path, config, more, sentence):
    path = keras_file(tmp_path / "theirs.keras", config, more)
    with pytest.raises(ForeignError, match=sentence):
        keras_check.check(path, "theirs.keras")


@pytest.mark.parametrize("name", ["theirs.keras", "theirs.zip"])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(runs_folder, tmp_path, name):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json" if name == "theirs.keras" else "run/card.json", "{    }")
        archive.writestr("model.weights.h5", bytes(10_000))
    size = 2**32 - 2
    content = path.read_bytes().replace((10_000).to_bytes(4, "little"), size.to_bytes(4, "little"))
    path.write_bytes(content)
    with pytest.raises(ForeignError, match="4.0 GB unpacked|more than 4 GB"):
        import_model(Order(path, "Theirs", DIGITS if name == "theirs.keras" else ()))
    assert not list(runs_folder.glob("**/*"))


def _zip(path: Path, *names: str, mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, b"{}")
    return path


@pytest.mark.parametrize(
    ("names", "mode", "sentence"),
    [
        (("run/card.json", "../../x"), 0o100644, "leads out of it"),
        (("run/card.json",), 0o120777, "is a link"),
        (("a.onnx", "b.onnx"), 0o100644, "must hold one file"),
        (("readme.txt",), 0o100644, "no package of this studio"),
        (("run/card.json",), 0o100644, "card of the package cannot be read"),
    ],
)
def test_a_zip_that_is_no_package_is_refused(runs_folder, tmp_path, names, mode, sentence):
    path = _zip(tmp_path / "theirs.zip", *names, mode=mode)
    with pytest.raises(ForeignError, match=sentence):
        import_model(Order(path, "Theirs"))
    assert not list(runs_folder.glob("**/*"))


@pytest.mark.parametrize(
    ("classes", "said", "sentence"),
    [
        ((), {}, "at least two classes.*Received: none"),
        (("a", "a"), {}, "same name: 'a'"),
        (DIGITS, {"size": "28x28"}, "height, width and channels"),
        (DIGITS, {"size": "28x28x4"}, "1 or 3 channels"),
        (DIGITS, {"size": "9999x9999x3"}, "1 to 1,024 pixels"),
        (DIGITS, {"pixels": "0..2"}, "no pixels of an input named '0..2'"),
        (DIGITS, {"pixel": "0..1"}, "Did you mean `pixels`"),
        (DIGITS, {"preprocessing": "mnist_digit", "size": "8x8x1"}, "28x28x1"),
    ],
)
def test_a_description_that_cannot_be_is_refused(runs_folder, tmp_path, classes, said, sentence):
    path = made.linear_onnx(tmp_path / "theirs.onnx")
    with pytest.raises(ForeignError, match=sentence):
        check(Order(path, "Theirs", classes, said))


def test_a_public_demo_imports_nothing(runs_folder, tmp_path, monkeypatch):
    use(monkeypatch, public=True)
    path = made.linear_onnx(tmp_path / "theirs.onnx")
    with pytest.raises(ForeignError, match="public demo imports no models"):
        import_model(Order(path, "Theirs", DIGITS))
    assert runs.list_runs() == []
