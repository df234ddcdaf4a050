"""What people read of runs is their titles; ids stand in addresses, keys and names of files."""

import json
import shutil
from collections.abc import Iterator

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from core import runs
from pages.compare import VIEWS
from pages.components.shared import keys
from tests.core.jobs.conftest import own_folders
from tests.pages.opening import visit

TITLES = {"id-of-first": "Twins", "id-of-second": "Twins", "id-of-third": "Only [one]"}
NAMES = ("Twins (id-of-first)", "Twins (id-of-second)", "Only [one]")
OF_THIRD = "id-of-third"  # which nobody is to read


@pytest.fixture(autouse=True)
def titled(tmp_path, monkeypatch) -> Iterator[None]:
    """Three runs on one test set, two of them with the same title."""
    with own_folders(tmp_path, monkeypatch) as changed:
        for run_id, title in TITLES.items():
            folder = changed.runs_dir / run_id
            shutil.copytree(runs.load("digits-random-forest").folder, folder)
            card = json.loads((folder / runs.CARD).read_text())
            card |= {"id": run_id, "title": title, "owner": "you"}
            (folder / runs.CARD).write_text(json.dumps(card))
        yield


def read(page: AppTest) -> str:
    """All words of a page, also those in lists that are folded, in tables and in charts."""
    texts = [getattr(one, "value", "") for one in (*page.markdown, *page.caption, *page.subheader)]
    for box in (*page.selectbox, *page.multiselect, *page.slider, *page.button):
        texts += [box.label, *getattr(box, "options", [])]
    for group in page.button_group:
        texts += [option.content for option in group.proto.options]
    texts += [one.proto.json for one in page.get("bidi_component")]
    texts += [one.proto.body for one in page.get("html")]
    for frame in page.dataframe:
        texts += [frame.proto.columns, frame.value.to_csv()]
    for chart in page.get("vega_lite_chart"):
        texts.append(chart.proto.spec)
        texts += [
            pa.ipc.open_stream(one.data.data).read_pandas().to_csv() for one in chart.proto.datasets
        ]
    words = "\n".join(map(str, texts)).replace("\\", "")
    return words.replace(f"run {OF_THIRD}", "")  # a column, which has a heading of its own


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.few(2)
def test_the_views_of_a_comparison_name_runs_by_their_titles(view):
    page = visit(
        "compare",
        **{
            keys.COMPARE_VIEW: view,
            keys.COMPARED: ",".join(reversed(TITLES)),
            keys.CELL: f"{OF_THIRD}.1.1" if view == "confusion" else "",
        },
    )
    if view == "leaderboard":
        page.session_state[keys.ALL_METRICS] = True
        page.run()
    if view == "confusion":
        page.session_state[keys.CELL_LIST] = True
        page.run()
    text = read(page)
    assert OF_THIRD not in text
    assert all(name in text for name in NAMES)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("image_lab", {"lab": "robustness"}),
        ("train", {"step": "runs"}),
        ("recognise", {keys.RUNS: ",".join(TITLES)}),
    ],
)
@pytest.mark.few(1)
def test_lists_of_runs_tell_those_with_the_same_title_apart(name, url):
    text = read(visit(name, [keys.SETTINGS], **url))
    assert OF_THIRD not in text
    assert all(name in text for name in NAMES)
