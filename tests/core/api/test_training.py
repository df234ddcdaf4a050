"""Training over HTTP: real jobs in real processes."""

import base64
import json
from threading import Thread

import numpy as np
import pytest
from sklearn.metrics import classification_report

from core import jobs, runs
from core.api import measured
from core.images import decode
from tests.core.api.conftest import client_of
from tests.core.jobs.conftest import until

SLOW = {"dataset": "digits", "model": "mlp", "hyperparameters": {"epochs": 200}}


def events_of(text: str) -> list[tuple[str, dict]]:
    """Names and contents of server-sent events."""
    blocks = [block.splitlines() for block in text.split("\n\n") if "data:" in block]
    return [
        (name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
        for name, data in blocks
    ]


@pytest.mark.slow  # the documented command is part of every run of the tests
def test_without_a_body_a_forest_is_trained_and_waited_for(studio):
    client = client_of()
    answer = client.post("/train")
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert content["success"] is True
    assert content["total_samples"] == 360
    assert content["correct_predictions"] == round(content["accuracy"] * 360) > 330
    matrix = np.array(content["cm_matrix"])
    assert matrix.sum() == 360
    assert np.trace(matrix) == content["correct_predictions"]
    assert min(decode(base64.b64decode(content["cm_image"])).shape[:2]) > 200
    assert runs.load(content["run"]).card.model == "random_forest"

    newest = client.get("/metrics").json()
    assert newest["run"] == content["run"]
    assert newest["confusion_matrix"] == content["cm_matrix"]
    assert newest["classification_report"] == content["report"]


def test_a_training_is_followed_and_cancelled(studio):
    client = client_of()
    queued = client.post("/train", json=SLOW)
    assert queued.status_code == 202
    url = queued.headers["location"]
    assert url == queued.json()["url"] == queued.json()["job"]["url"]
    until(lambda: client.get(url).json()["history"])
    job = client.get(url).json()
    assert job["state"] == "running"
    assert 0 < job["fraction"] < 1
    assert {"epoch", "accuracy", "val_accuracy"} <= job["history"][0].keys()
    assert client.delete(url).status_code == 200
    events = events_of(client.get(job["events"]).text)  # it ends when the job has
    assert [name for name, _ in events][-1] == "end"
    assert events[-1][1]["state"] == "cancelled"
    again = client.delete(url)
    assert again.status_code == 409
    assert "already cancelled" in again.json()["error"]


def test_events_tell_every_change_until_the_end(idle):
    client = client_of()
    url = client.post("/train", json=SLOW).headers["location"]
    client.delete(url)
    ((name, job),) = events_of(client.get(f"{url}/events").text)
    assert (name, job["state"]) == ("end", "cancelled")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"model": "random_fores"}, "Did you mean `random_forest`"),
        ({"dataset": "nowhere"}, "There is no dataset"),
        ({"hyperparameters": {"trees": 5}}, "hyperparameter"),
        ({"hyperparameters": {"n_estimators": 0}}, "Received: 0"),
        ({"hyperparameters": [1]}, "hyperparameters"),
        ({"seed": -1}, "seed"),
        ({"seed": "a"}, "seed"),
        ({"validation_fraction": 2}, "validation"),
        ({"preset": "lenet"}, "preset"),
        ({"name": ""}, "name"),
        ({"modle": "cnn"}, "Did you mean `model`"),
        ({"model": "resnet50", "wait": True}, "`wait` is for quick models"),
        ({"model": None}, "model"),
    ],
)
def test_what_cannot_be_trained_gets_a_sentence(idle, body, sentence):
    client = client_of()
    answer = client.post("/train", json=body)
    assert answer.status_code == 422, answer.text
    assert sentence in answer.json()["error"]
    assert client.get("/jobs").json() == []


@pytest.mark.parametrize("path", ["/jobs/{}", "/jobs/{}/events"])
@pytest.mark.parametrize("job_id", ["nowhere", "20260101-000000-000000-abcd"])
def test_an_unknown_job_gets_a_sentence(idle, path, job_id):
    answer = client_of().get(path.format(job_id))
    assert answer.status_code == 404
    assert "There is no job" in answer.json()["error"]


def test_the_report_is_that_of_scikit_learn(small_run, runs_with_small):
    evaluation = small_run.evaluation()
    names = small_run.card.class_names
    expected = classification_report(
        evaluation.labels,
        evaluation.predictions,
        labels=range(len(names)),
        target_names=names,
        output_dict=True,
        zero_division=0,
    )
    found = measured.report(evaluation, names)
    assert found.keys() == expected.keys()
    for name, row in expected.items():
        assert found[name] == pytest.approx(row, abs=1e-6)


def test_metrics_are_those_of_a_run(client):
    by_query = client.get("/metrics?run=mnist-cnn")
    assert by_query.json() == client.get("/runs/mnist-cnn/metrics").json()
    assert by_query.json() == client.get("/metrics").json()  # nobody has trained anything
    assert by_query.json()["correct_predictions"] == 9966
    assert client.get("/metrics?run=nowhere").status_code == 404


def test_a_waited_for_training_that_is_cancelled_says_so(studio):
    answers = []
    client = client_of()
    body = {**SLOW, "wait": True}
    waiting = Thread(target=lambda: answers.append(client.post("/train", json=body)))
    waiting.start()
    until(lambda: jobs.list_jobs() or answers)
    jobs.cancel(jobs.list_jobs()[0].id)
    waiting.join(60)
    assert answers[0].status_code == 409
    assert "cancelled" in answers[0].json()["error"]


@pytest.mark.slow
def test_a_run_is_exported_once_and_given_again(studio):
    client = client_of()
    first = client.get("/runs/digits-random-forest/export", params={"format": "skops"})
    assert first.status_code == 200, first.text
    proof = json.loads(first.headers["x-proof"])
    assert (proof["images"], proof["agreement"]) == (200, 1.0)
    assert "digits-random-forest.skops" in first.headers["content-disposition"]
    again = client.get("/runs/digits-random-forest/export", params={"format": "skops"})
    assert again.content == first.content
    assert len(jobs.list_jobs()) == 1


@pytest.mark.parametrize(
    ("run", "format", "status", "expected"),
    [
        ("nowhere", "skops", 404, "nowhere"),
        ("digits-random-forest", "tflite", 422, "tflite"),
        ("digits-random-forest", "zip", 422, "zip"),
    ],
)
def test_an_export_that_cannot_be_is_refused(studio, run, format, status, expected):
    answer = client_of().get(f"/runs/{run}/export", params={"format": format})
    assert answer.status_code == status
    assert expected in answer.json()["error"]


def test_strangers_and_other_websites_start_no_export(studio):
    path = "/runs/digits-random-forest/export"
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert client_of().get(path, headers=elsewhere).status_code == 403
    assert client_of("0.0.0.0").get(path).status_code == 403
    assert jobs.list_jobs() == []
