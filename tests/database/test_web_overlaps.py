"""Overlaps, money, gaps and data quality over HTTP: what they show, to whom, what they refuse."""

from __future__ import annotations

import asyncio
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from ibr.coverage.figures.model import FigureTable
from tests.database.test_web_pages import visitor
from tests.made_figures import add_districts, freeze_made_at, made_tables
from tests.web_country import WebCountry, filled

OFFICER, ANALYST, HELP_DESK = "officer@example.org", "analyst@example.org", "help@example.org"
STEWARD = "steward@example.org"
PAGES = ("/overlaps", "/money", "/gaps", "/quality")
MADE = {"months": 4, "people": 400}
Tables = dict[tuple[str, str, str], FigureTable]


@pytest.fixture(scope="module")
def tables() -> Tables:
    return {(each.indicator, each.breakdown, each.period): each for each in made_tables(**MADE)}


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    made = filled(dsn)
    asyncio.run(add_districts(dsn))
    asyncio.run(freeze_made_at(dsn, **MADE))
    return made


async def page(country: WebCountry, path: str, email: str = OFFICER, language: str = "en") -> str:
    async with visitor(country, email) as client:
        answer = await client.get(path, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    return answer.text


def rows(html: str, caption: str) -> list[list[str]]:
    """The texts of a table's rows, found by its caption."""
    table = next(t for t in re.findall(r"<table.*?</table>", html, re.DOTALL) if caption in t)
    found = []
    for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL):
        cells = re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        found.append([" ".join(unescape(re.sub("<[^>]+>", " ", c)).split()) for c in cells])
    return found


def percent(value: str | None) -> str:
    assert value is not None
    return f"{int(value.replace('.', '')) / 100:.2f}%"


@pytest.mark.parametrize("email", [OFFICER, ANALYST, HELP_DESK])
async def test_whoever_sees_the_country_sees_its_figures(country: WebCountry, email: str) -> None:
    async with visitor(country, email) as client:
        answers = [await client.get(path) for path in PAGES]
    for answer in answers:
        assert "As known on" in answer.text
        assert "9 Nov 2026, 03:00 UTC" in answer.text
        assert "<strong>4 of 5</strong> reports" in answer.text


async def test_nobody_else_does(country: WebCountry) -> None:
    async with visitor(country, STEWARD) as client:
        refused = [(await client.get(path)).status_code for path in PAGES]
    async with visitor(country) as client:
        strangers = [await client.get(path) for path in PAGES]
    assert refused == [403] * 4
    assert [each.status_code for each in strangers] == [303] * 4
    assert all(each.headers["location"].startswith("/sign-in") for each in strangers)


@pytest.mark.parametrize("path", PAGES)
async def test_a_wrong_address_is_told_what_is_wrong(country: WebCountry, path: str) -> None:
    wrong = {
        "period=2026-13": (400, "Write the month as 2026-10."),
        "period=last": (400, "Write the month as 2026-10."),
        "period=2026": (400, "Write the month as 2026-10."),
        "period=1999-01": (404, "There are no figures for this month."),
        "programme=%3Cb%3Enothing": (404, "There is no programme with this code."),
    }
    async with visitor(country, OFFICER) as client:
        answers = {asked: await client.get(f"{path}?{asked}") for asked in wrong}
    for asked, (status, said) in wrong.items():
        answer = answers[asked]
        assert (answer.status_code, said in answer.text) == (status, True), asked
        assert "nothing" not in answer.text
        assert f'href="{path}"' in answer.text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/money?currency=XXX", "Nothing was given in this currency."),
        ("/gaps?area=R99", "There is no area with this code."),
    ],
)
async def test_what_only_one_page_asks_is_checked_too(
    country: WebCountry, path: str, said: str
) -> None:
    async with visitor(country, OFFICER) as client:
        answer = await client.get(path)
    assert (answer.status_code, said in answer.text) == (404, True)


async def test_an_unknown_measure_is_the_usual_one(country: WebCountry) -> None:
    html = await page(country, "/overlaps?measure=%22%3E")
    assert '<option value="share" selected>' in html


async def test_the_matrix_holds_the_frozen_shares(country: WebCountry, tables: Tables) -> None:
    found = rows(await page(country, "/overlaps"), "Programmes and who else is in them")
    shares = tables["O2", "programme*with", "2026-10"].by_key
    sizes = tables["N1", "programme", "2026-10"].by_key
    columns = found[0][1:]
    names = {"OAP": "Old Age Pension OAP", "CASH": "Family Cash CASH"}
    by_name = {row[0]: dict(zip(columns, row[1:], strict=True)) for row in found[1:]}
    assert by_name[names["OAP"]]["OAP"] == sizes["OAP",].value
    for one, other in (("OAP", "CASH"), ("CASH", "OAP")):
        cell = shares[one, other]
        assert by_name[names[one]][other] == (percent(cell.value) if cell.numerator else "0")


async def test_the_matrix_is_the_same_both_ways_where_it_counts_people(
    country: WebCountry, tables: Tables
) -> None:
    found = rows(await page(country, "/overlaps?measure=persons"), "Programmes and who else")
    square = [row[1:] for row in found[1:]]
    assert square == [list(column) for column in zip(*square, strict=True)]
    both = tables["O1", "programme*with", "2026-10"].cells
    assert sum(int(text) for row in square for text in row) == (
        2 * sum(cell.numerator or 0 for cell in both)
        + sum(c.numerator or 0 for c in tables["N1", "programme", "2026-10"].cells)
    )


async def test_a_programme_is_shown_with_its_partners_alone(
    country: WebCountry, tables: Tables
) -> None:
    html = await page(country, "/overlaps?programme=WORK")
    found = rows(html, "Programmes that share most people")[1:]
    assert found
    assert all(row[0].startswith("Public Works +") for row in found)
    assert "Programmes and who else is in them" not in html
    counts = [int(row[1]) for row in found]
    assert counts == sorted(counts, reverse=True)


async def test_combinations_and_numbers_are_those_that_were_frozen(
    country: WebCountry, tables: Tables
) -> None:
    html = await page(country, "/overlaps")
    combinations = rows(html, "People by the exact combination of their programmes")[1:]
    frozen = tables["O5", "combination", "2026-10"].cells
    assert sum(int(row[1]) for row in combinations) == sum(c.numerator or 0 for c in frozen)
    everybody = next(
        row for row in rows(html, "People by number of programmes") if "Everybody" in row
    )
    kept = tables["O4", "programmes", "2026-10"].by_key
    assert everybody[2:] == [
        kept[number,].value if (number,) in kept else "0" for number in ("1", "2", "3", "4+")
    ]
    assert 'class="picture upset"' in html


async def test_another_month_shows_other_figures_and_keeps_the_rest(
    country: WebCountry, tables: Tables
) -> None:
    html = await page(country, "/money?period=2026-08&currency=KES")
    given = tables["N5", "currency", "2026-08"].by_key["KES",].value
    assert given is not None
    assert f"KES\xa0{float(given):,.2f}" in unescape(html)
    assert '<option value="2026-08" selected>' in html
    assert "/money?period=2026-08&amp;currency=KES&amp;programme=OAP" in html


async def test_money_is_listed_by_programme_with_averages(
    country: WebCountry, tables: Tables
) -> None:
    found = {row[0]: row for row in rows(await page(country, "/money"), "Money by programme")}
    average = tables["A1", "programme*currency", "2026-10"].by_key["OAP", "KES"].value
    assert found["Old Age Pension"][3] == f"KES {float(average or 0):,.2f}"


async def test_adequacy_names_what_it_is_measured_by(country: WebCountry, tables: Tables) -> None:
    found = rows(await page(country, "/money"), "Average benefit over reference amounts")
    cell = tables["A4", "programme*currency*part", "2026-10"].by_key["OAP", "KES", "poverty_line"]
    pension = next(row for row in found if row[0] == "Old Age Pension")
    assert "Poverty line" in found[0]
    assert percent(cell.value) in pension


async def test_gaps_are_listed_by_area_the_largest_first(
    country: WebCountry, tables: Tables
) -> None:
    html = await page(country, "/gaps")
    found = rows(html, "Who is not reached, by area")[1:]
    shares = [float(row[4].rstrip("%")) for row in found]
    assert shares == sorted(shares, reverse=True)
    cell = tables["C5", "area1", "2026-10"].by_key["R1",]
    capital = next(row for row in found if row[0] == "Capital Region")
    assert capital[1:3] == [str(cell.numerator), str(cell.denominator)]
    assert 'class="picture gap-map"' in html
    assert 'href="#area-R1"' in html


async def test_an_area_opens_its_districts(country: WebCountry) -> None:
    html = await page(country, "/gaps?area=R2")
    assert "Within North Region" in html
    assert len(rows(html, "Who is not reached, by district")) == 4


async def test_what_is_not_known_is_said(country: WebCountry, tables: Tables) -> None:
    found = {row[0]: row[1] for row in rows(await page(country, "/gaps"), "something is not known")}
    unknown = tables["N1", "area1", "2026-10"].by_key.get(("",))
    assert found["Area"] == str(unknown.numerator if unknown else 0)


async def test_the_grid_says_who_reported_when(country: WebCountry) -> None:
    found = rows(await page(country, "/quality"), "Reports by programme and month")
    assert found[0][1:3] == ["Oct 2026", "Sept 2026"]
    states = {row[0]: row[1:] for row in found[1:]}
    assert states["Disability Cash"][0] == "○ Missing"
    assert states["Old Age Pension"][1] == "◐ Late"
    assert states["Old Age Pension"][0] == "● On time"


async def test_what_was_stated_anew_has_its_reason(country: WebCountry, tables: Tables) -> None:
    found = rows(await page(country, "/quality"), "Figures that were stated anew, the newest first")
    after = tables["N1", "", "2026-08"].cells[0].value
    assert found[1][0] == "N1"
    assert found[1][3] == after
    assert found[1][5] == "OAP reported 12 records for this month after it was counted."


@pytest.mark.parametrize("path", [*PAGES, "/overlaps?programme=OAP", "/gaps?programme=OAP"])
async def test_every_file_behind_a_picture_is_there(
    country: WebCountry, tables: Tables, path: str
) -> None:
    html = unescape(await page(country, path))
    links = sorted(set(re.findall(r'href="(/figures/file\?[^"]+)"', html)))
    assert links
    for link in links:
        asked = parse_qs(urlsplit(link).query, keep_blank_values=True)
        place = (asked["indicator"][0], asked["breakdown"][0], asked["period"][0])
        assert place in tables, link
    async with visitor(country, OFFICER) as client:
        answer = await client.get(links[0])
    assert (answer.status_code, answer.headers["content-type"][:8]) == (200, "text/csv")


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/overlaps", "Chevauchements entre programmes"),
        ("/money", "Argent"),
        ("/gaps", "Lacunes"),
        ("/quality", "Qualité des données"),
    ],
)
async def test_it_is_there_in_french(country: WebCountry, path: str, heading: str) -> None:
    html = await page(country, path, language="fr")
    assert f"<h1>{heading}</h1>" in html
    assert "Pension de vieillesse" in html
