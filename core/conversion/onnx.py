"""Any model that skl2onnx knows, with the steps before it, as one ONNX graph."""

import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core import stored
from core.conversion.features import hog_of, split
from core.errors import ConversionError
from core.serving.features import Features
from core.serving.onnx import INPUT, METADATA, ONNX_FILE, Graph

_OPSET = {"": 18, "ai.onnx.ml": 3}


def write_onnx(pipeline, folder: Path, inputs: int) -> Path:
    """Write `model.onnx`; arguments and errors as for `write_trees`.

    ONNX has no operator that counts edges, so these are counted before the graph. Of a model whose
    scores become probabilities by a temperature, the graph gives the scores.
    """
    steps, model = split(pipeline)
    model, sharpness = uncalibrated(model)
    if edges := hog_of(steps):
        features, steps = Features("hog", inputs, edges), steps[2:]  # components are in the graph
        inputs = (steps[0] if steps else model).n_features_in_
    else:
        features = Features("none", inputs)
    graph = graph_of(steps, model, inputs, sharpness is not None)
    about = graph.metadata_props.add()
    about.key, about.value = METADATA, stored.as_json(asdict(Graph(features, sharpness)))
    path = folder / ONNX_FILE
    path.write_bytes(graph.SerializeToString())
    return path


def uncalibrated(model: Any) -> tuple[Any, float | None]:
    """A model, and what its scores are multiplied by if they become probabilities that way."""
    if not hasattr(model, "calibrated_classifiers_"):
        return model, None
    if model.method != "temperature" or len(model.calibrated_classifiers_) != 1:
        raise ConversionError("Only one temperature can be converted with a model.")
    (calibrated,) = model.calibrated_classifiers_
    inner = getattr(calibrated.estimator, "estimator", calibrated.estimator)
    if not hasattr(inner, "decision_function"):
        raise ConversionError("Only a temperature of scores can be converted.")
    return inner, float(calibrated.calibrators[0].beta_)


def graph_of(steps: list, model: Any, inputs: int, scores: bool):
    """The `onnx.ModelProto` of fitted steps and a fitted model."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    options: dict[str, Any] = {} if isinstance(model, LinearSVC) else {"zipmap": False}
    if scores:
        options["raw_scores"] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages, about their own future
        return to_onnx(
            make_pipeline(*steps, model),
            initial_types=[(INPUT, FloatTensorType([None, inputs]))],
            options={id(model): options},
            target_opset=_OPSET,
        )
