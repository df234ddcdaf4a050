"""The OpenAPI description and the API agree, whatever is sent: Schemathesis tries.

It is imported by the test that needs it: that takes two seconds, in every process that collects.
"""

import pytest

from core.api import Api, routes_export, routes_train
from core.jobs import queue
from tests.core.api.conftest import LOCAL
from tests.overriding import use


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch) -> None:
    """Empty folders; jobs are queued, but none runs, and nobody waits for it."""
    use(monkeypatch, runs_dir=tmp_path / "runs", work_dir=tmp_path / "work")
    monkeypatch.setattr(queue, "ensure_dispatcher", lambda: None)
    for routes in (routes_train, routes_export):
        monkeypatch.setattr(routes, "_LONGEST", 0.0)


@pytest.mark.parametrize("requests", [4, pytest.param(150, marks=pytest.mark.slow)])
def test_whatever_is_sent_is_answered_as_described(requests):
    import schemathesis
    from hypothesis import HealthCheck, given, settings
    from schemathesis.checks import load_all_checks
    from schemathesis.specs.openapi import checks

    load_all_checks()
    # The description cannot say which bytes are an image, or which names there are.
    not_expected = [checks.positive_data_acceptance]
    schema = schemathesis.openapi.from_asgi("/openapi.json", Api(LOCAL))
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 10
    for operation in operations:

        @settings(
            max_examples=requests,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answered(case: schemathesis.Case) -> None:
            """Fail on a status of 5xx, or on what the description does not allow."""
            case.headers["Host"] = "localhost"
            case.call_and_validate(excluded_checks=not_expected)

        answered()
