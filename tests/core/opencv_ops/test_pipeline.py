import ast
import json
import runpy
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ImageError
from core.opencv_ops import (
    MOST_STEPS,
    OPERATIONS,
    Step,
    apply,
    as_code,
    from_text,
    run,
    to_text,
)
from core.param import Param
from tests.core.opencv_ops.images import (
    COLOUR,
    GREY,
    each_image,
    each_operation,
    extremes,
    same,
)

PIPELINES = 50

in_some_examples = settings(max_examples=60, deadline=None)


def values_of(param: Param) -> st.SearchStrategy:
    """What may be set."""
    if isinstance(param.default, bool):
        return st.booleans()
    if param.choices:
        return st.sampled_from(param.choices)
    numbers = st.integers if isinstance(param.default, int) else st.floats
    return numbers(param.low, param.high)


def steps_of(name: str) -> st.SearchStrategy:
    optional = {param.name: values_of(param) for param in OPERATIONS[name].params}
    return st.builds(
        Step, st.just(name), st.fixed_dictionaries({}, optional=optional), st.booleans()
    )


any_step = st.sampled_from(sorted(OPERATIONS)).flatmap(steps_of)
any_pipeline = st.lists(any_step, max_size=MOST_STEPS).map(tuple)


# One step


def test_what_is_not_set_is_as_usual():
    step = Step("canny", {"low": 30})
    assert step.on
    assert step.values == {
        "blur": 1.0,
        "low": 30,
        "high": 150,
        "aperture": "3",
        "l2_gradient": False,
    }
    assert Step("canny") == Step("canny", {"low": 50, "high": "150", "l2_gradient": "no"})
    assert Step("canny") != Step("canny", on=False)


def test_values_are_of_their_own_type_whatever_is_given():
    given_as_text = Step("canny", {"blur": "2", "low": "30", "aperture": 5, "l2_gradient": "true"})
    assert repr(dict(given_as_text.values)) == (
        "{'blur': 2.0, 'low': 30, 'high': 150, 'aperture': '5', 'l2_gradient': True}"
    )
    given_by_numpy = Step("canny", {"blur": np.float32(2), "low": np.int64(30), "high": 1e2})
    assert [type(value) for value in given_by_numpy.values.values()][:3] == [float, int, int]


def test_what_was_given_is_left_alone():
    values = {"low": "30"}
    step = Step("canny", values)
    values["low"] = "40"
    assert step.values["low"] == 30
    assert values == {"low": "40"}


# One after another


def test_every_step_works_on_the_one_before():
    steps = (Step("gaussian_blur"), Step("channel", {"name": "red"}), Step("otsu"), Step("invert"))
    images = list(run(COLOUR, steps))
    assert len(images) == 4
    before = COLOUR
    for step, image in zip(steps, images, strict=True):
        assert same(image, apply(before, step))
        before = image
    blurred = cv2.GaussianBlur(COLOUR, (0, 0), 2.0)
    _, parted = cv2.threshold(
        np.ascontiguousarray(blurred[..., 0]), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU
    )
    assert same(images[-1], 255 - parted)


def test_the_image_is_yielded_after_each_step_before_the_next_is_done():
    wide = np.zeros((1, 3_000_000), np.uint8)
    images = run(wide, (Step("invert"), Step("resize", {"percent": 200}), Step("invert")))
    assert (next(images) == 255).all()
    with pytest.raises(ImageError, match="Resize would make an image of 12.0 million pixels"):
        next(images)


def test_no_steps_yield_nothing():
    assert list(run(GREY, ())) == []


@each_image
def test_a_step_that_is_switched_off_passes_the_image_on(image):
    steps = (Step("invert", on=False), Step("flip_vertical"), Step("canny", on=False))
    images = list(run(image, steps))
    assert images[0] is image
    assert same(images[1], image[::-1])
    assert images[2] is images[1]


def test_an_image_is_left_as_it_is_by_a_whole_pipeline():
    image = COLOUR.copy()
    *_, _ = run(image, [Step(name) for name in OPERATIONS])
    assert same(image, COLOUR)


def test_the_same_operation_may_come_twice():
    steps = [Step("rotate", {"angle": 0}), Step("invert"), Step("invert")]
    *_, received = run(GREY, steps)
    assert same(received, GREY)


# As text for an address


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ((), ""),
        ((Step("invert"),), "invert"),
        ((Step("canny", {"low": 30}), Step("invert")), "canny;low=30~invert"),
        ((Step("canny", {"low": 50, "high": 150}),), "canny"),
        ((Step("invert", on=False),), "invert!"),
        (
            (Step("canny", {"blur": 0.5, "l2_gradient": True, "aperture": "7"}, on=False),),
            "canny!;blur=0.5;aperture=7;l2_gradient=True",
        ),
        ((Step("invert"),) * 2, "invert~invert"),
    ],
)
def test_a_pipeline_as_text(steps, text):
    assert to_text(steps) == text
    assert from_text(text) == steps


@in_some_examples
@given(any_pipeline)
def test_what_is_written_is_read_again(steps):
    text = to_text(steps)
    assert from_text(text) == steps
    assert parse_qs(urlencode({"steps": text}), keep_blank_values=True) == {"steps": [text]}
    assert text.isascii() and not set(text) & set(" &#?+\n")


@in_some_examples
@given(any_step)
def test_every_value_is_read_as_it_was_to_the_last_digit(step):
    (received,) = from_text(to_text([step]))
    assert {name: type(value) for name, value in received.values.items()} == {
        name: type(value) for name, value in step.values.items()
    }
    assert received == step


@in_some_examples
@given(any_pipeline, st.data())
def test_a_spoilt_text_is_read_or_refused_with_a_sentence(steps, data):
    text = to_text(steps)
    place = data.draw(st.integers(0, len(text)))
    spoilt = text[:place] + data.draw(st.text(max_size=3)) + text[place + 1 :]
    try:
        received = from_text(spoilt)
    except ImageError as error:
        assert str(error).endswith((".", "?"))
    else:
        assert from_text(to_text(received)) == received


@pytest.mark.parametrize("text", ["~", "invert~", "~invert", "invert~~~invert"])
def test_empty_parts_of_a_text_do_not_count(text):
    assert from_text(text) == (Step("invert"),) * text.count("invert")


def test_a_bad_text_is_refused_with_a_sentence():
    for text, sentence in [
        ("no_such", "There is no operation named 'no_such'. Known: adaptive_threshold, bilateral,"),
        ("no_such!", "There is no operation named 'no_such'. Known: "),
        ("invert~no_such~invert", "There is no operation named 'no_such'. Known: "),
        ("canny!!", "There is no operation named 'canny!'. Did you mean `canny`? Known: "),
        ("CANNY", "There is no operation named 'CANNY'. Did you mean `canny`? Known: "),
        (" canny", "There is no operation named ' canny'. Did you mean `canny`? Known: "),
        ("!", "There is no operation named ''. Known: "),
        (";low=3", "There is no operation named ''. Known: "),
        ("low=3", "There is no operation named 'low=3'. Known: "),
        ("<script>alert(1)</script>", "There is no operation named '<script>alert(1)</script>'."),
        ("\x00", "There is no operation named '\\x00'. Known: "),
        ("🙂", "There is no operation named '🙂'. Known: "),
        ("x" * 10_000, "There is no operation named 'xxx"),
        (
            "canny;lo=3",
            "There is no parameter of canny named 'lo'. "
            "Did you mean `low`? Known: aperture, blur, high, l2_gradient, low.",
        ),
        ("invert;on=1", "There is no parameter of invert named 'on'. Known: none."),
        (
            "canny; low=3",
            "There is no parameter of canny named ' low'. Did you mean `low`? Known: aperture,",
        ),
        (
            "canny;low=2000",
            "Canny edges: `low` must be a whole number from 0 to 1000. Received: '2000'.",
        ),
        (
            "canny!;low=2000",
            "Canny edges: `low` must be a whole number from 0 to 1000. Received: '2000'.",
        ),
        (
            "canny;low=30;high=1.5",
            "Canny edges: `high` must be a whole number from 0 to 1000. Received: '1.5'.",
        ),
        (
            "canny;blur=nan",
            "Canny edges: `blur` must be a number from 0 to 10. Received: 'nan'.",
        ),
        (
            "canny;blur=1e999",
            "Canny edges: `blur` must be a number from 0 to 10. Received: '1e999'.",
        ),
        (
            "canny;l2_gradient=perhaps",
            "Canny edges: `l2_gradient` must be true or false. Received: 'perhaps'.",
        ),
        (
            "invert~sobel;size=4",
            "Sobel gradient: `size` must be one of 1, 3, 5, 7. Received: '4'.",
        ),
        (
            "canny;low=%FF",
            "Canny edges: `low` must be a whole number from 0 to 1000. Received: '\ufffd'.",
        ),
        *(
            (
                text,
                "A step is written as operation;name=value;name=value, each name once. "
                f"Received: {entry!r}.",
            )
            for text, entry in [
                ("canny;low", "low"),
                ("canny;low=", "low="),
                ("canny;=5", "=5"),
                ("canny;rubbish", "rubbish"),
                ("canny;low=5;low=6", "low=6"),
                ("canny;low=5;low=5", "low=5"),
                ("canny;", ""),
                ("canny;;;!", ""),
                ("canny;low=5;", ""),
                ("invert;!", "!"),
                ("invert~canny!;high=90;low~invert", "low"),
            ]
        ),
        ("~".join(["invert"] * 13), "A pipeline has at most 12 steps. Received: 13."),
        ("~".join(["invert!"] * 13), "A pipeline has at most 12 steps. Received: 13."),
        ("~".join(["x"] * 1000), "A pipeline has at most 12 steps. Received: 1000."),
    ]:
        with pytest.raises(ImageError) as refused:
            from_text(text)
        assert str(refused.value).startswith(sentence)
        assert str(refused.value).endswith(".")


def test_twelve_steps_are_read():
    assert from_text("~".join(["invert"] * 12)) == (Step("invert"),) * 12


# As a script


def draw_step(rng: np.random.Generator, name: str) -> Step:
    """An operation with limits, usual values and values between them."""
    values = {}
    for param in OPERATIONS[name].params:
        choices = extremes(param)
        values[param.name] = choices[rng.integers(len(choices))]
        if not param.choices and not isinstance(param.default, bool) and rng.random() < 0.6:
            between = rng.uniform(param.low, param.high)
            values[param.name] = round(between) if isinstance(param.default, int) else between
    return Step(name, values, bool(rng.random() < 0.85))


def draw_pipelines() -> list[tuple[Step, ...]]:
    """Of one to five steps, in which every operation comes about as often."""
    rng = np.random.default_rng(8)
    deck: list[str] = []
    pipelines = []
    for _ in range(PIPELINES):
        length = int(rng.integers(1, 6))
        if len(deck) < length:
            deck.extend(rng.permutation(sorted(OPERATIONS)).tolist())
        pipelines.append(tuple(draw_step(rng, deck.pop()) for _ in range(length)))
    return pipelines


DRAWN = draw_pipelines()


def read(path: Path) -> np.ndarray:
    """An image as the studio holds it: grey, or red first."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image if image.ndim == 2 else image[..., ::-1].copy()


def write(path: Path, image: np.ndarray) -> None:
    assert cv2.imwrite(str(path), image if image.ndim == 2 else image[..., ::-1])


ONE_AFTER_ANOTHER = """import json, runpy, sys
for command in json.loads(sys.argv[1]):
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")
"""


def input_of(folder: Path, number: int) -> Path:
    return folder / ("grey.png" if number % 2 else "colour.png")


def run_fresh(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """In an interpreter that knows nothing of the studio."""
    return subprocess.run(
        [sys.executable, "-I", *arguments], cwd=folder, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A folder with what the scripts of all pipelines made: `0.png`, `1.png` …"""
    folder = tmp_path_factory.mktemp("scripts")
    write(folder / "grey.png", GREY)
    write(folder / "colour.png", COLOUR)

    commands = []
    for number in range(PIPELINES):
        script = folder / f"{number}.py"
        script.write_text(as_code(DRAWN[number]), encoding="utf-8")
        commands.append([script.name, input_of(folder, number).name, f"{number}.png"])
    finished = run_fresh(folder, "-c", ONE_AFTER_ANOTHER, json.dumps(commands))
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    return folder


def test_the_drawn_pipelines_hold_every_operation():
    steps = [step for steps in DRAWN for step in steps]
    assert {step.operation for step in steps if step.on} == set(OPERATIONS)
    assert {len(steps) for steps in DRAWN} == {1, 2, 3, 4, 5}
    assert not all(step.on for step in steps)


def test_a_script_makes_the_same_image(results):
    for number in range(PIPELINES):
        image = read(input_of(results, number))
        *_, expected = run(image, DRAWN[number])
        assert same(read(results / f"{number}.png"), expected)


def script_of(steps, folder: Path) -> dict:
    """The names that a script defines, if it is imported rather than run."""
    path = folder / "script.py"
    path.write_text(as_code(steps), encoding="utf-8")
    return runpy.run_path(str(path))


@each_operation
def test_the_script_of_each_operation_does_the_same_with_every_limit(name, tmp_path):
    params = OPERATIONS[name].params
    changes = [{param.name: value} for param in params for value in extremes(param)] or [{}]
    for step in [Step(name, values) for values in changes]:
        pipeline = script_of([step], tmp_path)["pipeline"]
        for image in (GREY, COLOUR):
            assert same(pipeline(image.copy()), apply(image, step))


@pytest.mark.parametrize(
    "steps", [(), (Step("invert"),), tuple(Step(name) for name in OPERATIONS), *DRAWN[:5]]
)
def test_a_script_imports_only_opencv_and_numpy(steps):
    imported = [
        node for node in ast.walk(ast.parse(as_code(steps))) if isinstance(node, ast.Import)
    ]
    assert [alias.name for node in imported for alias in node.names] == ["sys", "cv2", "numpy"]
    assert not [
        node for node in ast.walk(ast.parse(as_code(steps))) if isinstance(node, ast.ImportFrom)
    ]


def test_a_script_holds_only_what_it_needs_and_each_function_once():
    steps = (Step("invert"), Step("rotate"), Step("rotate", {"angle": 5}), Step("canny", on=False))
    functions = [
        node.name for node in ast.parse(as_code(steps)).body if isinstance(node, ast.FunctionDef)
    ]
    assert functions == ["invert", "border", "move", "rotate", "pipeline"]
    assert "canny" not in as_code(steps)


def test_a_script_names_every_value():
    assert (
        "image = canny(image, blur=1.0, low=30, high=150, aperture='3', l2_gradient=False)\n"
        "    image = invert(image)\n"
        "    return image\n"
    ) in as_code((Step("canny", {"low": 30}), Step("invert")))


@pytest.mark.parametrize(
    "steps",
    [(), (Step("canny", on=False),), (Step("canny", on=False), Step("invert", on=False))],
    ids=["empty", "one step, off", "two steps, off"],
)
@each_image
def test_a_script_without_steps_passes_the_image_on(steps, image, tmp_path):
    write(tmp_path / "in.png", image)
    (tmp_path / "pipeline.py").write_text(as_code(steps), encoding="utf-8")
    finished = run_fresh(tmp_path, "pipeline.py", "in.png", "out.png")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert same(read(tmp_path / "out.png"), image)


def test_a_missing_file_is_told_in_a_sentence(tmp_path):
    (tmp_path / "pipeline.py").write_text(as_code((Step("invert"),)), encoding="utf-8")
    finished = run_fresh(tmp_path, "pipeline.py", "missing.png", "out.png")
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1] == "There is no image missing.png."
    assert "Traceback" not in finished.stderr
    assert not (tmp_path / "out.png").exists()


def test_a_file_that_is_no_image_is_told_in_a_sentence(tmp_path):
    (tmp_path / "pipeline.py").write_text(as_code((Step("invert"),)), encoding="utf-8")
    (tmp_path / "in.png").write_text("not an image", encoding="utf-8")
    finished = run_fresh(tmp_path, "pipeline.py", "in.png", "out.png")
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1] == "There is no image in.png."


@pytest.mark.parametrize("arguments", [(), ("in.png",), ("in.png", "out.png", "more.png")], ids=len)
def test_a_script_without_two_arguments_says_how_to_run_it(arguments, tmp_path):
    write(tmp_path / "in.png", GREY)
    (tmp_path / "pipeline.py").write_text(as_code((Step("invert"),)), encoding="utf-8")
    finished = run_fresh(tmp_path, "pipeline.py", *arguments)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr == "Run it: python pipeline.py image.png result.png\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png", "pipeline.py"]


@pytest.mark.parametrize("target", ["missing/out.png", "out.unknown", "out"])
def test_a_target_that_cannot_be_written_is_told_in_a_sentence(target, tmp_path):
    write(tmp_path / "in.png", COLOUR)
    (tmp_path / "pipeline.py").write_text(as_code((Step("invert"),)), encoding="utf-8")
    finished = run_fresh(tmp_path, "pipeline.py", "in.png", target)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.splitlines()[-1] == f"{target} cannot be written."
    assert "Traceback" not in finished.stderr
    assert not (tmp_path / target).exists()
