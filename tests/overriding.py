"""Settings of a test's own."""

from dataclasses import replace
from typing import Any

import pytest

from core import settings
from core.settings import Settings


def use(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Settings:
    """Change settings for as long as `monkeypatch` lasts; those that count then."""
    changed = replace(settings.current(), **changes)
    monkeypatch.setattr(settings, "_current", changed)
    return changed
