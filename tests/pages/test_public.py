"""A public demo without a browser: what visitors see, and what they never see of each other."""

import binascii
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from core import datasets, ensemble, jobs, runs, shares, visitors
from core.datasets import uploads
from core.ensemble import Ensemble
from core.images import encode_png
from core.jobs import KINDS, Job, limits, queue
from core.jobs.job import write_log, write_status
from core.models import MODELS
from core.progress import Reporter
from core.settings import Settings
from core.training import TrainConfig
from core.visitors import NOBODY, OWNER, acting_as
from pages.components.shared import keys, memory, visitor
from pages.components.shared.memory import Memory
from tests.core.datasets.images_on_disk import pets, write_folder
from tests.core.public import A, B, give_run, public_demo
from tests.overriding import use
from tests.pages.opening import APP, digit, fine, visit

PAGES = ("recognise", "train", "compare", "image_lab")
TOKEN = "AbCd-_012345"
LINE = "Public demo."
SEVEN = "<b>7</b>"  # what A has drawn and sent is read as


@pytest.fixture
def demo(tmp_path, monkeypatch) -> Iterator[Settings]:
    """A public demo on a large machine; jobs are queued, but no process is started for them."""
    with public_demo(tmp_path, monkeypatch) as changed:
        for module in (jobs, queue):
            monkeypatch.setattr(module, "ensure_dispatcher", lambda: None)
        monkeypatch.setattr("core.memory.there_is", lambda: 64 * 2**30)
        shelf = memory._Shelf()
        monkeypatch.setattr(memory, "_shelf", lambda: shelf)
        try:
            yield changed
        finally:
            visitors.told_by(None)


@pytest.fixture
def open_page(demo, monkeypatch) -> Callable[..., AppTest]:
    """`open_page(B, "train", run="x")`: a page of the studio, as that visitor sees it."""

    def open_for(me: str, page: str, **url: str) -> AppTest:
        monkeypatch.setattr(visitor, "_who", lambda: me)
        return visit(page, **url)

    return open_for


def nodes(block) -> Iterator[object]:
    yield block
    for child in getattr(block, "children", {}).values():
        yield from nodes(child)


def said(page: AppTest) -> list[str]:
    """Whatever was sent to the browser, a text each: labels, options, tables, charts, images."""
    protos = (getattr(node, "proto", None) for node in nodes(page._tree))
    return [str(proto).replace("\\", "") for proto in protos if proto is not None]


def button(page: AppTest, label: str):
    (found,) = (one for one in page.button if one.label == label)
    return found


def widget(page: AppTest, key: str):
    kinds = (page.selectbox, page.multiselect, page.button_group)
    (found,) = (one for kind in kinds for one in kind if one.key == key)
    return found


# Who it is


@pytest.fixture
def browser(monkeypatch) -> SimpleNamespace:
    """What Streamlit knows of the browser that looks."""
    found = SimpleNamespace(context=SimpleNamespace(cookies={}), session_state={})
    monkeypatch.setattr(visitor, "st", found)
    monkeypatch.setattr(visitor, "get_script_run_ctx", lambda **_: object())
    return found


def who(browser: SimpleNamespace, cookie: str, session: dict | None = None) -> str:
    browser.context.cookies = {"_streamlit_xsrf": cookie} if cookie else {}
    browser.session_state = {} if session is None else session
    return visitor._who()


def test_a_browser_is_known_by_its_cookie_however_that_is_masked(browser):
    token = bytes(range(16))
    found = {who(browser, generate_xsrf_token_string(token, when)) for when in (1, 2, 3)}
    assert len(found) == 1
    (name,) = found
    assert name.startswith("visitor-") and len(name) == 28
    assert binascii.b2a_hex(token).decode()[:8] not in name
    assert visitors.is_visitor(name)


def test_other_browsers_are_other_visitors(browser):
    cookies = [generate_xsrf_token_string() for _ in range(50)]
    assert len({who(browser, cookie) for cookie in cookies}) == 50


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        '""',
        "odd",
        "2|",
        "2|||",
        "2|00000000||1",  # a token without a byte
        "2|zz|zz|1",
        "2|00|00|1",
        "2|00000000|61|x",
        "you",
        "studio",
        "0",
    ],
)
def test_who_sends_no_cookie_that_can_be_read_is_known_by_the_session(browser, cookie):
    first, second = {}, {}
    name = who(browser, cookie, first)
    assert who(browser, cookie, first) == name
    assert who(browser, cookie, second) != name
    assert name.startswith("visitor-")


@pytest.mark.parametrize("cookie", ["00", "ff" * 16, "2|00000000|00|1", "2|00000000|796f75|1"])
def test_nobody_makes_a_owner_or_the_studio_of_themselves(browser, cookie):
    assert visitors.is_visitor(name := who(browser, cookie)) and name.startswith("visitor-")


def test_a_thread_that_belongs_to_no_page_is_nobodys(demo):
    assert visitor._who() == NOBODY
    visitor.recognise()
    assert visitors.current() == NOBODY
    assert runs.list_damaged() == []


def test_without_the_setting_it_is_the_owner(demo, monkeypatch):
    visitor.recognise()
    use(monkeypatch, public=False)
    visitor.recognise()
    assert visitors.current() == OWNER


def test_two_sessions_without_cookies_are_two_visitors(demo):
    """As AppTest has none, nothing is put in the place of what finds out who asks."""

    def come() -> AppTest:
        return fine(AppTest.from_file(APP, default_timeout=120).run())

    first, second = come(), come()
    tokens = [page.session_state[keys.VISITOR] for page in (first, second)]
    assert len(set(tokens)) == 2 and all(len(token) == 16 for token in tokens)
    fine(first.run())
    assert first.session_state[keys.VISITOR] == tokens[0]


# What a visitor sees


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_is_kept(open_page, page):
    assert sum(LINE in text for text in said(open_page(A, page))) == 1


@pytest.mark.parametrize("page", PAGES)
def test_no_page_says_so_to_the_owner(open_page, demo, monkeypatch, page):
    use(monkeypatch, public=False)
    assert not any(LINE in text for text in said(open_page(OWNER, page)))


def test_images_come_from_the_browser_alone(open_page):
    page = open_page(A, "train", dataset="+own")
    assert [option.content for option in page.button_group(keys.IMPORT_WAY).proto.options] == [
        "A zip file",
        "Folders",
        "Class by class",
    ]
    assert any("up to 50 MB" in text for text in said(page))
    assert any("up to 50 MB" in text for text in said(open_page(A, "compare", show="own")))


def test_no_path_is_asked_for_in_any_help(open_page):
    page = open_page(A, "train", dataset="+own")
    assert not any("give its path" in text for text in said(page))


def test_a_way_that_was_chosen_before_leads_nowhere(open_page):
    """Not even if a session still holds it."""
    page = open_page(A, "train", dataset="+own")
    page.session_state[keys.IMPORT_WAY] = "path"
    page.session_state[keys.IMPORT_PATH] = "/etc"
    fine(page.run())
    assert [field.key for field in page.text_input] == []
    assert not any("/etc" in text for text in said(page))


def test_nothing_is_offered_that_would_have_to_be_downloaded(open_page, monkeypatch):
    for name in ("fashion_mnist", "cifar10"):
        monkeypatch.setitem(
            datasets.DATASETS, name, replace(datasets.DATASETS[name], is_here=lambda: False)
        )
    page = open_page(A, "train", dataset="cifar10")
    options = [option.content for option in page.button_group(keys.DATASET).proto.options]
    assert options == [
        "scikit\\-learn digits",
        "MNIST",
        "Your own images",
    ]
    assert page.button_group(keys.DATASET).value == "mnist"
    assert not any("ownload it" in one.label for one in page.button)


@pytest.mark.parametrize("model", sorted(MODELS))
@pytest.mark.parametrize("small", [False, True])
@pytest.mark.few(5)
def test_only_quick_models_are_offered(open_page, monkeypatch, model, small):
    monkeypatch.setattr("core.memory.there_is", lambda: 0 if small else 64 * 2**30)
    page = open_page(A, "train", step="model", dataset="digits", model=model)
    with acting_as(A):
        allowed = limits.models()
    field = widget(page, keys.MODEL)
    assert set(field.options) == {MODELS[name].title for name in allowed}
    assert field.value == (model if model in allowed else field.value)
    assert field.value in allowed
    assert not any("ownload it" in one.label for one in page.button)
    assert [one.value for one in page.error] == []
    assert not button(page, "Start training").disabled


def test_what_is_too_much_for_a_small_machine_cannot_be_started(open_page, monkeypatch):
    monkeypatch.setattr("core.memory.there_is", lambda: 0)
    page = open_page(A, "train", step="model", dataset="mnist", model="random_forest")
    assert "This demo runs on a small machine" in page.error[0].value
    assert button(page, "Start training").disabled
    page = open_page(
        A,
        "train",
        step="model",
        dataset="mnist",
        model="random_forest",
        **{"random_forest.max_images": "5000"},
    )
    assert not page.error
    assert not button(page, "Start training").disabled


def test_a_second_piece_of_work_is_refused_with_a_sentence(open_page):
    with acting_as(A):
        jobs.submit("train", {"dataset": "digits", "model": "knn"})
    page = open_page(A, "train", step="model", dataset="digits", model="knn")
    fine(button(page, "Start training").click().run())
    assert ["One job at a time" in toast.value for toast in page.toast] == [True]
    assert len(queue.everything()) == 1
    page = open_page(B, "train", step="model", dataset="digits", model="knn")
    fine(button(page, "Start training").click().run())
    assert [job.owner for job in queue.everything()] == [B, A]


def test_what_came_with_the_studio_can_only_be_looked_at(open_page, small_run):
    give_run(small_run, A, "mine")
    changing = {"Rename", "Delete"}
    for run, seen in (("mnist-cnn", set()), ("mine", changing)):
        page = open_page(A, "train", step="runs", run=run)
        assert widget(page, keys.SHOWN_RUN).value == run
        labels = {getattr(getattr(one, "proto", None), "label", "") for one in nodes(page._tree)}
        popovers = {one.proto.popover.label for one in nodes(page._tree) if _is_popover(one)}
        assert (labels | popovers) & changing == seen


def _is_popover(node) -> bool:
    proto = getattr(node, "proto", None)
    return hasattr(proto, "popover") and proto.HasField("popover")


def test_two_visitors_can_give_their_images_the_same_name(open_page):
    for me in (A, B):
        with acting_as(me):
            upload = uploads.add(pets().items())
        page = open_page(me, "train", dataset="+own", upload=upload.id)
        fine(button(page, "Import these images").click().run())
        assert not page.error
    names = [job.settings["name"] for job in queue.everything()]
    assert names == ["cats-bbbbbbbb", "cats-aaaaaaaa"]
    assert [job.settings["title"] for job in queue.everything()] == ["cats", "cats"]


def test_a_visitor_is_told_why_work_was_ended(open_page):
    with acting_as(A):
        upload = uploads.add(pets().items())
        job = jobs.submit("import", {"upload": upload.id, "name": "pets"})
    write_status(job.folder, state="cancelled", error=limits.OVERTIME)
    page = open_page(A, "train", dataset="+own", upload=upload.id)
    assert any("longer than the 5 minutes" in text for text in said(page))


# What a visitor does not see of another


@pytest.fixture
def made(demo, small_run, tmp_path) -> dict[str, str]:
    """What A has made. Whatever can be named holds “secret”; it stands in these addresses."""
    tree = {path.replace("cats", "secretcats"): png for path, png in pets().items()}
    give_run(small_run, A, "secret-run")
    give_run(small_run, A, "secret-other")
    with acting_as(A):
        folder = write_folder(tree, tmp_path / "secret-folder")
        datasets.import_images(folder, "secret-pets", title="Secret pets")
        members = (runs.load("secret-run"), runs.load("secret-other"))
        ensemble.save("secret-both", Ensemble(members, (1, 1)))
        digits = {f"secret-mine/{n}/{i}.png": encode_png(digit(n)) for n in (1, 7) for i in "ab"}
        labelled = uploads.add(digits.items())
        measured = {"run": "secret-run", "upload": labelled.id}
        _end(jobs.submit("evaluate", measured), "done", accuracy=0.5)
        broken = {"runs": ["secret-run"], "corruption": "noise", "images": 500}
        _end(jobs.submit("robustness", broken), "done", corruption="noise")
        upload = uploads.add(tree.items())
        config = TrainConfig("digits", "knn", name="secret-2").to_mapping()
        _end(jobs.submit("train", config), "failed")
        job = jobs.submit("train", {**config, "name": "secret-3"})
        write_log(job.folder, "secret-3 begins")
    seven = encode_png(digit(7))
    kept = Memory(
        {"objects": [{"secret": 1}]}, seven, [("secret.png", seven)], ("secret.png", seven)
    )
    memory._shelf().put(f"{A} {TOKEN}", kept)
    return {"upload": upload.id, "labelled": labelled.id, "job": job.id}


def _end(job: Job, state: str, **result) -> None:
    """The job after it was done, where that is quick."""
    if state == "done":
        KINDS[job.kind].run(job.settings, Reporter(), job.kept)
    write_log(job.folder, "secret-pets was read")
    write_status(job.folder, state=state, result=result, error="secret-pets: odd" * (not result))


# What is asked for, by page, and what proves that its maker sees it; `{…}` is one of the ids above.
URLS = [
    ("train", {"dataset": "secret-pets"}, "secretcats"),
    ("train", {"dataset": "secret-pets", "step": "model"}, "**Secret pets**: about"),
    ("train", {"dataset": "+own", "upload": "{upload}"}, "**secretcats** is uploaded"),
    ("train", {"step": "runs"}, "secret-pets: odd"),
    ("train", {"step": "runs", "run": "secret-run"}, "Delete **secret-run**?"),
    ("train", {"step": "runs", "run": "secret-both"}, "Delete **secret-both**?"),
    ("compare", {"compare": "secret-run"}, "secret-run"),
    ("compare", {"compare": "secret-run,secret-other,digits-random-forest"}, "secret-run"),
    *(
        ("compare", {"compare": "secret-run,secret-other", "show": view}, "secret-other")
        for view in (
            "confusion",
            "curves",
            "classes",
            "misclassified",
            "confidence",
            "one_class",
            "ensemble",
            "own",
            "report",
        )
    ),
    (
        "compare",
        {"compare": "secret-run", "show": "own", "labelled": "{labelled}"},
        "secret-mine is uploaded",
    ),
    (
        "compare",
        {"show": "own", "labelled": "{labelled}", "labelled_run": "secret-run"},
        "secret-mine is uploaded",
    ),
    (
        "compare",
        {"show": "misclassified", "misclassified_by": "secret-run", "correct_run": "secret-run"},
        "",
    ),
    ("compare", {"show": "ensemble", "members": "secret-run,secret-other", "weight": "1,1"}, ""),
    ("recognise", {"runs": "secret-run"}, "secret-run"),
    ("recognise", {"sketch": TOKEN}, '"secret": 1'),
    ("recognise", {"sketch": TOKEN, "from": "upload"}, SEVEN),
    ("recognise", {"sketch": f"{A} {TOKEN}"}, ""),
    ("image_lab", {"sketch": TOKEN, "image": "drawing"}, "Before"),
    ("image_lab", {"sketch": TOKEN, "image": "upload"}, "secret.png, uploaded earlier"),
    ("image_lab", {"lab_run": "secret-run"}, "secret-run"),
    (
        "image_lab",
        {"lab": "robustness", "robustness_runs": "secret-run"},
        "Measured on 360 test images",
    ),
]
ECHOED = "not found"  # a warning repeats what the address asks for


def of_another(page: AppTest, url: dict[str, str], demo: Settings) -> list[str]:
    """What was sent that tells of what another has made."""
    asked = [name for value in url.values() for name in value.split(",")]
    found = []
    for text in said(page):
        if ECHOED in text:
            for name in asked:
                text = text.replace(name, "")
        if (
            "secret" in text.lower()
            or (SEVEN in text and "sketch" in url)
            or str(demo.work_dir.parent) in text
        ):
            found.append(text)
    return found


@pytest.mark.parametrize(("name", "url", "proof"), URLS, ids=str)
@pytest.mark.few(3)
def test_an_address_shows_nothing_to_another(open_page, demo, made, name, url, proof):
    filled = {key: value.format(**made) for key, value in url.items()}
    for me in (A, B):  # after A all caches are filled
        page = open_page(me, name, **filled)
        folded = {"image_lab": keys.LAB_OPINION, "recognise": keys.SETTINGS}
        if name in folded:
            page.session_state[folded[name]] = True
            fine(page.run())
        if me == A:
            assert any(proof in text for text in said(page))
            assert not any("There is no drawing yet" in text for text in said(page))
    assert of_another(page, filled, demo) == []
    fine(page.run())
    assert of_another(page, filled, demo) == []
    if url.get("image") == "drawing":
        assert any("There is no drawing yet" in text for text in said(page))


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("train", {keys.DATASET: "secret-pets", keys.NEXT_DATASET: "secret-pets"}),
        ("train", {keys.STEP: "runs", keys.SHOWN_RUN: "secret-run"}),
        ("train", {keys.STEP: "runs", keys.NEXT_RUN: "secret-run"}),
        ("compare", {keys.COMPARED: ["secret-run"]}),
        ("compare", {keys.NEXT_COMPARED: ["secret-run", "secret-other"]}),
        ("recognise", {keys.RUNS: ["secret-run"], keys.SETTINGS: True}),
        ("image_lab", {keys.LAB_RUN: "secret-run", keys.LAB_OPINION: True}),
        ("image_lab", {keys.LAB_VIEW: "robustness", keys.ROBUSTNESS_RUNS: ["secret-run"]}),
    ],
)
@pytest.mark.few(1)
def test_nor_does_what_a_session_holds(open_page, demo, made, monkeypatch, name, held):
    """The browser may lose its cookie while the page is open: from then on it is another visitor.

    What the person saw is still on their screen, but the next page is that of the other one.
    """
    page = open_page(B, name)
    for key, value in held.items():
        page.session_state[key] = value
    fine(page.run())
    named = [v if isinstance(v, str) else ",".join(v) for v in held.values() if v is not True]
    assert of_another(page, {"": ",".join(named)}, demo) == []


def test_whoever_has_no_place_in_line_sees_nothing_of_who_has(open_page, demo, made):
    """Not what others wait for, only how many wait."""
    with acting_as(B):
        jobs.submit("train", {"dataset": "digits", "model": "knn"})
    page = open_page(B, "train", step="runs")
    assert any("Waiting in the queue" in text for text in said(page))
    assert of_another(page, {}, demo) == []


def test_a_drawing_is_kept_for_each_visitor(open_page, made):
    """B draws under the very token of A: neither finds the drawing of the other."""
    with acting_as(B):
        assert memory._place(TOKEN) != f"{A} {TOKEN}"
        memory._shelf().put(memory._place(TOKEN), Memory({"objects": [{"other": 1}]}, b"png"))
    assert memory._shelf().get(f"{A} {TOKEN}").drawing == {"objects": [{"secret": 1}]}
    assert memory._place(TOKEN) == TOKEN  # of the owner


def test_no_network_has_the_drawings_of_others_forgotten(demo, made):
    """However many cookies it invents."""
    large = ("x.png", bytes(memory._ROOM.total // 3))
    shares.met(A, "home")
    for number in range(4):
        shares.met(f"invented-{number}", "elsewhere")
        memory._shelf().put(f"invented-{number} token", Memory(uploads=[large]))
    assert memory._shelf().get(f"{A} {TOKEN}") is not None


def test_a_visitor_keeps_their_own_over_a_reload(open_page, made):
    page = open_page(A, "recognise", sketch=TOKEN)
    again = open_page(A, "recognise", sketch=TOKEN)
    assert any(SEVEN in text for text in said(page))
    assert any(SEVEN in text for text in said(again))


def test_a_long_training_is_announced_to_end_early(open_page):
    asked = {"dataset": "mnist", "step": "model", "model": "simple_cnn"}
    short, long = (
        " ".join(said(open_page(A, "train", **asked, **{"simple_cnn.epochs": epochs})))
        for epochs in ("1", "60")
    )
    assert "This demo stops training after 5 min and keeps the best epoch so far" in long
    assert "This demo ends it" not in short
