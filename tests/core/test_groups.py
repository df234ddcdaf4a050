"""Groups of classes, and what a run knows of its classes."""

from dataclasses import replace

import numpy as np
import pytest

from core import runs
from core.errors import RunError, StoredError
from core.evaluation import grouped, surest
from core.runs import labels_by_name, parsed_classes
from core.runs.classes import as_text

PATHS = [("animal", "dog"), ("animal", "dog"), ("animal", "cat"), ("thing",)]


@pytest.fixture(scope="module")
def run():
    return runs.load(runs.PRETRAINED[0])


@pytest.mark.parametrize(
    ("probabilities", "least", "path"),
    [
        ((0.5, 0.4, 0.05, 0.05), 0.85, ("animal", "dog")),
        ((0.5, 0.1, 0.35, 0.05), 0.85, ("animal",)),
        ((0.3, 0.1, 0.1, 0.5), 0.85, ()),
        ((0.0, 0.0, 0.0, 1.0), 0.85, ("thing",)),
    ],
)
def test_the_surest_group_is_the_narrowest_that_is_likely_enough(probabilities, least, path):
    assert surest(grouped(np.array(probabilities), PATHS), least) == path


def test_probabilities_of_groups_are_sums_and_fall():
    tree = grouped(np.array([0.1, 0.2, 0.4, 0.3]), PATHS)
    assert tree.probability == pytest.approx(1)
    animal, thing = tree.groups
    assert (animal.name, animal.probability) == ("animal", pytest.approx(0.7))
    assert [group.name for group in animal.groups] == ["cat", "dog"]
    assert animal.groups[1].classes == (1, 0)
    assert thing.classes == (3,)


def test_every_class_of_imagenet_has_an_everyday_name_of_its_own_and_a_group(run):
    entries = run.classes()
    assert len(entries) == 1000
    assert [entry.id for entry in entries] == sorted(entry.id for entry in entries)
    assert len({entry.name.casefold() for entry in entries}) == 1000
    names = {entry.id: entry for entry in entries}
    labrador = names["n02099712"]
    assert labrador.name == "Labrador retriever"
    assert labrador.group == ("animal", "dog", "retriever")
    assert {names[i].name for i in ("n02012849", "n03126707")} == {
        "crane (bird)",
        "crane (machine)",
    }
    assert max(len(entry.group) for entry in entries) == 3
    sizes = grouped(np.ones(1000), [entry.group for entry in entries])
    assert 5 <= len(sizes.groups) <= 12
    assert run.file(runs.CLASSES).stat().st_size < 150_000


@pytest.mark.parametrize(
    ("name", "label"),
    [("n02099712", 208), ("Labrador retriever", 208), ("ashcan", 412), ("trash can", 412)],
)
def test_a_class_is_known_by_its_id_and_all_of_its_names(run, name, label):
    assert labels_by_name(run.card.class_names, run.classes())[name] == label


def test_a_name_that_two_classes_share_means_neither(run):
    known = labels_by_name(run.card.class_names, run.classes())
    assert "crane" not in known and "maillot" not in known


def test_the_text_of_classes_survives_a_round_trip(run):
    assert parsed_classes(as_text(run.classes())) == run.classes()


@pytest.mark.parametrize("text", ["", "id\tname\n", "id\tname\tgroup\tnames\nn1\tcat\t\t\n"])
def test_a_damaged_list_of_classes_is_refused(text):
    with pytest.raises(StoredError):
        parsed_classes(text)


def test_classes_of_another_card_are_not_used(run):
    card = replace(run.card, class_names=("a", *run.card.class_names[1:]))
    assert runs.Run(card, run.folder).classes() is None
    assert runs.load("mnist-cnn").classes() is None


def test_a_card_without_metrics_says_why_and_needs_a_published_figure(run):
    assert run.card.accuracy is None
    assert "75.1 %" in run.card.why_unmeasured
    with pytest.raises(RunError, match="has no metrics. It was not measured here"):
        run.evaluation("test")
    bare = replace(run.card, published=None)
    with pytest.raises(StoredError, match="lack a number for accuracy"):
        runs.RunCard.from_json(bare.to_json())
    assert runs.RunCard.from_json(run.card.to_json()) == run.card
