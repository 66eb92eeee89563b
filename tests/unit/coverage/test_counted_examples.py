"""The worked examples of the catalogue, counted by both engines from a snapshot's rows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ibr.coverage.catalogue.all import BY_CODE, INDICATORS
from ibr.coverage.engine.denominators import Denominators
from ibr.coverage.engine.month import PeriodInputs, count_month
from ibr.coverage.engine.plain import count_plainly
from ibr.coverage.facts.programmes import read_programmes
from ibr.coverage.facts.write import write_facts
from ibr.coverage.figures.model import FigureTable, month_period
from ibr.coverage.population.denominator import Book
from ibr.coverage.population.model import EVERY_AGE, MEN, OPEN, WOMEN, Ages, Cell, Source
from ibr.coverage.reference.model import ReferenceAmount
from ibr.overlaps.checks.find import complete
from ibr.overlaps.checks.story import Story, Who
from ibr.periods import Month
from ibr.registry.areas.model import Area
from tests.conftest import scratch_folder
from tests.figure_populations import opened

AUGUST = month_period(Month(2026, 8))
PEN, DIS, FOOD = 1, 2, 3
ADA, BEN, CLEO, DORA, EMIL, FAY = range(1, 7)
AT = datetime(2026, 11, 2, tzinfo=UTC)
Place = tuple[str, tuple[str, ...]]


def three_programmes() -> Story:
    story = Story().programme(PEN, "PEN", functions="1").programme(DIS, "DIS", functions="2")
    story.programme(FOOD, "FOOD", unit=2, gives=3, functions="13")
    story.enrol(11, PEN, Who(ADA), paid="08-05").enrol(12, PEN, Who(BEN), paid="08-05 08-20")
    story.enrol(13, PEN, Who(CLEO)).enrol(14, DIS, Who(ADA), paid="08-07", amount=300_00)
    return story.enrol(15, FOOD, Who(DORA), Who(EMIL), Who(FAY), paid="08-09", amount=None, kind=3)


def pension() -> Story:
    story = Story().programme(PEN, "PEN", functions="1").rule(PEN, "age_from", years=65)
    story.rule(PEN, "caseload_cap", records=40)
    people = [("D11", 2, "1950-05-17")] * 12 + [("D11", 1, "1950-05-17")] * 8
    people += [("D21", 2, "1950-05-17")] * 12 + [("D21", 1, "1950-05-17")] * 4
    people.append(("D21", 1, "1976-05-17"))
    for number, (district, sex, birth) in enumerate(people, 1):
        story.enrol(number, PEN, Who(number, birth, sex=sex), paid="08-05", district=district)
    return story


def every_second_month() -> Story:
    story = Story().programme(PEN, "PEN", cycle=2)
    story.enrol(11, PEN, Who(ADA), paid="08-05", amount=4000_00)
    return story.enrol(12, PEN, Who(BEN), paid="08-05", amount=3000_00)


PROGRAMME: Place = ("programme", ("PEN",))
EXAMPLES: dict[str, tuple[Story, Place]] = {
    "N1": (three_programmes(), ("", ())),
    "N2": (three_programmes(), ("", ())),
    "N3": (three_programmes(), ("", ())),
    "N4": (three_programmes(), ("", ())),
    "N5": (three_programmes(), ("currency", ("XTS",))),
    "C1": (pension(), PROGRAMME),
    "C2": (pension(), ("", ())),
    "C3": (pension(), ("", ())),
    "C4": (pension(), PROGRAMME),
    "C5": (pension(), PROGRAMME),
    "C6": (pension(), ("programme*part", ("PEN", "women_men"))),
    "C7": (pension(), ("programme*part", ("PEN", "lowest"))),
    "SDG131": (pension(), ("series", ("7",))),
    "A1": (every_second_month(), ("programme*currency", ("PEN", "XTS"))),
    "A4": (every_second_month(), ("programme*currency*part", ("PEN", "XTS", "poverty_line"))),
}


def a_thousand_people() -> Denominators:
    """D1 and D2 with 500 people each, half of them women, and the old ones of the example."""
    old = {"D1": {WOMEN: 30, MEN: 10}, "D2": {WOMEN: 30, MEN: 30}}
    cells: dict[str, dict[Cell, int]] = {
        code: {
            (sex, ages): people
            for sex, of in by_sex.items()
            for ages, people in ((Ages(0, 64), 250 - of), (Ages(65, OPEN), of))
        }
        for code, by_sex in old.items()
    }
    areas = [
        Area(code=code, parent=above, level=level, names={})
        for code, above, level in (("C", None, 0), ("D1", "C", 1), ("D2", "C", 1))
    ]
    homes: dict[str, dict[Cell, int]] = {each: {(0, EVERY_AGE): 125} for each in old}
    figures = {"all": cells, "households": homes}
    return Denominators(
        {
            group: Book(group, areas, [_source(group)], {(1, a): c for a, c in found.items()})
            for group, found in figures.items()
        }
    )


def _source(group: str) -> Source:
    return Source(
        number=1, year=2026, day=date(2026, 8, 16), group=group, source="Census", method="census",
        uncertainty=None, licence=None, file_name="f.csv", file_digest="d", figures=1, told=[],
        imported_at=AT, imported_by="test",
    )  # fmt: skip


LINE = ReferenceAmount(
    kind="poverty_line", currency="XTS", minor=3500_00, valid_from=date(2026, 1, 1),
    source="Statistics", entered_by="test", entered_at=AT,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    place = scratch_folder()
    yield place
    shutil.rmtree(place)


def by_both(story: Story, folder: Path) -> list[list[FigureTable]]:
    tables = complete(story.tables)
    connection = opened(tables)
    quick = count_month(
        PeriodInputs(
            connection=connection,
            period=AUGUST,
            facts=write_facts(connection, AUGUST, folder).path,
            programmes=read_programmes(connection),
            denominators=a_thousand_people(),
            references=[LINE],
        )
    )
    connection.close()
    return [quick, count_plainly(tables, AUGUST, a_thousand_people(), references=[LINE])]


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_worked_example_comes_out(code: str, folder: Path) -> None:
    story, (breakdown, key) = EXAMPLES[code]
    example = BY_CODE[code].example
    for tables in by_both(story, folder):
        [table] = [t for t in tables if (t.indicator, t.breakdown) == (code, breakdown)]
        cell = table.by_key[key]
        assert (cell.numerator, cell.denominator, cell.value) == (
            example.numerator,
            example.denominator,
            example.value,
        )


@pytest.mark.parametrize("code", ["N1", "C1", "A1"])
def test_control_another_story_has_another_figure(code: str, folder: Path) -> None:
    _, (breakdown, key) = EXAMPLES[code]
    story = {"N1": pension, "C1": three_programmes, "A1": three_programmes}[code]()
    for tables in by_both(story, folder):
        [table] = [t for t in tables if (t.indicator, t.breakdown) == (code, breakdown)]
        assert table.by_key[key].value != BY_CODE[code].example.value


def test_what_is_counted_is_what_the_catalogue_says(folder: Path) -> None:
    for tables in by_both(pension(), folder):
        counted: dict[str, set[str]] = {}
        for table in tables:
            counted.setdefault(table.indicator, set()).add(table.breakdown)
        said = {each.code: set(each.breakdowns) for each in INDICATORS if each.code in EXAMPLES}
        assert counted == said
