"""Who may do what, and that no other website does anything."""

import anyio
import pytest
from starlette.testclient import TestClient

from core import visitors
from core.api import page_token, threads, tokens
from core.api.access import is_loopback
from core.api.app import build
from core.visitors import NOBODY, OWNER
from tests.core.api.conftest import LOCAL, client_of, files
from tests.core.public import A, B, give_run, public_demo
from tests.overriding import use

SECRET = "correct horse battery staple"
OPEN = "0.0.0.0"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def demo(tmp_path, monkeypatch):
    with public_demo(tmp_path, monkeypatch) as changed:
        yield changed


def train(client: TestClient, **headers: str):
    return client.post("/train", json={"model": "logistic_regression"}, headers=headers)


# Other websites


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:1234"},
        {"Origin": "https://localhost"} | {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example", "Origin": "http://localhost.evil.example"},
        {"Host": ""},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_another_website_changes_nothing(idle, headers, method):
    client, path = client_of(), "/train" if method == "POST" else "/jobs/some"
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == 403
    assert "Received" in answer.json()["error"]
    assert client.get("/jobs").json() == []


FORMS = [
    {"data": {"model": "logistic_regression"}},
    {"files": [("model", (None, "logistic_regression"))]},
    {"content": '{"model": "logistic_regression"}', "headers": {"Content-Type": "text/plain"}},
    {"headers": {"Content-Type": "application/x-www-form-urlencoded"}},
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("origin", [{}, {"Origin": "https://evil.example"}])
def test_a_form_starts_no_training(idle, form, origin):
    client = client_of()
    answer = client.post("/train", **{**form, "headers": {**form.get("headers", {}), **origin}})
    assert answer.status_code == (403 if origin else 415)
    assert client.get("/jobs").json() == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:8501", "Host": "localhost:8501"},
        {"Origin": "http://[::1]:8501", "Host": "[::1]:8501", "Sec-Fetch-Site": "same-origin"},
        {"Host": "127.0.0.1:80"},
    ],
)
def test_this_machine_itself_trains(idle, headers):
    assert train(client_of(), **headers).status_code == 202


def test_a_website_that_was_named_may(idle, monkeypatch):
    use(monkeypatch, api_origins=("https://friend.example",))
    client = TestClient(build(LOCAL), base_url="http://localhost")
    asked = {"Origin": "https://friend.example", "Access-Control-Request-Method": "POST"}
    granted = client.options("/train", headers=asked).headers
    assert granted["access-control-allow-origin"] == "https://friend.example"
    assert train(client, Origin="https://friend.example").status_code == 202
    assert train(client, Origin="https://evil.example").status_code == 403


def test_no_website_may_read_unless_it_is_named(client):
    answer = client.get("/runs", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


# Tokens


@pytest.fixture
def guarded(idle, monkeypatch) -> TestClient:
    use(monkeypatch, api_token=SECRET)
    return client_of()


@pytest.mark.parametrize("path", ["/runs", "/jobs", "/metrics/prometheus", "/metrics"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("wrong"),
        bearer(SECRET[:-1]),
        bearer(SECRET.upper()),
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \u00e9".encode("latin-1")},
    ],
)
def test_without_the_token_there_is_nothing(guarded, path, headers):
    answer = guarded.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "token" in answer.json()["error"]


def test_with_the_token_there_is_everything(guarded, png):
    headers = bearer(SECRET)
    assert guarded.get("/runs", headers=headers).status_code == 200
    assert guarded.post("/predict", files=files(png(7)), headers=headers).status_code == 200
    assert train(guarded, **headers).status_code == 202
    assert train(guarded).status_code == 401


def test_health_and_documentation_need_none(guarded):
    for path in ("/health", "/openapi.json", "/docs", "/docs/initializer.js"):
        assert guarded.get(path).status_code == 200


def test_a_token_of_a_page_ages_and_cannot_be_changed():
    token = page_token(A, "session")
    assert tokens.holder_of(token) == tokens.Holder(A, "session")
    assert tokens.holder_of(token, seconds=-1) is None
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        assert tokens.holder_of(token[:place] + other + token[place + 1 :]) is None
    assert tokens.holder_of("") is tokens.holder_of("a" * 10_000) is None


# Servers that others reach


@pytest.mark.parametrize("host", [OPEN, "::", "192.168.1.2", "studio.example"])
def test_a_server_that_others_reach_only_predicts(idle, png, host):
    client = client_of(host, "studio.example")
    assert client.post("/predict", files=files(png(7))).status_code == 200
    assert client.get("/runs").status_code == 200
    refused = [train(client), client.get("/jobs"), client.delete("/jobs/some")]
    assert [answer.status_code for answer in refused] == [403] * 3
    assert "STUDIO_API_TOKEN" in refused[0].json()["error"]


def test_with_a_token_such_a_server_does_everything(idle, monkeypatch):
    use(monkeypatch, api_token=SECRET)
    assert train(client_of(OPEN, "studio.example"), **bearer(SECRET)).status_code == 202


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_loopback_is_told_from_other_hosts(host, expected):
    assert is_loopback(host) is expected


# A public demo


def ids(client: TestClient, **headers: str) -> set[str]:
    return {run["id"] for run in client.get("/runs", headers=headers).json()}


def test_in_a_demo_nobody_in_particular_only_predicts_with_bundled_runs(demo, small_run, png):
    give_run(small_run, A, "of-a")
    give_run(small_run, OWNER, "of-owner")
    client = client_of()
    assert ids(client) & {"of-a", "of-owner"} == set()
    assert client.post("/predict", files=files(png(7))).status_code == 200
    for run_id in ("of-a", "of-owner", "nowhere"):
        answer = client.post("/predict", files=files(png(7)), data={"run": run_id})
        assert answer.status_code == 404
        assert "of-a," not in answer.text and "of-owner," not in answer.text
    assert train(client).status_code == 403
    assert client.get("/jobs").status_code == 403


def test_a_page_acts_for_its_visitor_under_its_limits(demo, small_run, png):
    give_run(small_run, A, "of-a")
    give_run(small_run, B, "of-b")
    client, a, b = client_of(), bearer(page_token(A, "1")), bearer(page_token(B, "2"))
    assert "of-a" in ids(client, **a) and "of-b" not in ids(client, **a)
    asked = {"files": files(png(7)), "data": {"run": "of-a"}}
    assert client.post("/predict", **asked, headers=a).status_code == 200
    assert client.post("/predict", **asked, headers=b).status_code == 404
    job = train(client, **a)
    assert job.status_code == 202
    assert client.get(job.headers["location"], headers=a).status_code == 200
    assert client.get(job.headers["location"], headers=b).status_code == 404
    assert client.delete(job.headers["location"], headers=b).status_code == 404
    second = train(client, **a)
    assert second.status_code == 409
    assert "One job at a time" in second.json()["error"]
    heavy = client.post("/train", json={"model": "resnet50"}, headers=b)
    assert heavy.status_code == 422
    assert "this demo allows" in heavy.json()["error"]
    assert client.delete(job.headers["location"], headers=a).status_code == 200


def test_a_demo_names_no_folder_of_the_server(demo, small_run):
    run = give_run(small_run, A, "of-a")
    (run.folder / "evaluation.npz").unlink()
    answer = client_of().get("/metrics?run=of-a", headers=bearer(page_token(A, "1")))
    assert answer.status_code == 404
    assert str(demo.runs_dir) not in answer.text


def test_the_visitor_of_a_request_is_that_of_no_other_one():
    """Also in threads, and beside what the process does for somebody else."""
    seen = {}

    async def ask(visitor: str) -> None:
        with visitors.serving(visitor):
            for _ in range(20):
                await anyio.sleep(0)
                assert await threads.reading(visitors.current) == visitor
            seen[visitor] = visitors.current()

    async def all_of_them() -> None:
        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(ask, f"visitor-{number}")

    with visitors.acting_as(NOBODY):
        anyio.run(all_of_them)
        assert visitors.current() == NOBODY
    assert len(seen) == 8
    assert all(visitor == current for visitor, current in seen.items())
