"""The made-up country's census goes in as a ministry's does, and divides as it should."""

from __future__ import annotations

from datetime import UTC, date, datetime

from ibr.coverage.population.denominator import denominator
from ibr.coverage.population.model import WOMEN, Ages
from ibr.db.pool import Connection, owner_transaction
from ibr.demo.country import Country, make_country
from ibr.demo.denominators import enter_population
from ibr.demo.load import _areas
from ibr.registry.areas.register_areas import register_areas
from tests.door import Door

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = date(2026, 6, 15)


def test_everybody_is_entered_by_district_sex_and_age(door: Door) -> None:
    country = make_country(300, 7)

    async def enter() -> dict[str, int]:
        async with owner_transaction(door.dsn) as connection:
            await register_areas(connection, _areas(country))
            await enter_population(connection, country, AT)
            return await _asked(connection, country)

    said = door.run(enter())
    people = sum(each.people for each in country.population)
    old_women = sum(
        each.people for each in country.population if each.sex == "female" and each.age_from >= 60
    )
    assert said["everybody"] == people
    assert said["women over 60"] == old_women
    # Five-year groups could not tell who is at most five, whom the child grant is for.
    assert 0 < said["children to five"] < people / 4
    assert 0 < said["households"] < people
    assert 0 < said["disability"] < said["poor"] < people


async def _asked(connection: Connection, country: Country) -> dict[str, int]:
    whole = ["XT"]
    old = await denominator(connection, whole, DAY, sex=WOMEN, ages=Ages(60, 999))
    said = {"women over 60": old.people}
    young = await denominator(connection, whole, DAY, ages=Ages(0, 5))
    said["children to five"] = young.people
    for name, group in (("everybody", "all"), ("households", "households")):
        said[name] = (await denominator(connection, whole, DAY, group=group)).people
    for group in ("poor", "disability"):
        said[group] = (await denominator(connection, whole, DAY, group=group)).people
    return said
