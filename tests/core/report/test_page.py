from collections.abc import Sequence
from html.parser import HTMLParser

import pytest

from core.comparison import METRICS, Compared, best, leaders, sentence, written
from core.report import as_html, class_rows
from tests.core.made_up import made_up, several

WHEN = "2026-01-02 03:04 UTC"
NOT_CLOSED = {"meta", "br"}
FETCHING = {"src", "srcset", "href", "xlink:href", "action", "data", "poster", "background"}


class Page(HTMLParser):
    """A page as a browser takes it: tags, addresses, tables, text outside the charts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open, self.tags, self.addresses, self.said, self.styles = [], [], [], "", ""
        self.tables: list[list[list[str]]] = []
        self.charts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in FETCHING]
        self.styles += "".join(f" {v}" for name, v in attributes if name in ("style", "clip-path"))
        assert not [name for name, _ in attributes if name.startswith("on")]
        if tag == "figure":
            self.charts.append(dict(attributes)["aria-label"])
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in NOT_CLOSED:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in NOT_CLOSED:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            self.styles += data
        elif "svg" not in self.open:
            self.said += data
            if self.open and self.open[-1] in ("td", "th"):
                self.tables[-1][-1][-1] += data

    @property
    def words(self) -> str:
        return " ".join(self.said.split())


def check(found: Sequence[Compared], title: str = "Digits") -> Page:
    """The page of these runs, after a look at everything that must be on every page."""
    page = Page(as_html(found, title, made=WHEN))
    check_figures(page, found)
    check_classes(page, found)
    assert [one for one in page.addresses if not one.startswith(("#", "data:image/png;"))] == []
    assert "@import" not in page.styles and "url(http" not in page.styles.replace('"', "")
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(page.tags)
    assert f"Comparison: {title}" in page.words
    assert WHEN in page.words
    for one in found:
        assert f"{one.run.card.model} on {one.run.card.dataset}, seed" in page.words
        for name, value in one.run.card.hyperparameters.items():
            assert f"{name} = {value}" in page.words
    return page


def check_figures(page: Page, found: Sequence[Compared]) -> None:
    head, *rows = page.tables[0]
    assert head == ["Metric", *(one.id for one in found)]
    for row, (name, figure) in zip(rows, METRICS.items(), strict=True):
        stars = best(found, name)
        assert [cell.strip() for cell in row] == [
            figure.title,
            *(written(name, o.metrics[name]) + (" ★" if o.id in stars else "") for o in found),
        ]


def check_classes(page: Page, found: Sequence[Compared]) -> None:
    def percent(part: float | None) -> str:
        return "–" if part is None else f"{part * 100:.1f} %"

    for (_, *rows), one in zip(page.tables[1 : 1 + len(found)], found, strict=True):
        assert rows == [
            [
                row["class"],
                *(percent(row[figure]) for figure in ("precision", "recall", "f1")),
                f"{row['images']:,}",
            ]
            for row in class_rows(one.evaluation, one.run.card.class_names)
        ]


def test_the_page_of_the_bundled_runs_holds_every_figure(bundled):
    page = check(bundled, "MNIST")
    assert sentence(leaders(bundled)) in page.words
    assert "4 trained models on the same 10,000 test images" in page.words
    assert page.charts[:3] == ["Accuracy", "Training curves accuracy", "Training curves loss"]
    assert page.tags.count("svg") == len(page.charts) == 10
    for one in bundled:
        assert f"{one.id}: {one.run.card.cost['machine']}" in page.words
        truth, prediction, count = one.evaluation.most_confused(1)[0]
        assert f"{truth} predicted as {prediction} ({count})" in page.words


def test_runs_are_called_by_their_titles():
    first, second = several(2, classes=2, images=30, title="Twins")
    third = made_up("of-third", *_predictions(first), title="The <third>")
    text = as_html([first, second, third], "x", made=WHEN)
    page = Page(text)
    names = ["Twins (run-0)", "Twins (run-1)", "The <third>"]
    assert page.tables[0][0] == ["Metric", *names]
    assert [f"Confusion matrix of {name}" for name in names] == [
        chart for chart in page.charts if chart.startswith("Confusion")
    ]
    assert "of-third" not in text


def _predictions(one: Compared) -> tuple:
    return one.evaluation.labels, one.evaluation.probabilities


def test_the_same_comparison_gives_the_same_page():
    found = several(1, classes=2, images=30)
    assert as_html(found, "x", made=WHEN) == as_html(found, "x", made=WHEN)


def test_when_it_was_written_is_on_the_page():
    assert "UTC" in Page(as_html(several(1, classes=2, images=10), "x")).words


def test_one_run_alone_has_a_page():
    page = check(several(1, classes=3, images=30))
    assert "ahead" not in page.words


@pytest.mark.slow
def test_thirty_classes_have_a_page():
    page = check(several(1, classes=30, images=300))
    assert page.tags.count("svg") == len(page.charts) == 5


def test_absent_classes_have_a_dash(with_gaps):
    page = check(with_gaps)
    assert ["class 3", "–", "–", "–", "0"] in page.tables[1]


def test_a_run_without_mistakes_has_a_page():
    page = check([made_up("perfect", [0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])])
    assert "Most confused" not in page.words
    assert "With 3 test images, each one counts 33.3 %." in page.words


STRANGE = ("<b>&x", "--><script>alert(1)</script>", "]]>", "{{ 7 * 7 }}", '" onload="x', "&amp;")


def test_whatever_somebody_else_wrote_is_shown_as_it_is():
    everything = " ".join(STRANGE)
    found = several(
        2,
        classes=len(STRANGE),
        images=60,
        class_names=STRANGE,
        dataset=f"of {everything}",
        model=f"by {everything}",
        hyperparameters={name: name for name in STRANGE},
        cost={"machine": f"on {everything}"},
    )
    page = check(found, title=f"Title {everything}")
    assert "b" not in page.tags
    assert [row[0] for row in page.tables[1][1:]] == list(STRANGE)
    assert f"run-0: on {everything}" in page.words


def test_the_members_of_an_ensemble_are_named():
    members = tuple(
        {"id": name, "sha256": "0" * 64, "weight": weight}
        for name, weight in (("first", 0.75), ("second", 0.25))
    )
    page = check(several(2, classes=3, images=30, members=members, family="ensemble"))
    assert "Members: first (0.75), second (0.25)." in page.words
