"""Charts: right lengths, nothing unescaped, mirrored where the page is."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime

import pytest

from ibr.periods import Month
from ibr.questions.country import MonthGiven, RegionReached
from ibr.questions.programme import AgeShown
from ibr.registry.overview.model import Region
from ibr.web.charts.age_pyramid import age_pyramid, age_table
from ibr.web.charts.benefit_timeline import Row, benefit_timeline, span
from ibr.web.charts.meter import meter
from ibr.web.charts.month_bars import month_bars
from ibr.web.charts.region_map import region_map, shade_of, shades
from ibr.web.charts.svg import element, ticks
from ibr.web.languages import ENGLISH, RIGHT_TO_LEFT
from ibr.web.series import series_of
from ibr.web.written import Written

ENGLISH_WRITTEN = Written(ENGLISH)
MIRRORED = Written(RIGHT_TO_LEFT)
OCTOBER = Month(2026, 10)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def bars(values: list[float], written: Written = ENGLISH_WRITTEN) -> list[ET.Element]:
    months = [(OCTOBER.plus(-back), values[-1 - back]) for back in reversed(range(len(values)))]
    drawn = month_bars(
        "k", months, "T", "A", written=written, short=written.short, full=written.count
    )
    return list(ET.fromstring(drawn).iter("rect"))


def region(
    code: str, rate: float | None, name: str = "North", outline: str = "M0 0H9V9Z"
) -> RegionReached:
    made = Region(code, {"en": name}, outline, 4.0, 4.0, 1000)
    return RegionReached(made, 10, rate)


def test_an_element_escapes_what_it_is_given() -> None:
    drawn = element("text", "<b>", title='"&')
    assert drawn == '<text title="&#34;&amp;">&lt;b&gt;</text>'


@pytest.mark.parametrize(
    ("largest", "expected"),
    [(0, (0, 1)), (3, (0, 1, 2, 3)), (10, (0, 5, 10)), (950, (0, 500, 1000))],
)
def test_ticks_are_round_and_reach_the_largest(largest: float, expected: tuple[float, ...]) -> None:
    assert ticks(largest) == expected


def test_bars_are_as_high_as_their_values() -> None:
    low, high = bars([50, 100])
    assert float(high.get("height", 0)) == pytest.approx(2 * float(low.get("height", 0)), abs=0.2)
    assert high.get("class") == "bar last"
    assert high.findtext("title") == "October 2026: 100"


def test_bars_turn_round_where_the_page_does() -> None:
    first, last = bars([50, 100], MIRRORED)
    assert float(first.get("x", 0)) > float(last.get("x", 0))


def test_no_values_draw_no_bars_and_no_fault() -> None:
    assert [each.get("height") for each in bars([0, 0])] == ["0", "0"]


def test_a_meter_is_the_share_of_the_largest() -> None:
    assert 'width="25" height="8" class="meter-value"' in meter(1, 4)
    assert 'width="0"' in meter(0, 0)


def test_a_picture_names_and_describes_itself() -> None:
    drawn = ET.fromstring(
        month_bars(
            "k",
            [(OCTOBER, 1)],
            "Title",
            "About",
            written=ENGLISH_WRITTEN,
            short=ENGLISH_WRITTEN.short,
            full=ENGLISH_WRITTEN.count,
        )
    )
    assert (drawn.get("role"), drawn.get("aria-labelledby")) == ("img", "k-title")
    assert drawn.findtext("title") == "Title"
    assert drawn.findtext("desc") == "About"


def test_the_map_shades_from_lowest_to_highest() -> None:
    regions = [region("A", 10.0), region("B", 60.0), region("C", None)]
    classes = shades(regions)
    assert [shade_of(each.per_thousand, classes) for each in regions] == [1, 5, 0]
    assert len(classes) == 5


def test_the_map_of_regions_that_are_alike_has_one_shade() -> None:
    assert len(shades([region("A", 10.0), region("B", 10.0)])) == 1


def test_every_region_is_a_link_with_its_number() -> None:
    drawn = region_map("map", [region("A", 10.0)], "T", "A", ENGLISH_WRITTEN)
    link = next(ET.fromstring(drawn).iter("a"))
    assert (link.get("href"), link.get("aria-label")) == ("#region-A", "North: 10.0")


def test_an_outline_that_is_no_path_is_not_drawn() -> None:
    bad = region("A", 1.0, outline='M0 0"/><script>alert(1)</script>')
    assert region_map("map", [bad], "T", "A", ENGLISH_WRITTEN) == ""


def test_a_name_cannot_become_markup() -> None:
    drawn = region_map("map", [region("A", 1.0, name="<script>")], "T", "A", ENGLISH_WRITTEN)
    assert "<script>" not in drawn


def test_the_pyramid_counts_by_sex_and_band() -> None:
    ages = [AgeShown("female", 8, 3), AgeShown("male", 0, 2), AgeShown("unknown", None, 9)]
    rows = age_table(ages)
    assert rows[0] == ("80+", 3, 0)
    assert rows[-1] == ("0–9", 0, 2)
    drawn = age_pyramid("p", ages, "T", "A", written=ENGLISH_WRITTEN, women="Women", men="Men")
    assert "Women, 80+: 3" in drawn


def test_the_timeline_shows_two_years_and_every_month_with_a_benefit() -> None:
    row = Row(
        "Pension", {OCTOBER: 1, OCTOBER.plus(-1): 2, OCTOBER.plus(-40): 1}, OCTOBER.plus(-3), None
    )
    assert span([row], NOON)[0] == Month(2024, 12)
    drawn = benefit_timeline("t", [row], NOON, "T", "A", written=ENGLISH_WRITTEN)
    assert len(re.findall('class="given"', drawn)) == 2
    assert "Pension, September 2026: 2" in drawn


def test_an_enrolment_that_ended_before_the_window_has_no_line() -> None:
    row = Row("Pension", {}, Month(2015, 1), Month(2016, 1))
    drawn = benefit_timeline("t", [row], NOON, "T", "A", written=ENGLISH_WRITTEN)
    assert "enrolled" not in drawn


def test_only_the_main_currency_is_drawn() -> None:
    months = [
        MonthGiven(OCTOBER, 3, {"KES": 500_00, "USD": 10_00}),
        MonthGiven(OCTOBER.plus(1), 0, {}),
    ]
    series = series_of(months)
    assert series.currency == "KES"
    assert [value for _, value in series.money] == [500.0, 0.0]
    assert series_of([MonthGiven(OCTOBER, 0, {})]).empty


def test_a_day_is_not_needed_for_the_axis() -> None:
    assert ENGLISH_WRITTEN.short_month(date(2026, 10, 9)) == "Oct 2026"
