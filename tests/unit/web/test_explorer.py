"""What the explorer understands of an address, and how it writes what it shows."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from ibr.coverage.catalogue.all import BY_CODE, INDICATORS
from ibr.coverage.figures.model import Cell
from ibr.questions.map_of_areas import AreaDrawn, MapOfAreas
from ibr.web.explorer.view import Offered, View, nearest, read_view, with_areas
from ibr.web.explorer.writing import Writing, scope, sentence, short_percent, with_indices
from ibr.web.languages import ENGLISH, FRENCH
from ibr.web.written import Written

EN, FR = Written(ENGLISH), Written(FRENCH)
PLACES = MapOfAreas(
    {
        "KE": AreaDrawn("KE", None, 0, {"en": "Country"}, "", None),
        "R1": AreaDrawn("R1", "KE", 1, {"en": "North"}, "M0 0h9v9Z", (4.0, 4.0)),
        "R1-01": AreaDrawn("R1-01", "R1", 2, {"en": "Town"}, "M0 0h4v4Z", (2.0, 2.0)),
    },
    {"OAP": {"en": "Old Age Pension"}},
)
OFFERED = Offered(
    indicators=with_areas(INDICATORS),
    leads={"programme": ["CASH", "OAP"], "function": ["1"]},
    periods=["2025", "2026-09", "2026-10"],
    currencies=["KES", "USD"],
    places=PLACES,
)


def asked(**query: str) -> tuple[View, list[str]]:
    return read_view(query, OFFERED, lambda text: text)


def test_an_empty_address_asks_for_the_newest_month_of_the_country() -> None:
    assert asked() == (View(indicator="C2", period="2026-10"), [])


@pytest.mark.parametrize(
    "query",
    [
        {"indicator": "N1", "of": "function:1", "area": "R1-01", "sex": "2", "age": "80+"},
        {"indicator": "N5", "currency": "USD", "period": "2025", "and_period": "2026-09"},
        {"indicator": "C1", "of": "programme:OAP", "and_area": "R1", "level": "2"},
    ],
)
def test_an_address_says_the_whole_view(query: Mapping[str, str]) -> None:
    view, wrong = read_view(query, OFFERED, lambda text: text)
    assert wrong == []
    address = view.address()
    again = dict(part.split("=") for part in address.split("?")[1].split("&"))
    assert read_view(again, OFFERED, lambda text: text) == (view, [])
    assert all(f"{name}={value}" in address for name, value in query.items())


def test_what_is_wrong_is_said_once_and_the_rest_still_counts() -> None:
    view, wrong = asked(indicator="N1", area="NOWHERE", sex="2")
    assert (view.indicator, view.area, view.sex) == ("N1", "", "2")
    assert wrong == ["There is no such area. Choose one from the list."]


def test_nothing_is_compared_with_itself() -> None:
    view, _ = asked(area="R1", and_area="R1", period="2026-09", and_period="2026-09")
    assert (view.and_area, view.and_period) == ("", "")


def test_an_indicator_of_programmes_begins_with_one() -> None:
    assert asked(indicator="C1")[0].of == "programme:CASH"
    assert asked(indicator="C2")[0].of == ""


def test_only_money_has_a_currency() -> None:
    assert asked(indicator="N1", currency="USD")[0].currency == ""
    assert asked(indicator="N5")[0].currency == "KES"


def test_the_explorer_has_the_indicators_with_areas() -> None:
    assert {"N1", "N5", "C1", "C2", "C5"} <= OFFERED.indicators.keys()
    assert not {"O1", "O4", "K5", "SDG131", "R1"} & OFFERED.indicators.keys()


@pytest.mark.parametrize(
    ("must", "may", "found"),
    [
        (["area1"], ["sex", "age"], ("area1*sex*age", ())),
        (["area2"], ["sex", "age"], ("area2*sex", ("age",))),
        (["programme", "area1"], ["sex"], ("programme*area1", ("sex",))),
        ([], ["function", "area2"], ("function", ("area2",))),
        (["function", "area2"], ["sex"], None),
    ],
)
def test_the_nearest_breakdown_says_what_it_leaves_out(
    must: list[str], may: list[str], found: object
) -> None:
    assert nearest(BY_CODE["N1"].breakdowns, must, may) == found


def test_a_district_is_in_its_region_and_the_country_in_none() -> None:
    region = PLACES.region_of("R1-01")
    assert region is not None
    assert region.code == "R1"
    assert PLACES.region_of("KE") is None
    assert PLACES.region_of("") is None
    assert asked(area="KE")[1] == ["There is no such area. Choose one from the list."]


def writing(code: str, written: Written = EN, currency: str = "") -> Writing:
    return Writing(written, BY_CODE[code], currency)


@pytest.mark.parametrize(
    ("code", "written", "value", "text"),
    [
        ("C2", EN, "0.3867", "38.67%"),
        ("C2", FR, "0.3867", "38,67 %"),
        ("C2", EN, "1.0204", "102.04%"),
        ("N1", EN, "1234567", "1,234,567"),
        ("N1", EN, None, "–"),
    ],
)
def test_figures_are_written_to_the_last_digit(
    code: str, written: Written, value: str | None, text: str
) -> None:
    said = writing(code, written).text(value)
    assert said.replace("\u202f", " ").replace("\u00a0", " ") == text


def test_money_stands_beside_its_currency() -> None:
    assert writing("N5", EN, "KES").text("494600.00") == "KES\u00a0494,600.00"


@pytest.mark.parametrize(
    ("code", "now", "then", "text"),
    [
        ("C2", "0.3867", "0.3500", "+3.67 points"),
        ("C2", "0.1000", "0.2000", "\u221210.00 points"),
        ("C2", "0.1000", "0.1000", "0.00 points"),
        ("N1", "12", "1500", "\u22121,488"),
        ("N1", "12", None, "–"),
    ],
)
def test_differences_have_their_sign(code: str, now: str, then: str | None, text: str) -> None:
    first, second = Cell((), None, None, now), Cell((), None, None, then)
    assert writing(code).difference(first, second, "points") == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.9996, "99.9%"), (1.0, "100%"), (0.12345, "12.3%"), (1.0004, "100%")]
)
def test_less_than_all_never_looks_like_all(value: float, text: str) -> None:
    assert short_percent(EN, value) == text


def test_a_figure_is_named_by_what_its_table_tells_apart() -> None:
    class Names:
        def of(self, dimension: str, code: str) -> str:
            return f"{dimension} {code}"

    codes = {"programme": "OAP", "area1": "R1", "age": "65-69", "currency": "KES"}
    said = scope(Names(), codes, ("programme", "age", "currency"), "All")  # type: ignore[arg-type]  # names alone
    assert said == "programme OAP · age 65–69"
    assert scope(Names(), codes, (), "All") == "All"  # type: ignore[arg-type]  # names alone


def test_indices_are_set_lower_and_nothing_else_is_a_mark() -> None:
    assert with_indices("|D_p ∩ S_{t-1}| <b>") == "|D<sub>p</sub> ∩ S<sub>t-1</sub>| &lt;b&gt;"
    assert sentence("distinct people") == "Distinct people"


def test_a_view_changes_one_thing_at_a_time() -> None:
    view = msgspec.structs.replace(View(), period="2026-10", sex="2")
    assert view.address(area="R1") == "/coverage?period=2026-10&area=R1&sex=2"
    assert View().address() == "/coverage"
