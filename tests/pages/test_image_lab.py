"""The image lab without a browser: images, steps, random changes, and where models break."""

import base64
import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from urllib.parse import parse_qsl

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import augmentation, datasets, jobs, robustness, runs, samples
from core.augmentation import CUSTOM, POLICIES, Policy, augment
from core.errors import ImageError
from core.images import decode, encode_png, fit_within
from core.jobs import queue
from core.jobs.job import lock_of, write_status
from core.models.augmentation_params import AUGMENTATION
from core.opencv_ops import GROUPS, MOST_STEPS, OPERATIONS, Step, as_code, from_text, run, to_text
from core.param import Param
from core.robustness import CORRUPTIONS
from core.serving import load_predictor
from core.settings import Settings
from pages.components.lab import variants
from pages.components.shared import keys, memory
from pages.components.shared.memory import Memory
from tests.core.jobs.conftest import own_folders
from tests.pages.opening import APP, fine, html_of
from tests.pages.reading import asked, button, plain, texts, worked

CNN, FOREST, LOGISTIC = "mnist-cnn", "mnist-random-forest", "mnist-logistic-regression"
BUNDLED = (CNN, FOREST, LOGISTIC)
FIRST = "gaussian_blur~canny"  # the pipeline of a first visit
SAMPLES = (*samples.SAMPLES, *(f"digit_{digit}" for digit in range(10)))
LARGE, SMALL, VARIANT = 760, 300, 256  # pixels of the longer side
OWN = tuple(param for param in AUGMENTATION if param.only_if)  # what custom augmentation has
IMAGE = re.compile(r'<img src="data:image/(png|jpeg);base64,([^"]+)" alt="([^"]*)">')
OPINION = re.compile(r"<b>([^<]*)</b>(≠ )?<strong>([^<]*)</strong> ([^<]*)</figcaption>")


@dataclass(frozen=True)
class Seen:
    """An image on the page."""

    title: str
    kind: str
    image: np.ndarray

    def is_like(self, expected: np.ndarray) -> bool:
        """Whether it is that image; what JPEG has taken away may be missing."""
        if self.kind == "jpeg":
            content = cv2.imencode(".jpg", expected[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
            expected = decode(content.tobytes())
        if self.image.shape != expected.shape:
            return False
        apart = np.abs(self.image.astype(int) - expected)
        return apart.mean() < 1 if self.kind == "jpeg" else not apart.any()


@pytest.fixture
def studio(tmp_path, monkeypatch) -> Iterator[Settings]:
    """Empty folders for all that is made, beside the bundled runs; jobs are queued, not started."""
    with own_folders(tmp_path, monkeypatch) as changed:
        for module in (jobs, queue):
            monkeypatch.setattr(module, "ensure_dispatcher", lambda: None)
        yield changed


@pytest.fixture
def open_page(studio) -> Callable[..., AppTest]:
    """`open_page(sample="cat", pipeline="invert")`: the image lab with that in the address."""

    def open_at(**url: str) -> AppTest:
        page = AppTest.from_file(APP, default_timeout=120).switch_page("image_lab.py")
        for name, value in ({keys.LAB_SAMPLE: "digit_3"} | url).items():
            page.query_params[name] = value
        return fine(page.run())

    return open_at


# What is on the page


def sample(name: str) -> np.ndarray:
    """The image of a sample, read anew."""
    if name.startswith("digit_"):
        return datasets.sample_images("mnist")[int(name[-1])][..., 0]
    return samples.photo(name)


def seen(page: AppTest) -> list[Seen]:
    """Every image on the page but histograms, in their order."""
    return [
        Seen(unescape(title), kind, decode(base64.b64decode(content)))
        for kind, content, title in IMAGE.findall(html_of(page))
    ]


def steps_of(page: AppTest) -> tuple[Step, ...]:
    """The steps in the address."""
    text = asked(page, keys.PIPELINE)
    return from_text({None: FIRST, "none": ""}.get(text, text))


def check_images(page: AppTest, image: np.ndarray, steps: Sequence[Step]) -> None:
    """The page shows what these steps make of the image, and nothing else."""
    results = list(run(image, steps))
    titles = [f"{number} · {step.spec.title}" for number, step in enumerate(steps, 1)]
    expected = [
        ("Before", fit_within(image, LARGE)),
        ("After", fit_within([image, *results][-1], LARGE)),
        ("Image", fit_within(fit_within(image, LARGE), SMALL)),
        *(
            (title, fit_within(fit_within(one, LARGE), SMALL))
            for title, one in zip(titles, results, strict=True)
        ),
    ]
    found = seen(page)
    assert [one.title for one in found] == [title for title, _ in expected]
    for one, (_, wanted) in zip(found, expected, strict=True):
        assert one.is_like(wanted), one.title
    assert tuple(steps) == steps_of(page)
    assert [toggle.label for toggle in page.toggle] == titles
    assert [toggle.value for toggle in page.toggle] == [step.on for step in steps]
    assert not page.error and not page.warning


def change(page: AppTest, text: str, image: np.ndarray | None = None) -> AppTest:
    """The page after a change, with the pipeline that it should have now."""
    fine(page)
    expected = {FIRST: None, "": "none"}.get(text, text)
    assert asked(page, keys.PIPELINE) == expected
    check_images(page, sample("digit_3") if image is None else image, from_text(text))
    return page


def of_step(page: AppTest, place: int, name: str):
    """A widget of the step at a place, from 0: a field, or `Earlier`, `Later`, `remove`, `on`."""
    number = page.toggle[place].key.removesuffix(".on")
    kinds = (page.slider, page.selectbox, page.checkbox, page.number_input, page.button)
    (found,) = (w for kind in (*kinds, page.toggle) for w in kind if w.key == f"{number}.{name}")
    return found


def by_group() -> dict[str, list[str]]:
    """Names of operations by their group."""
    return {g: [op.name for op in OPERATIONS.values() if op.group == g] for g in GROUPS}


def add(page: AppTest, name: str) -> AppTest:
    return page.selectbox(key=keys.NEW_STEP).set_value(name).run()


def captions(page: AppTest) -> list[str]:
    return [plain(caption.value) for caption in page.caption]


# Images


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.few(1)
def test_every_view_is_shown_for_every_sample(open_page, name):
    page, image = open_page(sample=name), sample(name)
    check_images(page, image, from_text(FIRST))
    assert asked(page, keys.LAB_SAMPLE) == (None if name == "flower" else name)
    fine(page.button_group(key=keys.LAB_VIEW).set_value("augmentation").run())
    assert asked(page, keys.LAB_VIEW) == "augmentation"
    assert [one.title for one in seen(page)] == [str(number) for number in range(1, 13)]
    assert all(one.is_like(fit_within(image, VARIANT)) for one in seen(page))
    fine(page.button_group(key=keys.LAB_VIEW).set_value("robustness").run())
    assert [one.title for one in seen(page)] == [f"{s:g}" for s in CORRUPTIONS["noise"].severities]
    assert not page.error and not page.warning
    fine(page.button_group(key=keys.LAB_VIEW).set_value("pipeline").run())
    check_images(page, image, from_text(FIRST))
    assert asked(page, keys.LAB_VIEW) is None


@pytest.mark.parametrize("name", ["flower", "coins", "digit_0", "digit_9"])
def test_a_sample_is_chosen_on_the_page(open_page, name):
    page = open_page(sample="digit_3" if name != "digit_3" else "coins", pipeline="invert")
    fine(page.button_group(key=keys.LAB_SAMPLE).set_value(name).run())
    assert asked(page, keys.LAB_SAMPLE) == (None if name == "flower" else name)
    check_images(page, sample(name), from_text("invert"))
    licence = [f"Photo: {samples.SAMPLES[name].credit}."] if name[-2] != "_" else []
    assert captions(page) == licence


@pytest.mark.parametrize(
    "url",
    [{"sample": "unicorn"}, {"sample": ""}, {"image": "telescope"}, {"lab": "kitchen"}],
    ids=str,
)
def test_a_link_to_what_is_not_there_shows_the_usual(open_page, url):
    page = open_page(**url)
    shown = "flower" if "sample" in url else "digit_3"
    check_images(page, sample(shown), from_text(FIRST))


def test_a_photo_that_is_not_there_is_told(open_page, monkeypatch):
    gone = replace(samples.SAMPLES["cat"], path="data/no.png")
    monkeypatch.setitem(samples.SAMPLES, "cat", gone)
    samples.photo.cache_clear()
    page = open_page(sample="cat")
    assert "The photo 'cat' should be included in skimage, but it is not there." in texts(page)
    assert "Choose or take an image above to begin." in texts(page)
    assert seen(page) == []


@pytest.mark.parametrize("source", ["upload", "camera", "drawing"])
@pytest.mark.parametrize("view", ["pipeline", "augmentation"])
def test_without_an_image_one_is_asked_for(open_page, source, view):
    page = open_page(image=source, lab=view)
    assert "Choose or take an image above to begin." in texts(page)
    assert ("There is no drawing yet." in texts(page)) == (source == "drawing")
    assert asked(page, keys.LAB_SOURCE) == source
    assert seen(page) == []


IMAGES = {
    "grey.png": np.random.default_rng(0).integers(0, 256, (30, 40), np.uint8),
    "colour.bmp": np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8),
    "large.png": cv2.resize(np.eye(9, dtype=np.uint8) * 255, (1000, 500)),
}


def content(name: str) -> bytes:
    """A file of that image."""
    image = IMAGES[name]
    bgr = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(name[-4:], bgr)[1].tobytes()


@pytest.mark.parametrize("name", IMAGES)
def test_an_upload_is_worked_on_and_outlives_a_reload(open_page, name):
    page = open_page(image="upload", pipeline="invert")
    fine(page.file_uploader[0].upload(name, content(name)).run())
    check_images(page, IMAGES[name], from_text("invert"))
    again = open_page(image="upload", pipeline="invert", sketch=asked(page, keys.SKETCH))
    check_images(again, IMAGES[name], from_text("invert"))
    assert captions(again)[1:] == [f"{name}, uploaded earlier."]
    fine(again.button_group(key=keys.LAB_VIEW).set_value("augmentation").run())
    assert seen(again)[0].is_like(fit_within(IMAGES[name], VARIANT))


def test_another_visitor_does_not_see_an_upload(open_page):
    page = open_page(image="upload")
    fine(page.file_uploader[0].upload("grey.png", content("grey.png")).run())
    assert seen(open_page(image="upload")) == []
    assert seen(open_page(image="upload", sketch="somebody else's")) == []


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (b"no image", "*bad*.png: The file is not an image the studio knows"),
        (b"", "*bad*.png: The file is empty"),
        (content("grey.png")[:60], "damaged or cut off"),
    ],
    ids=["no image", "empty", "cut off"],
)
def test_a_file_that_is_no_image_is_told(open_page, file, sentence):
    page = open_page(image="upload")
    fine(page.file_uploader[0].upload("*bad*.png", file).run())
    (error,) = page.error
    assert sentence in error.value.replace("\\", "")
    assert seen(page) == []
    fine(page.file_uploader[0].upload("grey.png", content("grey.png")).run())
    check_images(page, IMAGES["grey.png"], from_text(FIRST))


def test_a_large_image_is_reduced_and_that_is_said(open_page):
    large = np.tile(np.arange(240, dtype=np.uint8), (1800, 10))
    page = open_page(image="upload", pipeline="invert")
    fine(page.file_uploader[0].upload("large.png", encode_png(large)).run())
    assert captions(page)[1] == "Reduced from 2,400 × 1,800 to 1,200 × 900 pixels."
    assert "1200×900 pixels" in html_of(page)
    fine(page.file_uploader[0].upload("grey.png", content("grey.png")).run())
    assert not [caption for caption in captions(page) if "Reduced" in caption]


def test_what_was_drawn_is_worked_on(open_page):
    drawn = 255 - cv2.resize(sample("digit_7"), (320, 320))
    memory._shelf().put("who drew it", Memory({"objects": [1]}, encode_png(drawn)))
    page = open_page(image="drawing", pipeline="threshold", sketch="who drew it")
    check_images(page, drawn, from_text("threshold"))
    assert "There is no drawing yet." not in texts(page)
    fine(page.button_group(key=keys.LAB_VIEW).set_value("augmentation").run())
    assert seen(page)[0].is_like(fit_within(drawn, VARIANT))


def test_an_upload_leaves_what_was_drawn(open_page):
    drawn = IMAGES["grey.png"]
    memory._shelf().put("who did both", Memory({"objects": [1]}, encode_png(drawn)))
    page = open_page(image="upload", sketch="who did both")
    fine(page.file_uploader[0].upload("large.png", content("large.png")).run())
    check_images(page, IMAGES["large.png"], from_text(FIRST))
    assert asked(page, keys.SKETCH) == "who did both"
    fine(page.button_group(key=keys.LAB_SOURCE).set_value("drawing").run())
    check_images(page, drawn, from_text(FIRST))


# Links


@pytest.mark.parametrize(
    "text",
    [
        "canny;low=20~invert",
        "invert",
        "gaussian_blur!~canny!",
        "gaussian_blur;sigma=0.123456",
        "canny;blur=0.0;low=0;high=1000;aperture=7;l2_gradient=True",
        "contours;dark=False;least_area=100000",
        "~".join(name for name in OPERATIONS if OPERATIONS[name].group == "Edges"),
        "~".join(["invert"] * MOST_STEPS),
    ],
)
def test_a_link_brings_its_steps(open_page, text):
    page = open_page(pipeline=text, sample="coins")
    change(page, text, sample("coins"))
    change(page.run(), text, sample("coins"))


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.few(1)
def test_every_operation_can_be_linked_to_and_has_its_fields(open_page, group):
    page = open_page(pipeline="none")
    for name in by_group()[group]:
        page.query_params[keys.PIPELINE] = name
        change(page.run(), name)
        for param in OPERATIONS[name].params:
            widget = of_step(page, 0, param.name)
            assert (widget.label, widget.value, widget.help) == (
                param.title,
                param.default,
                param.help,
            )


@pytest.mark.parametrize("text", ["none", "", "~~~"])
def test_a_link_without_steps_shows_the_image_alone(open_page, text):
    page = change(open_page(pipeline=text), "")
    assert "Add a step to begin." in texts(page)
    assert button(page, "Clear").disabled


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("fog", "There is no operation named 'fog'. Known: "),
        ("canny!!", "There is no operation named 'canny!'"),
        ("<b>*bold*</b>", "There is no operation named '<b>*bold*</b>'"),
        ("canny~", None),
        ("canny;low=abc", "`low` must be a whole number from 0 to 1000. Received: 'abc'."),
        ("canny;low=5000", "`low` must be a whole number from 0 to 1000. Received: '5000'."),
        ("canny;low=nan", "Received: 'nan'."),
        ("canny;low=1e999", "Received: '1e999'."),
        ("canny;aperture=4", "`aperture` must be one of 3, 5, 7. Received: '4'."),
        ("canny;l2_gradient=maybe", "must be true or false"),
        ("gaussian_blur;sigma=inf", "from 0.1 to 20. Received: 'inf'."),
        ("canny;fog=1", "There is no parameter of canny named 'fog'"),
        ("~".join(["invert"] * 13), "A pipeline has at most 12 steps. Received: 13."),
    ],
)
@pytest.mark.few(4)
def test_a_rubbish_link_is_told_and_the_usual_steps_are_there(open_page, text, sentence):
    page = open_page(pipeline=text)
    if sentence is None:
        change(page, text.strip("~"))
        return
    (warning,) = page.warning
    said = warning.value.replace("\\", "")
    assert said.startswith("The pipeline in this link is not valid. ")
    assert sentence in said
    change(fine(page.run()), FIRST)  # said once


def test_a_link_that_is_followed_later_replaces_the_steps(open_page):
    page = open_page(pipeline="invert")
    page.query_params[keys.PIPELINE] = "otsu~canny;low=7"
    change(page.run(), "otsu~canny;low=7")
    page.query_params[keys.PIPELINE] = "fog"
    assert page.run().warning
    change(page.run(), FIRST)


def test_steps_are_still_there_after_a_look_at_another_page(open_page):
    page = open_page(pipeline="median_blur;radius=3~otsu!")
    fine(page.switch_page("compare.py").run())
    for name in list(page.query_params):
        del page.query_params[name]  # as a browser does
    change(page.switch_page("image_lab.py").run(), "median_blur;radius=3~otsu!")


# Steps


def test_steps_are_added_at_the_end(open_page):
    page = change(open_page(), FIRST)
    change(add(page, "invert"), f"{FIRST}~invert")
    assert page.selectbox(key=keys.NEW_STEP).value is None  # ready for the next
    change(add(page, "invert"), f"{FIRST}~invert~invert")
    assert len(page.selectbox(key=keys.NEW_STEP).options) == len(OPERATIONS)


def test_the_menu_lists_every_operation_with_its_group(open_page):
    options = open_page().selectbox(key=keys.NEW_STEP).options
    assert sorted(options) == sorted(f"{op.group} · {op.title}" for op in OPERATIONS.values())
    groups = [option.split(" · ")[0] for option in options]
    assert len(set(groups)) == sum(a != b for a, b in zip(groups, ["", *groups], strict=False))


@pytest.mark.parametrize("name", [names[-1] for names in by_group().values()])
def test_an_operation_of_each_group_is_added(open_page, name):
    page = change(add(open_page(pipeline="none", sample="coffee"), name), name, sample("coffee"))
    assert page.toggle[0].help == OPERATIONS[name].sentence


def test_steps_are_moved_earlier_and_later(open_page):
    page = open_page(pipeline="gaussian_blur;sigma=3.0~otsu~invert!")
    change(of_step(page, 0, "Move down").click().run(), "otsu~gaussian_blur;sigma=3.0~invert!")
    change(of_step(page, 2, "Move up").click().run(), "otsu~invert!~gaussian_blur;sigma=3.0")
    change(of_step(page, 1, "Move up").click().run(), "invert!~otsu~gaussian_blur;sigma=3.0")
    assert of_step(page, 2, "sigma").value == 3.0
    ends = [
        (of_step(page, place, "Move up"), of_step(page, place, "Move down")) for place in range(3)
    ]
    assert [(up.disabled, down.disabled) for up, down in ends] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_a_step_is_switched_off_and_on_again_with_its_values(open_page):
    page = open_page(pipeline="invert~threshold;value=40~gaussian_blur")
    change(
        of_step(page, 1, "on").set_value(False).run(), "invert~threshold!;value=40~gaussian_blur"
    )
    assert "switched off" in html_of(page)
    assert [slider.label for slider in page.slider] == ["Sigma"]  # its fields are put away
    change(fine(page.run()), "invert~threshold!;value=40~gaussian_blur")
    change(of_step(page, 1, "on").set_value(True).run(), "invert~threshold;value=40~gaussian_blur")
    assert of_step(page, 1, "value").value == 40
    assert "switched off" not in html_of(page)


def test_steps_are_removed_one_by_one(open_page):
    page = open_page(pipeline="invert~otsu~gaussian_blur;sigma=4.0")
    change(of_step(page, 1, "remove").click().run(), "invert~gaussian_blur;sigma=4.0")
    change(of_step(page, 0, "remove").click().run(), "gaussian_blur;sigma=4.0")
    change(of_step(page, 0, "remove").click().run(), "")
    change(add(page, "canny"), "canny")


def test_all_steps_are_cleared_at_once(open_page):
    page = open_page(pipeline="invert~otsu~canny")
    change(button(page, "Clear").click().run(), "")
    change(fine(page.run()), "")
    change(add(page, "otsu"), "otsu")


def test_there_are_twelve_steps_at_most(open_page):
    text = "~".join(["invert"] * (MOST_STEPS - 1))
    page = open_page(pipeline=text)
    assert not page.selectbox(key=keys.NEW_STEP).disabled
    change(add(page, "otsu"), f"{text}~otsu")
    assert page.selectbox(key=keys.NEW_STEP).disabled
    change(
        of_step(page, 3, "remove").click().run(), "~".join(["invert"] * (MOST_STEPS - 2) + ["otsu"])
    )
    assert not page.selectbox(key=keys.NEW_STEP).disabled


@pytest.mark.parametrize(
    ("before", "field", "value", "after"),
    [
        ("canny", "low", 7, "canny;low=7"),
        ("canny", "l2_gradient", True, "canny;l2_gradient=True"),
        ("canny;low=7", "low", 50, "canny"),
        ("sobel", "direction", "x", "sobel;direction=x"),
        ("gaussian_blur", "sigma", 7.5, "gaussian_blur;sigma=7.5"),
        ("contours", "least_area", 33, "contours;least_area=33"),
        ("resize", "percent", 25, "resize;percent=25"),
        ("rotate", "angle", -90.0, "rotate;angle=-90.0"),
        ("cutout", "grey", 200, "cutout;grey=200"),
    ],
)
def test_a_value_that_is_set_changes_the_result(open_page, before, field, value, after):
    image = sample("coins")
    page = open_page(pipeline=f"{before}~invert", sample="coins")
    widget = of_step(page, 0, field)
    change(widget.set_value(value).run(), f"{after}~invert", image)
    assert of_step(page, 0, field).value == value


def test_a_text_that_is_not_allowed_is_told_and_changes_nothing(open_page, monkeypatch):
    sizes = Param("sizes", "Sizes", "3-5", "One blur after another.", 1, 31)
    blur = replace(OPERATIONS["invert"], name="blurs", params=(sizes,), run=lambda i, sizes: i)
    monkeypatch.setitem(OPERATIONS, "blurs", blur)
    page = open_page(pipeline="blurs;sizes=7")
    page = fine(page.text_input[0].set_value("3-none").run())
    assert [plain(error.value)[:15] for error in page.error] == ["`sizes` must be"]
    assert asked(page, keys.PIPELINE) == "blurs;sizes=7"
    assert page.text_input[0].value == "3-none"  # to be corrected
    page = fine(page.text_input[0].set_value("9-11").run())
    assert not page.error
    assert asked(page, keys.PIPELINE) == "blurs;sizes=9-11"


def test_each_of_two_like_steps_has_fields_of_its_own(open_page):
    page = open_page(pipeline="threshold~threshold")
    change(of_step(page, 1, "value").set_value(9).run(), "threshold~threshold;value=9")
    change(of_step(page, 0, "Move down").click().run(), "threshold;value=9~threshold")
    change(of_step(page, 0, "remove").click().run(), "threshold")


@pytest.mark.parametrize("name", ["digit_3", "page", "coffee"])
def test_what_a_threshold_found_is_noted(open_page, name):
    page = open_page(pipeline="invert~otsu~otsu!", sample=name)
    inverted = 255 - sample(name)
    grey = inverted if inverted.ndim == 2 else cv2.cvtColor(inverted, cv2.COLOR_RGB2GRAY)
    found = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)[0]
    notes = [caption for caption in captions(page) if "·" in caption]
    assert notes == [f"2 · Otsu's threshold: The threshold it found is {found:.0f}."]


def test_contours_are_counted(open_page):
    things = np.zeros((60, 80), np.uint8)
    things[5:16, 5:16] = things[30:51, 20:31] = things[5:10, 60:65] = 255  # sides by corners
    page = open_page(image="upload", pipeline="contours;dark=False")
    fine(page.file_uploader[0].upload("things.png", encode_png(things)).run())
    note = "1 · Contours: 3 contours; areas in pixels, largest first: 200, 100, 16."
    assert [caption for caption in captions(page) if "·" in caption] == [note]
    fine(of_step(page, 0, "least_area").set_value(150).run())
    assert "1 · Contours: 1 contour; areas in pixels, largest first: 200." in captions(page)
    fine(of_step(page, 0, "least_area").set_value(201).run())
    assert "1 · Contours: No contour of that size was found." in captions(page)


def test_an_image_that_would_grow_too_large_is_told(open_page):
    double = ["resize;percent=200;method=nearest"] * 3
    page = open_page(pipeline="~".join(double), sample="page")
    (error,) = page.error
    said = error.value.replace("\\", "")
    assert re.fullmatch(
        r"Resize would make an image of 4[.\d]* million pixels; at most 4 million are allowed\.",
        said,
    )
    assert seen(page) == []
    fine(of_step(page, 2, "remove").click().run())
    check_images(page, sample("page"), from_text("~".join(double[:2])))


def test_each_step_shows_its_call(open_page):
    first, second, third = from_text("canny;low=20~gaussian_blur!~median_blur;radius=3")
    page = open_page(pipeline=to_text((first, second, third)))
    called = [unescape(text) for text in re.findall(r"<code>(.*?)</code>", html_of(page))]
    assert called == ["", first.call, "switched off", third.call]
    assert "20, 150" in first.call and third.call == "cv2.medianBlur(image, 7)"


def test_the_size_of_both_images_is_told(open_page):
    page = open_page(pipeline="resize;percent=50", sample="coins")
    said = re.findall(r"<b>(Before|After)</b> · ([^<]*)<", html_of(page))
    assert said == [("Before", "384×303 pixels"), ("After", "192×152 pixels")]
    assert html_of(page).count('class="histogram"') == 2


# To take away


@pytest.mark.parametrize(
    "text", ["canny;low=20~invert", "none", "invert!", "contours~clahe~perspective;turn=0.2"]
)
@pytest.mark.few(2)
def test_the_code_is_that_of_the_steps(open_page, files, text):
    page = open_page(pipeline=text)
    assert not page.code  # it is written only when it is folded out
    page.session_state[keys.LAB_CODE] = True
    fine(page.run())
    script = as_code(from_text("" if text == "none" else text))
    assert [code.value for code in page.code] == [script.strip()]
    assert files["pipeline.py"] == script
    add(page, "otsu")
    assert page.code[0].value == as_code(steps_of(page)).strip() != script.strip()


@pytest.mark.parametrize("name", ["digit_3", "flower"])
@pytest.mark.parametrize("text", ["resize;percent=150~invert", "none"])
def test_the_result_is_taken_away_in_its_full_size(open_page, files, name, text):
    open_page(pipeline=text, sample=name)
    *_, last = sample(name), *run(sample(name), from_text("" if text == "none" else text))
    assert np.array_equal(decode(files["result.png"]()), last)


# What a model says


def opinions(page: AppTest) -> list[tuple[str, bool, str, str]]:
    """Of each image: its title, whether it is marked, the answer and what is said of it."""
    return [
        (unescape(title), bool(mark), unescape(label), unescape(said))
        for title, mark, label, said in OPINION.findall(html_of(page))
    ]


@pytest.mark.parametrize(
    ("model", "name"),
    [(CNN, "digit_6"), (CNN, "flower"), (LOGISTIC, "digit_2"), ("digits-random-forest", "digit_7")],
)
@pytest.mark.few(1)
def test_a_model_is_asked_before_and_after_each_step(open_page, model, name):
    text = "flip_vertical~gaussian_blur;sigma=1.0~flip_vertical!~brightness;amount=-1.0"
    page = open_page(pipeline=text, sample=name, lab_run=model)
    assert opinions(page) == []  # asked only when it is folded out
    page.session_state[keys.LAB_OPINION] = True
    fine(page.run())
    steps = from_text(text)
    predictor = load_predictor(runs.load(model))
    expected, titles = [], ["Image"]
    titles += [f"{number} · {step.spec.title}" for number, step in enumerate(steps, 1)]
    for title, image in zip(titles, [sample(name), *run(sample(name), steps)], strict=True):
        try:
            prediction = predictor.predict(image)
            said = as_percent(prediction.confidence) + " confidence"
            expected.append((title, prediction.label, said))
        except ImageError as error:
            expected.append((title, "–", str(error)))
    first = expected[0][1]
    assert opinions(page) == [
        (title, label != first, label, said) for title, label, said in expected
    ]
    if name != "flower":
        assert first == name[-1]
        assert opinions(page)[-1][2] == "–"  # nothing can be seen any more
    assert f"This model knows only {', '.join('0123456789')}" in texts(page)


def as_percent(part: float) -> str:
    return ">99.9 %" if 0.9995 <= part < 1 else f"{part * 100:.1f} %"


def test_the_model_is_chosen_on_the_page(open_page):
    page = open_page(pipeline="flip_vertical", sample="digit_6")
    page.session_state[keys.LAB_OPINION] = True
    fine(page.run())
    assert page.selectbox(key=keys.LAB_RUN).value == CNN
    for name in (LOGISTIC, CNN):
        fine(page.selectbox(key=keys.LAB_RUN).set_value(name).run())
        assert asked(page, keys.LAB_RUN) == (None if name == CNN else name)
        prediction = load_predictor(runs.load(name)).predict(sample("digit_6"))
        assert opinions(page)[0][2:] == (
            prediction.label,
            as_percent(prediction.confidence) + " confidence",
        )


def test_a_model_that_cannot_be_opened_is_told(open_page, studio, small_run):
    folder = studio.runs_dir / small_run.id
    shutil.copytree(small_run.folder, folder)
    (folder / "model.skops").write_bytes(b"changed")
    page = open_page(lab_run=small_run.id)
    page.session_state[keys.LAB_OPINION] = True
    fine(page.run())
    (error,) = page.error
    assert "missing or was changed after training" in error.value
    assert opinions(page) == []


# Random changes


def fields(page: AppTest) -> dict[str, object]:
    """Every field of the policy by the name of what it sets."""
    widgets = {widget.key: widget for kind in (page.slider, page.selectbox) for widget in kind}
    return {param.name: widgets[f"lab.{param.name}"] for param in OWN}


def check_variants(page: AppTest, image: np.ndarray, policy: Policy, number=12, seed=0) -> None:
    """The page shows what the policy makes of the image."""
    small = fit_within(image, VARIANT)
    batch = np.stack([small[..., None] if small.ndim == 2 else small] * number)
    expected = [one.reshape(small.shape) for one in augment(batch, policy, seed)]
    found = seen(page)
    assert [one.title for one in found] == [str(place) for place in range(1, number + 1)]
    for one, wanted in zip(found, expected, strict=True):
        assert np.array_equal(one.image, wanted)
    assert ("Nothing changes yet" in texts(page)) == (not policy.changes)
    assert not page.error


VALUES = {
    "rotation": 30.0,
    "shift": 0.2,
    "zoom": 0.3,
    "shear": 0.4,
    "flip": 0.5,
    "brightness": 0.3,
    "contrast": 0.5,
    "flip_vertical": 0.5,
    "perspective": 0.25,
    "colour": 0.6,
    "blur": 3.0,
    "noise": 0.2,
    "salt_pepper": 0.1,
    "cutout": 0.4,
    "random_operations": 2,
}
REST = {"fill": "reflect", "magnitude": 0.8}  # do nothing alone


def test_every_field_of_a_policy_is_covered(open_page):
    assert set(VALUES) | set(REST) == {param.name for param in OWN}
    for param, widget in zip(OWN, fields(open_page(lab="augmentation")).values(), strict=True):
        assert (widget.label, widget.value, widget.help) == (param.title, param.default, param.help)


@pytest.mark.parametrize("name", ["digit_3", "cat"])
@pytest.mark.slow
def test_each_field_changes_the_variants(open_page, name):
    page, still = open_page(lab="augmentation", sample=name), fit_within(sample(name), VARIANT)
    check_variants(page, sample(name), Policy())
    for field, value in VALUES.items():
        fine(fields(page)[field].set_value(value).run())
        check_variants(page, sample(name), Policy(**{field: value}))
        turned = any((one.image != still).any() for one in seen(page))
        assert turned or (name, field) == ("digit_3", "colour")  # there is none to change
        fields(page)[field].set_value(type(value)(0))


@pytest.mark.parametrize("name", ["digit_3", "coins", "flower"])
def test_a_whole_policy_comes_with_a_link(open_page, name):
    values = VALUES | REST
    url = {f"lab.{field}": str(value) for field, value in values.items()}
    page = open_page(lab="augmentation", sample=name, **url)
    assert {field: widget.value for field, widget in fields(page).items()} == values
    check_variants(page, sample(name), Policy(**values))


@pytest.mark.parametrize(
    "url",
    [
        {"lab.rotation": "much"},
        {"lab.blur": "99"},
        {"lab.fill": "x"},
        {"lab.seed": "1e999", "lab.number": "1e999", "lab.random_operations": "1e999"},
    ],
)
def test_rubbish_values_in_a_link_are_passed_over(open_page, url):
    check_variants(open_page(lab="augmentation", **url), sample("digit_3"), Policy())


def test_number_and_seed_decide_the_variants(open_page):
    page, policy = open_page(lab="augmentation", **{"lab.rotation": "45"}), Policy(rotation=45)
    fine(page.number_input(key=keys.LAB_SEED).set_value(9).run())
    check_variants(page, sample("digit_3"), policy, seed=9)
    fine(page.slider(key=keys.LAB_NUMBER).set_value(24).run())
    check_variants(page, sample("digit_3"), policy, 24, 9)
    first = [one.image for one in seen(page)]
    fine(page.number_input(key=keys.LAB_SEED).set_value(0).run())
    assert any((one.image != two).any() for one, two in zip(seen(page), first, strict=True))
    fine(page.number_input(key=keys.LAB_SEED).set_value(9).run())
    assert all((one.image == two).all() for one, two in zip(seen(page), first, strict=True))


@pytest.mark.parametrize("name", variants._START)
@pytest.mark.few(2)
def test_a_usual_policy_is_filled_in(open_page, name):
    page = open_page(lab="augmentation", **{"lab.noise": "0.4", "lab.fill": "edge"})
    fine(page.selectbox(key=keys.LAB_POLICY).set_value(name).run())
    policy = POLICIES[name]
    assert {field: widget.value for field, widget in fields(page).items()} == {
        param.name: getattr(policy, param.name) for param in OWN
    }
    check_variants(page, sample("digit_3"), policy)
    fine(fields(page)["rotation"].set_value(33.0).run())  # from there on as one likes
    check_variants(page, sample("digit_3"), replace(policy, rotation=33.0))


def test_only_policies_that_can_be_set_here_are_offered():
    for name in variants._START:
        own = {param.name: getattr(POLICIES[name], param.name) for param in OWN}
        assert Policy(**own) == POLICIES[name]


def link_to_training(page: AppTest) -> dict[str, str]:
    (link,) = page.get("page_link")
    assert link.proto.page == "train"
    return dict(parse_qsl(link.proto.query_string, strict_parsing=True))


@pytest.mark.parametrize(
    "values",
    [{}, {"rotation": 12.5}, {"fill": "edge", "zoom": 0.07}, VALUES, VALUES | REST],
    ids=["nothing", "one", "with a fill", "all that change", "all"],
)
@pytest.mark.few(3)
def test_the_train_page_is_handed_the_policy(open_page, values):
    url = {f"lab.{field}": str(value) for field, value in values.items()}
    page = open_page(lab="augmentation", **url)
    query = link_to_training(page)
    expected = {param.name: param.default for param in OWN} | values
    assert query == {
        "step": "model",
        "model": "simple_cnn",
        "simple_cnn.augmentation": CUSTOM,
        **{f"simple_cnn.{name}": str(value) for name, value in expected.items()},
    }
    train = AppTest.from_file(APP, default_timeout=120).switch_page("train.py")
    for name, value in query.items():
        train.query_params[name] = value
    fine(train.run())
    assert train.selectbox(key=keys.MODEL).value == "simple_cnn"
    assert train.selectbox(key="simple_cnn.augmentation").value == CUSTOM
    given = {w.key: w.value for kind in (train.number_input, train.selectbox) for w in kind}
    chosen = {name: given[f"simple_cnn.{name}"] for name in expected}
    assert chosen == expected
    assert augmentation.chosen_policy({"augmentation": CUSTOM, **chosen}) == Policy(**expected)


def test_the_variants_are_taken_away_as_a_zip(open_page, files):
    policy = Policy(rotation=20, noise=0.1)
    page = open_page(lab="augmentation", **{"lab.rotation": "20", "lab.noise": "0.1"})
    check_variants(page, sample("digit_3"), policy)
    with zipfile.ZipFile(io.BytesIO(files["variants.zip"]())) as archive:
        names = archive.namelist()
        images = [decode(archive.read(name)) for name in names]
    assert names == [f"variant-{number:02}.png" for number in range(1, 13)]
    assert all((one.image == two).all() for one, two in zip(seen(page), images, strict=True))


# Where models break

SETTINGS = {"runs": [LOGISTIC], "corruption": "contrast", "images": 100}


def measuring(open_page, **changed: str) -> AppTest:
    """The page at what `SETTINGS` asks for."""
    url = {"lab": "robustness", "robustness_runs": LOGISTIC, "corruption": "contrast"} | changed
    page = open_page(**url)
    return fine(page.select_slider(key=keys.ROBUSTNESS_IMAGES).set_value(100).run())


def check_result(page: AppTest, job: jobs.Job) -> None:
    """The table shows the figures of the job, as they would be measured anew."""
    settings = job.settings
    chosen = [runs.load(name) for name in settings["runs"]]
    found = robustness.measure(chosen, settings["corruption"], settings["images"])
    (frame,) = page.dataframe
    assert list(frame.value.columns) == list(found.accuracies)
    assert list(frame.value.index) == [f"{severity:g}" for severity in found.severities]
    for name, accuracies in found.accuracies.items():
        assert list(frame.value[name]) == list(accuracies)
    assert len(page.get("vega_lite_chart")) + len(page.get("arrow_vega_lite_chart")) == 1
    assert f"Measured on {settings['images']} test images of each model's own test set" in texts(
        page
    )
    assert not page.error


@pytest.mark.slow
def test_a_measurement_is_queued_and_its_figures_are_shown(open_page):
    page = measuring(open_page, robustness_runs=f"{LOGISTIC},{CNN}")
    assert jobs.list_jobs() == []
    fine(button(page, "Measure").click().run())
    (job,) = jobs.list_jobs()
    assert job.kind == "robustness"
    assert dict(job.settings) == SETTINGS | {"runs": [LOGISTIC, CNN]}
    assert "How much contrast models stand" in texts(page)
    assert page.get("progress")[0].proto.text == "Waiting in the queue"
    assert button(page, "Measure again").disabled
    assert not page.dataframe
    job = worked(job)
    check_result(fine(page.run()), job)
    again = measuring(open_page, robustness_runs=f"{LOGISTIC},{CNN}")  # found after a reload
    check_result(again, job)
    fine(button(again, "Measure again").click().run())
    assert len(jobs.list_jobs()) == 2


@pytest.mark.parametrize(
    ("key", "kind", "value"),
    [
        (keys.ROBUSTNESS, "button_group", "blur"),
        (keys.ROBUSTNESS_RUNS, "multiselect", [LOGISTIC, CNN]),
        (keys.ROBUSTNESS_IMAGES, "select_slider", 200),
    ],
)
@pytest.mark.few(2)
def test_other_settings_have_not_been_measured_yet(open_page, key, kind, value):
    worked(jobs.submit("robustness", SETTINGS))
    page = measuring(open_page)
    assert len(page.dataframe) == 1
    fine(getattr(page, kind)(key=key).set_value(value).run())
    assert not page.dataframe
    fine(button(page, "Measure").click().run())
    asked_for = dict(jobs.list_jobs()[0].settings)
    assert asked_for != SETTINGS
    assert len(jobs.list_jobs()) == 2


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_every_corruption_is_shown_on_an_image(open_page, corruption):
    page = open_page(lab="robustness", corruption=corruption, robustness_runs=LOGISTIC)
    assert asked(page, keys.ROBUSTNESS) == (None if corruption == "noise" else corruption)
    images, _ = datasets.load_test("mnist")
    expected = robustness.example(images[0, ..., 0], corruption)
    assert [one.title for one in seen(page)] == [
        f"{s:g}" for s in CORRUPTIONS[corruption].severities
    ]
    for one, wanted in zip(seen(page), expected, strict=True):
        assert np.array_equal(one.image, wanted)
    assert f"A test image at each severity. {CORRUPTIONS[corruption].unit}." in captions(page)


def test_nothing_chosen_gives_a_hint(open_page):
    page = measuring(open_page)
    fine(page.multiselect(key=keys.ROBUSTNESS_RUNS).set_value([]).run())
    assert "Choose at least one trained model." in texts(page)
    assert button(page, "Measure").disabled
    assert seen(page) == [] and not page.error
    fine(page.multiselect(key=keys.ROBUSTNESS_RUNS).set_value([CNN]).run())
    assert not button(page, "Measure").disabled


@pytest.mark.parametrize(
    ("robustness_runs", "chosen"),
    [
        (None, BUNDLED),
        (LOGISTIC, [LOGISTIC]),
        (f"{LOGISTIC},was-deleted,{CNN}", [LOGISTIC, CNN]),
        ("was-deleted", BUNDLED),
    ],
)
def test_models_come_with_a_link(open_page, robustness_runs, chosen):
    page = open_page(
        lab="robustness", **({"robustness_runs": robustness_runs} if robustness_runs else {})
    )
    assert page.multiselect(key=keys.ROBUSTNESS_RUNS).value == list(chosen)
    expected = None if chosen == BUNDLED else ",".join(chosen)
    assert asked(page, keys.ROBUSTNESS_RUNS) == expected


def test_a_link_to_too_many_models_takes_the_first_six(open_page, studio, small_run):
    names = [f"copy-{number}" for number in range(robustness.MOST_RUNS + 1)]
    for name in names:
        folder = studio.runs_dir / name
        shutil.copytree(small_run.folder, folder)
        (folder / runs.CARD).write_text(replace(small_run.card, id=name).to_json())
    page = open_page(lab="robustness", robustness_runs=",".join(names))
    assert page.multiselect(key=keys.ROBUSTNESS_RUNS).value == names[:-1]
    fine(button(page, "Measure").click().run())
    assert jobs.list_jobs()[0].settings["runs"] == names[:-1]


def test_a_run_whose_dataset_is_gone_is_told(open_page, studio, small_run):
    folder = studio.runs_dir / small_run.id
    shutil.copytree(small_run.folder, folder)
    (folder / runs.CARD).write_text(replace(small_run.card, dataset="was-deleted").to_json())
    page = measuring(open_page, robustness_runs=small_run.id)
    assert "There is no dataset named 'was-deleted'" in texts(page)
    fine(button(page, "Measure").click().run())
    worked(jobs.list_jobs()[0])
    (error,) = fine(page.run()).error
    assert "There is no dataset named 'was-deleted'" in plain(error.value)


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        ("failed", "The run mnist-cnn is *damaged*.", "The run mnist-cnn is *damaged*."),
        ("cancelled", "Cancelled; nothing was saved.", "The last attempt was cancelled"),
    ],
)
@pytest.mark.few(1)
def test_a_measurement_that_did_not_end_well_says_so(open_page, state, error, said):
    job = jobs.submit("robustness", SETTINGS)
    (job.folder / "log.txt").write_text("what happened last\n")
    write_status(job.folder, state=state, error=error)
    page = measuring(open_page)
    assert said in texts(page).replace("\\", "")
    assert not page.dataframe
    assert len(page.error) == (state == "failed")
    assert [code.value for code in page.code] == ["what happened last"] * (state == "failed")
    fine(button(page, "Measure again").click().run())
    check_result(fine(worked(jobs.list_jobs()[0]) and page.run()), jobs.list_jobs()[0])


@pytest.mark.parametrize("damage", ["gone", "damaged"])
def test_a_result_that_cannot_be_read_is_told(open_page, damage):
    job = worked(jobs.submit("robustness", SETTINGS))
    if damage == "gone":
        shutil.rmtree(job.kept)
    else:
        (job.kept / "robustness.json").write_text("{")
    page = measuring(open_page)
    (error,) = page.error
    assert "The result in kept cannot be read" in plain(error.value)
    assert button(page, "Measure again")


def test_a_measurement_that_runs_is_shown_and_can_be_cancelled(open_page):
    job = jobs.submit("robustness", SETTINGS)
    note = f"{LOGISTIC}, strength 0.5"
    with lock_of(job.folder):
        write_status(job.folder, state="running", stage="predicting", fraction=0.3, note=note)
        page = measuring(open_page)
        assert page.get("progress")[0].proto.text == f"Predicting · {note}"
        fine(button(page, "Cancel").click().run())
        assert jobs.load(job.id).stopping


def test_a_run_that_was_deleted_meanwhile_is_not_measured(open_page, studio, small_run):
    folder = studio.runs_dir / small_run.id
    shutil.copytree(small_run.folder, folder)
    page = measuring(open_page, robustness_runs=small_run.id)
    shutil.rmtree(folder)
    fine(button(page, "Measure").click().run())
    assert jobs.list_jobs() == []
    assert page.multiselect(key=keys.ROBUSTNESS_RUNS).value == list(BUNDLED)
