"""What the how-tos say works: each is followed in a copy of the studio, which is then used."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.images import encode_png
from core.settings import PROJECT_DIR
from pages.components.shared.contents import PAGES
from tests.docs.studio_copy import StudioCopy, blocks, copy_studio

pytestmark = pytest.mark.every_case

HOW_TOS = sorted(path.name for path in (PROJECT_DIR / "docs").glob("how_to_*.md"))
each_how_to = pytest.mark.parametrize("how_to", HOW_TOS)

OFFERED = """
import json
from streamlit.testing.v1 import AppTest

page = AppTest.from_file("pages/studio.py", default_timeout=120).switch_page("{page}.py")
for name, value in {address}.items():
    page.query_params[name] = value
page.run()
assert not page.exception, [problem.value for problem in page.exception]
choices = [*page.selectbox, *page.button_group]
fields = [*choices, *page.number_input, *page.slider]
print(json.dumps({{
    "fields": [field.label for field in fields],
    "options": [str(option) for field in choices for option in field.options],
    "texts": [text.value for text in page.markdown],
}}))
"""

OPEN_PAGE = """
import json
from streamlit.testing.v1 import AppTest
from pages.components.shared import preload

studio = AppTest.from_file("pages/studio.py", default_timeout=120)
listed = list(studio.run()._registered_pages.values())
(url,) = [at["url_pathname"] for at in listed if at["page_name"] == "Classes"]
assert not studio.exception
studio.switch_page(f"{url}.py")
studio.query_params["classes_of"] = "digits"
studio.query_params["classes_shown"] = "3"
page = studio.run()
assert not page.exception, [problem.value for problem in page.exception]
(title,) = [element.value for element in page.title]
texts = [element.value for element in page.markdown]
fewer = [element.value for element in page.number_input[0].set_value(2).run().markdown]
page.switch_page("compare.py").run()
page.run()  # only now AppTest knows what the run before took out of the URL
print(json.dumps({
    "menu": [at["page_name"] for at in listed],
    "icons": [at["icon"] for at in listed],
    "url": url,
    "title": title,
    "texts": texts,
    "fewer": fewer,
    "elsewhere": sorted(page.query_params),
    "header": preload.header(f"/{url}"),
}))
"""

USE_OPERATION = """
import json
from pathlib import Path
import cv2
import numpy as np
from core.opencv_ops import OPERATIONS, Step, as_code, from_text, run, to_text

name = "box_blur"
steps = (Step(name, {"size": 7}), Step("canny"), Step(name))
assert from_text(to_text(steps)) == steps
assert to_text(steps) == "box_blur;size=7~canny~box_blur"
for colour in (False, True):
    shape = (40, 60, 3) if colour else (40, 60)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for number, chosen in enumerate((steps, steps[:1])):
        *_, result = run(image, chosen)
        file = f"{colour}{number}"
        for when, pixels in (("before", image), ("after", result)):
            bgr = pixels[..., ::-1] if pixels.ndim == 3 else pixels
            cv2.imwrite(f"made/{when}-{file}.png", bgr)
        Path(f"made/{file}.py").write_text(as_code(chosen), encoding="utf-8")
print(json.dumps({"call": steps[0].call, "group": OPERATIONS[name].group}))
"""

USE_NETWORK = """
import io, json, os, runpy, sys, zipfile
from contextlib import redirect_stdout
from pathlib import Path
from core import export, runs
from core.datasets import find
from core.errors import Cancelled
from core.progress import Reporter
from core.training import TrainConfig, estimate, train
from core.training.script import script_of

values = {"patterns": 8, "epochs": 2, "batch_size": 16}
config = TrainConfig("digits", "small_cnn", values, "small-1")
spec, kept = find("digits"), Path("made/kept")
before = estimate(config, spec, runs.list_runs())
first, second = [], []
try:
    train(config, Reporter(lambda at: first.extend(at.history), lambda: bool(first)), kept)
except Cancelled:
    run = train(config, Reporter(second.append), kept)
after = estimate(config, spec, runs.list_runs())
script = script_of(run.card)
Path("script.py").write_text(script, encoding="utf-8")
sys.path.insert(0, os.getcwd())
with redirect_stdout(io.StringIO()) as printed:
    runpy.run_path("script.py", run_name="__main__")
with zipfile.ZipFile(export.export(run.id, "package", Path("made/small-1.zip")).path) as package:
    card = json.loads(package.read("small-1/card.json"))
print(json.dumps({
    "before": [before.seconds, before.alike],
    "after": [after.trainings, after.alike],
    "cancelled_after": [point["epoch"] for point in first],
    "resumed_after": [len(at.history) for at in second if at.stage == "fitting"][0],
    "epochs": [point["epoch"] for point in run.card.history],
    "accuracy": run.card.metrics["accuracy"],
    "printed": printed.getvalue().splitlines()[-1],
    "script": script,
    "card": [card["model"], card["family"], card["hyperparameters"]["patterns"]],
}))
"""


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], StudioCopy]:
    """`followed("how_to_add_a_model.md")`: a copy of the studio in which that was done."""
    known: dict[str, StudioCopy] = {}

    def follow(how_to: str) -> StudioCopy:
        if how_to not in known:
            studio = copy_studio(tmp_path_factory.mktemp("studio"))
            studio.follow(how_to)
            known[how_to] = studio
        return known[how_to]

    return follow


def offered(studio: StudioCopy, page: str, **address: str) -> dict[str, list[str]]:
    """What the fields of a page are called, and what may be chosen in them."""
    return json.loads(studio.python("-c", OFFERED.format(page=page, address=address)))


def listed(studio: StudioCopy, page: str) -> str:
    """A reference page, made anew."""
    studio.python("docs/generate.py")
    return (studio.folder / "docs" / page).read_text(encoding="utf-8")


def test_there_are_how_tos():
    things = ("a_dataset", "a_model", "a_network", "a_page", "an_operation")
    assert set(HOW_TOS) == {f"how_to_add_{thing}.md" for thing in things}


@each_how_to
def test_its_code_passes_the_style_check(followed, how_to):
    studio = followed(how_to)
    places = [place for place, _ in blocks(how_to)]
    for check in (["check"], ["format", "--quiet"], ["check"]):
        studio.python("-m", "ruff", *check, "--no-cache", *places)


@pytest.mark.slow
def test_a_dataset_that_was_added_is_listed_and_loaded(followed):
    studio = followed("how_to_add_a_dataset.md")
    known = {entry["name"]: entry for entry in studio.core("datasets", "--json")}
    assert known["faces"]["on_this_machine"]
    look = studio.core("datasets", "show", "faces", "--json")
    assert look["classes"] == {
        name: {"train": 45, "val": 5, "test": 50} for name in ("face", "other")
    }
    assert look["input_shape"] == known["faces"]["input_shape"] == [25, 25, 1]
    sizes = [sum(counts.values()) for counts in look["classes"].values()]
    assert sum(sizes) == known["faces"]["train_size"] + known["faces"]["test_size"]


@pytest.mark.slow
def test_a_dataset_that_was_added_can_be_learned_from(followed, tmp_path):
    studio = followed("how_to_add_a_dataset.md")
    train = ["train", "--dataset", "faces", "--model", "logistic_regression", "--name", "faces-1"]
    card = studio.core(*train, "--set", "max_iter=10", "--json")
    assert card["metrics"]["accuracy"] > 0.85
    prediction = studio.core("predict", "--run", "faces-1", "--dataset", "faces", "--index", "0")
    assert prediction["truth"] == prediction["label"] == "face"
    image = tmp_path / "grey.png"
    image.write_bytes(encode_png(np.full((80, 60, 3), 90, np.uint8)))
    assert studio.core("predict", "--run", "faces-1", str(image))["label"] in ("face", "other")


def test_no_import_takes_the_name_of_a_dataset_that_was_added(followed):
    code = (
        "from core.datasets import check_free\n"
        "from core.errors import DatasetError\n"
        "try:\n"
        "    check_free('faces')\n"
        "except DatasetError as error:\n"
        "    print(error)\n"
    )
    assert "already a dataset named 'faces'" in followed("how_to_add_a_dataset.md").python(
        "-c", code
    )


@pytest.mark.slow
def test_a_dataset_that_was_added_is_on_the_page_and_in_the_reference(followed):
    studio = followed("how_to_add_a_dataset.md")
    assert "Faces or not" in offered(studio, "train", step="data", dataset="faces")["options"]
    assert "| `faces` | Faces or not |" in listed(studio, "datasets.md")


@pytest.mark.slow
def test_a_model_that_was_added_learns_and_predicts(followed):
    studio = followed("how_to_add_a_model.md")
    known = {entry["name"]: entry for entry in studio.core("models", "--json")}
    assert known["extra_trees"]["params"][0]["name"] == "n_estimators"
    train = ["train", "--dataset", "digits", "--model", "extra_trees", "--name", "trees-1"]
    card = studio.core(*train, "--set", "n_estimators=20", "--json")
    assert card["metrics"]["accuracy"] > 0.9
    assert card["hyperparameters"]["n_estimators"] == 20
    assert [point["trees"] for point in card["history"]][-1] == 20
    predictions = studio.core("evaluate", "--run", "trees-1", "--json")
    assert predictions["accuracy"] == pytest.approx(card["metrics"]["accuracy"])
    prediction = studio.core("predict", "--run", "trees-1", "--dataset", "digits", "--index", "3")
    assert prediction["label"] == prediction["truth"]
    script = studio.python("-m", "core", "script", "--run", "trees-1")
    assert '"n_estimators": 20,' in script
    assert "return ExtraTreesClassifier(" in script
    (studio.folder / "script.py").write_text(script, encoding="utf-8")
    printed = studio.python("script.py").splitlines()
    assert printed[-1] == f"test accuracy: {card['metrics']['accuracy']:.4f}"
    assert compared_with_the_forest(studio, "trees-1") == "extra_trees"


@pytest.mark.slow
def test_a_model_that_was_added_is_on_the_page_and_in_the_reference(followed):
    studio = followed("how_to_add_a_model.md")
    form = offered(studio, "train", step="model", dataset="digits", model="extra_trees")
    assert "Extra trees" in form["options"]
    assert "Trees" in form["fields"]
    assert "## Extra trees" in listed(studio, "models.md")


@pytest.mark.slow
def test_a_network_that_was_added_is_on_the_page_and_in_the_reference(followed):
    studio = followed("how_to_add_a_network.md")
    form = offered(studio, "train", step="model", dataset="digits", model="small_cnn")
    assert "Small convolutional network" in form["options"]
    assert {"Patterns", "Epochs", "Learning rate", "Augmentation policy"} <= set(form["fields"])
    assert any("on this machine, judging by" in text or "few" in text for text in form["texts"])
    assert "## Small convolutional network" in listed(studio, "models.md")


@pytest.mark.slow
def test_a_network_that_was_added_is_estimated_trained_resumed_and_exported(followed):
    studio = followed("how_to_add_a_network.md")
    used = json.loads(studio.python("-c", USE_NETWORK).splitlines()[-1])
    seconds, alike = used["before"]
    assert seconds > 0 and not alike  # from the bundled network
    assert used["after"] == [1, True]
    assert used["cancelled_after"] == [1] and used["resumed_after"] == 1
    assert used["epochs"] == [1, 2]
    assert used["card"] == ["small_cnn", "network", 8]
    assert used["accuracy"] > 0.5
    reached = float(used["printed"].removeprefix("test accuracy: "))
    assert reached == pytest.approx(used["accuracy"], abs=0.01)
    assert '"patterns": 8,' in used["script"]
    assert 'layers.Conv2D(hyperparameters["patterns"], 3' in used["script"]
    assert compared_with_the_forest(studio, "small-1") == "small_cnn"
    prediction = studio.core("predict", "--run", "small-1", "--dataset", "digits", "--index", "0")
    assert prediction["label"] in tuple("0123456789")


def compared_with_the_forest(studio: StudioCopy, run_id: str) -> str:
    """The model of a run on the digits, as the comparison with a bundled run tells it."""
    told = studio.core("compare", run_id, "digits-random-forest", "--json")["runs"]
    models = {run["id"]: run["model"] for run in told}
    assert models["digits-random-forest"] == "random_forest"
    return models[run_id]


def test_an_operation_that_was_added_gives_the_same_bytes_as_its_script(followed, tmp_path):
    studio = followed("how_to_add_an_operation.md")
    used = json.loads(studio.python("-c", USE_OPERATION))
    assert used == {"call": "cv2.blur(image, (7, 7))", "group": "Smooth and shape"}
    made = studio.folder / "made"
    scripts = sorted(made.glob("*.py"))
    assert len(scripts) == 4
    for script in scripts:
        before, expected = (made / f"{when}-{script.stem}.png" for when in ("before", "after"))
        result = tmp_path / f"{script.stem}.png"
        run_elsewhere(script, before, result)
        assert result.read_bytes() == expected.read_bytes()
        assert not np.array_equal(*(cv2.imread(str(path)) for path in (result, before)))


def run_elsewhere(script: Path, *arguments: Path) -> None:
    """Run a script where there is no studio."""
    subprocess.run(
        [sys.executable, "-I", str(script), *map(str, arguments)],
        cwd=arguments[-1].parent,
        check=True,
    )


@pytest.mark.slow
def test_an_operation_that_was_added_is_on_the_page_and_in_the_reference(followed):
    studio = followed("how_to_add_an_operation.md")
    page = offered(studio, "image_lab", pipeline="box_blur;size=9")
    assert "Smooth and shape · Box blur" in page["options"]
    assert "Size" in page["fields"]
    assert "#### Box blur" in listed(studio, "operations.md")


def test_a_page_that_was_added_is_in_the_menu_and_at_its_url(followed):
    studio = followed("how_to_add_a_page.md")
    opened = json.loads(studio.python("-c", OPEN_PAGE))
    titles = [page.title for page in PAGES.values()]
    assert opened["menu"] == [*titles, "Classes"]
    assert opened["icons"][-1] == ":material/category:"
    assert (opened["url"], opened["title"]) == ("classes", "Classes")
    assert "Every image of a dataset has a **label**: one of its classes." in opened["texts"]
    assert any("Choose a dataset to see its classes." in text for text in opened["texts"])
    assert opened["texts"][-3:] == ["0", "1", "2"]
    assert opened["fewer"][-2:] == ["0", "1"]
    assert "classes_shown" not in opened["elsewhere"]
    assert "/Selectbox." in opened["header"]
