"""Maps of what speaks for a class, and whether they mean anything."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from core import ensemble, explain, runs
from core.conversion import networks
from core.errors import ModelError
from core.explain.activations import ActivationMaps, activation_maps_of
from core.explain.deletion import Deletion
from core.explain.occlusion import Patches, occlusion
from core.serving import Graph, Predictor, load_predictor, open_network
from core.settings import PROJECT_DIR

CNN, PHOTOS, LINEAR = "mnist-cnn", "cifar10-efficientnet-lite0", "mnist-logistic-regression"


def asked(run_id: str, count: int = 20) -> tuple[Predictor, np.ndarray]:
    run = runs.load(run_id)
    return load_predictor(run), run.samples().test[:count]


def test_cam_and_the_bias_add_up_to_the_score():
    predictor, images = asked(PHOTOS, 4)
    maps = activation_maps_of(predictor)
    assert maps.is_pooled
    dense = [one for one in maps.graph.operations if one.kind == "FULLY_CONNECTED"][-1]
    _, scores = maps.graph.watching([dense.outputs[0]])(images)
    bias = maps.graph.constant(dense.inputs[2])
    for index in (0, 7):
        cells, probabilities = maps.cells(maps.last_map, images, np.full(4, index))
        assert np.allclose(cells.sum(axis=(1, 2)) + bias[index], scores[:, index], atol=1e-3)
        assert np.abs(probabilities - predictor.probabilities(images)).max() < 1e-5


def from_tensorflow(run_id: str, tmp_path, images: np.ndarray) -> dict[str, np.ndarray]:
    np.save(tmp_path / "images.npy", images)
    program = [sys.executable, "-m", "tests.core.explain.tensorflow_maps"]
    paths = (runs.load(run_id).folder, tmp_path / "images.npy", tmp_path / "maps.npz")
    subprocess.run([*program, *map(str, paths)], check=True, cwd=PROJECT_DIR)
    with np.load(tmp_path / "maps.npz") as found:
        return dict(found)


@pytest.mark.slow
@pytest.mark.parametrize("run_id", [CNN, PHOTOS])
def test_maps_are_those_of_tensorflow(tmp_path, run_id):
    _, images = asked(run_id, 50)
    expected = from_tensorflow(run_id, tmp_path, images)
    # The weights of photo runs are served in 16 bits: the same network in 32 is compared.
    path = tmp_path / "model.tflite"
    networks.write_tflite(runs.load(run_id).file("model.keras"), path, images)
    maps = ActivationMaps(Graph(path.read_bytes()))
    classes = expected["logits"].argmax(axis=1)
    cells, _ = maps.cells(maps.last_map, images, classes)
    assert np.abs(cells - expected["last"]).max() < 1e-4
    if "fine" in expected:
        cells, _ = maps.cells(maps.fine_map, images, classes, by_position=True)
        assert np.abs(cells - expected["fine"]).max() < 1e-4


def with_random_weights(predictor: Predictor) -> bytes:
    """The served network with the weights of its dense layers and convolutions shuffled."""
    import flatbuffers

    graph = Graph(predictor.run.file("model.tflite").read_bytes())
    rng = np.random.default_rng(0)
    for one in graph.operations:
        if one.kind in ("CONV_2D", "FULLY_CONNECTED"):
            buffer = graph._model.buffers[graph._main.tensors[one.inputs[1]].buffer]
            weights = np.frombuffer(bytes(buffer.data), np.float32).copy()
            rng.shuffle(weights)
            buffer.data = np.frombuffer(weights.tobytes(), np.uint8)
    builder = flatbuffers.Builder(0)
    builder.Finish(graph._model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_maps_change_when_the_weights_are_random():
    """J. Adebayo et al. (2018), "Sanity checks for saliency maps"."""
    predictor, images = asked(CNN, 8)
    content = with_random_weights(predictor)
    learned, random = activation_maps_of(predictor), ActivationMaps(Graph(content))
    other = Predictor(predictor.run, open_network(content))
    alike: dict[str, list[float]] = {"grad_cam": [], "hires_cam": [], "occlusion": []}
    for image in images:
        index = int(predictor.probabilities(image[None]).argmax())
        pairs = {
            "grad_cam": [m.explain(m.last_map, image, index, False) for m in (learned, random)],
            "hires_cam": [m.explain(m.fine_map, image, index, True) for m in (learned, random)],
            "occlusion": [occlusion(p, image, index) for p in (predictor, other)],
        }
        for name, (first, second) in pairs.items():
            alike[name].append(float(np.corrcoef(first.ravel(), second.ravel())[0, 1]))
    assert all(abs(np.nanmean(values)) < 0.5 for values in alike.values()), alike


@pytest.mark.parametrize(("run_id", "method"), [(CNN, ""), (LINEAR, ""), (CNN, "hires_cam")])
def test_hiding_what_is_marked_matters_more_than_hiding_anything_else(run_id, method):
    predictor, images = asked(run_id, 25)
    verdicts = [explain.explain(predictor, image, None, method).deletion for image in images]
    assert np.mean([one.verdict == "passed" for one in verdicts]) >= 0.8
    assert all(0 < one.fraction <= 0.1 + 1e-3 for one in verdicts)


def test_a_check_says_when_a_map_cannot_be_relied_on():
    failed = Deletion(0.1, 0.93, 0.92, (0.9,) * 10)
    assert failed.verdict == "failed" and "do not rely" in failed.sentences("cat")
    passed = Deletion(0.1, 0.93, 0.41, (0.9,) * 10).sentences("cat")
    assert passed == (
        "Hiding the marked 10 % lowers “cat” from 93.0 % to 41.0 %; hiding a random 10 % (mean of "
        "10): to 90.0 %."
    )
    assert Deletion(0.1, 0.001, 0.0, (0.001,)).verdict == "improbable"
    assert "Nothing in the image" in Deletion(0, 0.9, 0.9, ()).sentences("cat")


def test_any_class_can_be_asked_about_and_others_are_refused():
    predictor, images = asked(LINEAR, 1)
    found = explain.explain(predictor, images[0], explain.class_named(predictor, "4"))
    assert (found.class_name, found.method, found.map.shape) == ("4", "weights", (28, 28))
    with pytest.raises(ModelError, match="no class named 'four'"):
        explain.class_named(predictor, "four")
    with pytest.raises(ModelError, match="from 0 to 9. Received: 10"):
        explain.explain(predictor, images[0], 10)
    with pytest.raises(ModelError, match="no method named 'lime'"):
        explain.explain(predictor, images[0], None, "lime")
    with pytest.raises(ModelError, match="These fit: weights, occlusion"):
        explain.explain(predictor, images[0], None, "grad_cam")


def test_an_imported_model_is_explained_by_occlusion_alone():
    predictor, _ = asked(CNN, 1)
    card = replace(predictor.run.card)
    object.__setattr__(card, "foreign", object())
    foreign = Predictor(replace(predictor.run, card=card), predictor.predict_batch)
    assert [method.name for method in explain.methods_for(foreign)] == ["occlusion"]
    assert "process of its own" in explain.METHODS["grad_cam"].why_not(foreign)


def test_an_ensemble_is_explained_by_its_members_as_they_vote(own_runs_folder):
    members = tuple(runs.load(run_id) for run_id in (CNN, LINEAR))
    run = ensemble.save("both", ensemble.Ensemble(members, (3.0, 1.0)))
    image = members[0].samples().test[0]
    found = explain.explain(load_predictor(run), image)
    parts = [explain.explain(load_predictor(m), image, found.class_index).map for m in members]
    scaled = [part / np.abs(part).max() for part in parts]
    assert found.method == "members"
    assert np.allclose(found.map, 0.75 * scaled[0] + 0.25 * scaled[1], atol=1e-5)


def test_every_pixel_is_hidden_equally_often_but_at_the_last_edge():
    patches = Patches.of((28, 28))
    times = np.zeros((28, 28), int)
    for box in patches.boxes((28, 28)):
        times[box] += 1
    assert times.min() == times.max() == (patches.size // patches.stride) ** 2


def test_neither_tensorflow_nor_scikit_learn_is_needed():
    program = (
        "import sys; from core import explain, runs; from core.serving import load_predictor\n"
        f"for name in {(CNN, LINEAR, 'mnist-random-forest', 'mnist-svm')!r}:\n"
        "    run = runs.load(name)\n"
        "    predictor = load_predictor(run)\n"
        "    for method in explain.methods_for(predictor):\n"
        "        explain.explain(predictor, run.samples().test[0], None, method.name)\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'skl2onnx'} & sys.modules.keys()\n"
        "sys.exit(', '.join(heavy) or None)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=PROJECT_DIR)
