"""Small files of models as other programs write them, and files that are made to do harm."""

import json
import pickle
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from core.settings import PROJECT_DIR

DIGITS = tuple("0123456789")
CNN = PROJECT_DIR / "saved_models" / "mnist-cnn"  # a real .keras and .tflite, pixels 0 to 255
_IR, _OPSET = 9, 17


def weights(size: int, classes: int) -> np.ndarray:
    """The weights of the linear models here, float32 `(size, classes)`."""
    return (np.random.default_rng(0).normal(size=(size, classes)) * 0.1).astype(np.float32)


def _model(nodes: Sequence[Any], shape: Sequence, outputs: Sequence, arrays: dict) -> ModelProto:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, s) for name, s in outputs],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = _IR
    return model


def _scores() -> list:
    return [
        helper.make_node("Flatten", ["x"], ["rows"]),
        helper.make_node("MatMul", ["rows", "W"], ["scores"]),
    ]


def linear_onnx(
    path: Path, shape: tuple[int, ...] = (1, 8, 8), classes: int = 10, ends: str = ""
) -> Path:
    """A linear classifier; `ends` is an operator behind its scores: `Softmax`, `Sigmoid`."""
    nodes, last = _scores(), "scores"
    if ends:
        nodes.append(helper.make_node(ends, ["scores"], ["y"]))
        last = "y"
    arrays = {"W": weights(int(np.prod([s for s in shape if s])), classes)}
    model = _model(nodes, [None, *shape], [(last, [None, classes])], arrays)
    path.write_bytes(model.SerializeToString())
    return path


def onnx_elsewhere(path: Path, place: str, inside_a_branch: bool = False) -> Path:
    """Its weights are in another file."""
    tensor = TensorProto(name="W", data_type=TensorProto.FLOAT, dims=[64, 10])
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", place
    model = _model(_scores(), [None, 1, 8, 8], [("scores", [None, 10])], {"W": weights(64, 10)})
    if inside_a_branch:
        constant = helper.make_node("Constant", [], ["c"], value=tensor)
        value = helper.make_tensor_value_info("c", TensorProto.FLOAT, [64, 10])
        branch = helper.make_graph([constant], "branch", [], [value])
        node = helper.make_node("If", ["t"], ["never"], then_branch=branch, else_branch=branch)
        model.graph.node.append(node)
    else:
        model.graph.initializer[0].CopyFrom(tensor)
    path.write_bytes(model.SerializeToString())
    return path


def onnx_of_50_gigabytes(path: Path) -> Path:
    """It asks for an array of 12,500 × 1,000,000 numbers whenever it predicts."""
    nodes = [
        *_scores(),
        helper.make_node("ConstantOfShape", ["size"], ["large"]),
        helper.make_node("ReduceSum", ["large"], ["sum"], keepdims=0),
        helper.make_node("Add", ["scores", "sum"], ["y"]),
    ]
    arrays = {"W": weights(64, 10), "size": np.array([12_500, 1_000_000])}
    model = _model(nodes, [None, 1, 8, 8], [("y", [None, 10])], arrays)
    path.write_bytes(model.SerializeToString())
    return path


def onnx_without_end(path: Path) -> Path:
    """It computes for ever."""
    boolean, whole = TensorProto.BOOL, TensorProto.INT64
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Add", ["v", "v"], ["w"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", whole, []),
            helper.make_tensor_value_info("go", boolean, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", boolean, []),
            helper.make_tensor_value_info("w", TensorProto.FLOAT, None),
        ],
    )
    nodes = [*_scores(), helper.make_node("Loop", ["n", "yes", "scores"], ["y"], body=body)]
    arrays = {"W": weights(64, 10), "n": np.array(2**62), "yes": np.array(True)}
    model = _model(nodes, [None, 1, 8, 8], [("y", [None, 10])], arrays)
    path.write_bytes(model.SerializeToString())
    return path


class Harm:
    """Unpickled, it writes a file."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def pickle_as_h5(path: Path, inside: bool) -> Path:
    """A pickle under another name, or in an HDF5 file where Keras has the configuration."""
    content = pickle.dumps(Harm(path.with_name("harmed")))
    if not inside:
        path.write_bytes(content)
        return path
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = np.void(content)
    return path


def keras_file(path: Path, config: Any, more: dict[str, bytes] | None = None) -> Path:
    """A `.keras` file with that configuration and nothing that Keras would find weights in."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return path


def layer(kind: str, module: str = "keras.layers", **config: Any) -> dict:
    """A configuration with one layer of that kind."""
    inner = {"module": module, "class_name": kind, "config": config, "registered_name": None}
    outer = {"name": "net", "layers": [inner]}
    return {"module": "keras", "class_name": "Sequential", "config": outer}
