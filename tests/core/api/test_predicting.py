import numpy as np
import pytest

from core import runs
from core.images import decode, encode_png
from core.serving import load_predictor
from tests.core.api.conftest import BLANK, files
from tests.core.test_serving import row_of_digits

NEAR = 1e-4  # probabilities of one batch and of another


def test_one_image_gets_its_prediction(client, png):
    answer = client.post("/predict", files=files(png(7)))
    assert answer.status_code == 200
    content = answer.json()
    assert (content["success"], content["prediction"], content["label"]) == (True, 7, "7")
    assert content["run"] == "mnist-cnn"
    assert list(content["probabilities"]) == list("0123456789")
    assert content["confidence"] == max(content["probabilities"].values()) > 0.9


@pytest.mark.parametrize("as_data_url", [False, True])
def test_json_gets_what_a_form_gets(client, png, text, as_data_url):
    image = ("data:image/png;base64," if as_data_url else "") + text(3)
    by_json = client.post("/predict", json={"image": image, "top_k": 2})
    by_form = client.post("/predict", files=files(png(3)), data={"top_k": "2"})
    assert by_json.json() == by_form.json()
    assert len(by_json.json()["probabilities"]) == 2


def test_a_text_field_of_a_form_may_hold_base64(client, text):
    answer = client.post("/predict", data={"run": "mnist-cnn"}, files=[("image", (None, text(4)))])
    assert answer.json()["prediction"] == 4


def test_several_images_are_answered_in_their_order_with_errors_in_place(client, png):
    answer = client.post("/predict", files=files(png(7), BLANK, png(1), b"no image"))
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result.get("label") for result in results] == ["7", None, "1", None]
    assert [result["success"] for result in results] == [True, False, True, False]
    assert [result["file"] for result in results] == ["0.png", "1.png", "2.png", "3.png"]
    assert "blank" in results[1]["error"]
    assert "not an image" in results[3]["error"]


def test_one_refused_image_is_422_and_so_are_all_refused_ones(client):
    one = client.post("/predict", files=files(BLANK))
    assert one.status_code == 422
    assert one.json().keys() == {"success", "error"}
    assert one.json()["success"] is False
    several = client.post("/predict", files=files(BLANK, BLANK))
    assert several.status_code == 422
    assert len(several.json()["results"]) == 2


def test_several_runs_predict_the_same_image(client, png):
    ids = ["mnist-cnn", "mnist-random-forest", "digits-random-forest"]
    for data in ({"run": ids}, {"run": ",".join(ids)}):
        content = client.post("/predict", files=files(png(1)), data=data).json()
        assert list(content["runs"]) == ids
        for run_id, result in content["runs"].items():
            expected = load_predictor(runs.load(run_id)).predict(decode(png(1)))
            assert result["label"] == expected.label
            assert result["confidence"] == pytest.approx(expected.confidence, abs=NEAR)


def test_a_run_that_cannot_read_an_image_leaves_the_others_theirs(client):
    answer = client.post(
        "/predict", files=files(BLANK), data={"run": ["mnist-cnn", "cifar10-efficientnet-lite0"]}
    )
    content = answer.json()
    assert answer.status_code == 200
    assert content["runs"]["mnist-cnn"]["success"] is False
    photo = content["runs"]["cifar10-efficientnet-lite0"]
    assert photo["prediction"] == photo["label"] in photo["probabilities"]


def test_a_batch_is_predicted_as_its_images_are_one_by_one(client, mnist_test):
    images, labels = mnist_test
    contents = [encode_png(255 - image) for image in images[:40]]
    results = client.post("/predict", files=files(*contents)).json()["results"]
    predictor = load_predictor(runs.load("mnist-cnn"))
    for content, result, label in zip(contents, results, labels[:40], strict=True):
        alone = predictor.predict(decode(content))
        assert result["label"] == alone.label == str(label)
        assert result["confidence"] == pytest.approx(alone.confidence, abs=NEAR)


def test_large_images_are_predicted_in_several_groups(client, png, monkeypatch):
    monkeypatch.setattr("core.api.predicting._AT_ONCE", 1000)
    results = client.post("/predict", files=files(*map(png, [1, 2, 3, 4, 7]))).json()["results"]
    assert [result["prediction"] for result in results] == [1, 2, 3, 4, 7]


def test_several_digits_come_one_by_one_as_well(client, digit_image):
    page = row_of_digits([digit_image(label) for label in (1, 0, 7)], np.random.default_rng(0))
    content = client.post("/predict", files=files(encode_png(page)), data={"top_k": 1}).json()
    assert (content["label"], content["prediction"]) == ("107", 107)
    assert [digit["label"] for digit in content["digits"]] == ["1", "0", "7"]
    assert all(len(digit["probabilities"]) == 1 for digit in content["digits"])


def test_below_the_threshold_there_is_no_label(client, png):
    content = client.post("/predict", files=files(png(7)), data={"threshold": "1"}).json()
    assert content["success"] is True
    assert content["label"] is None
    assert content["prediction"] == 7
    sure = client.post("/predict", files=files(png(7)), data={"threshold": "0.5"}).json()
    assert sure["label"] == "7"


def test_a_run_that_changed_is_read_again(client, png, runs_with_small, small_run):
    def ask():
        return client.post("/predict", files=files(png(7)), data={"run": small_run.id})

    assert ask().status_code == 200
    (runs_with_small / small_run.id / "card.json").write_text("{}")
    assert ask().status_code == 404


@pytest.mark.parametrize(
    ("values", "status", "sentence"),
    [
        ({"run": "mnist-cn"}, 404, "Did you mean `mnist-cnn`"),
        ({"run": ["a", "b", "c", "d", "e", "f"]}, 422, "1 to 5 runs"),
        ({"run": []}, 422, "1 to 5 runs"),
        ({"run": "../mnist-cnn"}, 404, "There is no run"),
        ({"threshold": 1.5}, 422, "threshold"),
        ({"threshold": "often"}, 422, "threshold"),
        ({"top_k": 0}, 422, "top_k"),
        ({"top_k": 2.5}, 422, "top_k"),
        ({"treshold": 0.5}, 422, "Did you mean `threshold`"),
        ({"image": []}, 422, "Received: none"),
        ({"image": 5}, 422, "base64"),
        ({"image": "not base64!"}, 422, "base64"),
    ],
)
def test_what_cannot_be_predicted_gets_a_sentence(client, text, values, status, sentence):
    answer = client.post("/predict", json={"image": text(7), **values})
    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert sentence in answer.json()["error"]
