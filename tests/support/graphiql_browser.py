"""Drives GraphiQL in Debian's Chromium as a person would: opens the link with the key, runs every tab, looks around."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Playwright, Request, Response, sync_playwright

CHROMIUM = shutil.which("chromium")

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

TAB = ".graphiql-tab-button"
BAR = ".door"


@dataclass(frozen=True)
class Answer:
    """What the server said to the query of one tab."""

    title: str
    status: int
    body: Any
    authorization: str | None


@dataclass
class Visit:
    """Everything seen in one visit of the page."""

    answers: list[Answer] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    page_title: str = ""
    address: str = ""
    bar: str = ""
    tabs: list[str] = field(default_factory=list)
    tabs_after_reload: list[str] = field(default_factory=list)
    active_after_reload: str = ""
    local_storage: str = ""

    def foreign_requests(self, base_url: str) -> list[str]:
        """Requests that left for another host; `data:` addresses leave for none."""
        own = urlsplit(base_url).netloc
        return [url for url in self.requested if not url.startswith("data:") and urlsplit(url).netloc != own]


def run_examples(
    base_url: str, key: str, screenshot: Path | None = None, *, colours: Literal["light", "dark"] = "light"
) -> Visit:
    """Opens `base_url`/graphiql with the key in the fragment, runs each tab, and reloads the page at the end."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            visit = Visit()
            page = _watched_page(browser, visit, colours)
            page.goto(f"{base_url}/graphiql#key={key}")
            _wait_until_ready(page)
            visit.page_title = page.title()
            visit.address = page.url
            visit.tabs = page.locator(TAB).all_inner_texts()
            for position, title in enumerate(visit.tabs):
                visit.answers.append(_run_tab(page, position, title))
            visit.bar = page.locator(BAR).inner_text()
            if screenshot is not None:
                page.locator(TAB).first.click()
                page.wait_for_timeout(300)
                page.screenshot(path=screenshot)
            page.wait_for_timeout(800)  # GraphiQL writes its tabs down half a second after the last change
            page.reload()
            _wait_until_ready(page)
            visit.tabs_after_reload = page.locator(TAB).all_inner_texts()
            visit.active_after_reload = page.locator(".graphiql-tab-active").inner_text()
            visit.local_storage = page.evaluate("JSON.stringify(localStorage)")
            return visit
        finally:
            browser.close()


def bar_without_key(base_url: str, key: str | None, screenshot: Path | None = None) -> Visit:
    """Opens the page without a key and, if one is given, pastes it into the bar."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            visit = Visit()
            page = _watched_page(browser, visit, "light")
            page.goto(f"{base_url}/graphiql")
            _wait_until_ready(page)
            if key is not None:
                page.get_by_label("API key").fill(key)
                page.get_by_role("button", name="Use key").click()
                page.locator(".door-dot-known, .door-notice").first.wait_for()
            if screenshot is not None:
                page.screenshot(path=screenshot)
            visit.bar = page.locator(BAR).inner_text()
            return visit
        finally:
            browser.close()


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium, kept from asking anybody for anything by itself."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


def _watched_page(browser: Browser, visit: Visit, colours: Literal["light", "dark"]) -> Page:
    context = browser.new_context(viewport={"width": 1440, "height": 860}, color_scheme=colours)
    context.on("request", lambda request: visit.requested.append(request.url))
    context.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
    page = context.new_page()
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    return page


def _wait_until_ready(page: Page) -> None:
    page.locator(".graphiql-query-editor .CodeMirror-line").first.wait_for()
    page.wait_for_load_state("networkidle")


def _run_tab(page: Page, position: int, title: str) -> Answer:
    page.locator(TAB).nth(position).click()
    with page.expect_response(lambda response: _answers_example(response, title)) as awaited:
        page.locator(".graphiql-execute-button").click()
    response = awaited.value
    body = response.json()
    authorization = response.request.headers.get("authorization")
    page.locator(".graphiql-spinner").wait_for(state="detached")
    return Answer(title, response.status, body, authorization)


def _answers_example(response: Response, title: str) -> bool:
    request: Request = response.request
    if not response.url.endswith("/graphql") or request.method != "POST":
        return False
    return str(request.post_data_json["query"]).startswith(f"# {title}\n")
