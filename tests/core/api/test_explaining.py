import base64

import pytest

from core.images import decode
from tests.core.api.conftest import BLANK, files


def test_an_explanation_has_its_map_and_its_check(client, png):
    answer = client.post("/explain", files=files(png(7)))
    assert answer.status_code == 200
    content = answer.json()
    assert (content["success"], content["run"], content["class"]) == (True, "mnist-cnn", "7")
    assert content["method"] == "occlusion" and content["probability"] > 0.9
    check = content["deletion"]
    assert check["probability_marked_hidden"] < check["probability_random_hidden"]
    assert decode(base64.b64decode(content["image"])).shape == (336, 336, 3)


def test_any_class_and_method_by_json_and_the_image_alone(client, png, text):
    wanted = {"run": "mnist-logistic-regression", "class": "4", "method": "weights"}
    by_json = client.post("/explain", json={"image": text(7), **wanted})
    by_form = client.post("/explain", files=files(png(7)), data=wanted)
    assert by_json.json() == by_form.json()
    assert by_json.json()["class"] == "4"
    headers = {"accept": "image/png"}
    alone = client.post("/explain", files=files(png(7)), data=wanted, headers=headers)
    assert alone.headers["content-type"] == "image/png"
    assert base64.b64encode(alone.content).decode() == by_form.json()["image"]


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        ({"class": "x"}, 422, "no class named"),
        ({"method": "lime"}, 422, "no method named"),
        ({"method": "weights"}, 422, "does not fit"),
        ({"digit": "2"}, 422, "from 1 to 1"),
        ({"opacity": "2"}, 422, "opacity"),
        ({"run": "no-such-run"}, 404, "no-such-run"),
        ({"run": ["mnist-cnn", "mnist-svm"]}, 422, "one run"),
        ({"top_k": "3"}, 422, "no field named"),
    ],
)
@pytest.mark.every_case
def test_what_cannot_be_explained_is_said(client, png, data, status, told):
    answer = client.post("/explain", files=files(png(7)), data=data)
    assert answer.status_code == status
    assert told in answer.json()["error"]


def test_a_blank_image_is_refused(client):
    assert "blank" in client.post("/explain", files=files(BLANK)).json()["error"]
