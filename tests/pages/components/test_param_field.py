"""The widget of a parameter: what it offers, what it begins with, and where that stands."""

import pytest
from streamlit.testing.v1 import AppTest

from core.errors import ModelError
from core.models import MODELS
from core.opencv_ops import OPERATIONS
from core.param import Param
from pages.components.lab import variants

KEY = "model.setting"
SWITCH = Param("setting", "Setting", True, "Help.")
CHOICE = Param("setting", "Setting", "b", "Help.", choices=("a", "b", "c"))
SIZES = Param("setting", "Setting", "32-64", "Help.", 1, 512)
WHOLE = Param("setting", "Setting", 5, "Help.", 1, 31)
WIDE = Param("setting", "Setting", 10, "Help.", 0, 100_000)
RATE = Param("setting", "Setting", 0.002, "Help.", 1e-6, 1)
ANGLE = Param("setting", "Setting", 15.0, "Help.", -180, 180)
SHARE = Param("setting", "Setting", 0.0, "Help.", 0, 0.5)


def page_of(param: Param, **more) -> AppTest:
    """A page with that one widget."""

    def script(param, more):
        from pages.components.shared import param_field

        param_field.show(param, "model.setting", **more)

    return AppTest.from_function(script, args=(param, more))


def widget(page: AppTest):
    """The only widget of the page."""
    assert not page.exception and not page.warning
    kinds = ("checkbox", "selectbox", "text_input", "number_input", "slider")
    (only,) = (one for kind in kinds for one in page.get(kind))
    assert (only.key, only.label, only.proto.help) == (KEY, "Setting", "Help.")
    return only


@pytest.mark.parametrize("slider", [False, True])
@pytest.mark.parametrize(
    ("param", "asked", "other"),
    [
        (SWITCH, "false", False),
        (CHOICE, "c", "c"),
        (SIZES, "8", "8"),
        (WHOLE, "7", 7),
        (WIDE, "7", 7),
        (RATE, "0.5", 0.5),
        (ANGLE, "-7", -7.0),
        (SHARE, "0.25", 0.25),
    ],
)
@pytest.mark.few(2)
def test_a_bound_widget_stands_in_the_url_and_one_with_a_value_does_not(
    param, asked, other, slider
):
    page = page_of(param, slider=slider)
    assert widget(page.run()).value == param.default
    assert widget(page).proto.query_param_key == KEY  # to which the browser writes
    linked = page_of(param, slider=slider)
    linked.query_params[KEY] = asked
    assert widget(linked.run()).value == other
    known = page_of(param, value=other, slider=slider)
    known.query_params[KEY] = "elsewhere"
    assert widget(known.run()).value == other
    assert type(widget(known).value) is type(param.default)
    widget(known).set_value(param.default).run()
    assert widget(known.run()).value == param.default  # not set back to what it began with
    assert not widget(known).proto.query_param_key


@pytest.mark.parametrize(
    ("param", "slider", "kind", "step"),
    [
        (WHOLE, False, "number_input", 1),
        (WHOLE, True, "slider", 1),
        (WIDE, True, "number_input", 1),
        (RATE, False, "number_input", 0.001),
        (SHARE, False, "number_input", 0.1),
        (ANGLE, False, "number_input", 1.0),
        (ANGLE, True, "slider", 1.0),
        (SHARE, True, "slider", 0.01),
        (SWITCH, True, "checkbox", None),
        (CHOICE, True, "selectbox", None),
        (SIZES, True, "text_input", None),
    ],
)
def test_a_number_is_typed_or_moved_within_its_limits(param, slider, kind, step):
    field = widget(page_of(param, slider=slider).run())
    assert field.type == kind
    if step is not None:
        assert (field.min, field.max) == (param.low, param.high)
        assert field.step == pytest.approx(step)


@pytest.mark.parametrize(
    "asked", ["abc", "", "1e999", "-1e999", "-5", "99999999", "nan", "1" * 400]
)
@pytest.mark.parametrize("param", [SWITCH, CHOICE, WHOLE, RATE])
@pytest.mark.few(5)
def test_rubbish_in_a_link_leaves_a_value_that_is_allowed(param, asked):
    page = page_of(param)
    page.query_params[KEY] = asked
    value = widget(page.run()).value
    assert param.parse(value) == value
    page.query_params[KEY] = asked  # followed once more, in a page that is open
    assert widget(page.run()).value == value


def test_a_value_that_is_not_allowed_is_the_business_of_the_caller():
    page = page_of(SIZES).run()
    typed = widget(widget(page).set_value("many").run()).value
    with pytest.raises(ModelError, match="`setting` must be"):
        SIZES.parse(typed)


def all_params() -> list[tuple[Param, bool]]:
    """Every parameter that is set on a page, each kind once, and whether it is moved."""
    typed = (param for spec in MODELS.values() for param in spec.params)
    moved = (param for operation in OPERATIONS.values() for param in operation.params)
    pairs = [*((p, False) for p in typed), *((p, True) for p in (*moved, *variants.PARAMS))]
    return list(dict.fromkeys(pairs))


def test_every_parameter_has_a_widget_that_begins_with_its_default():
    def script(params):
        from pages.components.shared import param_field

        for number, (param, slider) in enumerate(params):
            value = param_field.show(param, f"{number}", slider=slider)
            assert value == param.default, param.name

    page = AppTest.from_function(script, args=(all_params(),), default_timeout=60).run()
    assert [problem.value for problem in page.exception] == []
