"""One small made-up country for all tests of this folder."""

from __future__ import annotations

import pytest

from ibr.demo.country import Country, make_country
from ibr.demo.cycles import Delivery, deliveries

PEOPLE, SEED = 800, 11


@pytest.fixture(scope="session")
def country() -> Country:
    return make_country(PEOPLE, SEED)


@pytest.fixture(scope="session")
def sent(country: Country) -> list[Delivery]:
    return list(deliveries(country))
