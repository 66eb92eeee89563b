"""Areas: names compared, files read, lines simplified together, what does not fit found."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import pytest

from ibr.errors import NotUnderstood, TooMuch
from ibr.registry.areas import tables
from ibr.registry.areas.check_areas import faults_of
from ibr.registry.areas.columns import read_areas
from ibr.registry.areas.geojson import read_geojson
from ibr.registry.areas.model import Area, AreaShape
from ibr.registry.areas.names import Directory, code_of, plain
from ibr.registry.areas.plan import written
from ibr.registry.areas.rules import label_point, path_of, places_of, rows_of, size_of
from ibr.registry.areas.tables import read_table, whole_number
from ibr.registry.areas.topology import simplified

SQUARE = [[30.0, 0.0], [31.0, 0.0], [31.0, 1.0], [30.0, 1.0], [30.0, 0.0]]


def an_area(code: str, name: str, parent: str | None = None, level: int = 1, **more: Any) -> Area:
    return Area(code=code, names={"en": name}, parent=parent, level=level, **more)


def geojson(*features: tuple[dict[str, Any], Any], **more: Any) -> bytes:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": properties,
                    "geometry": {"type": "Polygon", "coordinates": rings},
                }
                for properties, rings in features
            ],
            **more,
        }
    ).encode()


# -- Names and codes


def test_names_are_compared_without_case_and_punctuation() -> None:
    assert plain("Taita/ Taveta") == plain("TAITA-TAVETA") == "taitataveta"
    assert plain("Murang'a") == plain("MURANGA")


def test_a_code_made_of_a_long_name_is_short_and_always_the_same() -> None:
    long = "A very long name of a place that does not fit"
    assert code_of("Taita/ Taveta", "KE") == "KE.TAITA-TAVETA"
    assert code_of(long, "KE") == code_of(long, "KE")
    assert len(code_of(long, "KE")) == 40
    assert code_of(long, "KE") != code_of(long + " too", "KE")


@pytest.mark.parametrize(
    ("name", "parent", "close"),
    [
        ("Nairobi City", None, "KE.N"),
        ("NairobiCity", None, "KE.N"),
        ("Nyandarua Central", "KE.Y", "KE.Y.C"),
        ("Samburu-Kwale", "KE.W", "KE.W.S"),
        ("Elsewhere", None, None),
    ],
)
def test_a_name_that_is_close_is_proposed_and_never_taken(
    name: str, parent: str | None, close: str | None
) -> None:
    directory = Directory(
        [
            an_area("KE.N", "Nairobi"),
            an_area("KE.Y", "Nyandarua"),
            an_area("KE.W", "Kwale"),
            an_area("KE.Y.C", "Nyandarua Centra", "KE.Y", 2),
            an_area("KE.W.S", "Samburu", "KE.W", 2),
        ]
    )
    match = directory.find(name, 2 if parent else 1, parent)
    assert match.code is None
    assert match.close == close
    assert match.near


def test_a_code_is_found_with_and_without_its_prefix() -> None:
    directory = Directory([an_area("BD1004", "Barguna"), an_area("BD1006", "Barisal")])
    assert directory.by_code("1004") == directory.by_code("bd1004") == "BD1004"
    assert directory.by_code("1005") is None


def test_a_code_that_could_be_two_areas_is_none() -> None:
    directory = Directory([an_area("BD10", "One"), an_area("KE10", "Other")])
    assert directory.by_code("10") is None
    assert directory.by_code("KE10") == "KE10"


def test_capitals_are_written_as_names() -> None:
    assert written("MURANG'A") == "Murang'a"
    assert written("ELGEYO-MARAKWET") == "Elgeyo-Marakwet"
    assert written("Cox's Bazar") == "Cox's Bazar"


# -- Tables


def test_semicolons_a_mark_at_the_beginning_and_tabs_are_read() -> None:
    for text in ("a;b\n1;2\n", "a,b\n1,2\n", "a\tb\n1\t2\n"):
        assert read_table(b"\xef\xbb\xbf" + text.encode()).rows == [["1", "2"]]


def test_a_file_in_another_encoding_is_refused_and_read_when_it_is_named() -> None:
    content = "area,count\nThiès,5\n".encode("cp1252")
    with pytest.raises(NotUnderstood, match="--encoding"):
        read_table(content)
    assert read_table(content, "cp1252").rows == [["Thiès", "5"]]


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"a,b\n1,2\n3", b'a,b\n"1,2\n', b"a,a\n1,2\n"])
def test_what_is_no_whole_table_is_refused(content: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_table(content)


def test_a_file_above_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LARGEST", 10)
    with pytest.raises(TooMuch):
        read_table(b"a,b\n1,2\n1,2\n")
    assert read_table(b"a,b\n1,2\n").rows == [["1", "2"]]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("892781.0", 892781),
        ("1,234", 1234),
        ("1 234 567", 1234567),
        ("0", 0),
        ("", None),
        ("-", None),
    ],
)
def test_counts_are_read(cell: str, number: int | None) -> None:
    assert whole_number(cell) == number


@pytest.mark.parametrize("cell", ["-5", "12.5", "many", "1e5", "1.234"])
def test_what_is_no_count_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="is"):
        whole_number(cell)


def test_areas_are_found_in_the_columns_of_a_population_file() -> None:
    text = "Sub,County,Age,Total\nALL,MERU,0,5\nIGEMBE,MERU,0,3\nTIGANIA,MERU,0,2\nALL,NYERI,0,1\n"
    read = read_areas(read_table((text + "MATHIRA,NYERI,0,1\n").encode()))
    assert [each.path for each in read.areas] == [
        ("MERU", "IGEMBE"), ("MERU", "TIGANIA"), ("NYERI", "MATHIRA"),
    ]  # fmt: skip


# -- GeoJSON


def test_fields_are_guessed_and_can_be_named() -> None:
    content = geojson(({"pcode": "A1", "county": "ALPHA"}, [SQUARE]))
    read = read_geojson(content, 1)
    assert read.fields == {"code": "pcode", "name": "county"}
    assert read.areas[0].codes == ("A1",)
    assert read_geojson(content, 1, name_field="pcode").fields["name"] == "pcode"
    with pytest.raises(NotUnderstood, match="county"):
        read_geojson(content, 1, name_field="nothing")


def test_a_line_the_wrong_way_round_is_read_and_told() -> None:
    read = read_geojson(geojson(({"name": "A"}, [SQUARE[::-1]])), 1)
    assert "clockwise" in read.notes[0]
    assert read_geojson(geojson(({"name": "A"}, [SQUARE])), 1).notes == []


METRES = [[x * 111_000, y * 111_000] for x, y in SQUARE]
HOLE = [[30.4, 0.4], [30.4, 0.6], [30.6, 0.6], [30.6, 0.4], [30.4, 0.4]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (geojson(({"name": "A"}, [METRES])), "WGS84"),
        (
            geojson(
                ({"name": "A"}, [SQUARE]),
                crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32637"}},
            ),
            "WGS84",
        ),
        (geojson(({"name": "A"}, [SQUARE[:-1]])), "not closed"),
        (geojson(({"name": "A"}, [SQUARE[:3]])), "too few"),
        (geojson(({"name": "A"}, [[["x", 1]] * 4])), "written wrongly"),
        (geojson(({"name": "A"}, [SQUARE]))[:-20], "ends early"),
        (geojson(), "no features"),
        (b'{"type": "Topology"}', "FeatureCollection"),
        (geojson(({"name": 5.5}, [SQUARE])), "no name"),
    ],
)
def test_what_is_no_geojson_of_degrees_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(NotUnderstood, match=says):
        read_geojson(content, 1, name_field="name" if b"name" in content else "")


def test_a_hole_stays_a_hole_and_the_label_stands_beside_it() -> None:
    told = read_geojson(geojson(({"name": "A"}, [SQUARE, HOLE])), 1).areas[0]
    [row] = rows_of(
        [AreaShape(code="A", parent=None, level=1, names={"en": "A"}, rings=told.rings)]
    )
    outer, inner = places_of(row.outline or "")
    assert size_of(outer) == pytest.approx(1_000_000, rel=0.01)
    assert size_of(inner) == pytest.approx(40_000, rel=0.05)
    assert row.centre_x is not None
    assert row.centre_y is not None
    assert not (400 < row.centre_x < 600 and 400 < row.centre_y < 600)


# -- Lines


def wavy(begin: float, end: float, steps: int = 400) -> list[tuple[float, float]]:
    """A line from south to north that bends all the way."""
    return [
        (500 + 20 * math.sin(n / 9) + 3 * math.sin(n * 1.7), begin + (end - begin) * n / steps)
        for n in range(steps + 1)
    ]


def edges(ring: list[tuple[float, float]]) -> set[frozenset[tuple[float, float]]]:
    return {frozenset(pair) for pair in pairwise(ring)}


def test_neighbours_keep_sharing_their_line_and_nothing_lies_between_them() -> None:
    border = wavy(0, 1000)
    west = [(0.0, 0.0), *border, (0.0, 1000.0), (0.0, 0.0)]
    # Begun elsewhere and run the other way round, as files of other offices do.
    east = [(1000.0, 1000.0), *border[::-1], (1000.0, 0.0), (1000.0, 1000.0)]
    one, other = simplified([west, east], 30)
    assert len(one) < len(west) / 3
    assert size_of(one) + size_of(other) == 1_000_000
    assert len(edges(one) & edges(other)) == len(edges(one)) - 3


def test_control_lines_simplified_apart_do_not_fit() -> None:
    border = wavy(0, 1000)
    west = [(0.0, 0.0), *border, (0.0, 1000.0), (0.0, 0.0)]
    east = [(1000.0, 1000.0), *border[::-1], (1000.0, 0.0), (1000.0, 1000.0)]
    [one], [other] = simplified([west], 30), simplified([east], 45)
    assert size_of(one) + size_of(other) != 1_000_000


def test_an_island_in_a_lake_fits_its_lake() -> None:
    island = [(500 + 90 * math.cos(n / 40), 500 + 90 * math.sin(n / 40)) for n in range(251)]
    island.append(island[0])
    lake, land = simplified([island, [*island[100:-1], *island[:101]]], 20)
    assert edges(lake) == edges(land)


def test_an_area_too_small_to_show_can_still_be_hit() -> None:
    tiny = [[30.5, 0.5], [30.5001, 0.5], [30.5, 0.5001], [30.5, 0.5]]
    rows = rows_of(
        [
            AreaShape(code="A", parent=None, level=1, names={"en": "A"}, rings=(SQUARE,)),
            AreaShape(code="B", parent=None, level=1, names={"en": "B"}, rings=(tiny,)),
        ]
    )
    assert size_of(places_of(rows[1].outline or "")[0]) == 9


def test_an_outline_is_read_as_it_was_written() -> None:
    rings: list[Any] = [[(5, 5), (-3, 7), (10, 12), (5, 5)], [(0, 0), (1, 0), (1, 1), (0, 0)]]
    assert places_of(path_of(rings)) == rings


def test_the_label_stands_inside_an_area_that_bends() -> None:
    arm = [(0, 0), (900, 0), (900, 100), (100, 100), (100, 900), (0, 900), (0, 0)]
    x, y = label_point([[(float(a), float(b)) for a, b in arm]])
    assert (0 < x < 900 and 0 < y < 100) or (0 < x < 100 and 0 < y < 900)


# -- What does not fit


def box(left: int, top: int, right: int, bottom: int) -> str:
    return path_of([[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]])


def test_a_list_that_fits_has_no_faults() -> None:
    whole = an_area("C", "Country", level=0, outline=box(0, 0, 1000, 1000))
    west = an_area("W", "West", "C", outline=box(0, 0, 500, 1000))
    assert (
        faults_of([whole, west, an_area("E", "East", "C", outline=box(500, 0, 1000, 1000))]) == []
    )


@pytest.mark.parametrize(
    ("east", "kind"),
    [
        (an_area("E", "East", "C", outline=box(450, 0, 1000, 1000)), "overlap"),
        (an_area("E", "East", "C", outline=box(550, 0, 1000, 1000)), "gap"),
        (an_area("E", "WEST", "C", outline=box(500, 0, 1000, 1000)), "name"),
        (an_area("E", "East", "gone", outline=box(500, 0, 1000, 1000)), "orphan"),
        (an_area("E", "East", "C"), "outline"),
        (an_area("E", "East", "C", 2, outline=box(500, 0, 1000, 1000)), "level"),
    ],
)
def test_what_does_not_fit_is_found(east: Area, kind: str) -> None:
    whole = an_area("C", "Country", level=0, outline=box(0, 0, 1000, 1000))
    west = an_area("W", "West", "C", outline=box(0, 0, 500, 1000))
    assert kind in {fault.kind for fault in faults_of([whole, west, east])}
