"""The brief: the same figures as frozen, the same bytes, and names in any script."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pypdf
import pytest

from ibr.coverage.figures.model import FigureTable
from ibr.publish.brief.digits import money, number, percent
from ibr.publish.brief.model import BriefData, Place
from ibr.publish.brief.script import as_drawn, joined
from ibr.publish.brief.sheet import FONTS
from ibr.publish.brief.words import SAID, say
from ibr.publish.brief.write_brief import brief_name, write_brief
from ibr.publish.files.labels import Labels
from tests.figures_out import INDICATORS
from tests.made_figures import AREAS1, PROGRAMMES, made_areas2, made_programmes, made_tables

KNOWN = datetime(2026, 11, 9, 3, tzinfo=UTC)
MONTH = "2026-10"
NAMES = {code: f"Region {code}" for code in AREAS1}
DISTRICTS = made_areas2(AREAS1, 3 * len(AREAS1))


class Everything:
    """A font that has every sign."""

    def __contains__(self, sign: object) -> bool:
        return True


@pytest.fixture(scope="module")
def tables() -> list[FigureTable]:
    return [
        msgspec.structs.replace(each, run_no=7, as_known_at=KNOWN)
        for each in made_tables(months=6, people=2000)
    ]


def a_brief(tables: list[FigureTable], level: int = 0, **changed: Any) -> BriefData:
    place = {
        0: Place(level=0, code="", name="Talmira", parts=tuple(NAMES.items())),
        1: Place(
            level=1,
            code="R3",
            name=NAMES["R3"],
            parts=tuple((code, code) for code, parent in DISTRICTS.items() if parent == "R3"),
        ),
        2: Place(level=2, code="R3-01", name="District 7"),
    }[level]
    values: dict[str, Any] = {
        "place": place,
        "period": MONTH,
        "periods": tuple(sorted({each.period for each in tables if "-" in each.period})),
        "audience": "internal",
        "tables": {(t.indicator, t.breakdown, t.period): t for t in tables},
        "hidden": {},
        "labels": Labels(programmes={p.code: f"Programme {p.code}" for p in PROGRAMMES}),
        "indicators": INDICATORS,
    }
    return BriefData(**values | changed)


def read(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return "\n".join(page.extract_text() for page in pages).replace("\u00a0", " ")


def cells(tables: list[FigureTable], indicator: str, breakdown: str) -> Iterator[tuple[Any, str]]:
    for table in tables:
        if (table.indicator, table.breakdown, table.period) == (indicator, breakdown, MONTH):
            yield from ((cell.key, cell.value) for cell in table.cells if cell.value)


def one_of(tables: list[FigureTable], indicator: str, breakdown: str, *key: str) -> str:
    return dict(cells(tables, indicator, breakdown))[key]


def test_the_country_s_figures_are_the_frozen_ones(tables: list[FigureTable]) -> None:
    text = read(write_brief(a_brief(tables)))
    shown = [
        number(one_of(tables, "N1", ""), "en"),
        number(one_of(tables, "N2", ""), "en"),
        percent(one_of(tables, "C2", ""), "en"),
        *(number(value, "en") for _, value in cells(tables, "N1", "programme")),
        *(percent(value, "en") for _, value in cells(tables, "C1", "programme")),
        *(percent(value, "en") for _, value in cells(tables, "C2", "sex*age")),
        *(money(value, key[0], "en") for key, value in cells(tables, "N5", "currency")),
        *(money(value, key[1], "en") for key, value in cells(tables, "N5", "programme*currency")),
    ]
    missing = [each for each in shown if each.replace("\u00a0", " ") not in text]
    assert len(shown) > 30
    assert missing == []


def test_an_area_s_figures_are_its_own(tables: list[FigureTable]) -> None:
    text = read(write_brief(a_brief(tables, 1)))
    assert "Region R3" in text
    assert percent(one_of(tables, "C2", "area1", "R3"), "en").replace("\u00a0", " ") in text
    inside = {k: v for k, v in cells(tables, "C2", "area2") if DISTRICTS.get(k[0]) == "R3"}
    assert len(inside) == 3
    for value in inside.values():
        assert percent(value, "en").replace("\u00a0", " ") in text


def test_control_a_changed_figure_is_not_in_the_brief(tables: list[FigureTable]) -> None:
    text = read(write_brief(a_brief(tables, 1)))
    wrong = str(Decimal(one_of(tables, "C2", "area1", "R3")) + Decimal("0.0001"))
    assert percent(wrong, "en").replace("\u00a0", " ") not in text


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_has_two_pages_whatever_it_is_of(
    tables: list[FigureTable], level: int, language: str
) -> None:
    content = write_brief(a_brief(tables, level, labels=Labels(language=language)))
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert len(reader.pages) == 2
    assert say("definitions", language) in read(content)


def test_many_programmes_and_areas_still_make_two_pages() -> None:
    many = made_tables(months=2, people=500, programmes=made_programmes(40))
    content = write_brief(a_brief(many))
    assert len(pypdf.PdfReader(io.BytesIO(content)).pages) == 2
    assert re.search(r"and \d+ more programmes", read(content))


def test_the_same_figures_are_the_same_bytes(tables: list[FigureTable]) -> None:
    first, second = (write_brief(a_brief(tables)) for _ in range(2))
    assert first == second
    later = [msgspec.structs.replace(t, as_known_at=KNOWN.replace(day=10)) for t in tables]
    assert write_brief(a_brief(later)) != first


def test_it_says_its_title_its_language_and_what_is_a_heading(tables: list[FigureTable]) -> None:
    reader = pypdf.PdfReader(io.BytesIO(write_brief(a_brief(tables, labels=Labels(language="fr")))))
    catalogue: Any = reader.trailer["/Root"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Talmira, octobre 2026"
    assert catalogue["/Lang"] == "fr"
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"]
    elements = [each.get_object() for each in catalogue["/StructTreeRoot"]["/K"][0]["/K"]]
    kinds = {each["/S"] for each in elements}
    assert {"/H1", "/H2", "/P", "/TH", "/TD", "/Figure"} <= kinds
    words = [each["/Alt"] for each in elements if each["/S"] == "/Figure"]
    assert all("oct. 2026" in each for each in words)
    assert words


def test_everything_drawn_is_marked_once(tables: list[FigureTable]) -> None:
    reader = pypdf.PdfReader(io.BytesIO(write_brief(a_brief(tables))))
    for page in reader.pages:
        drawn = page.get_contents()
        assert drawn is not None
        stream = drawn.get_data().decode("latin-1")
        depth = texts = 0
        for line in stream.splitlines():
            texts += " Tj" in line
            depth += line.endswith(("BDC", "BMC"))
            depth -= line == "EMC"
            assert depth in (0, 1)
            if " Tj" in line or line.endswith(" f"):
                assert depth == 1, line
        assert depth == 0
        assert texts > 40


def test_a_hidden_figure_is_a_word_and_no_number(tables: list[FigureTable]) -> None:
    kept = next(t for t in tables if (t.indicator, t.breakdown, t.period) == ("N1", "", MONTH))
    odd = msgspec.structs.replace(
        kept, cells=(msgspec.structs.replace(kept.cells[0], numerator=987_654, value="987654"),)
    )
    changed = [odd if each is kept else each for each in tables]
    hidden = {("N1", "", MONTH): frozenset({()})}
    shown = read(write_brief(a_brief(changed)))
    text = read(write_brief(a_brief(changed, hidden=hidden, audience="public")))
    assert "987,654" in shown
    assert "987,654" not in text
    assert "withheld so that nobody can be recognised" in text
    assert "Internal" not in text


def test_a_year_has_what_was_worked_out_for_years(tables: list[FigureTable]) -> None:
    year = [each for each in made_tables(months=24, people=300) if "-" not in each.period]
    assert year
    period = year[0].period
    content = write_brief(a_brief(year, period=period, periods=(period,)))
    assert period in read(content)


def test_it_says_when_reports_are_missing(tables: list[FigureTable]) -> None:
    assert "reports received: 4 of 5" in read(write_brief(a_brief(tables)))
    assert "Provisional" in read(write_brief(a_brief(tables)))


def test_a_brief_is_named_after_its_area_period_and_audience(tables: list[FigureTable]) -> None:
    assert brief_name(a_brief(tables)) == "brief-country-2026-10-internal.pdf"
    other = a_brief(tables, 1, release_no=4, audience="public")
    assert brief_name(other) == "release-4-brief-R3-2026-10-public.pdf"


@pytest.mark.parametrize(
    ("value", "language", "written"),
    [
        ("1234567", "en", "1,234,567"),
        ("1234567.80", "en", "1,234,567.80"),
        ("1234567.80", "fr", "1 234 567,80"),
        ("-3", "en", "-3"),
        (None, "en", "–"),
    ],
)
def test_numbers_keep_their_digits(value: str | None, language: str, written: str) -> None:
    assert number(value, language).replace("\u00a0", " ").replace("−", "-") == written


def test_shares_and_money_keep_their_digits() -> None:
    assert percent("0.4500", "en") == "45.00\u00a0%"
    assert percent("1.00005", "en") == "100.005\u00a0%"
    assert money("12.30", "KES", "en") == "KES\u00a012.30"
    assert money("12.30", "KES", "fr") == "12,30\u00a0KES"


def test_arabic_letters_join_and_run_leftward() -> None:
    # meem, hah, meem, dal: at the beginning, in the middle twice, at the end.
    assert joined("\u0645\u062d\u0645\u062f") == "\ufee3\ufea4\ufee4\ufeaa"
    # Lam and alef are one letter.
    assert joined("\u0633\u0644\u0627\u0645") == "\ufeb3\ufefc\ufee1"
    # A letter that joins nothing after it, and a mark between two that join.
    assert joined("\u062f\u0628") == "\u062f\u0628".replace("\u062f", "\ufea9").replace(
        "\u0628", "\ufe8f"
    )
    assert joined("\u0628\u064e\u0628") == "\ufe91\u064e\ufe90"
    assert as_drawn("\u0645\u062d", Everything()) == "\ufea2\ufee3"
    assert as_drawn("\u05d0\u05d1 (3)", Everything()).endswith("\u05d1\u05d0")


def test_a_script_that_the_font_lacks_is_written_in_latin_letters() -> None:
    assert as_drawn("Κέντρο", set(map(ord, "Κέντρο"))) == "Κέντρο"
    assert as_drawn("አዲስ", {1}).isascii()
    # Bengali needs letters to change places, whatever signs a font has.
    assert as_drawn("ঢাকা", Everything()) == "Dhaka"


def test_every_phrase_is_in_both_languages() -> None:
    assert [name for name, words in SAID.items() if not (words.en and words.fr)] == []
    for words in SAID.values():
        assert words.en.count("{}") == words.fr.count("{}")


def test_the_fonts_are_those_that_the_list_names() -> None:
    listed = dict(
        re.findall(r"\| `([^`]+)` \|.*`([0-9a-f]{64})`", (FONTS / "VENDORED.md").read_text())
    )
    there = {
        each.name: hashlib.sha256(each.read_bytes()).hexdigest()
        for each in FONTS.iterdir()
        if each.name != "VENDORED.md"
    }
    assert listed == there
    assert sum(each.stat().st_size for each in FONTS.iterdir()) < 1_500_000
