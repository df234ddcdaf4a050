"""The Train page without a browser: the form of every model, what is started, what has ended."""

import ast
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import datasets, jobs, runs
from core.errors import JobError
from core.jobs import Job, queue
from core.jobs.job import lock_of, write_status
from core.models import MODELS, Param, transfer
from core.models.presets import CNN_PRESETS
from core.settings import Settings
from core.training import MAX_SEED, TrainConfig, bundled, train
from pages.components.shared import html, keys
from pages.components.train import model_form
from tests.core.datasets.images_on_disk import pets, png, some, write_folder
from tests.core.jobs.conftest import own_folders
from tests.overriding import use
from tests.pages.opening import fine, visit

STEPS = ("data", "model", "runs")
QUICK = {  # trained in an instant on scikit-learn's digits; every way of learning is there
    "logistic_regression": {"max_iter": 20},
    "random_forest": {"n_estimators": 5},
    "gradient_boosting": {"rounds": 3, "max_images": 200},
    "mlp": {"epochs": 3, "hidden_units": "8"},
    "knn": {"max_images": 400},
}
USED = ("random_forest", "mlp", "knn")  # by many tests


FORMS = {  # the other pretrained networks have the same form
    name: spec for name, spec in MODELS.items() if spec.backbone in ("", transfer.EMBEDDED)
}


@pytest.fixture
def studio(tmp_path, monkeypatch) -> Iterator[Settings]:
    """Empty folders for all that is made; jobs are queued, but no process is started for them."""
    with own_folders(tmp_path, monkeypatch) as changed:
        for module in (jobs, queue):
            monkeypatch.setattr(module, "ensure_dispatcher", lambda: None)
        yield changed


@pytest.fixture
def open_page(studio) -> Callable[..., AppTest]:
    """`open_page("model", dataset="mnist")`: the Train page at that step, with every setting."""
    advanced = {
        model_form.fold_key(model, param.group)
        for model in MODELS.values()
        for param in model.params
        if param.advanced
    }

    def open_at(step: str, **url: str) -> AppTest:
        return visit("train", advanced, **{"dataset": "digits", "step": step} | url)

    return open_at


def fields(page: AppTest) -> dict[str, object]:
    """Every field of a form by its key."""
    kinds = (page.number_input, page.selectbox, page.text_input, page.checkbox)
    return {widget.key: widget for kind in kinds for widget in kind if widget.key}


def shown(page: AppTest, model: str) -> dict[str, object]:
    """The values in the form of a model, by the names of its hyperparameters."""
    return {
        key.removeprefix(f"{model}."): widget.value
        for key, widget in fields(page).items()
        if key.startswith(f"{model}.")
    }


def look(page: AppTest, run: str, view: str) -> AppTest:
    """One of the tabs of a finished run."""
    page.session_state[f"{keys.VIEW}_{run}"] = view
    return fine(page.run())


def opened(page: AppTest, expander: str) -> AppTest:
    """The same page with something folded out."""
    page.session_state[expander] = True
    return fine(page.run())


def button(page: AppTest, label: str):
    (found,) = (one for one in page.button if one.label == label)
    return found


def plain(text: str) -> str:
    """Markdown as it is read: without what keeps signs from having a meaning."""
    return text.replace("\\", "")


def texts(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.error, page.info, page.success, page.subheader)
    return plain("\n".join(element.value for kind in kinds for element in kind))


@pytest.fixture
def submitted(monkeypatch) -> list[tuple[str, dict]]:
    """What was submitted; nothing is queued."""
    calls: list[tuple[str, dict]] = []
    monkeypatch.setattr(jobs, "submit", lambda kind, settings: calls.append((kind, settings)))
    return calls


# The steps


@pytest.mark.parametrize("dataset", ["digits", "mnist"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.few(2)
def test_each_step_is_shown(open_page, step, dataset):
    page = open_page(step, dataset=dataset)
    assert [title.value for title in page.title] == ["Train a model"]
    assert not page.error
    assert page.query_params.get(keys.STEP, ["data"]) in (step, [step])


def test_a_step_that_is_not_known_is_the_first_one(open_page):
    page = open_page("unheard-of", model="unheard-of", run="unheard-of")
    assert button(page, "Next: choose a model")
    assert not page.error


def test_next_leads_to_the_form(open_page):
    page = fine(button(open_page("data"), "Next: choose a model").click().run())
    assert button(page, "Start training")


@pytest.mark.parametrize("step", ["data", "model"])
def test_a_dataset_that_is_not_here_is_offered_for_download(open_page, step):
    page = open_page(step, dataset="cifar10")
    assert button(page, "Download")
    assert "Start training" not in [one.label for one in page.button]


@pytest.mark.parametrize("model", [name for name in FORMS if name != "gradient_boosting"])
@pytest.mark.few(2)
def test_the_part_held_out_is_that_of_the_first_step(open_page, submitted, model):
    page = open_page("model", model=model, validation_fraction="0.3")
    assert "about 1,006 training images" in texts(page)
    button(page, "Start training").click().run()
    assert submitted[0][1]["validation_fraction"] == 0.3


# The form


def check_form(page: AppTest, model: str) -> None:
    """The form shows the fields that count beside the others, each with its title and help."""
    values = shown(page, model)
    params = {param.name: param for param in MODELS[model].params}
    beside = {name: values.get(name, param.default) for name, param in params.items()}
    assert set(values) == {name for name, param in params.items() if param.counts(beside)}
    for name in values:
        widget = fields(page)[f"{model}.{name}"]
        assert (widget.label, widget.help) == (params[name].title, params[name].help)


@pytest.mark.parametrize("model", FORMS)
def test_every_hyperparameter_that_counts_has_a_field_with_help(open_page, model):
    page = open_page("model", model=model)
    assert fields(page)[keys.MODEL].value == model
    assert MODELS[model].summary in texts(page)
    check_form(page, model)
    defaults = {param.name: param.default for param in MODELS[model].params}
    quickest = next((p for p in MODELS[model].presets.values() if "digits" in p.reads), None)
    defaults |= quickest.values_for(DIGITS) if quickest else {}
    assert shown(page, model).items() <= defaults.items()
    for key in (keys.MODEL, keys.RUN_NAME, keys.SEED):
        assert fields(page)[key].help
    assert not page.error
    assert not button(page, "Start training").disabled


def test_settings_seldom_needed_are_built_when_they_are_unfolded_and_count_ever_after(
    studio, submitted
):
    page = visit("train", dataset="digits", step="model", model="simple_cnn")
    field = "simple_cnn.batch_norm"
    assert field not in fields(page)
    fold = model_form.fold_key(MODELS["simple_cnn"], "model")
    fine(fields(opened(page, fold))[field].uncheck().run())
    page.session_state[fold] = False
    assert fields(fine(page.run()))[field].value is False
    fine(button(page, "Start training").click().run())
    assert submitted[0][1]["hyperparameters"]["batch_norm"] is False


def switches() -> list[tuple[str, str, object]]:
    """Every value of a field that makes others count, for each model."""
    found = {
        (name, *param.only_if[:1], value)
        for name, model in FORMS.items()
        for param in model.params
        if param.only_if
        for value in param.only_if[1]
    }
    return sorted(found, key=str)


@pytest.mark.parametrize(("model", "name", "value"), switches())
@pytest.mark.few(6)
def test_fields_appear_when_they_begin_to_count(open_page, submitted, model, name, value):
    page = open_page("model", model=model)
    other = {"weight_averaging": 0.5}.get(name)  # here the default is what makes others count
    if other is not None:
        fine(fields(page)[f"{model}.{name}"].set_value(other).run())
        check_form(page, model)
        assert "keep_best" not in shown(page, model)
    fine(fields(page)[f"{model}.{name}"].set_value(value).run())
    check_form(page, model)
    dependent = [param.name for param in MODELS[model].params if (param.only_if or "-")[0] == name]
    counting = [param for param in MODELS[model].params if param.name in dependent]
    assert {p.name for p in counting if value in p.only_if[1]} <= set(shown(page, model))
    fine(button(page, "Start training").click().run())
    assert submitted[0][1]["hyperparameters"][name] == value


@pytest.mark.parametrize(
    ("model", "name", "value", "sentence"),
    [
        ("simple_cnn", "filters", "8-x", "`filters` must be one to 6 whole numbers from 4 to 512"),
        ("simple_cnn", "filters", "", "such as 32-64-128. Received: ''"),
        ("simple_cnn", "filters", "8-", "Received: '8-'"),
        ("simple_cnn", "filters", "3", "Received: '3'"),
        ("simple_cnn", "filters", "8-8-8-8-8-8-8", "Received: '8-8-8-8-8-8-8'"),
        ("simple_cnn", "filters", "<b>*8*</b>", "Received: '<b>*8*</b>'"),
        ("simple_cnn", "filters", "8-8-8-8", "Images of 8×8 pixels are used up in block 4 of 4"),
        ("mlp", "hidden_units", "many", "`hidden_units` must be one to 6 whole numbers"),
    ],
)
@pytest.mark.few(4)
def test_a_value_that_cannot_work_is_said_and_nothing_can_be_started(
    open_page, model, name, value, sentence
):
    page = open_page("model", model=model)
    field = fields(page)[f"{model}.{name}"]
    fine(field.set_value(value).run())
    (error,) = page.error
    assert sentence in plain(error.value)
    assert button(page, "Start training").disabled
    assert not page.code  # there is no script of what cannot be trained
    fine(fields(page)[f"{model}.{name}"].set_value("16").run())
    assert not page.error
    assert not button(page, "Start training").disabled


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("My model no. 2", ""),
        ("../x", ""),
        ("mnist-cnn", "already a run named 'mnist-cnn'"),
        ("MNIST CNN", "already a run named 'mnist-cnn'"),
    ],
)
def test_the_name_of_the_run_is_checked(open_page, submitted, name, sentence):
    page = open_page("model", model="knn")
    fine(fields(page)[keys.RUN_NAME].set_value(name).run())
    if sentence:
        assert sentence in plain(page.error[0].value)
        assert button(page, "Start training").disabled
    else:
        button(page, "Start training").click().run()
        assert submitted[0][1]["name"] == name


DIGITS = datasets.find("digits").training_images()


def choose_preset(page: AppTest, name: str) -> AppTest:
    if CNN_PRESETS[name].patience:
        return fine(page.radio(key=f"{keys.PATIENCE}_simple_cnn").set_value(name).run())
    return fine(fields(page)[f"{keys.PRESET}_simple_cnn"].set_value(name).run())


DRAWN = [name for name, preset in CNN_PRESETS.items() if preset.reads != ("photos",)]


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.few(4)
def test_a_preset_fills_the_form(open_page, submitted, name):
    page = open_page("model", dataset="mnist")
    choose_preset(page, name)
    defaults = {param.name: param.default for param in MODELS["simple_cnn"].params}
    expected = defaults | CNN_PRESETS[name].values_for(54_000)
    values = shown(page, "simple_cnn")
    assert values.items() <= expected.items()
    assert CNN_PRESETS[name].values.items() <= values.items()
    check_form(page, "simple_cnn")
    fine(button(page, "Start training").click().run())
    wanted = TrainConfig.from_mapping({"dataset": "mnist", "model": "simple_cnn"}, name)
    assert submitted[0][1]["hyperparameters"] == wanted.hyperparameters


def test_the_form_begins_with_the_quickest_preset_of_each_dataset(open_page):
    page = open_page("model", dataset="mnist")
    patience = page.radio(key=f"{keys.PATIENCE}_simple_cnn")
    assert (patience.value, len(patience.options)) == ("quick", 3)
    assert fields(page)["simple_cnn.epochs"].value == 3
    fine(fields(page)["simple_cnn.dense_units"].set_value(77).run())
    assert page.radio(key=f"{keys.PATIENCE}_simple_cnn").value is None

    page.session_state[keys.NEXT_DATASET] = "digits"
    fine(page.run())
    assert fields(page)["simple_cnn.epochs"].value == 100  # as many updates of the weights
    assert fields(page)["simple_cnn.dense_units"].value == 77
    fine(button(page, "Reset to the defaults").click().run())
    assert page.radio(key=f"{keys.PATIENCE}_simple_cnn").value == "quick"
    assert len(page.radio(key=f"{keys.PATIENCE}_simple_cnn").options) == 2  # three pairs: too deep


def test_the_defaults_come_back(open_page):
    page = open_page("model", dataset="mnist")
    before = shown(page, "simple_cnn")
    choose_preset(page, "two_blocks")
    fine(fields(page)["simple_cnn.epochs"].set_value(77).run())
    assert shown(page, "simple_cnn") != before
    fine(button(page, "Reset to the defaults").click().run())
    assert shown(page, "simple_cnn") == before
    assert fields(page)[f"{keys.PRESET}_simple_cnn"].value is None


def another(param: Param) -> object:
    """A value other than the default that is allowed."""
    if isinstance(param.default, bool):
        return not param.default
    if param.choices:
        return next(choice for choice in param.choices if choice != param.default)
    if isinstance(param.default, str):
        return "16"
    if isinstance(param.default, int):
        return param.default + 1
    return 0.25 if param.low <= 0.25 <= param.high else (param.low + param.high) / 4


def test_a_backbone_that_is_not_here_is_offered_for_download(open_page, submitted):
    page = open_page("model", model="vgg16")
    assert "not on this machine yet" in page.info[0].value
    assert "59 MB" in page.info[0].value
    assert not [one for one in page.button if one.label == "Start training"]
    fine(page.button(key="download_vgg16").click().run())
    assert submitted == [("weights", {"backbone": "vgg16"})]


def test_own_photos_begin_with_the_pretrained_network(open_page, tmp_path):
    datasets.import_images(write_folder(pets(), tmp_path / "pets"), "pets")
    page = open_page("model", dataset="pets")
    assert page.selectbox(key=keys.MODEL).value == "efficientnet_lite0"
    assert "10 epochs of the head are then fast" in texts(page)
    page = fine(page.checkbox(key="efficientnet_lite0.cache_features").uncheck().run())
    assert "about 10 times as long" in texts(page)


@pytest.mark.parametrize("model", FORMS)
@pytest.mark.few(3)
def test_start_submits_exactly_what_is_shown(open_page, submitted, model):
    page = open_page("model", model=model)
    for param in MODELS[model].params:
        if not param.only_if and not param.choices:
            fields(page)[f"{model}.{param.name}"].set_value(another(param))
    fields(page)[keys.SEED].set_value(5)
    fields(page)[keys.RUN_NAME].set_value(" mine ")
    fine(page.run())
    values = shown(page, model)
    assert values["max_images"] == 20_001 or values["max_images"] == 1
    fine(button(page, "Start training").click().run())
    ((kind, settings),) = submitted
    assert kind == "train"
    expected = TrainConfig("digits", model, values, "mine", 5)
    assert settings == expected.to_mapping()
    assert json.loads(json.dumps(settings)) == settings  # it goes to a file
    given = {name: value for name, value in values.items() if value != "usual"}
    assert given.items() <= settings["hyperparameters"].items()
    assert page.query_params[keys.STEP] in ("runs", ["runs"])


def test_start_uses_what_was_set_a_moment_ago(open_page, submitted):
    """A field sends its value when it is left, and that may be by a click on the button."""
    page = open_page("model", model="mlp")
    fields(page)["mlp.epochs"].set_value(3)
    button(page, "Start training").click()
    fine(page.run())
    assert [settings["hyperparameters"]["epochs"] for _, settings in submitted] == [3]


def test_an_import_gets_the_name_that_was_typed_a_moment_ago(open_page, submitted, tmp_path):
    folder = write_folder(pets(10, 10), tmp_path / "pets")
    page = open_page("data", dataset="+own")
    next(one for one in page.button_group if one.key == keys.IMPORT_WAY).set_value("path").run()
    fine(page.text_input(key=keys.IMPORT_PATH).set_value(str(folder)).run())
    page.text_input(key=f"{keys.IMPORT_NAME}_pets").set_value("My pets")
    button(page, "Import these images").click()
    fine(page.run())
    assert [(settings["name"], settings["title"]) for _, settings in submitted] == [
        ("my-pets", "My pets")
    ]


@pytest.mark.parametrize(
    ("tree", "click", "chosen"),
    [
        (
            {f"{a}/{b}/{n}.png": png() for a in "xy" for b in "st" for n in range(10)},
            "The classes are x and y",
            {"classes": "outer"},
        ),
        (
            {f"all/{name}.{n}.png": png() for name in ("cat", "dog") for n in range(10)},
            "Take the classes from the file names: cat and dog",
            {"classes": "names"},
        ),
        (
            pets(10, 10) | some("birds", 9),
            "Leave out the classes that are too small",
            {"leave_out_small": True},
        ),
    ],
)
def test_one_click_repairs_an_import(open_page, submitted, tmp_path, tree, click, chosen):
    folder = write_folder(tree, tmp_path / "pets")
    page = open_page("data", dataset="+own")
    next(one for one in page.button_group if one.key == keys.IMPORT_WAY).set_value("path").run()
    fine(page.text_input(key=keys.IMPORT_PATH).set_value(str(folder)).run())
    assert len(page.warning) == 1
    assert "Import these images" not in [one.label for one in page.button]
    fine(button(page, html.plain(click)).click().run())
    assert not page.warning
    fine(button(page, "Import these images").click().run())
    assert [settings["choices"] for _, settings in submitted] == [chosen]
    fine(button(page, "Undo these choices").click().run())
    assert len(page.warning) == 1


@pytest.mark.parametrize("other", ["data", "runs"])
def test_the_form_keeps_its_values_while_another_step_is_shown(open_page, other):
    page = open_page("model", model="mlp")
    before = {"epochs": 3, "hidden_units": "32-16", "features": "pca", "learning_rate": 0.01}
    for name, value in before.items():
        fields(page)[f"mlp.{name}"].set_value(value)
    fields(page)[keys.SEED].set_value(4)
    fine(page.run())
    go_to(page, other)
    go_to(page, "model")
    assert before.items() <= shown(page, "mlp").items()
    assert fields(page)[keys.SEED].value == 4


def go_to(page: AppTest, step: str) -> None:
    fine(next(one for one in page.button_group if one.key == keys.STEP).set_value(step).run())


def test_the_name_of_the_run_is_kept_while_another_step_is_shown(open_page):
    page = open_page("model", model="mlp")
    fine(fields(page)[keys.RUN_NAME].set_value("mine").run())
    go_to(page, "runs")
    go_to(page, "model")
    assert fields(page)[keys.RUN_NAME].value == "mine"


def test_the_form_keeps_its_values_while_another_model_is_shown(open_page):
    page = open_page("model", model="mlp")
    fine(fields(page)["mlp.epochs"].set_value(3).run())
    for model in ("knn", "mlp"):
        fine(fields(page)[keys.MODEL].set_value(model).run())
    assert shown(page, "mlp")["epochs"] == 3


def test_a_training_that_cannot_be_queued_is_told(open_page, monkeypatch):
    def full(kind, settings):
        raise JobError("The disk is full.")

    monkeypatch.setattr(jobs, "submit", full)
    page = open_page("model", model="knn")
    fine(button(page, "Start training").click().run())
    assert [toast.value for toast in page.toast] == ["The disk is full."]
    assert button(page, "Start training")


def test_a_real_start_queues_one_training(open_page):
    page = open_page("model", model="knn")
    fine(button(page, "Start training").click().run())
    (job,) = jobs.list_jobs()
    assert (job.kind, job.state, job.settings["model"]) == ("train", "queued", "knn")
    assert "Waiting in the queue" in [bar.proto.text for bar in page.get("progress")][0]
    page = open_page("model", model="knn")
    assert "It will wait in the queue: 1 job ahead of it." in texts(page)
    assert button(page, "Watch it learn")


def test_the_form_shows_the_same_in_python(open_page):
    page = open_page("model", model="random_forest", **{"random_forest.n_estimators": "7"})
    assert not page.code
    (code,) = opened(page, keys.SCRIPT).code
    ast.parse(code.value)
    assert '"n_estimators": 7,' in code.value


def test_values_in_the_address_are_taken_up(open_page, submitted):
    url = {"mlp.epochs": "9", "mlp.hidden_units": "32-16", "mlp.features": "pca", "seed": "4"}
    page = open_page("model", model="mlp", **url)
    expected = {"epochs": 9, "hidden_units": "32-16", "features": "pca", "pca_components": 50}
    assert expected.items() <= shown(page, "mlp").items()
    assert fields(page)[keys.SEED].value == 4


@pytest.mark.parametrize(
    "url",
    [
        {"mlp.epochs": "many"},
        {"mlp.epochs": "100000"},
        {"mlp.features": "taste"},
        {"seed": "-1"},
        {"seed": "1e999", "mlp.epochs": "1e999"},
        {"validation_fraction": "7"},
        {"dataset": "unheard-of"},
    ],
)
def test_values_in_the_address_that_are_not_allowed_are_passed_over(open_page, url):
    page = open_page("model", **{"model": "mlp", **url})
    assert not page.error
    assert shown(page, "mlp")["epochs"] == 15
    assert not button(page, "Start training").disabled


# Trainings


@pytest.fixture(scope="module")
def small_runs(tmp_path_factory) -> Path:
    """A folder of small runs. Read it only."""
    folder = tmp_path_factory.mktemp("small-runs")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(monkeypatch, runs_dir=folder, bundled_runs_dir=folder / "none")
        for model in USED:
            train(TrainConfig("digits", model, QUICK[model], name=f"my-{model}"))
    return folder


@pytest.fixture
def with_runs(studio, small_runs) -> Settings:
    shutil.copytree(small_runs, studio.runs_dir)
    return studio


def submit(model: str = "mlp", **settings) -> Job:
    return jobs.submit("train", {"dataset": "digits", "model": model, **settings})


def broken(state: str, error: str = "", kept: bool = False, history=(), **settings) -> Job:
    """A training that has ended in that way."""
    job = submit(**settings)
    (job.folder / "log.txt").write_text("what happened last\n")
    if kept:
        (job.folder / "kept").mkdir()
        (job.folder / "kept" / "state.json").write_text("{}")
    write_status(job.folder, state=state, error=error, history=list(history))
    return jobs.load(job.id)


def test_without_any_run_nothing_is_shown(open_page, studio, monkeypatch):
    use(monkeypatch, bundled_runs_dir=studio.data_dir)
    page = open_page("runs")
    assert "There are no trained models yet." in texts(page)


@pytest.mark.parametrize("name", runs.TRAINED_HERE)
@pytest.mark.few(2)
def test_bundled_runs_are_shown_but_cannot_be_changed(open_page, name):
    page = open_page("runs", run=name)
    run = runs.load(name)
    assert fields(page)[keys.SHOWN_RUN].value == name
    assert page.metric[0].label == "Test accuracy"
    assert len(page.get("vega_lite_chart")) == 1
    if "loss" in run.card.history[0]:
        assert len(opened(page, f"{keys.LOSS}_{name}").get("vega_lite_chart")) == 2
    assert f"rename_{name}" not in fields(page)
    assert "Yes, delete it" not in [one.label for one in page.button]


@pytest.mark.parametrize(
    "model",
    [pytest.param(model, marks=[] if model == "mlp" else pytest.mark.slow) for model in QUICK],
)
def test_a_finished_run_is_shown(open_page, with_runs, model):
    if model not in USED:
        train(TrainConfig("digits", model, QUICK[model], name=f"my-{model}"))
    page = open_page("runs", run=f"my-{model}")
    run = runs.load(f"my-{model}")
    assert f"{MODELS[model].title} · scikit-learn digits" in texts(page)
    accuracy = f"{100 * run.card.metrics['accuracy']:.1f} %"
    assert [metric.value for metric in page.metric][0] == accuracy
    assert page.metric[0].delta == "of 360 images"
    opened(page, f"{keys.TABLE}_{run.id}")
    curve = next(frame.value for frame in page.dataframe if "val_accuracy" in frame.value.columns)
    assert len(curve) == len(run.card.history)
    ast.parse(look(page, run.id, "Python code").code[0].value)
    look(page, run.id, "Settings")
    settings = next(frame.value for frame in page.dataframe if "setting" in frame.value.columns)
    titles = {param.name: param.title for param in MODELS[model].params}
    assert {titles[name] for name in run.card.hyperparameters} <= set(settings["setting"])
    look(page, run.id, "Classes")
    classes = next(frame.value for frame in page.dataframe if "recall" in frame.value.columns)
    assert list(classes["class"]) == list("0123456789")
    assert classes["images"].sum() == 360
    link, _ = page.get("page_link")
    assert link.proto.query_string == f"{keys.RUNS}=my-{model}"


def test_the_latest_run_is_shown_first_and_all_are_in_the_table(open_page, with_runs):
    page = open_page("runs")
    latest = max(runs.list_runs(), key=lambda run: run.card.created)
    assert runs.load(fields(page)[keys.SHOWN_RUN].value).card.created == latest.card.created
    opened(page, keys.ALL_RUNS)
    table = next(frame.value for frame in page.dataframe if "trained" in frame.value.columns)
    assert set(table["name"]) == set(runs.names_of(runs.list_runs()).values())


def test_curves_are_put_side_by_side(open_page, with_runs):
    page = open_page("runs", run="my-mlp")
    assert len(page.get("vega_lite_chart")) == 1
    (beside,) = (one for one in page.multiselect if one.key == f"{keys.BESIDE}_my-mlp")
    fine(beside.set_value(["my-knn", "mnist-cnn"]).run())
    assert len(page.get("vega_lite_chart")) == 3


def test_a_run_whose_dataset_is_gone_is_still_shown(open_page, with_runs):
    path = with_runs.runs_dir / "my-knn" / runs.CARD
    path.write_text(json.dumps({**json.loads(path.read_text()), "dataset": "was-deleted"}))
    page = open_page("runs", run="my-knn")
    assert "was-deleted" in texts(page)
    look(page, "my-knn", "Python code")
    assert (
        "There is no script: this is an ensemble, or its dataset or model no longer exists."
        in texts(page)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "of-the-past"},
        {"history": []},
        {"metrics": {"accuracy": 0.5, "test_size": 360}},
        {"hyperparameters": {"of_the_past": 1}},
        {"class_names": ["<b>0</b>", "*1*", *"23456789"]},
    ],
    ids=lambda changes: next(iter(changes)),
)
@pytest.mark.few(2)
def test_a_run_of_another_version_is_still_shown(open_page, with_runs, changes):
    path = with_runs.runs_dir / "my-knn" / runs.CARD
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    page = open_page("runs", run="my-knn")
    assert fields(page)[keys.SHOWN_RUN].value == "my-knn"
    for view in ("Classes", "Settings", "Python code"):
        look(page, "my-knn", view)


def test_a_run_whose_predictions_were_changed_says_so(open_page, with_runs):
    (with_runs.runs_dir / "my-knn" / runs.EVALUATION).write_bytes(b"changed")
    page = look(open_page("runs", run="my-knn"), "my-knn", "Classes")
    assert "was changed after training" in plain(page.error[0].value)


def test_a_run_is_renamed(open_page, with_runs):
    page = open_page("runs", run="my-knn")
    assert button(page, "Rename it").disabled
    for taken, sentence in (
        ("my-mlp", "already a run named 'my-mlp'"),
        ("mnist-cnn", "already a run named 'mnist-cnn'"),
        ("My MLP", "already a run named 'my-mlp'"),
    ):
        fine(fields(page)["rename_my-knn"].set_value(taken).run())
        assert sentence in plain(page.error[0].value)
        assert button(page, "Rename it").disabled
    fine(fields(page)["rename_my-knn"].set_value("Neighbours!").run())
    assert runs.load("my-knn")  # not yet: the button was not clicked
    fine(button(page, "Rename it").click().run())
    assert fields(page)[keys.SHOWN_RUN].value == "neighbours"
    assert runs.load("neighbours").title == "Neighbours!"
    assert "Neighbours!" in [plain(one.value) for one in page.caption]
    assert not (with_runs.runs_dir / "my-knn").exists()
    assert not page.error


def test_a_run_is_deleted_after_asking(open_page, with_runs):
    page = open_page("runs", run="my-knn")
    assert "Delete my-knn?" in plain(texts(page)).replace("**", "")
    assert runs.load("my-knn")
    fine(button(page, "Yes, delete it").click().run())
    assert "my-knn" not in [run.id for run in runs.list_runs()]
    assert fields(page)[keys.SHOWN_RUN].value in [run.id for run in runs.list_runs()]
    assert "Deleted my-knn." in plain(texts(page)).replace("**", "")
    fine(button(page, "Undo").click().run())
    assert runs.load("my-knn")
    assert fields(page)[keys.SHOWN_RUN].value == "my-knn"
    assert "Undo" not in [one.label for one in page.button]


def test_the_script_of_a_run_can_be_taken_away(open_page, with_runs, monkeypatch):
    downloads = {}
    real = st.download_button
    monkeypatch.setattr(
        st,
        "download_button",
        lambda label, data, *rest, **more: (
            downloads.update({label: data}) or real(label, data, *rest, **more)
        ),
    )
    look(open_page("runs", run="my-knn"), "my-knn", "Python code")
    assert downloads["Download this script"].startswith('"""')


def test_another_training_begins_with_the_settings_of_a_run(open_page, with_runs):
    page = open_page("runs", dataset="mnist", run="my-mlp")
    look(page, "my-mlp", "Settings")
    fine(button(page, "Train again with other settings").click().run())
    assert fields(page)[keys.MODEL].value == "mlp"
    assert page.query_params[keys.DATASET] in ("digits", ["digits"])
    run = runs.load("my-mlp")
    assert shown(page, "mlp") == run.card.hyperparameters
    assert keys.VALIDATION_FRACTION not in page.query_params  # it was the usual one


def test_another_training_needs_a_name_of_its_own(open_page, with_runs):
    page = open_page("model", dataset="digits")
    fine(fields(page)[keys.RUN_NAME].set_value("my-mlp").run())
    go_to(page, "runs")
    fine(fields(page)[keys.SHOWN_RUN].set_value("my-mlp").run())
    look(page, "my-mlp", "Settings")
    fine(button(page, "Train again with other settings").click().run())
    assert fields(page)[keys.RUN_NAME].value == ""


@pytest.mark.parametrize("way", ["Train again with other settings", "Change the settings"])
@pytest.mark.few(1)
def test_another_training_begins_with_the_seed_and_the_part_held_out_too(open_page, studio, way):
    config = TrainConfig("digits", "knn", {"max_images": 200}, "mine", 3, 0.2)
    if way == "Change the settings":
        broken("failed", "No.", **config.to_mapping())
    else:
        train(config)
    page = open_page("runs", dataset="mnist", run="mine")
    look(page, "mine", "Settings")
    fine(button(page, way).click().run())
    assert fields(page)[keys.SEED].value == 3
    assert "about 1,150 training images" in texts(page)


def test_another_training_begins_with_the_largest_seed(open_page):
    broken("failed", "No.", seed=MAX_SEED)
    page = open_page("runs")
    fine(button(page, "Change the settings").click().run())
    assert fields(page)[keys.SEED].value == MAX_SEED
    assert not button(page, "Start training").disabled


@pytest.mark.parametrize("name", bundled.CONFIGS)  # those whose images are bundled
def test_another_training_begins_with_the_settings_of_a_bundled_run(open_page, name):
    page = look(open_page("runs", run=name), name, "Settings")
    fine(button(page, "Train again with other settings").click().run())
    card = runs.load(name).card
    assert shown(page, card.model) == card.hyperparameters
    assert not page.error


def test_a_failed_training_says_why_and_what_can_be_done(open_page):
    points = [{"epoch": n, "accuracy": 0.5, "val_accuracy": 0.4} for n in (1, 2)]
    job = broken("failed", "It was *killed* <b>here</b>.", kept=True, history=points)
    page = open_page("runs")
    assert "It was *killed* <b>here</b>." in plain(page.error[0].value)
    assert "Multilayer perceptron (MLP) · scikit-learn digits" in texts(page)
    assert "what happened last" in [code.value.strip() for code in page.code]
    for label in ("Resume after epoch 2", "Change the settings", "Yes, remove it"):
        assert button(page, label)
    fine(button(page, "Resume after epoch 2").click().run())
    assert jobs.load(job.id).state == "queued"
    assert not page.error


def test_what_left_nothing_cannot_be_resumed(open_page):
    broken("cancelled", "The training was cancelled; no run was kept.")
    page = open_page("runs")
    assert "The training was cancelled; no run was kept." in texts(page)
    assert not page.error
    assert not [one for one in page.button if one.label.startswith("Resume")]


def test_the_settings_of_a_failed_training_can_be_changed(open_page):
    hyperparameters = {"epochs": 7, "features": "pca", "pca_components": 9}
    broken("failed", "No.", hyperparameters=hyperparameters)
    page = open_page("runs", dataset="mnist")
    fine(button(page, "Change the settings").click().run())
    assert fields(page)[keys.MODEL].value == "mlp"
    assert hyperparameters.items() <= shown(page, "mlp").items()
    assert button(page, "Start training")


def test_a_failed_training_is_removed_after_asking(open_page):
    job = broken("failed", "No.", kept=True)
    page = open_page("runs")
    assert jobs.load(job.id)
    fine(button(page, "Yes, remove it").click().run())
    assert jobs.list_jobs() == []
    assert not page.error


@pytest.mark.parametrize(
    "settings",
    [{"model": "of-the-past"}, {"dataset": "was-deleted"}, {"hyperparameters": {"x": 1}}],
)
def test_a_failed_training_of_what_is_no_longer_known_can_be_removed(open_page, settings):
    job = broken("failed", "No.")
    config = json.loads((job.folder / "config.json").read_text())
    config["settings"] = {"hyperparameters": {}, **config["settings"], **settings}
    (job.folder / "config.json").write_text(json.dumps(config))
    page = open_page("runs")
    fine(button(page, "Change the settings").click().run())
    page = open_page("runs")
    fine(button(page, "Yes, remove it").click().run())
    assert jobs.list_jobs() == []


def test_a_running_training_shows_its_figures(open_page):
    job = submit("simple_cnn", hyperparameters={"epochs": 4})
    points = [{"epoch": n, "accuracy": n / 10, "val_accuracy": (3 - n) / 10} for n in (1, 2)]
    with lock_of(job.folder):
        write_status(
            job.folder,
            state="running",
            stage="fitting",
            epoch=3,
            epochs=4,
            fraction=0.6,
            note="epoch 3 of 4, batch 7 of 11",
            metrics={"accuracy": 0.25, "loss": 1.0},
            history=points,
        )
        page = open_page("runs")
        values = {metric.label: metric.value for metric in page.metric[:4]}
        assert values == {
            "Epoch": "3/4",
            "Training accuracy": "25.0 %",
            "Validation accuracy": "10.0 %",
            "Best so far": "20.0 %",
        }
        (bar,) = page.get("progress")
        assert (bar.proto.value, bar.proto.text) == (60, "Training · epoch 3 of 4, batch 7 of 11")
        assert page.get("vega_lite_chart")
        fine(button(page, "Stop early").click().run())
        assert jobs.load(job.id).finishing
        assert button(page, "Stop early").disabled
        assert page.get("progress")[0].proto.text == "Stopping early …"
        fine(button(page, "Cancel").click().run())
        assert jobs.load(job.id).stopping
        assert button(page, "Cancel").disabled
        assert page.get("progress")[0].proto.text == "Stopping …"


@pytest.mark.parametrize("model", FORMS)
def test_a_training_that_has_just_begun_is_shown(open_page, model):
    job = submit(model)
    with lock_of(job.folder):
        write_status(job.folder, state="running", stage="loading")
        page = open_page("runs")
        assert page.get("progress")[0].proto.text == "Loading the images"
        assert button(page, "Stop early").disabled  # there is nothing yet to keep


def test_a_queued_training_says_what_is_before_it_and_is_cancelled(open_page, studio, tmp_path):
    folder = write_folder(pets(10, 10), tmp_path / "pets")
    jobs.submit("import", {"path": str(folder), "name": "pets"})
    job = submit("knn")
    page = open_page("runs")
    assert page.get("progress")[0].proto.text == "Waiting in the queue"
    assert "Ahead of this one: Import pets." in texts(page)
    fine(button(page, "Cancel").click().run())
    assert jobs.load(job.id).state == "cancelled"


def test_the_run_of_the_training_that_ended_last_is_shown(open_page, with_runs):
    job = submit("knn")
    write_status(job.folder, state="done", result={"run": "my-knn", "accuracy": 0.9})
    assert fields(open_page("runs"))[keys.SHOWN_RUN].value == "my-knn"
    # a link to another one is followed all the same
    page = open_page("runs", run="my-mlp")
    assert fields(page)[keys.SHOWN_RUN].value == "my-mlp"


def test_the_run_of_a_training_that_was_watched_is_shown_when_it_ends(open_page, with_runs):
    job = submit("knn")
    with lock_of(job.folder):
        write_status(job.folder, state="running", stage="fitting")
        page = open_page("runs", dataset="digits")
        assert fields(page)[keys.SHOWN_RUN].value != "my-random_forest"
        write_status(job.folder, state="done", result={"run": "my-random_forest", "accuracy": 0.9})
    fine(page.run())
    assert fields(page)[keys.SHOWN_RUN].value == "my-random_forest"
    fine(fields(page)[keys.SHOWN_RUN].set_value("my-mlp").run())
    assert fields(fine(page.run()))[keys.SHOWN_RUN].value == "my-mlp"  # once is enough


def test_a_training_that_was_resumed_is_followed(open_page, with_runs):
    older, latest = submit("knn"), submit("mlp")
    write_status(latest.folder, state="done", result={"run": "my-mlp", "accuracy": 0.9})
    with lock_of(older.folder):
        write_status(older.folder, state="running", stage="fitting", tries=1)
        page = open_page("runs", run="my-mlp")
        status = json.loads((older.folder / "status.json").read_text())
        later = {**status["times"], "done": "2099-01-01T00:00:00+00:00"}
        write_status(older.folder, state="done", result={"run": "my-knn", "accuracy": 0.9})
        write_status(older.folder, times=later)
    assert fields(fine(page.run()))[keys.SHOWN_RUN].value == "my-knn"


def test_a_run_that_was_deleted_since_is_not_missed(open_page, with_runs):
    job = submit("knn")
    write_status(job.folder, state="done", result={"run": "was-deleted", "accuracy": 0.9})
    page = open_page("runs")
    assert fields(page)[keys.SHOWN_RUN].value in [run.id for run in runs.list_runs()]


def test_your_own_images_are_trained_with(open_page, submitted, tmp_path):
    datasets.import_folder(write_folder(pets(20, 20), tmp_path / "pets"), "pets", title="My *pets*")
    for step in STEPS:
        page = open_page(step, dataset="pets")
        assert not page.error
    page = open_page("model", dataset="pets", model="simple_cnn")
    assert "My *pets*: about 28 training images" in texts(page).replace("**", "")
    (few,) = page.warning
    assert "With 6 test images, each one counts 16.7 %" in few.value.replace("\\", "")
    fine(button(page, "Start training").click().run())
    assert submitted[0][1]["dataset"] == "pets"


def test_a_run_that_others_have_trained_shows_the_published_figure(open_page):
    (name,) = runs.PRETRAINED
    page = open_page("runs", run=name)
    values = {metric.label: metric.value for metric in page.metric}
    assert values == {"Test accuracy": "not measured here", "Published accuracy": "75.1 %"}
    assert [tab.label for tab in page.tabs] == ["Settings", "Export", "Use it from code"]
    assert "Train again with other settings" not in [one.label for one in page.button]
