"""Settings of a test's own."""

import pytest

from core import settings
from core.settings import Settings


def use(monkeypatch: pytest.MonkeyPatch, changed: Settings) -> None:
    """Let these settings count, for as long as `monkeypatch` lasts."""
    monkeypatch.setattr(settings, "_current", changed)
