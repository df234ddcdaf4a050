"""The API on the studio's own port: its documentation in a browser, and what a page may ask."""

import re

from playwright.sync_api import expect

from core.images import encode_png
from tests.browser.studio import at_rest


def test_the_documentation_works_offline_under_the_policy_of_the_studio(server, browser):
    page = browser.new_page()
    problems, hosts = [], set()
    page.on("console", lambda told: problems.append(told.text) if told.type == "error" else None)
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(f"{server.url}/api")
    expect(page).to_have_url(f"{server.url}/api/docs")
    page.locator(".opblock-summary", has_text="/health").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table").first).to_contain_text('"status": "ok"')
    assert problems == []
    assert hosts == {server.url.removeprefix("http://")}
    page.close()


def test_a_page_predicts_with_what_it_shows(server, browser, drawn_digit):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto(f"{server.url}/train?step=runs&run=mnist-random-forest")
    page.get_by_role("tab", name="Use it from code").click()
    code = page.locator("[data-testid=stCode]").first
    expect(code).to_contain_text("-F run=mnist-random-forest")
    at_rest(page)
    url = re.search(r"http://\S+/api/predict", code.inner_text().replace("\n", " "))[0]
    assert url == f"{server.url}/api/predict"
    answer = page.request.post(
        url,
        multipart={
            "image": {
                "name": "7.png",
                "mimeType": "image/png",
                "buffer": encode_png(drawn_digit(7)),
            },
            "run": "mnist-random-forest",
        },
    )
    assert answer.json()["prediction"] == 7
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    page.close()
