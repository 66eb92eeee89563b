"""The areas of the country for maps and lists: what they are called, where they lie."""

from __future__ import annotations

from functools import cached_property

import msgspec

from ibr.access.staff.rights import COUNTRY, must_hold
from ibr.asker import Asker
from ibr.db.pool import Database
from ibr.questions.kept import Kept
from ibr.registry.areas.list_areas import every_area
from ibr.registry.programmes.register_programme import every_programme

LEVELS = (1, 2)
"""Figures are counted by areas of these levels below the country."""


class AreaDrawn(msgspec.Struct, frozen=True):
    """An area with its outline, which is empty where it has none or is no more."""

    code: str
    parent: str | None
    level: int
    names: dict[str, str]
    outline: str
    centre: tuple[float, float] | None


class MapOfAreas(msgspec.Struct, frozen=True, dict=True):
    """All areas by code, and the names of programmes by code."""

    areas: dict[str, AreaDrawn]
    programmes: dict[str, dict[str, str]]

    @cached_property
    def by_level(self) -> dict[int, list[AreaDrawn]]:
        return {
            level: [each for each in self.areas.values() if each.level == level] for level in LEVELS
        }

    @cached_property
    def counted(self) -> frozenset[str]:
        """The codes of the areas that figures are counted by."""
        return frozenset(each.code for each in self.areas.values() if each.level in LEVELS)

    def inside(self, code: str) -> list[AreaDrawn]:
        """The areas that lie directly in an area."""
        return [each for each in self.areas.values() if each.parent == code]

    def region_of(self, code: str) -> AreaDrawn | None:
        """The area of the first level that an area lies in, or that it is."""
        area = self.areas.get(code)
        while area is not None and area.level > LEVELS[0]:
            area = self.areas.get(area.parent or "")
        return area if area is not None and area.level == LEVELS[0] else None


async def map_of_areas(database: Database, kept: Kept, asker: Asker) -> MapOfAreas:
    """The map, at most a minute old: it is the same for everybody who may see the country."""
    must_hold(asker, COUNTRY)
    return await kept.of("map of areas", lambda: _map(database))


async def _map(database: Database) -> MapOfAreas:
    async with database.transaction(()) as connection:
        areas = await every_area(connection)
        programmes = await every_programme(connection)
    drawn = {
        each.code: AreaDrawn(
            each.code, each.parent, each.level, each.names, each.outline or "", each.centre
        )
        for each in areas
    }
    return MapOfAreas(drawn, {each.code: each.names for each in programmes})
