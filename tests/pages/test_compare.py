"""The Compare page without a browser: every figure on it, every view, and what can go wrong."""

import base64
import io
import json
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import binomtest
from sklearn import metrics
from sklearn.calibration import calibration_curve
from streamlit.testing.v1 import AppTest

from core import datasets, ensemble, jobs, runs
from core.comparison import METRICS, written
from core.datasets import DATASETS, uploads
from core.ensemble import Ensemble
from core.errors import StudioError
from core.images import decode, encode_png
from core.jobs import queue
from core.jobs.job import lock_of, write_status
from core.runs import Run
from core.serving import load_predictor
from core.settings import Settings
from core.training import TrainConfig, train
from pages.components.shared import keys
from tests.core.datasets.images_on_disk import png, write_folder
from tests.core.jobs.conftest import own_folders
from tests.overriding import use
from tests.pages.opening import APP, digit, drawn, fine, visit
from tests.pages.reading import asked, button, plain, texts, worked

CNN, FOREST, LOGISTIC = "mnist-cnn", "mnist-random-forest", "mnist-logistic-regression"
SVM = "mnist-svm"
BUNDLED = (CNN, SVM, FOREST, LOGISTIC)  # as the page puts them
VIEWS = (
    "leaderboard",
    "confusion",
    "curves",
    "classes",
    "misclassified",
    "confidence",
    "one_class",
    "ensemble",
    "own",
    "report",
)
EXACT = 1e-9
AT_ONCE = 24  # images that are shown before one asks for more


@pytest.fixture
def studio(tmp_path, monkeypatch) -> Iterator[Settings]:
    """Empty folders for all that is made, beside the bundled runs; jobs are queued, not started."""
    with own_folders(tmp_path, monkeypatch) as changed:
        for module in (jobs, queue):
            monkeypatch.setattr(module, "ensure_dispatcher", lambda: None)
        yield changed


@pytest.fixture
def open_page(studio) -> Callable[..., AppTest]:
    """`open_page("misclassified", compare="mnist-cnn")`: the Compare page at that view."""

    def open_at(view: str = "leaderboard", **url: str) -> AppTest:
        return visit("compare", **{keys.COMPARE_VIEW: view} | url)

    return open_at


# What is on the page


def headings(page: AppTest) -> list[str]:
    return [plain(heading.value) for heading in page.subheader]


def widgets(page: AppTest) -> dict[str, object]:
    kinds = (
        page.selectbox,
        page.multiselect,
        page.button_group,
        page.slider,
        page.text_input,
        page.toggle,
    )
    return {widget.key: widget for kind in kinds for widget in kind if widget.key}


def weight_of(page: AppTest, name: str):
    """The slider of a member's weight."""
    (found,) = (w for w in page.slider if plain(w.label) == f"Weight of {name}")
    return found


def choose(page: AppTest, key: str, value) -> AppTest:
    """The page after another choice in the widget of that key."""
    return fine(widgets(page)[key].set_value(value).run())


def opened(page: AppTest, expander: str) -> AppTest:
    page.session_state[expander] = True
    return fine(page.run())


def table(page: AppTest, column: str):
    """The only table with a column of that name."""
    (found,) = (frame for frame in page.dataframe if column in frame.value.columns)
    return found


def as_read(frame) -> pd.DataFrame:
    """A styled table as it is written on the page."""
    values = frame.proto.arrow_data.styler.display_values
    return pa.ipc.open_stream(values).read_pandas()


def drawn_by(page: AppTest, component: str) -> dict[str, dict]:
    """What the page gave to components of ours, by what each drawing is called."""
    elements = [one.proto for one in page.get("bidi_component")]
    found = [json.loads(one.json) for one in elements if one.component_name == component]
    return {data["label"]: data for data in found}


def matrices(page: AppTest) -> dict[str, dict]:
    return drawn_by(page, "confusion_matrix")


def leaderboard(page: AppTest) -> dict[str, dict[str, dict]]:
    """Every cell of the leaderboard by run and heading: its text, its value, whether it is best."""
    (data,) = drawn_by(page, "sortable_table").values()
    titles = [column["title"] for column in data["columns"]]
    rows = [dict(zip(titles, row, strict=True)) for row in data["rows"]]
    return {row[titles[0]]["text"]: row for row in rows}


def html_of(page: AppTest) -> str:
    return " ".join(element.proto.body for element in page.get("html"))


def galleries(page: AppTest) -> list[list[int]]:
    """The test images that are shown, gallery by gallery."""
    bodies = [element.proto.body for element in page.get("html")]
    found = [[int(i) for i in re.findall(r'data-index="(\d+)"', body)] for body in bodies]
    return [indices for indices in found if indices]


def shown(page: AppTest) -> list[int]:
    """The test images in the only gallery."""
    (indices,) = galleries(page)
    return indices


def all_shown(page: AppTest) -> list[int]:
    """The same once everything was asked for."""
    while more := [one for one in page.button if one.label.startswith("Show more")]:
        fine(more[0].click().run())
    return shown(page)


# The same figures, by scikit-learn and NumPy


@lru_cache
def stored(run_id: str) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of a bundled run on the test images."""
    with np.load(runs.load(run_id).folder / runs.EVALUATION) as arrays:
        return arrays["y_test"], arrays["probabilities_test"]


@lru_cache
def predictions(run_id: str) -> np.ndarray:
    return stored(run_id)[1].argmax(axis=1)


@lru_cache
def sureness(run_id: str) -> np.ndarray:
    return stored(run_id)[1].max(axis=1)


def right(run_id: str) -> np.ndarray:
    return predictions(run_id) == stored(run_id)[0]


def confused(run_id: str) -> np.ndarray:
    return metrics.confusion_matrix(stored(run_id)[0], predictions(run_id))


def sorted_by(run_id: str, places: np.ndarray, order: str = "sure") -> list[int]:
    """Images by how sure a run was of its answer."""
    confidences = sureness(run_id)[places]
    order = np.argsort(-confidences if order == "sure" else confidences, kind="stable")
    return places[order].tolist()


def in_cell(run_id: str, truth: int, prediction: int) -> np.ndarray:
    return (stored(run_id)[0] == truth) & (predictions(run_id) == prediction)


def calibration_error(hits: np.ndarray, confidences: np.ndarray) -> float:
    confidences = confidences.astype(np.float64)
    accuracy, claimed = calibration_curve(hits, confidences, n_bins=15)
    inner_edges = np.linspace(0, 1, 16)[1:-1]
    counts = np.bincount(np.searchsorted(inner_edges, confidences), minlength=15)
    return float(np.average(np.abs(accuracy - claimed), weights=counts[counts > 0]))


def metrics_of(labels: np.ndarray, rows: np.ndarray) -> dict[str, float]:
    """Every figure of answers that scikit-learn or SciPy can compute."""
    said, rows = rows.argmax(axis=1), rows.astype(np.float64)
    hits = said == labels
    interval = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
    averages = {}
    for average, prefix in (("macro", ""), ("weighted", "weighted_")):
        found = metrics.precision_recall_fscore_support(
            labels, said, average=average, zero_division=0
        )
        names = [f"{prefix}{metric}" for metric in ("precision", "recall", "f1")]
        averages |= dict(zip(names, found[:3], strict=True))
    broken_ties = rows - 1e-12 * np.arange(rows.shape[1])
    return {
        "accuracy": metrics.accuracy_score(labels, said),
        "accuracy_low": interval.low,
        "accuracy_high": interval.high,
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, said),
        "top_k": metrics.top_k_accuracy_score(labels, broken_ties, k=3),
        **averages,
        "log_loss": metrics.log_loss(labels, np.clip(rows, 1e-7, 1)),
        "brier_score": metrics.brier_score_loss(labels, rows, scale_by_half=False),
        "calibration_error": calibration_error(hits, rows.max(axis=1)),
    }


@lru_cache
def recomputed(run_id: str) -> dict[str, float]:
    return metrics_of(*stored(run_id))


def as_text(metric: str, value: float) -> str:
    return f"{value:.4f}" if metric in ("log_loss", "brier_score") else f"{value * 100:.2f} %"


def p_value(one: np.ndarray, other: np.ndarray) -> float:
    """McNemar's exact test of two runs, from who was right about what."""
    only_one, only_other = int((one & ~other).sum()), int((other & ~one).sum())
    return binomtest(only_one, only_one + only_other).pvalue


unexact_sums = pytest.mark.filterwarnings("ignore:The y_prob values do not sum to one")


# Every figure


@unexact_sums
def test_the_leaderboard_holds_the_figures_of_scikit_learn(open_page):
    rows = leaderboard(open_page())
    assert set(rows) == set(BUNDLED)
    for name, row in rows.items():
        card, expected, best = runs.load(name).card, recomputed(name), name == CNN
        star = " ★" if best else ""
        low, high = (expected[f"accuracy_{end}"] * 100 for end in ("low", "high"))
        accuracy, f1 = expected["accuracy"], expected["f1"]
        interval = f"({low:.2f}–{high:.2f})"
        assert row["Accuracy"]["text"] == f"{accuracy * 100:.2f} % {interval}{star}"
        assert row["Accuracy"]["value"] == pytest.approx(accuracy, abs=EXACT)
        assert row["F1"]["text"] == f"{f1 * 100:.2f} %{star}"
        assert row["F1"]["value"] == pytest.approx(f1, abs=EXACT)
        assert row["Accuracy"]["best"] == row["F1"]["best"] == best
        assert row[METRICS["seconds"].title]["value"] == card.seconds
        assert row["Prediction time"]["value"] == card.cost["latency_seconds"]
        assert row["Model size"]["value"] == card.cost["file_bytes"]
    for heading in (METRICS[name].title for name in ("seconds", "latency_seconds", "file_bytes")):
        values = {name: row[heading]["value"] for name, row in rows.items()}
        starred = [name for name, row in rows.items() if row[heading]["text"].endswith(" ★")]
        assert starred == [min(values, key=values.get)]


@unexact_sums
def test_the_table_of_all_figures_holds_those_of_scikit_learn(open_page):
    page = open_page()
    assert not page.dataframe  # it is made only when it is folded out
    rows = (
        table(opened(page, keys.ALL_METRICS), "metric")
        .value.set_index("metric")
        .rename(columns=lambda name: name.removeprefix("run "))
    )
    assert list(rows.index) == [metric.title for metric in METRICS.values()]
    for name in BUNDLED:
        card, expected = runs.load(name).card, recomputed(name)
        for metric, meaning in METRICS.items():
            text = rows.loc[meaning.title, name].removesuffix(" ★")
            if metric in expected:
                assert text == as_text(metric, expected[metric]), metric
            elif metric == "seconds":
                assert text == written(metric, card.seconds)
            else:
                assert text == written(metric, card.cost.get(metric)), metric
    assert list(rows["help"]) == [metric.help for metric in METRICS.values()]


@unexact_sums
def test_stars_stand_beside_the_best_of_each_figure(open_page):
    rows = (
        table(opened(open_page(), keys.ALL_METRICS), "metric")
        .value.set_index("metric")
        .rename(columns=lambda name: name.removeprefix("run "))
    )
    for metric, meaning in METRICS.items():
        if metric in recomputed(CNN):
            values = {name: recomputed(name)[metric] for name in BUNDLED}
        elif metric == "seconds":
            values = {name: runs.load(name).card.seconds for name in BUNDLED}
        else:
            cost = {name: runs.load(name).card.cost for name in BUNDLED}
            values = {name: cost[name][metric] for name in BUNDLED if metric in cost[name]}
        top = {"high": max, "low": min}.get(meaning.best, lambda _: None)(values.values())
        starred = {name for name in BUNDLED if rows.loc[meaning.title, name].endswith("★")}
        assert starred == {name for name, value in values.items() if value == top}, metric


@pytest.mark.parametrize(
    ("first", "second"), [(CNN, FOREST), (FOREST, LOGISTIC)], ids=["cnn", "forest"]
)
def test_the_lead_is_that_of_numpy_and_scipy(open_page, first, second):
    said = texts(open_page(compare=f"{second},{first}"))
    ours, theirs = right(first), right(second)
    agree = (predictions(first) == predictions(second)).mean() * 100
    assert f"{first} ({ours.mean() * 100:.2f} %) is ahead of {second} " in said
    assert f"({theirs.mean() * 100:.2f} %). Both predict the same class for {agree:.1f} %" in said
    only_first, only_second = (ours & ~theirs).sum(), (theirs & ~ours).sum()
    assert f"it is {first} {only_first:,} times and {second} {only_second:,} times." in said
    assert p_value(ours, theirs) < 0.001
    assert "This is a significant lead (McNemar's test, p < 0.001)." in said


@pytest.mark.parametrize("percent", [60, 85, 0, 100])
@pytest.mark.few(1)
def test_the_confidence_table_holds_what_is_left_and_how_good_it_is(open_page, percent):
    page = open_page("confidence")
    if percent != 60:
        choose(page, keys.UNSURE_BELOW, percent)
    rows = table(page, "coverage").value.set_index("run")
    assert list(rows.index) == list(BUNDLED)
    for name in BUNDLED:
        sure = sureness(name) >= np.float32(percent / 100)
        row, hits = rows.loc[name], right(name)
        assert row["coverage"] == pytest.approx(sure.mean(), abs=EXACT)
        assert row["incorrect"] == (sure & ~hits).sum()
        if sure.any():
            assert row["accuracy"] == pytest.approx(hits[sure].mean(), abs=EXACT)
        else:
            assert np.isnan(row["accuracy"])
        expected = calibration_error(hits, sureness(name))
        assert row["error"] == pytest.approx(expected, abs=EXACT)
    assert f"The ring marks a threshold of {percent} %." in texts(page)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_classification_report_is_that_of_scikit_learn(open_page, name):
    page = open_page("classes", **{keys.CLASS_RUN: name})
    rows = table(page, "recall").value
    labels = stored(name)[0]
    expected = metrics.classification_report(labels, predictions(name), output_dict=True)
    lines = [*"0123456789", "macro avg", "weighted avg"]
    titles = [*"0123456789", "macro average", "weighted average"]
    assert list(rows["class"]) == titles
    for line, (_, row) in zip(lines, rows.iterrows(), strict=True):
        for ours, theirs in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            assert row[ours] == pytest.approx(expected[line][theirs], abs=EXACT)
        assert row["images"] == expected[line]["support"]


@pytest.mark.parametrize("name", BUNDLED)
def test_the_commonest_confusions_are_counted(open_page, name):
    page = open_page("classes", **{keys.CLASS_RUN: name})
    counts = confused(name) * (1 - np.eye(10, dtype=int))
    received = re.findall(r"<dt>(\d) → (\d)<small>(\d+)</small></dt>", unescape(html_of(page)))
    places = [(int(truth), int(prediction)) for truth, prediction, _ in received]
    assert [int(count) for *_, count in received] == sorted(counts.ravel().tolist())[:-6:-1]
    assert [counts[place] for place in places] == [int(count) for *_, count in received]
    assert len(set(places)) == 5


@pytest.mark.parametrize("label", [0, 4, 9])
def test_one_class_against_the_rest_has_the_areas_of_scikit_learn(open_page, label):
    page = open_page("one_class", **{keys.ONE_CLASS: str(label)})
    rows = table(page, "roc").value.set_index("run")
    for name in BUNDLED:
        truth, scores = stored(name)[0] == label, stored(name)[1][:, label]
        assert rows.loc[name, "roc"] == f"{metrics.roc_auc_score(truth, scores):.4f}"
        assert rows.loc[name, "pr"] == f"{metrics.average_precision_score(truth, scores):.4f}"
    assert len(page.get("vega_lite_chart")) == 2


NORMALISED = {"counts": None, "rows": "true", "columns": "pred"}


@pytest.mark.parametrize("scale", NORMALISED)
def test_confusion_matrices_are_those_of_scikit_learn(open_page, scale):
    page = open_page("confusion", scale=scale, matrices=",".join(BUNDLED))
    drawn_matrices = matrices(page)
    assert list(drawn_matrices) == [f"Confusion matrix of {name}" for name in BUNDLED]
    for name, data in zip(BUNDLED, drawn_matrices.values(), strict=True):
        expected = metrics.confusion_matrix(
            stored(name)[0], predictions(name), normalize=NORMALISED[scale]
        )
        assert np.allclose(data["values"], expected, rtol=0, atol=1e-5)
        assert data["names"] == list("0123456789")
        for row, column in np.ndindex(10, 10):
            value, says = expected[row, column], data["says"][row][column]
            if scale == "counts":
                assert says.partition(" ")[0] == f"{value:,}"
                assert data["texts"][row][column] == (str(value) if value else "")
            else:
                assert says == f"{value * 100:.2f} %"
                assert (data["texts"][row][column] == "") == (value == 0)
        assert f"{name} · {recomputed(name)['accuracy'] * 100:.1f} %" in texts(page)
    darkest = max(np.max(data["values"]) for data in drawn_matrices.values())
    for data in drawn_matrices.values():  # on one scale, so that shades can be compared
        assert data["most"] == pytest.approx(darkest, abs=1e-5)


@pytest.mark.parametrize("scale", NORMALISED)
@pytest.mark.few(2)
def test_the_difference_of_two_matrices_is_drawn_with_signs(open_page, scale):
    page = open_page("confusion", scale=scale, compare=f"{CNN},{FOREST}")
    assert len(matrices(page)) == 2
    choose(page, keys.DIFFERENCE, "less")
    (data,) = matrices(page).values()
    assert data["label"] == f"{CNN} minus {FOREST}"
    first, second = (
        metrics.confusion_matrix(stored(name)[0], predictions(name), normalize=NORMALISED[scale])
        for name in (CNN, FOREST)
    )
    assert np.allclose(data["values"], first - second, rtol=0, atol=1e-5)
    for (row, column), value in np.ndenumerate(first - second):
        sign = "+" if value > 0 else "−" if value < 0 else ""
        assert data["says"][row][column].startswith(sign)
        assert data["texts"][row][column][:1] == sign
    choose(page, keys.DIFFERENCE, "beside")
    assert len(matrices(page)) == 2


def together(names: tuple[str, ...], weights: tuple[float, ...], vote: str) -> np.ndarray:
    """What runs say together: the mean of their probabilities, or one vote each."""
    rows = np.stack([stored(name)[1].astype(np.float64) for name in names])
    parts = np.array(weights)[:, None, None] / sum(weights)
    said = rows if vote == "soft" else np.eye(10)[rows.argmax(axis=2)]
    return (said * parts).sum(axis=0)


@unexact_sums
@pytest.mark.parametrize(
    ("names", "weights", "vote"),
    [
        ((CNN, FOREST, LOGISTIC), (1.0, 1.0, 1.0), "soft"),
        ((CNN, FOREST, LOGISTIC), (0.5, 0.3, 0.4), "soft"),
        ((CNN, FOREST, LOGISTIC), (0.5, 0.3, 0.4), "hard"),
        ((FOREST, LOGISTIC), (0.7, 0.3), "soft"),
        ((LOGISTIC, FOREST), (0.2, 0.9), "hard"),
    ],
)
@pytest.mark.few(2)
def test_the_figures_of_an_ensemble_are_those_of_scikit_learn(open_page, names, weights, vote):
    page = open_page("ensemble", compare=",".join(names), vote=vote)
    for name, weight in zip(names, weights, strict=True):
        weight_of(page, name).set_value(weight)
    frame = table(fine(page.run()), "weight")
    rows, labels = together(names, weights, vote), stored(CNN)[0]
    expected = metrics_of(labels, rows)
    if vote == "hard":  # of classes without any vote nothing is said here
        del expected["log_loss"]
    received, text = frame.value.iloc[0], as_read(frame).iloc[0]
    assert received["run"] == "Ensemble"
    for metric in {"accuracy", "f1", "log_loss", "calibration_error"} & set(expected):
        assert received[metric] == pytest.approx(expected[metric], abs=1e-6)
        assert text[metric] == as_text(metric, expected[metric])
    members = frame.value.iloc[1:]
    assert list(members["run"]) == list(names)
    assert list(members["weight"]) == [f"{weight / sum(weights):.2f}" for weight in weights]
    for _, row in members.iterrows():
        for metric in ("accuracy", "f1", "log_loss", "calibration_error"):
            alone = recomputed(row["run"])[metric]
            assert row[metric] == pytest.approx(alone, abs=EXACT, rel=1e-5)
    best = max(names, key=lambda name: right(name).mean())
    check_verdict(page, best, rows.argmax(axis=1) == labels)


def check_verdict(page: AppTest, best: str, hits: np.ndarray) -> None:
    """The sentence on whether the ensemble beats its best member."""
    ours, theirs = hits.mean() * 100, right(best).mean() * 100
    said = texts(page)
    assert f"{ours:.2f} %, and {theirs:.2f} % by {best} alone" in said
    if ours == theirs:
        assert "The ensemble is as accurate as its best member" in said
        return
    word, chance = "better" if ours > theirs else "worse", p_value(hits, right(best))
    if chance < 0.05:
        assert f"The ensemble is significantly {word} than its best member" in said
    else:
        assert f"The ensemble is {word} than its best member, but not significantly" in said


@pytest.mark.parametrize("metric", ["f1", "precision", "recall"])
def test_the_bars_of_the_classes_are_those_of_scikit_learn(open_page, metric):
    page = open_page("classes", **{keys.CLASS_METRIC: metric})
    (chart,) = page.get("vega_lite_chart")
    data = [pa.ipc.open_stream(one.data.data).read_pandas() for one in chart.proto.datasets]
    (values,) = (frame for frame in data if {"run", "class"} <= set(frame.columns))
    place = ["precision", "recall", "f1"].index(metric)
    received = values[values["run"].isin(BUNDLED)]
    assert len(received) == 10 * len(BUNDLED)
    for name in BUNDLED:
        of_run = metrics.precision_recall_fscore_support(stored(name)[0], predictions(name))[place]
        rows = received[received["run"] == name]
        number = next(column for column in rows.columns if column not in ("run", "class"))
        assert list(rows["class"]) == list("0123456789")
        assert np.allclose(rows[number].astype(float), of_run, rtol=0, atol=EXACT)


# What is chosen, and the address


def test_it_opens_on_the_bundled_runs(studio):
    page = fine(AppTest.from_file(APP, default_timeout=120).switch_page("compare.py").run())
    assert [title.value for title in page.title] == ["Compare models"]
    assert widgets(page)[keys.COMPARED].value == list(BUNDLED)
    assert widgets(page)[keys.COMPARE_VIEW].value == "leaderboard"
    assert page.query_params == {}
    assert "MNIST: 10,000 test images that no model here was trained on." in texts(page)
    assert not page.warning and not page.error


def test_the_address_brings_everything_back(open_page):
    page = open_page(compare=f"{LOGISTIC},{CNN},{FOREST}")
    choose(page, keys.COMPARE_VIEW, "confusion")
    choose(page, keys.SCALE, "rows")
    choose(page, keys.MATRICES, [FOREST, LOGISTIC])
    choose(page, keys.DIFFERENCE, "less")
    page.query_params[keys.CELL] = "+difference.4.9"
    fine(page.run())
    url = {name: asked(page, name) for name in page.query_params}
    again = open_page("leaderboard", **url)
    assert matrices(again) == matrices(page)
    assert matrices(again)[f"{FOREST} minus {LOGISTIC}"]["cell"] == [4, 9]
    assert texts(again) == texts(page)
    assert galleries(again) == galleries(page) != []
    assert {name: asked(again, name) for name in again.query_params} == url
    for key, value in {
        keys.COMPARED: [LOGISTIC, CNN, FOREST],
        keys.COMPARE_VIEW: "confusion",
        keys.SCALE: "rows",
        keys.MATRICES: [FOREST, LOGISTIC],
        keys.DIFFERENCE: "less",
    }.items():
        assert widgets(again)[key].value == value


@pytest.mark.parametrize(
    ("view", "choices"),
    [
        ("classes", {keys.CLASS_METRIC: "recall", keys.CLASS_RUN: FOREST}),
        ("one_class", {keys.ONE_CLASS: "7"}),
        ("ensemble", {keys.MEMBERS: [CNN, LOGISTIC], keys.VOTE: "hard"}),
        (
            "misclassified",
            {
                keys.MISCLASSIFIED: "apart",
                keys.CORRECT_RUN: FOREST,
                keys.INCORRECT_RUN: LOGISTIC,
                keys.TRUE_CLASS: "4",
                keys.PREDICTED_CLASS: "9",
                keys.ORDER: "unsure",
            },
        ),
        ("confusion", {keys.SCALE: "columns", keys.MATRICES: [LOGISTIC]}),
    ],
)
@pytest.mark.few(1)
def test_the_choices_of_each_view_are_in_the_address(open_page, view, choices):
    page = open_page(view)
    for key, value in choices.items():
        choose(page, key, value)
    again = open_page(**{name: asked(page, name) for name in page.query_params})
    assert {key: widgets(again)[key].value for key in choices} == choices
    assert galleries(again) == galleries(page)
    if view != "ensemble":  # which depends on weights as well
        assert texts(again) == texts(page)


@pytest.mark.parametrize(
    "url",
    [
        {"show": "unheard-of"},
        {"show": "confusion", "scale": "unheard-of", "matrices": "a,b", "difference": "unheard-of"},
        *(
            {"show": "confusion", "cell": cell}
            for cell in ("mnist-cnn", "mnist-cnn.4", "mnist-cnn.4.10", "mnist-cnn.-1.2", "x.4.9")
        ),
        {
            "show": "misclassified",
            "misclassified": "x",
            "misclassified_by": "x",
            "true_class": "x",
            "order": "x",
        },
        {
            "show": "misclassified",
            "misclassified": "apart",
            "correct_run": "x",
            "incorrect_run": "digits-x",
        },
        {"show": "classes", "class_metric": "x", "class_run": "x"},
        {"show": "one_class", "class": "10"},
        {"show": "ensemble", "members": "x,y", "vote": "x"},
        {"show": "own", "labelled": "x", "labelled_run": "x"},
        {"show": "own", "labelled": "0" * 16},
        {"show": "report", "chart": "x"},
    ],
    ids=lambda url: " ".join(f"{name}={value}" for name, value in url.items()),
)
def test_what_an_address_cannot_ask_for_is_passed_over(open_page, url):
    page = open_page(**url)
    assert not page.error
    assert "Close" not in button_labels(page)  # no cell is open


def button_labels(page: AppTest) -> set[str]:
    return {one.label for one in page.button}


@pytest.fixture(scope="module")
def ensembles(tmp_path_factory) -> Path:
    """A folder of two ensembles, `both` and `all-three`. Read it only."""
    folder = tmp_path_factory.mktemp("ensembles")
    with pytest.MonkeyPatch.context() as monkeypatch, own_folders(folder, monkeypatch) as changed:
        members = tuple(runs.load(name) for name in (CNN, FOREST, LOGISTIC))
        ensemble.save("all-three", Ensemble(members, (0.6, 0.3, 0.1), "hard"))
        ensemble.save("both", Ensemble(members[1:], (0.7, 0.3)))
        return changed.runs_dir


CHOICES = {
    "one": CNN,
    "two": f"{FOREST},{LOGISTIC}",
    "three": f"{CNN},{FOREST},{LOGISTIC}",
    "ensemble": "both",
    "ensembles": "both,all-three",
    "mixed": f"all-three,{CNN},both,{LOGISTIC}",
    "small": "digits-random-forest",
}


@pytest.mark.parametrize("compare", CHOICES.values(), ids=CHOICES)
@pytest.mark.few(1)
def test_every_view_is_shown(open_page, studio, ensembles, compare):
    shutil.copytree(ensembles, studio.runs_dir)
    page = open_page(compare=compare)
    for view in VIEWS:
        choose(page, keys.COMPARE_VIEW, view)
        assert not page.error and not page.warning
        assert widgets(page)[keys.COMPARED].value == compare.split(",")
        assert asked(page, keys.COMPARE_VIEW) == (None if view == VIEWS[0] else view)


def test_a_view_that_needs_two_models_says_so(open_page):
    assert "Choose a second model to see which of the two" in texts(open_page(compare=CNN))
    assert "Choose at least two trained models above." in texts(open_page("ensemble", compare=CNN))
    assert widgets(open_page("misclassified", compare=CNN))[keys.MISCLASSIFIED].options == [
        "By one model"
    ]


def test_nothing_chosen_is_said(open_page):
    page = choose(open_page(), keys.COMPARED, [])
    assert "Choose at least one trained model above." in texts(page)
    assert keys.COMPARE_VIEW not in widgets(page)
    assert widgets(choose(page, keys.COMPARED, [CNN]))[keys.COMPARED].value == [CNN]


def test_without_any_run_the_page_says_where_they_come_from(open_page, studio, monkeypatch):
    use(monkeypatch, bundled_runs_dir=studio.data_dir)
    assert "Choose at least one trained model above." in texts(open_page())


def test_the_others_on_the_same_images_are_added_with_a_button(open_page):
    page = open_page(compare=FOREST)
    fine(button(page, "Add the other 3 models with this test set").click().run())
    assert set(widgets(page)[keys.COMPARED].value) == set(BUNDLED)
    assert not [label for label in button_labels(page) if label.startswith("Add")]
    choose(page, keys.COMPARED, [CNN, SVM, FOREST])
    (add,) = (one for one in page.button if plain(one.label) == f"Add {LOGISTIC}")
    fine(add.click().run())
    assert widgets(page)[keys.COMPARED].value == [CNN, SVM, FOREST, LOGISTIC]


def test_a_link_of_the_train_page_leads_to_the_comparison_of_a_run(open_page, studio):
    page = AppTest.from_file(APP, default_timeout=120).switch_page("train.py")
    page.query_params |= {keys.STEP: "runs", keys.SHOWN_RUN: FOREST}
    links = [link.proto.query_string for link in fine(page.run()).get("page_link")]
    (link,) = (query for query in links if query.startswith(f"{keys.COMPARED}="))
    (names,) = parse_qs(link)[keys.COMPARED]
    assert widgets(open_page(compare=names))[keys.COMPARED].value == [FOREST, CNN, LOGISTIC, SVM]


# Other test images, runs that are gone, damaged runs


def test_a_run_on_other_images_stands_apart_until_it_is_asked_for(open_page):
    page = open_page(compare=f"{CNN},digits-random-forest,{FOREST}")
    assert list(leaderboard(page)) == [CNN, FOREST]
    labels, rows = stored("digits-random-forest")
    accuracy = metrics.accuracy_score(labels, rows.argmax(axis=1)) * 100
    assert (
        "digits-random-forest was evaluated on other test images (scikit-learn digits, 360 "
        f"images; accuracy {accuracy:.1f} %)" in texts(page)
    )
    assert "different test sets cannot be compared" in texts(page)
    fine(button(page, "Compare it instead").click().run())
    assert widgets(page)[keys.COMPARED].value == ["digits-random-forest"]
    assert asked(page, keys.COMPARED) == "digits-random-forest"
    assert list(leaderboard(page)) == ["digits-random-forest"]
    assert "scikit-learn digits: 360 test images" in texts(page)
    assert "stands apart" not in texts(page)


def copy_of(name: str, as_name: str, studio: Settings, **card) -> Path:
    """A bundled run as one of your own, under another name."""
    folder = studio.runs_dir / as_name
    shutil.copytree(runs.load(name).folder, folder)
    content = json.loads((folder / runs.CARD).read_text())
    content |= {"owner": "you", "id": as_name, **card}
    (folder / runs.CARD).write_text(json.dumps(content))
    return folder


def test_all_runs_on_the_other_images_are_compared_instead(open_page, studio):
    copy_of("digits-random-forest", "another", studio)
    page = open_page(compare=f"{CNN},digits-random-forest,{FOREST},another,{LOGISTIC}")
    assert list(leaderboard(page)) == [CNN, FOREST, LOGISTIC]
    instead = [one for one in page.button if one.label == "Compare it instead"]
    assert len(instead) == 2
    fine(instead[0].click().run())
    assert widgets(page)[keys.COMPARED].value == ["digits-random-forest", "another"]


def test_runs_that_were_never_here_are_told(open_page):
    page = open_page(compare=f"{CNN},unheard-of,{FOREST},*other*")
    (warning,) = page.warning
    assert plain(warning.value).startswith("unheard-of, *other* were not found")
    assert list(leaderboard(page)) == [CNN, FOREST]
    assert not fine(page.run()).warning  # once is enough
    assert asked(page, keys.COMPARED) == f"{CNN},{FOREST}"


def test_a_link_of_nothing_but_gone_runs_shows_the_usual_ones(open_page):
    page = open_page(compare="unheard-of")
    assert plain(page.warning[0].value).startswith("unheard-of was not found: deleted or renamed")
    assert widgets(page)[keys.COMPARED].value == list(BUNDLED)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.few(1)
def test_a_run_that_is_deleted_meanwhile_is_told(open_page, studio, view):
    copy_of(LOGISTIC, "mine", studio)
    page = open_page(view, compare=f"mine,{CNN},{FOREST}")
    runs.delete("mine")
    (warning,) = fine(page.run()).warning
    assert plain(warning.value).startswith("mine was not found: deleted or renamed")
    assert widgets(page)[keys.COMPARED].value == [CNN, FOREST]
    assert not fine(page.run()).warning


def test_the_chosen_cell_of_a_run_that_is_deleted_is_closed(open_page, studio):
    copy_of(LOGISTIC, "mine", studio)
    page = open_page("confusion", compare=f"mine,{CNN},{FOREST}", cell="mine.4.9")
    assert shown(page)
    runs.delete("mine")
    fine(page.run())
    assert galleries(page) == []
    assert len(matrices(page)) == 2


DAMAGES = {
    "no card": (runs.CARD, None, "The card of run 'broken' cannot be read"),
    "cut card": (runs.CARD, b'{"id": "bro', "The card of run 'broken' cannot be read"),
    "other card": (runs.CARD, b"[]", "it must be a map of names to values"),
    "no answers": (runs.EVALUATION, None, "The file evaluation.npz of run 'broken' is missing"),
    "cut answers": (runs.EVALUATION, b"PK\x03\x04", "is missing or was changed after training"),
}


@pytest.mark.parametrize(("file", "content", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_run_is_listed_with_the_reason(open_page, studio, file, content, reason):
    path = copy_of(LOGISTIC, "broken", studio) / file
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    page = open_page(compare=f"broken,{CNN},{FOREST}")
    (warning,) = page.warning
    assert plain(warning.value).startswith("broken is damaged and left out.")
    assert reason in plain(warning.value)
    assert list(leaderboard(page)) == [CNN, FOREST]


def test_a_damaged_run_alone_leaves_the_page_without_a_comparison(open_page, studio):
    (copy_of(LOGISTIC, "broken", studio) / runs.EVALUATION).write_bytes(b"changed")
    page = open_page(compare="broken")
    assert "broken is damaged and left out." in texts(page)
    assert "Choose at least one trained model above." in texts(page)


def test_bundled_runs_are_as_they_were(studio):
    """Whatever is done on the page: these have a SHA-256 for each file in their cards."""
    for name in runs.BUNDLED:
        run = runs.load(name)
        assert [run.file(file).name for file in run.card.files]


# A run whose dataset is gone


def own_images(name: str, folder: Path) -> Path:
    """Noise in two classes, other noise for each name."""
    seeds = iter(range(zlib.crc32(name.encode()), 2**33))
    tree = {f"{kind}/{n}.png": png(next(seeds)) for kind in ("cats", "dogs") for n in range(60)}
    return write_folder(tree, folder / name)


@pytest.fixture
def forgotten(studio, tmp_path, request) -> Run:
    """A run whose dataset was deleted; both are named after the test."""
    name = request.node.originalname.removeprefix("test_").replace("_", "-")[:60]
    datasets.import_folder(own_images(name, tmp_path), name)
    run = train(TrainConfig(name, "knn", {"features": "pixels"}, f"{name[:50]}-knn"))
    datasets.delete(name)
    return run


def own_predictions(run: Run) -> tuple[np.ndarray, np.ndarray]:
    with np.load(run.folder / runs.EVALUATION) as arrays:
        return arrays["y_test"], arrays["probabilities_test"]


def test_without_its_dataset_a_run_is_compared_fully(open_page, forgotten):
    labels, rows = own_predictions(forgotten)
    said = rows.argmax(axis=1)
    page = open_page(compare=forgotten.id)
    for view in VIEWS:
        choose(page, keys.COMPARE_VIEW, view)
        (few,) = page.warning
        assert f"With {len(labels)} test images, each one counts" in few.value
        assert not page.error
    choose(page, keys.COMPARE_VIEW, "leaderboard")
    row = leaderboard(page)[forgotten.id]
    accuracy = metrics.accuracy_score(labels, said)
    assert row["Accuracy"]["value"] == pytest.approx(accuracy, abs=EXACT)
    f1 = metrics.f1_score(labels, said, average="macro", zero_division=0)
    assert row["F1"]["value"] == pytest.approx(f1, abs=EXACT)
    choose(page, keys.COMPARE_VIEW, "confusion")
    (data,) = matrices(page).values()
    assert data["values"] == metrics.confusion_matrix(labels, said).tolist()
    assert data["names"] == ["cats", "dogs"]
    assert f"{forgotten.card.dataset}: {len(labels)} test images" in texts(page)


def check_said_to_be_gone(page: AppTest, run: Run) -> None:
    name = run.card.dataset
    (info,) = page.info
    assert plain(info.value).startswith(
        "The images cannot be shown; the metrics are still valid. The dataset "
        f"'{name}' is not on this machine: it was imported elsewhere, or deleted."
    )
    assert f"Import the same images again under the name '{name}'" in plain(info.value)
    assert galleries(page) == []


def test_without_images_the_galleries_say_why_and_the_predictions_are_a_table(open_page, forgotten):
    labels, rows = own_predictions(forgotten)
    said, sure = rows.argmax(axis=1), rows.max(axis=1)
    names = np.array(["cats", "dogs"])
    wrong = np.flatnonzero(said != labels)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    page = open_page("misclassified", compare=forgotten.id)
    check_said_to_be_gone(page, forgotten)
    assert [link.proto.page for link in page.get("page_link")] == ["train"]
    rows = table(page, "image").value
    assert list(rows["image"]) == wrong.tolist()
    assert list(rows["true class"]) == names[labels[wrong]].tolist()
    assert [text.split(" (")[0] for text in rows[f"run {forgotten.id}"]] == names[
        said[wrong]
    ].tolist()

    truth, prediction = int(labels[wrong[0]]), int(said[wrong[0]])
    page = open_page("confusion", compare=forgotten.id, cell=f"{forgotten.id}.{truth}.{prediction}")
    check_said_to_be_gone(page, forgotten)
    inside = [i for i in wrong.tolist() if (labels[i], said[i]) == (truth, prediction)]
    assert list(table(page, "image").value["image"]) == inside

    page = open_page("classes", compare=forgotten.id)
    check_said_to_be_gone(page, forgotten)
    assert table(page, "recall").value["images"].iloc[0] == (labels == 0).sum()


def test_the_same_images_imported_again_are_shown_again(open_page, forgotten, tmp_path):
    name = forgotten.card.dataset
    check_said_to_be_gone(open_page("misclassified", compare=forgotten.id), forgotten)
    datasets.import_folder(tmp_path / name, name)
    page = open_page("misclassified", compare=forgotten.id)
    labels, rows = own_predictions(forgotten)
    assert sorted(all_shown(page)) == np.flatnonzero(rows.argmax(axis=1) != labels).tolist()
    assert not page.info


def test_other_images_under_the_same_name_are_not_shown(open_page, forgotten, tmp_path):
    name = forgotten.card.dataset
    datasets.import_folder(own_images("others", tmp_path), name)
    page = open_page("misclassified", compare=forgotten.id)
    assert f"The test images of '{name}' have changed" in texts(page)
    assert galleries(page) == []


def test_a_dataset_that_must_be_downloaded_is_named(open_page, studio):
    copy_of(LOGISTIC, "clothes", studio, dataset="cifar10", test_fingerprint="other")
    page = open_page("misclassified", compare="clothes")
    assert "is not on this machine" in texts(page)
    assert "Download it on the Train page" in texts(page)


# The images in a cell


def images_in(page: AppTest) -> dict[int, np.ndarray]:
    """Every image that is shown, by its number."""
    cards = re.findall(
        r'<figure data-index="(\d+)"><img src="data:image/png;base64,([^"]+)"', html_of(page)
    )
    return {int(number): decode(base64.b64decode(content)) for number, content in cards}


def test_a_cell_shows_the_images_it_counts(open_page, mnist_test):
    page = open_page("confusion", matrices=f"{CNN},{FOREST}", cell=f"{FOREST}.4.9")
    inside = np.flatnonzero(in_cell(FOREST, 4, 9))
    assert len(inside) == confused(FOREST)[4, 9]
    assert shown(page) == sorted_by(FOREST, inside)
    assert headings(page) == ["4 predicted as 9"]
    assert f"{len(inside)} images by {FOREST}" in texts(page)
    assert matrices(page)[f"Confusion matrix of {FOREST}"]["cell"] == [4, 9]
    assert matrices(page)[f"Confusion matrix of {CNN}"]["cell"] is None
    for number, image in images_in(page).items():
        assert np.array_equal(image, mnist_test[0][number])


def test_a_card_says_what_each_model_classified_and_how_sure_it_was(open_page):
    page = open_page("confusion", compare=f"{CNN},{FOREST}", cell=f"{FOREST}.4.9")
    cards = re.findall(r'<figure data-index="(\d+)">(.*?)</figure>', html_of(page), re.DOTALL)
    assert len(cards) == confused(FOREST)[4, 9]
    for number, card in ((int(number), unescape(card)) for number, card in cards):
        assert "True class 4" in card
        assert f"test image {number}" in card
        rows = re.findall(r"<li>(.*?)</li>", card)
        for row, name in zip(rows, (CNN, FOREST), strict=True):
            assert name in row
            assert f"<b>{predictions(name)[number]}</b>" in row
            assert ("✓" if right(name)[number] else "✗") in row
            sure = f"{sureness(name)[number] * 100:.1f} %"
            assert sure in row or ">99.9 %" in row


@pytest.mark.parametrize(("truth", "prediction"), [(0, 1), (5, 5), (8, 3)])
def test_more_images_of_a_cell_are_shown_when_asked_for(open_page, truth, prediction):
    page = open_page("confusion", cell=f"{LOGISTIC}.{truth}.{prediction}")
    expected = sorted_by(LOGISTIC, np.flatnonzero(in_cell(LOGISTIC, truth, prediction)))
    assert len(expected) == confused(LOGISTIC)[truth, prediction]
    for turn in (1, 2, 3):
        now = expected[: turn * AT_ONCE]
        assert galleries(page) == ([now] if now else [])
        label = f"Show more ({len(now):,} of {len(expected):,} shown)"
        assert (label in button_labels(page)) == (len(now) < len(expected))
        if len(now) < len(expected):
            fine(button(page, label).click().run())


def test_an_empty_cell_says_so_and_can_be_closed(open_page):
    page = open_page("confusion", cell=f"{CNN}.0.1")
    assert confused(CNN)[0, 1] == 0
    assert f"0 images by {CNN}" in texts(page)
    assert galleries(page) == []
    fine(button(page, "Close").click().run())
    assert asked(page, keys.CELL) is None
    assert headings(page) == []


def test_a_cell_of_the_difference_shows_what_only_one_of_them_did(open_page):
    names = (FOREST, LOGISTIC)
    page = open_page(
        "confusion", compare=",".join(names), difference="less", cell="+difference.4.9"
    )
    assert matrices(page)[f"{FOREST} minus {LOGISTIC}"]["cell"] == [4, 9]
    expected = []
    for one, other in (names, names[::-1]):
        only = np.flatnonzero(in_cell(one, 4, 9) & ~in_cell(other, 4, 9))
        expected.append(sorted_by(one, only))
        assert f"{len(only)} by {one} but not by {other}" in texts(page)
    assert galleries(page) == expected
    less = len(expected[0]) - len(expected[1])
    assert matrices(page)[f"{FOREST} minus {LOGISTIC}"]["values"][4][9] == less


def test_a_cell_of_the_difference_is_about_the_two_that_are_shown(open_page):
    page = open_page(
        "confusion", matrices=f"{CNN},{LOGISTIC}", difference="less", cell="+difference.4.9"
    )
    only = np.flatnonzero(in_cell(LOGISTIC, 4, 9) & ~in_cell(CNN, 4, 9))
    assert f"{len(only)} by {LOGISTIC} but not by {CNN}" in texts(page)
    assert galleries(page)[-1] == sorted_by(LOGISTIC, only)[:AT_ONCE]


def test_the_list_opens_the_same_cell(open_page):
    page = opened(open_page("confusion", matrices=f"{CNN},{FOREST}"), keys.CELL_LIST)
    choose(page, f"{keys.CELL_LIST}+run", FOREST)
    listed = widgets(page)[f"{keys.CELL_LIST}_{FOREST}"]
    counts = confused(FOREST)
    assert len(listed.options) == (counts > 0).sum()
    for option in listed.options:
        truth, prediction, count = re.fullmatch(
            r"(\d) → (\d) \(([\d,]+) images?\)", option
        ).groups()
        assert int(count.replace(",", "")) == counts[int(truth), int(prediction)]
    misclassified = [option for option in listed.options if option[0] != option[4]]
    assert listed.options[: len(misclassified)] == misclassified
    choose(page, f"{keys.CELL_LIST}_{FOREST}", (4, 9))
    assert asked(page, keys.CELL) == f"{FOREST}.4.9"
    assert shown(page) == shown(open_page("confusion", cell=f"{FOREST}.4.9"))


# Mistakes


@pytest.mark.parametrize(
    ("name", "order"), [(CNN, "sure"), (CNN, "unsure"), (FOREST, "sure"), (LOGISTIC, "unsure")]
)
def test_mistakes_are_those_of_numpy_in_that_order(open_page, name, order):
    page = open_page("misclassified", misclassified_by=name, order=order)
    wrong = np.flatnonzero(~right(name))
    assert f"{len(wrong):,} images, sorted by the confidence of {name}." in texts(page)
    expected = sorted_by(name, wrong, order)
    assert shown(page) == expected[:AT_ONCE]
    if name == CNN:
        assert all_shown(page) == expected


@pytest.mark.parametrize(("truth", "prediction"), [(4, None), (None, 9), (4, 9), (4, 4), (0, 1)])
@pytest.mark.few(2)
def test_mistakes_are_filtered_by_class_and_prediction(open_page, truth, prediction):
    page = open_page("misclassified", misclassified_by=FOREST)
    inside = ~right(FOREST)
    if truth is not None:
        choose(page, keys.TRUE_CLASS, str(truth))
        inside = inside & (stored(FOREST)[0] == truth)
    if prediction is not None:
        choose(page, keys.PREDICTED_CLASS, str(prediction))
        inside = inside & (predictions(FOREST) == prediction)
    expected = sorted_by(FOREST, np.flatnonzero(inside))
    if expected:
        assert shown(page) == expected[:AT_ONCE]
        assert f"{len(expected):,} image" in texts(page)
    else:
        assert "There is no such image." in texts(page)
        assert galleries(page) == []


def test_images_that_all_models_get_wrong_are_shown(open_page):
    page = open_page("misclassified", misclassified="all", misclassified_by=LOGISTIC)
    places = np.flatnonzero(~right(CNN) & ~right(SVM) & ~right(FOREST) & ~right(LOGISTIC))
    assert all_shown(page) == sorted_by(LOGISTIC, places)
    choose(page, keys.ORDER, "unsure")
    assert all_shown(page) == sorted_by(LOGISTIC, places, "unsure")


@pytest.mark.parametrize(("good", "bad"), [(CNN, FOREST), (FOREST, CNN), (LOGISTIC, FOREST)])
@pytest.mark.few(1)
def test_images_that_one_gets_right_and_another_wrong_are_shown(open_page, good, bad):
    page = open_page("misclassified")
    choose(page, keys.MISCLASSIFIED, "apart")
    choose(page, keys.CORRECT_RUN, good)
    choose(page, keys.INCORRECT_RUN, bad)
    places = np.flatnonzero(right(good) & ~right(bad))
    assert f"{len(places):,} images, sorted by the confidence of {bad}" in texts(page)
    assert shown(page) == sorted_by(bad, places)[:AT_ONCE]
    seven = places[stored(bad)[0][places] == 7]
    choose(page, keys.TRUE_CLASS, "7")
    choose(page, keys.ORDER, "unsure")
    assert shown(page) == sorted_by(bad, seven, "unsure")[:AT_ONCE]


def test_a_model_that_is_right_where_it_is_wrong_has_no_image(open_page):
    page = open_page("misclassified", misclassified="apart", correct_run=CNN, incorrect_run=CNN)
    assert "There is no such image." in texts(page)


# Ensembles


def test_weights_that_suit_the_validation_images_are_suggested(open_page):
    names = (FOREST, LOGISTIC)
    page = open_page("ensemble", compare=",".join(names))

    def weights() -> tuple[float, ...]:
        return tuple(weight_of(page, name).value for name in names)

    first = weights()
    for name in names:
        weight_of(page, name).set_value(1.0)
    fine(page.run())
    assert weights() == (1.0, 1.0)
    fine(button(page, "Use the best weights on the validation images").click().run())
    assert weights() == first
    assert sum(first) == pytest.approx(1)
    evaluations = [runs.load(name).evaluation("val") for name in names]

    def log_loss(parts: tuple[float, float]) -> float:
        mean = sum(
            w * e.probabilities.astype(float) for w, e in zip(parts, evaluations, strict=True)
        )
        return metrics.log_loss(evaluations[0].labels, mean / mean.sum(axis=1, keepdims=True))

    best = min(((n / 100, 1 - n / 100) for n in range(1, 100)), key=log_loss)
    assert first == pytest.approx(best, abs=0.011)


def test_members_are_chosen_and_two_are_needed(open_page):
    page = choose(open_page("ensemble"), keys.MEMBERS, [FOREST, LOGISTIC])
    fine(button(page, "Use the best weights on the validation images").click().run())
    assert list(table(page, "weight").value["run"]) == ["Ensemble", FOREST, LOGISTIC]
    choose(page, keys.MEMBERS, [FOREST])
    assert "An ensemble needs at least two runs. Received: 1." in texts(page)
    choose(page, keys.MEMBERS, [])
    assert "An ensemble needs at least two runs. Received: 0." in texts(page)


def test_weights_of_nothing_are_told(open_page):
    page = open_page("ensemble", compare=f"{FOREST},{LOGISTIC}")
    for name in (FOREST, LOGISTIC):
        weight_of(page, name).set_value(0.0)
    assert "needs one weight per member, each at least 0 and one of them above 0" in texts(
        fine(page.run())
    )
    assert "Save as a trained model" not in button_labels(page)


def test_a_single_weight_is_said_to_decide_alone(open_page):
    page = open_page("ensemble", compare=f"{FOREST},{LOGISTIC}")
    weight_of(page, FOREST).set_value(1.0)
    weight_of(page, LOGISTIC).set_value(0.0)
    assert "Only one member has a weight above 0, so it decides alone." in texts(fine(page.run()))
    check_verdict(page, FOREST, right(FOREST))


def test_an_ensemble_is_kept_and_chosen(open_page, studio):
    page = open_page("ensemble", compare=f"{FOREST},{LOGISTIC}", vote="hard")
    for name, weight in ((FOREST, 0.6), (LOGISTIC, 0.2)):
        weight_of(page, name).set_value(weight)
    fine(widgets(page)[keys.ENSEMBLE_NAME].set_value(" Both of them ").run())
    button(page, "Save as a trained model").click()
    fine(page.run())
    assert [toast.value for toast in page.toast] == [
        "Both of them is saved. You can use it on the Recognise page."
    ]
    run = runs.load("both-of-them")
    assert [(member["id"], member["weight"]) for member in run.card.members] == [
        (FOREST, 0.75),
        (LOGISTIC, 0.25),
    ]
    assert run.card.hyperparameters == {"vote": "hard"}
    assert widgets(page)[keys.COMPARED].value == [FOREST, LOGISTIC, run.id]
    assert asked(page, keys.COMPARED) == f"{FOREST},{LOGISTIC},{run.id}"
    assert widgets(page)[keys.MEMBERS].options == [FOREST, LOGISTIC]  # none of an ensemble
    choose(page, keys.COMPARE_VIEW, "leaderboard")
    row = leaderboard(page)["Both of them"]
    said = together((FOREST, LOGISTIC), (0.75, 0.25), "hard").argmax(axis=1)
    expected = metrics.accuracy_score(stored(CNN)[0], said)
    assert row["Accuracy"]["value"] == pytest.approx(expected, abs=EXACT)
    assert row["Model"]["text"] == "Ensemble of 2"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (CNN, "There is already a run named 'mnist-cnn'"),
        ("All three!", "There is already a run named 'all-three'"),
        ("", None),
    ],
)
def test_a_name_that_cannot_be_taken_is_told(open_page, studio, ensembles, name, sentence):
    shutil.copytree(ensembles, studio.runs_dir)
    page = open_page("ensemble")
    fine(widgets(page)[keys.ENSEMBLE_NAME].set_value(name).run())
    assert button(page, "Save as a trained model").disabled == bool(sentence)
    if sentence is None:
        fine(button(page, "Save as a trained model").click().run())
        assert page.error[0].value == "Type a name for the ensemble first."
    else:
        (error,) = page.error
        assert sentence in plain(error.value)
    assert sorted(path.name for path in studio.runs_dir.iterdir()) == ["all-three", "both"]
    assert widgets(page)[keys.COMPARED].value == list(BUNDLED)


def test_members_with_other_validation_images_get_no_suggestion(open_page, studio):
    copy_of(LOGISTIC, "other", studio, dataset_fingerprint="0" * 64)
    page = open_page("ensemble", compare=f"{FOREST},other")
    assert "These models had different validation images" in texts(page)
    assert "Use the best weights on the validation images" not in button_labels(page)
    for name in (FOREST, "other"):
        assert weight_of(page, name).value == 1.0
    check_verdict(
        page, FOREST, together((FOREST, LOGISTIC), (1, 1), "soft").argmax(1) == stored(CNN)[0]
    )


@pytest.mark.parametrize("name", ["both", "all-three"])
@pytest.mark.few(1)
def test_an_ensemble_predicts_on_the_recognise_page(studio, ensembles, name):
    shutil.copytree(ensembles, studio.runs_dir)
    page = AppTest.from_file(APP, default_timeout=120)
    page.query_params[keys.RUNS] = name
    page.session_state[keys.CANVAS] = drawn(digit(7))
    fine(page.run())
    assert html_of(page).count("<b>7</b>") == 2  # the large answer, and the model's own
    assert f"Predicted by Ensemble of {len(runs.load(name).card.members)} ({name})." in [
        plain(caption.value) for caption in page.caption
    ]
    image = 255 - digit(7)
    prediction = load_predictor(runs.load(name)).predict(255 - image)
    assert f"{prediction.confidence * 100:.1f} %" in html_of(page)


def test_an_ensemble_whose_member_was_changed_says_so_when_it_should_predict(studio, ensembles):
    shutil.copytree(ensembles, studio.runs_dir)
    path = studio.runs_dir / "both" / runs.CARD
    card = json.loads(path.read_text())
    card["members"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(card))
    page = AppTest.from_file(APP, default_timeout=120)
    page.query_params[keys.RUNS] = "both"
    page.session_state[keys.CANVAS] = drawn(digit(7))
    assert "Make the ensemble again." in fine(page.run()).error[0].value


# Your own images


@pytest.fixture
def upload(studio) -> uploads.Upload:
    """Forty digits in the folders of their classes, some in a wrong one, and what is left out."""
    images, labels = DATASETS["mnist"].read_test()
    files = {}
    for place in range(40):
        folder = (labels[place] + (place % 8 == 0)) % 10
        files[f"mine/{folder}/{place}.png"] = encode_png(images[place, ..., 0])
    files["mine/3/bad.png"] = files["mine/4/bad.png"] = b"no image"
    files["mine/else/0.png"] = files["mine/else/1.png"] = files["mine/7/17.png"]
    return uploads.add(files.items())


@pytest.mark.slow
def test_images_of_ones_own_are_reported_on(open_page, upload):
    page = open_page("own", labelled=upload.id)
    assert f"{upload.title} is uploaded" in texts(page)
    fine(button(page, "Evaluate").click().run())
    (job,) = jobs.list_jobs()
    assert (job.kind, dict(job.settings)) == ("evaluate", {"run": CNN, "upload": upload.id})
    assert page.get("progress")[0].proto.text == "Waiting in the queue"
    assert "Evaluate" not in button_labels(page)
    worked(job)
    check_report(fine(page.run()), upload, CNN)
    # another run was not asked yet
    choose(page, keys.LABELLED_RUN, LOGISTIC)
    assert not page.metric
    fine(button(page, "Evaluate").click().run())
    worked(jobs.list_jobs()[0])
    check_report(fine(page.run()), upload, LOGISTIC)
    # a reload brings it back
    again = open_page("own", labelled=upload.id, labelled_run=LOGISTIC)
    check_report(again, upload, LOGISTIC)
    assert button(again, "Evaluate again")


def check_report(page: AppTest, upload: uploads.Upload, name: str) -> None:
    """Everything in the report on `upload`, computed anew."""
    images, _ = DATASETS["mnist"].read_test()
    predictor = load_predictor(runs.load(name))
    labels, said, sure = [], [], []
    for path in found_paths(upload):
        prediction = predictor.predict(images[int(Path(path).stem), ..., 0]).predictions[0]
        labels.append(int(path.split("/")[1]))
        said.append(int(prediction.label))
        sure.append(prediction.confidence)
    labels, said, sure = np.array(labels), np.array(said), np.array(sure)
    hits = labels == said
    low, high = binomtest(int(hits.sum()), len(hits)).proportion_ci(method="wilson")
    values = {metric.label: metric.value for metric in page.metric}
    assert values["Accuracy on your images"] == f"{hits.mean() * 100:.1f} %"
    assert values["Accuracy on its test set"] == f"{right(name).mean() * 100:.1f} %"
    assert values["Images"] == str(len(labels)) == "40"
    assert page.metric[0].delta == f"95 % interval {low * 100:.1f} to {high * 100:.1f} %"

    expected = metrics.classification_report(
        labels, said, labels=range(10), output_dict=True, zero_division=np.nan
    )
    rows = table(page, "recall").value
    for label, (_, row) in zip(range(10), rows.iterrows(), strict=False):
        for ours, theirs in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            value = expected[str(label)][theirs]
            assert row[ours] == pytest.approx(value, abs=EXACT, nan_ok=True)
        assert row["images"] == expected[str(label)]["support"]

    assert "Ignored, because they are in other folders: 2 images." in texts(page)
    assert "Could not be read: 2 images." in texts(page)
    refused = table(page, "File").value
    assert list(refused["File"]) == ["mine/3/bad.png", "mine/4/bad.png"]
    for reason in refused["Why"]:
        assert reason.startswith("The file is not an image the studio knows")
    wrong = np.flatnonzero(~hits)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    titles = re.findall(r"<figcaption><b>(.*?)</b>(.*?)</figcaption>", html_of(page))
    assert "Misclassified images, most confident first" in headings(page)
    paths = found_paths(upload)
    assert [unescape(title) for title, _ in titles] == [f"{labels[i]} → {said[i]}" for i in wrong]
    assert [sentence.rsplit(", ", 1)[1] for _, sentence in titles] == [paths[i] for i in wrong]


def found_paths(upload: uploads.Upload) -> list[str]:
    """The images of the upload that can be answered, in the order of their names."""
    with zipfile.ZipFile(upload.path) as archive:
        names = sorted(archive.namelist())
    return [name for name in names if "bad" not in name and "else" not in name]


def test_a_zip_that_is_uploaded_is_kept_in_the_address(open_page, upload):
    content = upload.path.read_bytes()
    page = open_page("own")
    fine(page.file_uploader[0].upload("my digits.zip", content).run())
    received = uploads.load(asked(page, keys.LABELLED))
    assert received.path.read_bytes() == content
    assert "my digits is uploaded" in texts(page)
    assert button(page, "Evaluate")
    fine(button(page, "Yes, remove it").click().run())
    assert asked(page, keys.LABELLED) is None
    assert len(page.file_uploader) == 2
    with pytest.raises(StudioError):
        uploads.load(received.id)


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        ("failed", "No readable image of a class was found in x.zip.", "No readable image"),
        ("cancelled", "Cancelled; nothing was saved.", "The last attempt was cancelled"),
    ],
)
@pytest.mark.few(1)
def test_an_evaluation_that_did_not_end_well_says_so(open_page, upload, state, error, said):
    job = jobs.submit("evaluate", {"run": CNN, "upload": upload.id})
    (job.folder / "log.txt").write_text("what happened last\n")
    write_status(job.folder, state=state, error=error)
    page = open_page("own", labelled=upload.id)
    assert said in texts(page)
    assert not page.metric
    assert len(page.error) == (state == "failed")
    fine(button(page, "Evaluate again").click().run())
    worked(jobs.list_jobs()[0])
    check_report(fine(page.run()), upload, CNN)


def test_images_of_no_class_fail_with_the_names_of_the_classes(open_page, studio):
    upload = uploads.add({"cats/1.png": png(1)}.items())
    page = open_page("own", labelled=upload.id)
    fine(button(page, "Evaluate").click().run())
    worked(jobs.list_jobs()[0])
    (error,) = fine(page.run()).error
    assert "It must hold folders named 0, 1, 2, 3" in plain(error.value)


def test_predictions_that_are_gone_are_told(open_page, upload):
    job = worked(jobs.submit("evaluate", {"run": CNN, "upload": upload.id}))
    shutil.rmtree(job.kept)
    page = open_page("own", labelled=upload.id)
    assert "The predictions in kept cannot be read" in plain(page.error[0].value)
    assert button(page, "Evaluate again")


def test_an_evaluation_that_runs_is_shown_and_can_be_cancelled(open_page, upload):
    job = jobs.submit("evaluate", {"run": CNN, "upload": upload.id})
    with lock_of(job.folder):
        write_status(job.folder, state="running", stage="predicting", fraction=0.5, note="20 of 40")
        page = open_page("own", labelled=upload.id)
        assert "Evaluate your images with mnist-cnn" in texts(page)
        assert page.get("progress")[0].proto.text == "Predicting · 20 of 40"
        fine(button(page, "Cancel").click().run())
        assert jobs.load(job.id).stopping


def test_images_that_were_forgotten_meanwhile_are_asked_for_again(open_page, upload):
    worked(jobs.submit("evaluate", {"run": CNN, "upload": upload.id}))
    page = open_page("own", labelled=upload.id)
    assert page.metric
    uploads.discard(upload.id)
    fine(page.run())
    assert len(page.file_uploader) == 2
    assert not page.metric


# To take away


@unexact_sums
@pytest.mark.slow
def test_the_comparison_is_taken_away_as_files(open_page, files):
    page = open_page("report", compare=f"{FOREST},{LOGISTIC}")
    page_file = files["comparison.html"]()
    for name in (FOREST, LOGISTIC):
        for metric, value in recomputed(name).items():
            assert as_text(metric, value) in page_file
    rows = pd.read_csv(io.StringIO(files["metrics.csv"]())).set_index("run")
    content = json.loads(files["metrics.json"]())
    for name, run in zip((FOREST, LOGISTIC), content["runs"], strict=True):
        for metric, value in recomputed(name).items():
            assert rows.loc[name, metric] == pytest.approx(value, abs=EXACT, rel=1e-5)
            assert run["figures"][metric] == pytest.approx(value, abs=EXACT, rel=1e-5)
    names = widgets(page)[keys.CHART].options
    assert len(names) > 5
    assert files["accuracy.png"]().startswith(b"\x89PNG")
    choose(page, keys.CHART, f"confusion-{FOREST}")
    assert b"<svg" in files[f"confusion-{FOREST}.svg"]()


def test_the_tables_of_classes_are_taken_away(open_page, files):
    open_page("classes", **{keys.CLASS_RUN: FOREST})
    rows = pd.read_csv(io.StringIO(files[f"{FOREST}-classes.csv"]))
    expected = metrics.classification_report(stored(CNN)[0], predictions(FOREST), output_dict=True)
    for label in range(10):
        assert rows["recall"][label] == pytest.approx(expected[str(label)]["recall"])


# A run without metrics of ours


def test_a_run_that_was_not_measured_here_is_left_out_with_a_reason(open_page):
    (name,) = runs.PRETRAINED
    page = open_page(compare=f"{CNN},{name}")
    assert widgets(page)[keys.COMPARED].value == [CNN]
    told = " ".join(plain(info.value) for info in page.info)
    assert "is not compared. It was not measured here" in told and "75.1 %" in told


def test_your_images_measure_such_a_run(open_page):
    (name,) = runs.PRETRAINED
    page = open_page("own", compare=CNN, labelled_run=name)
    assert widgets(page)[keys.LABELLED_RUN].value == name
    assert "and 988 more" in " ".join(text.value for text in page.markdown)
