"""Names that other people chose are text on every page: no image, link, colour or formula."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from core import datasets
from core.datasets.choices import Choices
from core.training import TrainConfig, train
from pages.components.shared import keys
from tests.core.datasets.images_on_disk import some, write_zip
from tests.core.jobs.conftest import own_folders
from tests.pages.opening import fine, visit

FOREIGN = (
    "![x](https://evil.example/a.png)",
    "[y](https://evil.example) :red[z] :material/delete: $x^2$",
    "www.evil.example me@evil.example",
    "<img src=x> `c` **b** &lt;",
)
# What Markdown would make something of; a backslash or a word joiner before or inside stops it.
MARKDOWN = re.compile(
    r"(?<!\\)(!\[x|\[y|:red|:material/delete|\$x|<img|`c|\*\*b|&lt)"
    r"|https\\?://|www\.|me@evil"
)
AS_TEXT = {  # fields of messages that browsers show as they are
    "ArrowData": ("data",),
    "Arrow": ("data",),
    "VegaLiteChart": ("spec",),
    "BidiComponent": ("json", "bytes", "arrow_data", "mixed"),
    "ComponentInstance": ("json_args",),
    "DownloadButton": ("url",),
    "Html": ("body",),
    "LinkButton": ("url",),
    "MultiSelect": ("options", "raw_values"),
    "PageLink": ("query_string",),
    "Selectbox": ("options", "raw_value"),
    "TextInput": ("default", "value", "placeholder"),
}
PAGES = (
    ("train", {keys.DATASET: "foreign"}),
    ("train", {keys.DATASET: "foreign", keys.STEP: "model"}),
    ("train", {keys.STEP: "runs"}),
    *(
        ("compare", {keys.COMPARED: "one,two", keys.COMPARE_VIEW: view})
        for view in (
            "leaderboard",
            "confusion",
            "classes",
            "misclassified",
            "one_class",
            "own",
            "report",
        )
    ),
    ("image_lab", {keys.LAB_RUN: "one"}),
)


@pytest.fixture(scope="module")
def studio(tmp_path_factory) -> Iterator[None]:
    """A dataset with such names and two runs on it."""
    patch = pytest.MonkeyPatch()
    folder: Path = tmp_path_factory.mktemp("foreign")
    with own_folders(folder, patch):
        tree = {k: v for n in range(len(FOREIGN)) for k, v in some(f"class{n}", 14).items()}
        tree |= {f"class0/{FOREIGN[2]} **b** ![x](y).png": b"junk"}
        rename = {f"class{number}": name for number, name in enumerate(FOREIGN)}
        source = write_zip(tree, folder / "foreign.zip")
        title = FOREIGN[1]
        datasets.import_images(source, "foreign", title, "you", Choices(rename=rename))
        for name, model in (("one", "logistic_regression"), ("two", "knn")):
            train(TrainConfig(dataset="foreign", model=model, name=name))
        yield
    patch.undo()


def markdown_in(message: Message) -> Iterator[str]:
    """Every text in a message that a browser would take for Markdown and that holds some."""
    kind = message.DESCRIPTOR.name
    for field, value in message.ListFields():
        if field.name in (
            "id",
            "key",
            "element_id",
            "metadata",
            "icon",
        ) or field.name in AS_TEXT.get(kind, ()):
            continue
        values = value if isinstance(value, list | tuple) or hasattr(value, "append") else [value]
        for one in values:
            if isinstance(one, Message):
                yield from markdown_in(one)
            elif isinstance(one, str) and MARKDOWN.search(one):
                yield f"{kind}.{field.name}: {one[:300]}"


def found_on(page: AppTest) -> list[str]:
    def nodes(block):
        yield block
        for child in getattr(block, "children", {}).values():
            yield from nodes(child)

    protos = [getattr(node, "proto", None) for node in nodes(page._tree)]
    assert not any("<img src=x" in html.proto.body for html in page.html)
    return [text for proto in protos if isinstance(proto, Message) for text in markdown_in(proto)]


@pytest.mark.parametrize(("page", "url"), PAGES)
@pytest.mark.few(2)
def test_pages_show_names_as_they_are(studio, page, url):
    assert found_on(visit(page, **url)) == []


def test_so_do_predictions_and_files_that_cannot_be_read(studio):
    page = visit("recognise", **{keys.RUNS: "one,two", keys.SOURCE: "upload"})
    images = [(f"{FOREIGN[0]}.png", some("x", 1)["x/0.png"], "image/png")]
    for files in (images, [*images, (f"{FOREIGN[1]}.png", b"junk", "image/png")]):
        fine(page.file_uploader[0].set_value(files).run())
        assert found_on(page) == []
        seen = [html.proto.body for html in page.html] + [one.value for one in page.warning]
        assert any("evil" in text for text in seen)
