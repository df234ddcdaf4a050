"""The scripts that a page is given beside itself."""

from pathlib import Path

import pytest

from pages.components.shared import preload
from pages.components.shared.contents import PAGES


@pytest.mark.parametrize("path", ["/", "/train", "/compare", "/image_lab", "/under/train"])
def test_every_kind_of_element_a_page_begins_with_has_its_script_in_the_header(path):
    named = preload.header(path)
    for kind in PAGES[path.rpartition("/")[2] or "recognise"].elements:
        assert f"<./static/js/{kind}." in named
        assert any(name.startswith(f"{kind}.") for name in preload.scripts((kind,)))
    for entry in named.split(", "):
        name = entry.removeprefix("<./").partition(">")[0]
        assert (Path(preload.streamlit.__file__).parent / "static" / name).is_file()


def test_other_addresses_and_unknown_kinds_have_none():
    assert preload.header("/_stcore/health") is None
    assert preload.scripts(("Unheard",)) == set()
