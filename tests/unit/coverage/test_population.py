"""Population: ages and columns understood, sums checked, groups put together or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from ibr.coverage.population.ages import ages_of
from ibr.coverage.population.columns import layout_of
from ibr.coverage.population.denominator import Book
from ibr.coverage.population.model import (
    ALL,
    EVERY_AGE,
    MEN,
    OPEN,
    OTHER,
    UNSTATED,
    WOMEN,
    Ages,
    Cell,
    Source,
    Terms,
)
from ibr.coverage.population.read_figures import Read, counts_of, put_in_areas
from ibr.coverage.population.sums import differences, gaps
from ibr.errors import NotFound, NotUnderstood
from ibr.registry.areas.model import Area
from ibr.registry.areas.names import Directory
from ibr.registry.areas.tables import read_table

C = Area(code="C", parent=None, level=0, names={"en": "Country"})
N = Area(code="C.N", parent="C", level=1, names={"en": "North"})
S = Area(code="C.S", parent="C", level=1, names={"en": "South"})


def read(text: str, group: str = "all", **more: Any) -> Read:
    """What is understood of a file about the country, its north and its south."""
    terms = Terms(year=2020, source="test", group=group, **more)
    table = read_table(text.encode())
    layout = layout_of(table, terms.group, terms.columns, terms.ages)
    counts, found = counts_of(table, layout, terms)
    put_in_areas(counts, found, Directory([C, N, S]), terms)
    return found


def cells(found: Read, code: str) -> dict[Cell, int]:
    assert found.problems == []
    return found.figures[2020, code]


# -- Ages and columns


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("0", Ages(0, 0)), ("0 - 4", Ages(0, 4)), ("10 -14", Ages(10, 14)),
        ("100+", Ages(100, OPEN)),
        ("80plus", Ages(80, OPEN)), ("00_04", Ages(0, 4)), ("65 and over", Ages(65, OPEN)),
        ("Total", EVERY_AGE), ("Not Stated", UNSTATED), ("<1", Ages(0, 0)),
        ("Age>5", Ages(5, OPEN)),
        ("60-", Ages(60, OPEN)), ("15 to 64 years", Ages(15, 64)), ("9-5", None), ("old", None),
        ("1000", None),
    ],
)  # fmt: skip
def test_ages_are_understood(text: str, ages: Ages | None) -> None:
    assert ages_of(text) == ages


def test_a_row_a_count_is_understood() -> None:
    text = "area,sex,age,count\nNorth,M,0-14,5\nNorth,F,0-14,6\nSouth,M,0-14,7\nSouth,F,0-14,8\n"
    assert cells(read(text), "C.S") == {(MEN, Ages(0, 14)): 7, (WOMEN, Ages(0, 14)): 8}


def test_bands_and_sexes_as_columns_are_understood() -> None:
    text = "area,population,P00_14,P15plus,M_00_14,Male,Female,Density\nNorth,10,4,6,2,5,5,1.5\n"
    assert cells(read(text + "South,20,8,12,4,10,10,2.5\n"), "C.N") == {
        (ALL, EVERY_AGE): 10, (ALL, Ages(0, 14)): 4, (ALL, Ages(15, OPEN)): 6,
        (MEN, Ages(0, 14)): 2, (MEN, EVERY_AGE): 5, (WOMEN, EVERY_AGE): 5,
    }  # fmt: skip


def test_a_column_can_be_named() -> None:
    text = "place,many\nNorth,5\nSouth,6\n"
    with pytest.raises(NotUnderstood, match="--map"):
        read(text)
    assert cells(read(text, columns={"many": "female 60+"}), "C.N") == {(WOMEN, Ages(60, OPEN)): 5}


def test_a_groups_own_columns_are_taken_and_the_others_left() -> None:
    text = (
        "area,Pop>5_Total,WithDisability_Total,WithoutDisability_Total\nNorth,9,2,7\nSouth,8,1,7\n"
    )
    assert cells(read(text, "disability"), "C.N") == {(ALL, Ages(5, OPEN)): 2}
    assert cells(read(text), "C.N") == {(ALL, Ages(5, OPEN)): 9}


def test_what_is_neither_men_nor_women_is_kept_as_other() -> None:
    found = read("area,male,female,total\nNorth,5,5,11\nSouth,4,4,8\n")
    assert cells(found, "C.N")[OTHER, EVERY_AGE] == 1
    assert (OTHER, EVERY_AGE) not in cells(found, "C.S")
    assert any("1 people" in note for note in found.notes)


def test_blank_cells_are_worked_out_read_as_nobody_or_left_unknown() -> None:
    text = "area,age,male,female,total\nNorth,0,,3,7\nNorth,1,,,\nNorth,0-1,,,\nSouth,0,1,1,2\n"
    found = cells(read(text), "C.N")
    assert found[MEN, Ages(0, 0)] == 4
    assert found[ALL, Ages(1, 1)] == 0
    assert (ALL, Ages(0, 1)) not in found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("area,total\nNorht,5\n", "Nearest: North"),
        ("area,total\nNorth,5\nSouth,-6\n", "less than nobody"),
        ("area,total\nNorth,5\nSouth,6.5\n", "no whole number"),
        ("area,total\nNorth,5\nNORTH,5\n", "second time"),
        ("area,age,total\nNorth,young,5\nSouth,0,1\n", "no ages"),
        ("area,sex,count\nNorth,q,5\nSouth,M,1\n", "no sex"),
        ("area,total\nNorth City,5\nSouth,4\n", "--accept-close"),
    ],
)
def test_a_row_that_is_not_understood_is_a_problem_with_its_reason(text: str, says: str) -> None:
    assert any(says in problem.reason for problem in read(text).problems)


def test_a_close_name_is_taken_when_that_was_accepted() -> None:
    found = read("area,total\nNorth City,5\nSouth,4\n", accept_close=True)
    assert cells(found, "C.N") == {(ALL, EVERY_AGE): 5}
    assert found.close == {"North City": "C.N"}


# -- Sums


FITTING: dict[str, dict[Cell, int]] = {
    "C": {(ALL, EVERY_AGE): 30, (MEN, EVERY_AGE): 14, (WOMEN, EVERY_AGE): 16},
    "C.N": {(ALL, EVERY_AGE): 10, (MEN, EVERY_AGE): 4, (WOMEN, EVERY_AGE): 6},
    "C.S": {
        (ALL, EVERY_AGE): 20, (MEN, EVERY_AGE): 10, (WOMEN, EVERY_AGE): 10,
        (ALL, Ages(0, 14)): 8, (ALL, Ages(15, OPEN)): 11, (ALL, UNSTATED): 1,
    },
}  # fmt: skip


def test_figures_that_add_up_have_no_differences() -> None:
    assert differences(FITTING, Directory([C, N, S])) == []
    assert gaps(FITTING, Directory([C, N, S])) == {}


@pytest.mark.parametrize(
    ("code", "cell", "what"),
    [
        ("C", (ALL, EVERY_AGE), "areas in it"),
        ("C.N", (WOMEN, EVERY_AGE), "men and women"),
        ("C.S", (ALL, Ages(0, 14)), "age bands"),
    ],
)
def test_what_does_not_add_up_is_told(code: str, cell: Cell, what: str) -> None:
    spoiled = {key: dict(value) for key, value in FITTING.items()}
    spoiled[code][cell] += 1
    assert any(what in each.what for each in differences(spoiled, Directory([C, N, S])))


def test_areas_without_figures_are_told() -> None:
    assert gaps({"C.N": FITTING["C.N"]}, Directory([C, N, S])) == {"C": ["South"]}


# -- Denominators


def a_source(number: int, year: int, **more: Any) -> Source:
    return Source(
        number=number, year=year, day=date(year, 7, 1), group="all", source=f"office {number}",
        method="census", licence=None, file_name="f.csv", file_digest="0", figures=1, told=[],
        imported_at=datetime(2026, 1, number, tzinfo=UTC), imported_by="somebody",
        **{"uncertainty": None, **more},
    )  # fmt: skip


def a_book(*told: tuple[Source, dict[str, dict[Cell, int]]], areas: Any = (C, N, S)) -> Book:
    figures = {
        (source.number, code): inside for source, all_of in told for code, inside in all_of.items()
    }
    return Book("all", areas, [source for source, _ in told], figures)


BANDS: dict[Cell, int] = {
    (ALL, EVERY_AGE): 101, (ALL, Ages(0, 4)): 50, (ALL, Ages(5, 9)): 30, (ALL, Ages(10, OPEN)): 20,
    (ALL, UNSTATED): 1, (WOMEN, EVERY_AGE): 60, (MEN, EVERY_AGE): 41,
}  # fmt: skip
DAY = date(2020, 7, 1)


def test_bands_are_put_together_and_not_stated_ages_told() -> None:
    found = a_book((a_source(1, 2020, uncertainty=2.0), {"C.N": BANDS})).denominator(
        ["C.N"], ALL, Ages(5, OPEN), DAY
    )
    assert (found.people, found.split, found.years_away, found.uncertainty) == (50, False, 0, 2.0)
    assert found.how == ("Left out for having no stated age: 1.",)
    assert found.used[0].source == "office 1"


def test_a_band_that_must_be_cut_is_split_evenly_and_that_is_said_or_refused() -> None:
    book = a_book((a_source(1, 2020), {"C.N": BANDS}))
    found = book.denominator(["C.N"], ALL, Ages(3, 9), DAY)
    assert (found.people, found.split) == (50, True)
    assert "split" in found.how[0]
    with pytest.raises(NotFound):
        book.denominator(["C.N"], ALL, Ages(3, 9), DAY, split=False)


@pytest.mark.parametrize(
    ("sex", "ages"),
    [(WOMEN, Ages(0, 4)), (OTHER, EVERY_AGE), (ALL, Ages(60, OPEN)), (ALL, Ages(12, 14))],
)
def test_what_the_figures_do_not_tell_is_refused(sex: int, ages: Ages) -> None:
    with pytest.raises(NotFound, match=r"do not tell|but not"):
        a_book((a_source(1, 2020), {"C.N": BANDS})).denominator(["C.N"], sex, ages, DAY)


def test_an_area_without_figures_is_added_up_only_when_all_in_it_have_some() -> None:
    whole: dict[str, dict[Cell, int]] = {"C.N": BANDS, "C.S": BANDS}
    found = a_book((a_source(1, 2020), whole)).denominator(["C"], ALL, EVERY_AGE, DAY)
    assert (found.people, found.how) == (202, ("Added up over 2 areas.",))
    with pytest.raises(NotFound):
        a_book((a_source(1, 2020), {"C.N": BANDS})).denominator(["C"], ALL, EVERY_AGE, DAY)


def of_everybody(people: int) -> dict[str, dict[Cell, int]]:
    return {"C": {(ALL, EVERY_AGE): people}}


def test_between_two_years_it_is_interpolated() -> None:
    book = a_book((a_source(1, 2010), of_everybody(100)), (a_source(2, 2020), of_everybody(400)))
    day = date(2015, 7, 2)
    geometric = book.denominator(["C"], ALL, EVERY_AGE, day)
    linear = book.denominator(["C"], ALL, EVERY_AGE, day, way="linear")
    assert (geometric.people, linear.people) == (200, 250)
    assert "geometrically" in geometric.how[0]
    assert "linearly" in linear.how[0]
    assert [each.number for each in linear.used] == [1, 2]


@pytest.mark.parametrize(("year", "loud"), [(2024, False), (2026, True), (2003, True)])
def test_beyond_the_figures_nothing_is_extrapolated_and_that_is_said(year: int, loud: bool) -> None:
    book = a_book((a_source(1, 2010), of_everybody(100)), (a_source(2, 2020), of_everybody(400)))
    found = book.denominator(["C"], ALL, EVERY_AGE, date(year, 7, 1))
    assert found.people == (400 if year > 2020 else 100)
    assert found.years_away == pytest.approx(abs(year - (2020 if year > 2020 else 2010)), abs=0.1)
    assert ("long" in found.how[0]) == loud


def test_newer_figures_count_for_what_they_cover_and_older_ones_for_the_rest() -> None:
    book = a_book((a_source(1, 2020), {"C": BANDS}), (a_source(2, 2020), of_everybody(105)))
    assert book.denominator(["C"], ALL, EVERY_AGE, DAY).people == 105
    older = book.denominator(["C"], ALL, Ages(0, 4), DAY)
    assert (older.people, [each.number for each in older.used]) == (50, [1])


def test_an_area_counts_only_on_the_days_it_is_there() -> None:
    new = Area(code="C.W", parent="C", level=1, names={"en": "West"}, valid_from=date(2021, 1, 1))
    book = a_book((a_source(1, 2022), {"C.W": {(ALL, EVERY_AGE): 7}}), areas=(C, new))
    assert book.denominator(["C.W"], ALL, EVERY_AGE, date(2022, 7, 1)).people == 7
    with pytest.raises(NotFound, match="There is no West on that day"):
        book.denominator(["C.W"], ALL, EVERY_AGE, DAY)
