import anyio
import pytest

from core.api.limits import Limits
from tests.core.api.conftest import client_of, files
from tests.overriding import use

MB = 10**6


def in_pieces(size: int):
    """A body whose length nobody says beforehand."""
    for _ in range(size // 1000):
        yield bytes(1000)


@pytest.mark.parametrize("path", ["/predict", "/train"])
@pytest.mark.parametrize("streams", [False, True])
def test_a_body_that_is_too_large_is_refused(client, monkeypatch, path, streams):
    use(monkeypatch, api_megabytes=1)
    content = in_pieces(2 * MB) if streams else bytes(2 * MB)
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "1 MB" in answer.json()["error"]


def test_a_body_that_just_fits_is_read(client, monkeypatch):
    use(monkeypatch, api_megabytes=1)
    answer = client.post("/predict", content=in_pieces(MB), headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_more_images_than_allowed_are_refused(client, monkeypatch, png, text):
    use(monkeypatch, api_images=2)
    assert client.post("/predict", files=files(png(1), png(2))).status_code == 200
    for request in ({"files": files(*[png(1)] * 3)}, {"json": {"image": [text(1)] * 3}}):
        answer = client.post("/predict", **request)
        assert answer.status_code == 413
        assert "2 images" in answer.json()["error"]


def test_a_client_may_send_so_many_requests_a_minute(monkeypatch):
    use(monkeypatch, api_rate=3)
    client = client_of("localhost")  # an app that has counted nothing yet
    statuses = [client.get("/health").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert 1 <= int(client.get("/health").headers["retry-after"]) <= 60


def test_large_requests_together_have_a_limit(client, monkeypatch):
    use(monkeypatch, api_megabytes=1)
    monkeypatch.setattr("core.api.limits._TOGETHER", 0)
    answer = client.post("/predict", content=b"a", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_what_was_held_is_let_go():
    limits = Limits(None)

    async def app(scope, receive, send) -> None:
        while (await receive()).get("more_body"):
            pass

    limits._app = app
    messages = [{"type": "http.request", "body": bytes(10), "more_body": True}] * 3
    messages += [{"type": "http.request", "body": b"end"}]

    async def receive():
        return messages.pop(0)

    async def serve() -> None:
        scope = {"type": "http", "headers": [], "client": ("127.0.0.1", 1)}
        await limits(scope, receive, None)

    anyio.run(serve)
    assert messages == []
    assert limits._held == 0
