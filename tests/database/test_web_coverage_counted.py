"""The first page, the explorer and the library over what the engines truly count."""

from __future__ import annotations

import pytest

from ibr.coverage.catalogue.all import INDICATORS
from ibr.web.explorer.view import with_areas
from tests.database.test_web_counted_figures import counted
from tests.database.test_web_overlaps import OFFICER
from tests.database.test_web_pages import visitor
from tests.web_country import WebCountry

__all__ = ["counted"]
ADDRESSES = [
    "/",
    "/indicators",
    *(f"/indicators/{each.code}" for each in INDICATORS),
    *(f"/coverage?indicator={code}" for code in with_areas(INDICATORS)),
    *(f"/coverage?indicator={code}&level=2&sex=2&age=30-34" for code in with_areas(INDICATORS)),
    "/coverage?indicator=N1&of=programme:DCI001&and_period=2026-09",
]


async def test_every_address_is_answered(counted: WebCountry) -> None:
    async with visitor(counted, OFFICER) as client:
        found = {address: await client.get(address) for address in ADDRESSES}
    assert {a: got.status_code for a, got in found.items() if got.status_code != 200} == {}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/coverage?indicator=N1&period=2026-09", ">4<"),
        ("/coverage?indicator=N1&period=2026-10&of=programme:DCI003", ">1<"),
        ("/coverage?indicator=N5&period=2026-09", "USD\u00a035.00"),
        ("/coverage?indicator=A1&period=2026-09&of=programme:DCI001", "USD\u00a012.50"),
        ("/coverage?indicator=C2", "No figure to divide by was imported."),
        ("/", "No figure to divide by was imported."),
    ],
)
async def test_the_figures_are_those_reported(counted: WebCountry, address: str, said: str) -> None:
    async with visitor(counted, OFFICER) as client:
        answer = await client.get(address)
    assert said in answer.text
