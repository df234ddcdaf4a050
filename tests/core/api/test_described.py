"""The OpenAPI description and the API agree, whatever is sent: Schemathesis tries."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from core.api import Api, routes_train
from core.jobs import queue
from tests.core.api.conftest import LOCAL
from tests.overriding import use

load_all_checks()
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", Api(LOCAL))
NOT_EXPECTED = [
    # The description cannot say which bytes are an image, or which names there are.
    checks.positive_data_acceptance,
]


@pytest.fixture(scope="module", autouse=True)
def folders(tmp_path_factory) -> Iterator[None]:
    """Empty folders; trainings are queued, but none runs, and nobody waits for it."""
    folder = tmp_path_factory.mktemp("described")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(monkeypatch, runs_dir=folder / "runs", work_dir=folder / "work")
        monkeypatch.setattr(queue, "ensure_dispatcher", lambda: None)
        monkeypatch.setattr(routes_train, "_LONGEST", 0.0)
        yield


def check(case: schemathesis.Case) -> None:
    """Send a request; fail on a status of 5xx, or on what the description does not allow."""
    case.headers["Host"] = "localhost"
    case.call_and_validate(excluded_checks=NOT_EXPECTED)


def times(number: int) -> settings:
    return settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )


@SCHEMA.parametrize()
@times(4)
def test_a_few_requests_are_served_as_described(case):
    check(case)


@pytest.mark.slow
@SCHEMA.parametrize()
@times(150)
def test_many_requests_are_served_as_described(case):
    check(case)
