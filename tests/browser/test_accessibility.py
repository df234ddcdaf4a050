"""What axe-core finds on the pages, in both themes; and how far one gets without a mouse."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import studio

PAGES = ("", "train?dataset=digits&step=model", "compare?show=confusion", "image_lab")
FURTHER = (
    "?runs=cifar10-efficientnet-lite0&from=upload",
    "?from=upload",
    "?from=camera",
    "train",
    "train?step=runs",
    "train?dataset=%2Bown",
    "compare",
    *(f"compare?show={view}" for view in ("curves", "classes", "misclassified", "confidence")),
    *(f"compare?show={view}" for view in ("one_class", "ensemble", "own", "report")),
    "image_lab?lab=augmentation",
    "image_lab?lab=robustness",
)
STYLED = """() => [...document.querySelectorAll("style")]
    .some(one => one.textContent.includes("light-dark"))"""
SETTLED = """() => Promise.all(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().iterations !== Infinity)
    .map(one => one.finished.catch(() => null)))"""
THEMES = ("light", "dark")
QUICK = [(view, THEMES[number % 2]) for number, view in enumerate(PAGES)]  # each theme twice
CASES = [
    pytest.param(view, theme, marks=() if (view, theme) in QUICK else pytest.mark.slow)
    for view in (*PAGES, *FURTHER)
    for theme in THEMES
]


@pytest.fixture
def page(browser, request):
    theme = getattr(request, "param", "light")
    context = browser.new_context(
        viewport={"width": 1280, "height": 1400}, color_scheme=theme, reduced_motion="reduce"
    )
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def grave(page: Page) -> list[str]:
    """What axe-core calls serious or critical, with the first place where it is so."""
    page.wait_for_function(STYLED)
    page.evaluate(SETTLED)
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}, {len(one['nodes'])} times, e.g. {one['nodes'][0]['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("view", "page"), CASES, indirect=["page"])
@pytest.mark.few(1)
def test_axe_finds_nothing_grave(page, server, view):
    page.goto(f"{server.url}/{view}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    studio.at_rest(page)
    assert grave(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("page", THEMES, indirect=True)
def test_axe_finds_nothing_grave_in_a_prediction(page, server):
    page.goto(server.url)
    page.locator(studio.CANVAS).wait_for()
    studio.at_rest(page)
    studio.draw(page, "7")
    expect(page.locator(studio.PREDICTION).first).to_have_text("7")
    expect(page.get_by_role("heading", name="What the model saw")).to_be_visible()
    studio.at_rest(page)
    assert grave(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("page", THEMES, indirect=True)
def test_axe_finds_nothing_grave_in_groups_of_classes(page, server):
    page.goto(f"{server.url}/?runs=imagenet-efficientnet-lite0&from=upload")
    page.get_by_role("button", name="Cat", exact=True).click()
    page.locator(".groups").wait_for()
    studio.at_rest(page)
    assert grave(page) == []


def test_a_digit_is_read_without_a_mouse(page, server):
    page.goto(server.url)
    page.locator(studio.CANVAS).wait_for()
    studio.at_rest(page)
    page.get_by_role("radio", name="Draw").focus()
    sample = page.get_by_role("button", name="7", exact=True)
    for _ in range(30):
        page.keyboard.press("Tab")
        if sample.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(studio.PREDICTION).first).to_have_text("7")
