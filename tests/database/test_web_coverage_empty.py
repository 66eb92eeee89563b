"""The pages of figures before anything was counted: what there is, and what to do."""

from __future__ import annotations

import pytest

from tests.database.test_web_pages import visitor
from tests.web_country import WebCountry, filled


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", "Where beneficiaries live"),
        ("/coverage", "No figures were worked out yet"),
        ("/indicators", "nothing was counted yet"),
        ("/indicators/C2", "Nothing was counted yet"),
    ],
)
async def test_a_page_without_figures_says_so(country: WebCountry, path: str, said: str) -> None:
    async with visitor(country, "officer@example.org") as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert said in answer.text
