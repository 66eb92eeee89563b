"""The help desk in a real browser: a visit by keyboard and without scripts, wide and on a phone."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from tests import visitors
from tests.browser.test_web_browser import NARROW, NewPage, sign_in
from tests.visitors import HELP
from tests.web_country import WebCountry, application

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = visitors.visited(dsn)
    apart(visitors.people(made))
    return made


@pytest.fixture(scope="module")
def address(country: WebCountry) -> Iterator[str]:
    """The pages by the clock on the wall."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with visitors.desk(country) as services:
            server = uvicorn.Server(
                uvicorn.Config(application(services), port=port, log_level="warning")
            )
            running = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.05)
            started.set()
            while not stop.is_set():
                await asyncio.sleep(0.05)
            server.should_exit = True
            await running

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(30)
    yield f"http://127.0.0.1:{port}"
    stop.set()
    thread.join(30)


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs in a thread, as the browser has a loop."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return found[0]


def fill(page: Page) -> None:
    page.get_by_label("2. The number, whole").fill(visitors.MOTHER)
    page.get_by_label("3. The date of birth, whole").fill(visitors.MOTHER_BORN)
    page.get_by_label("4. How did the person prove").select_option("identity_card")
    page.get_by_label("Who agrees?").select_option("person")
    page.get_by_label("I read it to them").check()


def fits(page: Page) -> bool:
    """Nothing wider than the window."""
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_visit_without_scripts(new_page: NewPage, size: dict[str, int]) -> None:
    page = new_page(viewport=size, java_script_enabled=False)
    sign_in(page, HELP)
    page.goto("/visits")
    page.get_by_role("button", name="Begin and record").click()
    expect(page.get_by_role("alert")).to_contain_text("Please mend the form")
    fill(page)
    page.get_by_role("button", name="Begin and record").click()
    expect(page.get_by_role("heading", name="The person's own view")).to_be_visible()
    expect(page.get_by_role("heading", name="Old Age Pension")).to_be_visible()
    assert visitors.MOTHER not in page.url
    page.get_by_text("The person objects").first.click()
    page.get_by_label("To what?").first.select_option("processing")
    if size is WIDE:
        page.get_by_role("button", name="Pass it on to the programme").locator(
            "visible=true"
        ).click()
        expect(page.get_by_role("status")).to_contain_text("has gone to the programme")
    with page.expect_download() as download:
        page.get_by_role("button", name="Make the statement").click()
    assert download.value.suggested_filename == "statement.pdf"
    page.get_by_role("button", name="End the visit").click()
    expect(page.get_by_role("status")).to_contain_text("The visit has ended")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_have_one_heading(
    new_page: NewPage, size: dict[str, int], scheme: str
) -> None:
    page = new_page(viewport=size, color_scheme=scheme)
    sign_in(page, HELP)
    page.goto("/visits")
    assert fits(page)
    fill(page)
    page.get_by_role("button", name="Begin and record").click()
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert fits(page)
    for summary in page.locator("summary").all():
        summary.click()
    assert fits(page)
    page.get_by_role("button", name="End the visit").click()
    page.goto("/statements/check")
    assert fits(page)
    page.get_by_label("Check number").fill("AAAA-AAAA-AAAA-AAAA-AAAA")
    page.get_by_role("button", name="Check the paper").click()
    expect(page.get_by_role("alert")).to_contain_text("Not ours")
    watcher = new_page(viewport=size, color_scheme=scheme)
    sign_in(watcher, "pension@example.org")
    watcher.goto("/requests")
    assert fits(watcher)


def test_french(new_page: NewPage) -> None:
    page = new_page(viewport=NARROW, locale="fr-FR")
    page.goto("/statements/check")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce relevé est-il authentique ?")
