"""What all tests of pages share."""

import gc

import pytest


@pytest.fixture(scope="session", autouse=True)
def objects_set_aside() -> None:
    """Leave what earlier tests have left behind to no collector any more.

    Streamlit collects garbage after every run of a page, and with TensorFlow's objects in the same
    process that would take longer than the page.
    """
    gc.collect()
    gc.freeze()
