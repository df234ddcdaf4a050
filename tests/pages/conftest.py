"""What all tests of pages share."""

import gc
from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner

from pages.components.shared import browser
from pages.components.shared.contents import PAGES


@pytest.fixture(scope="session", autouse=True)
def objects_set_aside() -> None:
    """Leave what earlier tests have left behind to no collector any more.

    Streamlit collects garbage after every run of a page, and with TensorFlow's objects in the same
    process that would take longer than the page.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def nobody_is_new() -> Iterator[None]:
    """Pages are seen as by somebody who has seen them before."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(browser, "hints_read", lambda: set(PAGES))
        yield


@pytest.fixture(scope="session", autouse=True)
def components_found_once() -> Iterator[None]:
    """Look only once for components among the installed packages.

    Streamlit reads what is known of every package, for each page that a test opens: that takes
    longer than the page.
    """
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture
def files(monkeypatch) -> dict[str, object]:
    """What every download button of a page would give, by the name of the file."""
    found, real = {}, st.download_button

    def keep(label, data, name, *rest, **more):
        found[name] = data
        return real(label, data, name, *rest, **more)

    monkeypatch.setattr(st, "download_button", keep)
    return found
