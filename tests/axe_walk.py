"""Goes through the pages of tests/page_visits.py with a browser, and says what is wrong with each.

Each page is looked at in English on a wide screen, in light; in English on a phone, for its width
only; and in French on a phone, in the dark.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from litestar import Litestar
from playwright.sync_api import Browser, Page

from ibr.access.staff.sign_in import SESSION_COOKIE
from ibr.web.own_refusals import OWN_COOKIE
from tests.axe import SOURCE, complaints, open_all, shoot, sticks_out
from tests.chromium import PATIENCE_MS, chromium, must_be_installed
from tests.conftest import scratch_folder
from tests.page_ground import Names, all_pages, pages_ground, session_of
from tests.page_visits import HERSELF, NOBODY, Visit
from tests.served_pages import on_the_side, served
from tests.web_country import WebCountry

WIDE: Final = {"width": 1440, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
# By language: how its reader looks at the pages.
LOOKS: Final[dict[str, dict[str, Any]]] = {
    "en": {"locale": "en-GB", "viewport": WIDE, "color_scheme": "light"},
    "fr": {"locale": "fr-FR", "viewport": PHONE, "color_scheme": "dark"},
}


class Walk:
    """One browser; a window for each officer and look, with one session each."""

    def __init__(self, browser: Browser, country: WebCountry, names: Names, address: str) -> None:
        self._browser, self._country, self._names = browser, country, names
        # By name: browsers make no passkeys for numbers.
        self._address = address.replace("127.0.0.1", "localhost")
        self._pages: dict[tuple[str, bool, str, str], Page] = {}

    def wrong_with(self, visit: Visit) -> list[str]:
        """Everything that is wrong with a page, in words."""
        return [*self._in(visit, "en"), *self._in(visit, "fr")]

    def opened(self, visit: Visit, language: str = "en") -> Page:
        """The page, after what the visit does on it, with everything unfolded."""
        page = self._page(visit, language)
        path = visit.at.format_map(self._names | {"language": language})
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == visit.status, f"{path} answered {answer.status}"
        assert page.url == self._address + path, f"{path} led to {page.url}"
        if visit.step:
            visit.step(page, self._names)
        open_all(page)
        return page

    def _in(self, visit: Visit, language: str) -> list[str]:
        page = self.opened(visit, language)
        shoot(page, f"{visit} {language}")
        wrong = [f"{language}: {each}" for each in complaints(page)]
        for size in (LOOKS[language]["viewport"], PHONE):
            page.set_viewport_size(size)
            if more := sticks_out(page):
                shoot(page, f"{visit} {language} too wide at {size['width']}")
                wrong.append(f"{language}: {more} pixels wider than {size['width']}")
        page.set_viewport_size(LOOKS[language]["viewport"])
        return wrong

    def _page(self, visit: Visit, language: str) -> Page:
        # What is done on a page may end the officer's other sessions, as new codes do.
        step = visit.step.__name__ if visit.step else ""
        key = (visit.who, visit.stale, language, step)
        if key not in self._pages:
            self._pages[key] = self._window(visit, language)
        return self._pages[key]

    def _window(self, visit: Visit, language: str) -> Page:
        context = self._browser.new_context(
            base_url=self._address, reduced_motion="reduce", **LOOKS[language]
        )
        context.set_default_timeout(PATIENCE_MS)
        if visit.who == HERSELF:
            mine = {"name": OWN_COOKIE, "value": self._names["own_session"]}
            context.add_cookies([mine | {"url": self._address}])
        elif visit.who != NOBODY:
            secret = on_the_side(session_of(self._country, visit.who, stale=visit.stale))
            context.add_cookies([{"name": SESSION_COOKIE, "value": secret, "url": self._address}])
        return context.new_page()


@pytest.fixture(scope="module")
def walk(dsn: str) -> Iterator[Walk]:
    """Everything that a walk needs: a filled country, its pages served, a browser."""
    must_be_installed()
    if not SOURCE.is_file():
        pytest.skip("axe is not installed: make tests/node/node_modules/.package-lock.json")
    folder = scratch_folder()
    country, names = pages_ground(dsn, folder)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Litestar]:
        async with all_pages(country, folder) as application:
            yield application

    with served(opened) as address, chromium() as browser:
        yield Walk(browser, country, names, address)
    shutil.rmtree(folder, ignore_errors=True)
