import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import settings, visitors
from core.errors import StudioError
from core.settings import PROJECT_DIR
from core.visitors import NOBODY, OWNER, STUDIO, acting_as
from tests.core.public import A, B
from tests.overriding import use

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # of a dataset


@pytest.fixture
def public(monkeypatch):
    """A public demo whose folders lie at different depths, one of them with a space in its name."""
    return use(
        monkeypatch,
        public=True,
        data_dir=Path("/data"),
        runs_dir=Path("/srv/my studio/runs"),
        work_dir=Path("/srv/my studio/runs/.work"),
    )


# Who asks


def test_on_somebodys_own_machine_it_is_the_owner():
    assert visitors.current() == OWNER


@pytest.mark.parametrize(
    ("me", "owner", "sees", "changes"),
    [
        (OWNER, OWNER, True, True),
        (OWNER, STUDIO, True, True),
        (OWNER, A, True, True),
        (OWNER, NOBODY, True, True),
        (A, A, True, True),
        (A, STUDIO, True, False),
        (A, B, False, False),
        (A, OWNER, False, False),
        (A, NOBODY, False, False),
        (A, "", False, False),
        (A, A[:-1], False, False),
        (A, A.upper(), False, False),
        (NOBODY, OWNER, False, False),
        (NOBODY, A, False, False),
        (NOBODY, STUDIO, True, False),
        (STUDIO, A, False, False),
        (STUDIO, OWNER, False, False),
    ],
)
def test_who_may_see_and_change_what(me, owner, sees, changes):
    with acting_as(me):
        assert (visitors.may_see(owner), visitors.may_change(owner)) == (sees, changes)


@pytest.mark.parametrize(
    ("owner", "visitor"),
    [(OWNER, False), (STUDIO, False), (NOBODY, True), (A, True), ("", True)],
)
def test_who_is_a_visitor(owner, visitor):
    assert visitors.is_visitor(owner) == visitor


def test_acting_ends_with_its_block_whatever_happens_inside():
    with acting_as(A):
        with acting_as(B):
            assert visitors.current() == B
        assert visitors.current() == A
        with pytest.raises(ValueError, match="odd"), acting_as(B):
            raise ValueError("odd")
        assert visitors.current() == A
    assert visitors.current() == OWNER


def test_who_asks_is_asked_for_each_time():
    known = iter([A, B])
    try:
        visitors.told_by(lambda: next(known))
        assert [visitors.current(), visitors.current()] == [A, B]
        visitors.told_by(None)
        assert visitors.current() == OWNER
    finally:
        visitors.told_by(None)


# Names that many would choose


@pytest.mark.parametrize("me", [OWNER, STUDIO])
def test_the_owner_names_things_as_wished(me):
    with acting_as(me):
        assert visitors.distinct("pets") == "pets"
        assert visitors.distinct("p" * 64) == "p" * 64


@pytest.mark.parametrize("name", ["p", "pets", "my-pets_2", "0", "p" * 57, "p" * 63, "p" * 64])
def test_two_visitors_can_use_the_same_name(name):
    found = []
    for me in (A, B):
        with acting_as(me):
            found.append(visitors.distinct(name))
            assert visitors.distinct(name) == found[-1]
            assert NAME.fullmatch(found[-1]), "it is not the name of a dataset any more"
    assert found[0] != found[1]
    assert {one.rpartition("-")[0] for one in found} == {name[:55]}


# Messages without paths

PLAIN = [
    "",
    "There is no run named 'x'. Known: mnist-cnn, mnist-random-forest.",
    "cats and/or dogs",
    "Bring a folder for each class, with its images inside: cats/1.jpg, dogs/1.jpg.",
    "put `train/` and `test/` (and `validation/`) above the class folders",
    "Restore it with `git checkout data/mnist.npz`.",
    "https://www.cs.toronto.edu/~kriz/cifar.html",
    "https://example.org/a/b/c.zip could not be downloaded",
    "see http://localhost:8501/train?step=model&run=a/b",
    "Nothing can be written: 24/7, 1/2/3, 5 / 2 and a / b / c",
    r"C:\Users\me\images\1.jpg",
    "C:/Users/me/images/1.jpg",
    r"\\server\share\images",
    "core.models.features.HogFeatures",
    "The zip file holds a path that leads out of it: '../../outside.png'.",
    "/ is a sign",
    "application/zip",
    "Ångström/é/日本",
]
HIDDEN = [
    # what stands in it, and what a visitor reads
    ("There is no folder /home/me/pets.", "There is no folder …/pets."),
    ("in /tmp/, and so on", "in a folder, and so on"),
    ("'/home/me/pets.zip'", "'…/pets.zip'"),
    ('"/home/me/pets.zip"', '"…/pets.zip"'),
    ("`/home/me/pets.zip`", "`…/pets.zip`"),
    ("(/home/me/pets.zip)", "(…/pets.zip)"),
    ("[/home/me/pets.zip]", "[…/pets.zip]"),
    ("path=/home/me/pets.zip", "path=…/pets.zip"),
    ("PosixPath('/home/me/pets.zip')", "PosixPath('…/pets.zip')"),
    ("b'/home/me/pets.zip'", "b'…/pets.zip'"),
    ("a,/home/me/pets", "a,…/pets"),
    ("/home/me/ä/ö.png is odd", "…/ö.png is odd"),
    ("~/secret/pets", "…/pets"),
    ("/home/a/x.png and /home/b/y.png", "…/x.png and …/y.png"),
    ("first\n/home/me/x.png\nlast", "first\n…/x.png\nlast"),
    (
        '  File "/opt/venv/lib/python3.11/site-packages/odd.py", line 3, in f',
        '  File "…/odd.py", line 3, in f',
    ),
    ("a path of /home/me and https://a.org/b/c", "a path of …/me and https://a.org/b/c"),
]


def test_what_is_no_path_is_left_as_it_is(public):
    for text in PLAIN:
        assert visitors.without_paths(text) == text


def test_folders_of_the_server_are_not_named(public):
    for text, read in HIDDEN:
        assert visitors.without_paths(text) == read


def test_on_somebodys_own_machine_every_message_stays_as_it_is():
    for text in [*PLAIN, *(text for text, _ in HIDDEN), f"{PROJECT_DIR}/x"]:
        assert not settings.current().public
        assert visitors.without_paths(text) == text
        assert str(StudioError(text)) == text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("kept in {data}.", "kept in the data folder."),
        ("kept in {data}, but", "kept in the data folder, but"),
        ("'{data}'", "'the data folder'"),
        ("{data}/weights/a.h5 is damaged", "the data folder is damaged"),
        ("{runs}: no room", "the folder of trained models: no room"),
        ("Delete {runs}/mine and train", "Delete the folder of trained models and train"),
        ("{work}/uploads/0123/pets.zip is neither", "the work folder is neither"),
        ("from {work} to {runs}", "from the work folder to the folder of trained models"),
        ("{project}/core/x.py", "the studio's folder"),
        ('File "{project}/core/x.py", line 3', 'File "the studio\'s folder", line 3'),
        ("/database/x.png", "…/x.png"),
        ("/srv/my studio/runs-2/x", "…/my studio/runs-2/x"),
    ],
)
def test_folders_of_the_studio_are_called_what_they_are(public, text, read):
    folders = {"data": public.data_dir, "runs": public.runs_dir, "work": public.work_dir}
    text = text.format(**folders, project=PROJECT_DIR)
    assert visitors.without_paths(text) == read


_AROUND = st.sampled_from(["", " ", "'", '"', "`", "(", "[", "<", "=", ",", "|", "“", "\n", "\t"])
_BEHIND = st.sampled_from(["", " ", "'", '"', "`", ")", "]", ">", ".", ",", ":", ";", "!", "?"])
_BELOW = st.lists(st.from_regex(r"[\w.-]{1,8}", fullmatch=True), max_size=3)


@given(_AROUND, st.sampled_from(["runs_dir", "work_dir"]), _BELOW, _BEHIND)
def test_no_sign_around_a_folder_of_the_studio_keeps_it_readable(before, name, below, behind):
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = Path("/var/lib/studio") / name
        use(monkeypatch, public=True, **{name: folder})
        text = f"It says {before}{folder.joinpath(*below)}{behind} and more"
        assert "/var" not in visitors.without_paths(text)
        assert "/lib" not in visitors.without_paths(text)


@given(_AROUND, _BELOW.filter(lambda parts: len(parts) > 1), _BEHIND)
def test_nor_any_other_folder(before, below, behind):
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(monkeypatch, public=True)
        path = "/hidden/" + "/".join(below)
        assert "/hidden" not in visitors.without_paths(f"It says {before}{path}{behind} and more")


@pytest.mark.parametrize(
    "text",
    [
        "PATH=/usr/bin:/home/me/bin",
        "Error:/home/me/pets",
        "file:///home/me/pets.zip",
        "-I/home/me/include",
        "written to '(/data)'",
    ],
)
def test_nor_does_what_stands_before_it(public, text):
    assert not {"/home", "/data"} & set(re.findall(r"/\w+", visitors.without_paths(text)))


@pytest.mark.parametrize(
    "text", ["https://example.org/data/cifar.tar.gz", "https://a.org/b/data/", "see test/data/x"]
)
def test_an_address_that_looks_like_a_folder_of_the_studio_is_left_as_it_is(public, text):
    assert visitors.without_paths(text) == text


@pytest.mark.parametrize(
    "text", ["{work}/uploads/0123/My pets.zip is odd", "{work}/uploads/0123/a b c.zip: odd"]
)
def test_a_name_with_spaces_gives_no_folder_away(public, text):
    read = visitors.without_paths(text.format(work=public.work_dir))
    assert read.startswith("the work folder") and "uploads" not in read and "0123" not in read


@pytest.mark.parametrize(
    ("value", "public"),
    [("1", True), ("yes", True), (" ON ", True), ("true", True)]
    + [(no, False) for no in ("", "0", " 0 ", "no", "No", "off", "false", "FALSE")],
)
def test_the_setting_is_read_from_the_environment(value, public):
    from core.settings import Settings

    assert Settings.from_environment({"STUDIO_PUBLIC": value}).public == public
    assert not Settings.from_environment({}).public


def test_a_job_acts_as_its_owner_in_every_thread():
    with ThreadPoolExecutor(1) as before, acting_as(A), ThreadPoolExecutor(1) as meanwhile:
        assert [t.submit(visitors.current).result() for t in (before, meanwhile)] == [A, A]


def test_each_thread_of_the_pages_is_told_its_own_visitor():
    """Several visitors are served at once, each by a thread."""
    mine = threading.local()
    visitors.told_by(lambda: getattr(mine, "visitor", NOBODY))
    met = threading.Barrier(2, timeout=30)

    def serve(me: str) -> str:
        mine.visitor = me
        met.wait()
        return visitors.current()

    try:
        with ThreadPoolExecutor(2) as pages:
            assert list(pages.map(serve, (A, B))) == [A, B]
        assert visitors.current() == NOBODY
    finally:
        visitors.told_by(None)
