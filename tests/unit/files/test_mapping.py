"""What a column is, told by its name and by the whole of what stands in it."""

from __future__ import annotations

import io
from datetime import date

import pytest

from ibr.errors import NotUnderstood
from ibr.files.mapping.dates import OrderSigns, read_written
from ibr.files.mapping.guess import meaning_of
from ibr.files.mapping.headers import find_heading, is_total
from ibr.files.mapping.model import Mapping, layout_of
from ibr.files.mapping.numbers import PointSigns, identifier_text, lost_digits, read_amount
from ibr.files.mapping.propose import Ground
from ibr.files.mapping.read_mapping import read_mapping
from ibr.files.mapping.targets import TARGETS, aim_of
from ibr.files.mapping.words import CODE_LISTS, code_of
from ibr.files.sending.look_at import Seen, look_at
from ibr.periods import Month
from tests.conftest import scratch_folder
from tests.files_made import as_csv

GROUND = Ground(None, "KES", Month(2026, 10), date(2026, 11, 20))


def looked(rows: list[list[str]], ground: Ground = GROUND, given: Mapping | None = None) -> Seen:
    content = io.BytesIO(as_csv(rows))
    return look_at(content, scratch_folder(), ground, lambda _name, _word: None, given=given)


@pytest.mark.parametrize(
    ("title", "target"),
    [
        ("Beneficiary No.", "identifier:PROGRAMME_NUMBER"),
        ("Benificiary number", "identifier:PROGRAMME_NUMBER"),
        ("NATIONAL_ID", "identifier:NATIONAL_ID"),
        ("National ID No.", "identifier:NATIONAL_ID"),
        ("HH ID", "group_identifier:HOUSEHOLD"),
        ("dateOfBirth", "birth_date"),
        ("Date de naissance", "birth_date"),
        ("Fecha de nacimiento", "birth_date"),
        ("Tarehe ya kuzaliwa", "birth_date"),
        ("Prénom(s)", "given_name"),
        ("Apellidos", "surname"),
        ("Jina la ukoo", "surname"),
        ("Genre", "sex"),
        ("Jinsia", "sex"),
        ("Montant versé", "benefit.value"),
        ("Kiasi", "benefit.value"),
        ("Amount (KES)", "benefit.value"),
        ("Paid on", "benefit.date"),
        ("Estado", "status"),
        ("Wilaya", "sub_region_code"),
        ("Lien de parenté", "relationship"),
        ("Head of household / Full name", "full_name"),
        ("Child 2 date of birth", "member2.birth_date"),
        ("amount_3", "benefit3.value"),
        ("member2.identifier:UIN", "member2.identifier:UIN"),
        ("Remarks", ""),
        ("Spouse / Name", ""),
        ("No", ""),
    ],
)
def test_names_of_columns_in_four_languages_and_close_spellings(title: str, target: str) -> None:
    assert meaning_of(title).target == target


def test_every_target_is_found_by_its_own_name() -> None:
    assert {name: meaning_of(name).target for name in TARGETS} == {name: name for name in TARGETS}


@pytest.mark.parametrize("target", ["nothing", "member2.status", "benefit2.sex", "", "a b", "x:"])
def test_there_is_no_other_target(target: str) -> None:
    with pytest.raises(NotUnderstood):
        aim_of(target)


def test_the_heading_is_found_below_titles_and_merged_cells() -> None:
    start = [
        (1, ["MINISTRY OF LABOUR"]),
        (2, ["Payroll of October 2026"]),
        (4, ["", "Head", "", "Spouse", ""]),
        (5, ["No", "Name", "Sex", "Name", "Sex"]),
        (6, ["1", "Ama", "F", "Kofi", "M"]),
    ]
    found = find_heading(start)
    assert found is not None
    assert (found.row, found.rows) == (5, 2)
    assert found.titles == ["No", "Head / Name", "Head / Sex", "Spouse / Name", "Spouse / Sex"]


@pytest.mark.parametrize(
    ("cells", "total"),
    [
        (["TOTAL", "", "1,200.00"], True),
        (["", "Jumla kuu", "12"], True),
        (["Total", "Ama", "12"], False),
        (["1", "Ama Total", "12"], False),
    ],
)
def test_a_line_of_sums_names_nobody(cells: list[str], total: bool) -> None:
    assert is_total(cells) is total


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["05/10/2026", "13/10/2026"], "dmy"),
        (["05/10/2026", "10/13/2026"], "mdy"),
        (["05/10/2026", "06/10/2026"], None),
        (["13/10/2026", "10/13/2026"], None),
        (["2026-10-05", "5 Oct 2026"], None),
    ],
)
def test_the_whole_column_says_which_number_is_the_day(cells: list[str], order: str) -> None:
    signs = OrderSigns()
    for cell in cells:
        signs.add(cell)
    assert signs.order() == order


def test_a_column_that_does_not_say_is_decided_by_its_neighbours() -> None:
    rows = [["ID number", "Date of birth", "Payment date"]]
    rows += [[f"A{n}", f"{12 + n}/01/1990", f"0{n}/02/2026"] for n in range(1, 7)]
    assert [column.dates for column in looked(rows).mapping.columns] == [None, "dmy", "dmy"]


def test_or_by_the_month_of_the_report() -> None:
    rows = [["ID number", "Payment date"], *[[f"A{n}", f"10/0{n}/2026"] for n in range(1, 7)]]
    assert looked(rows).mapping.columns[1].dates == "mdy"


def test_and_else_asked() -> None:
    rows = [
        ["ID number", "Date of birth"],
        *[[f"A{n}", f"0{n}/0{n + 1}/1990"] for n in range(1, 7)],
    ]
    questions = looked(rows).look.questions
    assert [(each.column, each.must) for each in questions] == [("Date of birth", True)]


def test_dates_that_contradict_each_other_are_asked_too() -> None:
    rows = [["ID number", "Date of birth"], ["A1", "13/01/1990"], ["A2", "01/13/1990"]]
    assert "only the month" in looked(rows).look.questions[0].text


@pytest.mark.parametrize(
    ("cell", "order", "text"),
    [
        ("05/10/1990", "dmy", "1990-10-05"),
        ("05/10/1990", "mdy", "1990-05-10"),
        ("05/05/1990", None, "1990-05-05"),
        ("05/10/1990", None, None),
        ("5 octobre 1990", None, "1990-10-05"),
        ("1er janvier 1990", None, "1990-01-01"),
        ("Oct 5, 1990", None, "1990-10-05"),
        ("5 Agosti 1990", None, "1990-08-05"),
        ("1990", None, "1990"),
        ("1990.0", None, "1990"),
        ("10/1990", None, "1990-10"),
        ("19901005", None, "1990-10-05"),
        ("31/02/1990", "dmy", None),
        ("05/10/90", "dmy", None),
        ("yesterday", "dmy", None),
    ],
)
def test_dates_of_birth(cell: str, order: str | None, text: str | None) -> None:
    found = read_written(cell, order, birth=True)  # type: ignore[arg-type]
    assert (found.text if found else None) == text


@pytest.mark.parametrize(
    ("cells", "currency", "decimal"),
    [
        (["1,500.00", "20"], "KES", "."),
        (["1.500,00", "20"], "KES", ","),
        (["12,5"], "KES", ","),
        (["1,500", "2,500"], "KES", "."),
        (["1.500", "2.500"], "XOF", ","),
        (["1,500"], "TND", None),
        (["1,500.00", "1.500,00"], "KES", None),
        (["1500", "20"], None, "."),
    ],
)
def test_the_whole_column_says_what_a_comma_is(
    cells: list[str], currency: str | None, decimal: str | None
) -> None:
    signs = PointSigns()
    for cell in cells:
        signs.add(cell)
    assert signs.decimal(currency) == decimal


@pytest.mark.parametrize(
    ("cell", "decimal", "number"),
    [
        ("KES 1,500.50", ".", "1500.50"),
        ("1 500,50", ",", "1500.50"),
        ("1\u202f500 FCFA", ",", "1500"),
        ("Ksh 1,000/=", ".", "1000"),
        ("$50", ".", "50"),
        ("1.5E+3", ".", "1500"),
        ("-5", ".", None),
        ("1,500", None, None),
        ("five", ".", None),
    ],
)
def test_amounts(cell: str, decimal: str | None, number: str | None) -> None:
    found = read_amount(cell, decimal)  # type: ignore[arg-type]
    assert (found.number if found else None) == number


def test_an_identifier_taken_for_a_number_is_itself_again_or_known_to_be_lost() -> None:
    assert identifier_text("1.9900123E+7") == "19900123"
    assert identifier_text("19900123.0") == "19900123"
    assert identifier_text("007") == "007"
    assert lost_digits("1.99E+13")
    assert not lost_digits("1.9900123E+7")


@pytest.mark.parametrize(
    ("name", "word", "code"),
    [
        ("sex", "Femme", "female"),
        ("sex", "mwanaume", "male"),
        ("status", "Suspendu", "4"),
        ("status", "Amefariki", "2"),
        ("status", "1.0", "1"),
        ("benefit_type", "Espèces", "1"),
        ("relationship", "Époux", "SPS"),
        ("status", "?", None),
    ],
)
def test_words_for_codes(name: str, word: str, code: str | None) -> None:
    assert code_of(name, word) == code


def test_every_word_stands_for_a_code_of_its_list() -> None:
    for name, codes in CODE_LISTS.items():
        assert all(code_of(name, code) == code for code in codes.labels), name


def test_m_is_a_woman_beside_h() -> None:
    rows = [["ID number", "Sexo"], *[[f"A{n}", "HM"[n % 2]] for n in range(6)]]
    assert looked(rows).mapping.columns[1].codes == {"H": "male", "M": "female"}
    rows[1][1] = "F"
    assert looked(rows).mapping.columns[1].codes == {}


def test_unknown_words_and_lost_digits_are_told_before_anything_is_sent() -> None:
    rows = [["ID number", "Status"], ["1.99E+13", "Active"], ["A2", "Zzz"]]
    found = looked(rows)
    assert [(each.column, each.must) for each in found.look.questions] == [
        ("ID number", False),
        ("Status", False),
    ]
    assert found.look.words["Status"][0] == "Zzz"


def test_a_file_about_nobody_is_not_sent() -> None:
    rows = [["Surname", "Amount"], ["Sow", "12"]]
    assert [each.must for each in looked(rows).look.questions] == [True]


def test_months_beside_each_other_are_benefits_of_their_own() -> None:
    rows = [["ID number", "Amount Sep 2026", "Amount Oct 2026"], ["A1", "10", "20"]]
    columns = looked(rows).mapping.columns[1:]
    assert [(each.to, each.day) for each in columns] == [
        ("benefit1.value", "2026-09-01"),
        ("benefit2.value", "2026-10-01"),
    ]


def test_a_layout_is_the_same_in_any_order_and_spelling() -> None:
    assert layout_of(["Nom", "PRÉNOM"]) == layout_of(["prenom", "nom "])
    assert layout_of(["Nom"]) != layout_of(["Nom", "Prénom"])


def test_mappings_are_read_from_json_and_toml() -> None:
    toml = 'header = 2\n[[columns]]\ncolumn = "A"\nto = "sex"\n[columns.codes]\nx = "male"\n'
    json = b'{"header": 2, "columns": [{"column": "A", "to": "sex", "codes": {"x": "male"}}]}'
    assert read_mapping(toml.encode()) == read_mapping(json)


@pytest.mark.parametrize(
    "content",
    [
        b'{"columns": [{"column": "A", "to": "nothing"}]}',
        b'{"columns": [], "more": 1}',
        b"{",
        b"\xff\xfe",
        b'{"columns": [], "header": -1}',
        b'{"columns": [], "constants": {"x": "1"}}',
    ],
)
def test_what_is_no_mapping_is_refused(content: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_mapping(content)
