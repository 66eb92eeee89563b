"""The made-up country's areas tile it: no gap, no overlap, borders shared point by point."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from ibr.demo.areas import Area, make_areas
from ibr.demo.land import Point, area


@pytest.fixture(scope="module", params=[1, 7, 2026])
def areas(request: pytest.FixtureRequest) -> tuple[Area, ...]:
    return make_areas(request.param)[0]


def _size(place: Area) -> float:
    return sum(area(ring) for ring in place.rings)


def _sides(places: list[Area]) -> Counter[tuple[Point, Point]]:
    return Counter(side for place in places for ring in place.rings for side in pairwise(ring))


def test_there_are_eight_regions_and_about_forty_districts(areas: tuple[Area, ...]) -> None:
    levels = Counter(place.level for place in areas)
    assert levels[0] == 1
    assert levels[1] == 8
    assert 32 <= levels[2] <= 48


def test_codes_and_names_are_unique_and_parents_exist(areas: tuple[Area, ...]) -> None:
    codes = {place.code for place in areas}
    assert len(codes) == len(areas)
    assert len({place.names["en"] for place in areas}) == len(areas)
    for place in areas:
        assert place.parent is None or place.parent in codes
        assert place.level == place.code.count("-")


@pytest.mark.parametrize("level", [1, 2])
def test_areas_of_a_level_add_up_to_the_country(areas: tuple[Area, ...], level: int) -> None:
    whole = _size(areas[0])
    assert whole > 1
    parts = [_size(place) for place in areas if place.level == level]
    assert min(parts) > 0
    assert sum(parts) == pytest.approx(whole, abs=1e-9)


def test_districts_add_up_to_their_region(areas: tuple[Area, ...]) -> None:
    for region in (place for place in areas if place.level == 1):
        districts = [place for place in areas if place.parent == region.code]
        assert sum(map(_size, districts)) == pytest.approx(_size(region), abs=1e-9)


@pytest.mark.parametrize("level", [1, 2])
def test_every_side_is_a_shared_border_or_coast(areas: tuple[Area, ...], level: int) -> None:
    sides = _sides([place for place in areas if place.level == level])
    coast = _sides([areas[0]])
    assert set(sides.values()) == {1}
    alone = {side for side in sides if side[::-1] not in sides}
    assert alone == set(coast)


def test_rings_are_closed_and_the_outer_comes_first(areas: tuple[Area, ...]) -> None:
    for place in areas:
        assert all(ring[0] == ring[-1] for ring in place.rings)
        assert area(place.rings[0]) > 0
        assert all(area(ring) < 0 for ring in place.rings[1:])


def test_no_side_crosses_another(areas: tuple[Area, ...]) -> None:
    """Crossing sides would mean overlaps; only sides that lie close can cross."""
    near: dict[tuple[int, int], list[tuple[Point, Point]]] = {}
    for side in {min(s, s[::-1]) for s in _sides([p for p in areas if p.level == 2])}:
        for x in {int(point[0] * 8) for point in side}:
            for y in {int(point[1] * 8) for point in side}:
                near.setdefault((x, y), []).append(side)
    for sides in near.values():
        for number, one in enumerate(sides):
            for other in sides[:number]:
                assert set(one) & set(other) or not _cross(*one, *other)


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    return _turn(a, b, c) != _turn(a, b, d) and _turn(c, d, a) != _turn(c, d, b)


def _turn(a: Point, b: Point, c: Point) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0])
