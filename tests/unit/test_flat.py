"""The flat file form: what each cell means, and what is refused instead of guessed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from ibr_messages.errors import NotUnderstood, TooMuch
from ibr_messages.flat import LARGEST_ROW, json_of_csv, read_csv, to_csv
from ibr_messages.flat_paths import LONGEST_LIST, MOST_COLUMNS
from ibr_messages.strict_json import canonical

GOLDEN = Path(__file__).parents[1] / "standard/golden"
HEAD = "signature,s\r\nheader.action,search,rows,message.search_request\r\n"
WHOLE = {"signature", "header", "message"}


def golden(name: str) -> dict[str, Any]:
    """A message of the standard; one that is only the message's inside stands in an envelope."""
    found = json.loads((GOLDEN / name).read_text())
    found = {each: found[each] for each in found if each in WHOLE} or {"message": found}
    return found


def items(table: str) -> Any:
    return read_csv((HEAD + table).encode())["message"]["search_request"]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_a_message_of_the_standard_comes_back_as_it_was(path: Path) -> None:
    message = golden(path.name)
    assert read_csv(to_csv(message)) == message


@pytest.mark.parametrize(
    ("name", "rows"),
    [("15_enrollment_updates_req.json", 4), ("01_search_idtype_req.json", 4), ("06_ack.json", 2)],
)
def test_a_file_has_one_row_for_each_item_after_three(name: str, rows: int) -> None:
    table = list(csv.reader(io.StringIO(to_csv(golden(name)).decode(), newline="")))
    assert len(table) == rows
    assert table[0][0] == "signature"
    assert "header.version" in table[1] or name == "06_ack.json"


@pytest.mark.parametrize(
    "value",
    [
        1,
        1.0,
        -0.5,
        2**53,
        True,
        False,
        None,
        "",
        {},
        [],
        "1",
        "true",
        "null",
        '"',
        '""',
        ",",
        "a\nb",
        "a\r\nb",
        "a\rb",
        " leading and trailing ",
        "\t",
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "'quoted",
        "ผู้รับ",
        "👩‍👧",
        "\ufeff",
        "a:json",
        "rows",
        [[], {}, "", None],
        {"a.b": 1, "c[0]": 2, "": 3, 'd"': 4, "e:json": 5, "f=": 6, "__proto__": 7, "ü": 8},
        list(range(LONGEST_LIST + 1)),
        {"x" * 500: "long name"},
    ],
    ids=repr,
)
def test_a_value_keeps_its_type(value: Any) -> None:
    message = {"header": {"h": value}, "message": {"notify_event": [{"v": value}, {"w": "x"}]}}
    assert read_csv(to_csv(message)) == message
    # Equal is not the same: 1 and 1.0 and True are equal in Python.
    assert canonical(read_csv(to_csv(message))) == canonical(message)


def test_the_same_column_may_hold_text_in_one_row_and_a_number_in_the_next() -> None:
    assert items("a,a:json\r\nx,\r\n,5\r\n") == [{"a": "x"}, {"a": 5}]


def test_an_empty_cell_is_nothing_and_an_empty_text_is_json() -> None:
    assert items('a,b,b:json\r\nx,,\r\nx,,""""""\r\n') == [{"a": "x"}, {"a": "x", "b": ""}]


def test_what_spreadsheets_do_to_a_file_does_no_harm() -> None:
    """A mark at the beginning, empty cells up to the widest row, short rows, blank lines."""
    table = (
        "\ufeffsignature,s,,,\r\nheader.action,search,rows,message.search_request,,\r\na,b,,\r\n"
    )
    read = read_csv((table + "1,2,,\r\n3\r\n\r\n").encode())
    assert read["message"]["search_request"] == [{"a": "1", "b": "2"}, {"a": "3"}]
    assert read["signature"] == "s"


def test_line_feeds_alone_end_rows_too() -> None:
    assert read_csv(HEAD.replace("\r\n", "\n").encode() + b"a\n1\n2")["message"] == {
        "search_request": [{"a": "1"}, {"a": "2"}]
    }


def test_no_signature_is_an_empty_cell() -> None:
    assert read_csv(to_csv({"message": {}})) == {"message": {}}


def test_members_beside_the_list_stay_beside_it() -> None:
    message = {"message": {"enrolled_updates": {"beneficiaries": [{"a": "b"}], "z": 1, "A": 2}}}
    assert read_csv(to_csv(message)) == message


def test_names_that_are_no_plain_words_are_written_in_quotes() -> None:
    assert items('a["b.c"].d,"[""e f""]"\r\n1,2\r\n') == [{"a": {"b.c": {"d": "1"}}, "e f": "2"}]


REFUSED = {
    "an empty file": b"",
    "a blank file": b"\r\n\r\n",
    "semicolons": b"signature;s\r\n",
    "no signature row": b"header.action,search\r\n",
    "more behind the signature": b"signature,s,t\r\nheader.a,b\r\n",
    "only a signature": b"signature,s\r\n",
    "UTF-16": "signature,s\r\n".encode("utf-16"),
    "Latin 1": "signature,s\r\nheader.a,\xe9\r\n".encode("latin-1"),
    "half a character at the end": b"signature,s\r\nheader.a,\xe2\x82",
    "NUL": b"signature,s\r\nheader.a,b\x00c\r\n",
    "a quote that is never closed": b'signature,"s\r\nheader.a,b\r\n',
    "text behind a quote": b'signature,"s"t\r\nheader.a,b\r\n',
    "carriage returns alone": b"signature,s\rheader.a,b\r",
    "a path without a value": b"signature,s\r\nheader.a,b,header.c\r\n",
    "another member": b"signature,s\r\nheader.a,b,extra.c,d\r\n",
    "a path twice": b"signature,s\r\nheader.a,b,header.a,c\r\n",
    "the signature again": b"signature,s\r\nsignature,b\r\n",
    "rows that nobody named": b"signature,s\r\nheader.a,b\r\nx\r\n1\r\n",
    "a list outside the message": b"signature,s\r\nheader.a,b,rows,header.list\r\nx\r\n1\r\n",
    "an element as the list": b"signature,s\r\nheader.a,b,rows,message.a[0]\r\nx\r\n1\r\n",
    "the message as the list": b"signature,s\r\nheader.a,b,rows,message\r\nx\r\n1\r\n",
    "the list named twice": b"signature,s\r\nrows,message.a,rows,message.b\r\nx\r\n1\r\n",
    "a value in the list's place": (
        b"signature,s\r\nmessage.a:json,[],rows,message.a\r\nx\r\n1\r\n"
    ),
    "a value on the way to the list": b"signature,s\r\nmessage.a,v,rows,message.a.b\r\nx\r\n1\r\n",
    "no paths of columns": HEAD.encode(),
    "a gap in the columns": (HEAD + "a[5]\r\n1\r\n").encode(),
    "a huge number": (HEAD + "a[999999999]\r\n1\r\n").encode(),
    "a negative number": (HEAD + "a[-1]\r\n1\r\n").encode(),
    "a gap in a row": (HEAD + "a[0],a[1]\r\n,1\r\n").encode(),
    "a and a.b": (HEAD + "a,a.b\r\n1,2\r\n").encode(),
    "a and a[0]": (HEAD + "a,a[0]\r\n1,2\r\n").encode(),
    "a.b and a[0]": (HEAD + "a.b,a[0]\r\n1,2\r\n").encode(),
    "a and a:json": (HEAD + "a,a:json\r\n1,2\r\n").encode(),
    "a list for an item": (HEAD + "[0]\r\n1\r\n").encode(),
    "a path with a hole": (HEAD + "a..b\r\n1\r\n").encode(),
    "a path that begins with a dot": (HEAD + ".a\r\n1\r\n").encode(),
    "a path that ends with a dot": (HEAD + "a.\r\n1\r\n").encode(),
    "a path of two names without a dot": (HEAD + "a[0]b\r\n1\r\n").encode(),
    "half a surrogate in a path": (HEAD + '"[""\\ud800""]"\r\n1\r\n').encode(),
    "thirty-one steps": (HEAD + ".".join("a" * 31) + "\r\n1\r\n").encode(),
    "a very long path": (HEAD + "a" * 10_001 + "\r\n1\r\n").encode(),
    "too many columns": (HEAD + ",".join(f"c{n}" for n in range(MOST_COLUMNS + 1))).encode(),
    "more cells than columns": (HEAD + "a\r\n1,2\r\n").encode(),
    "a cell without a path": (HEAD + "a,,b\r\n1,2,3\r\n").encode(),
    "no JSON where it is promised": (HEAD + "a:json\r\nyes\r\n").encode(),
    "two members of one name in JSON": (HEAD + 'a:json\r\n"{""b"":1,""b"":2}"\r\n').encode(),
    "NaN": (HEAD + "a:json\r\nNaN\r\n").encode(),
    "a number no double holds": (HEAD + "a:json\r\n9007199254740993\r\n").encode(),
    "a number with a leading zero": (HEAD + "a:json\r\n007\r\n").encode(),
    "half a surrogate in JSON": (HEAD + 'a:json\r\n"""\\ud800"""\r\n').encode(),
    "NUL in JSON": (HEAD + 'a:json\r\n"""\\u0000"""\r\n').encode(),
    "JSON nested too deeply": (HEAD + "a:json\r\n" + "[" * 101 + "]" * 101).encode(),
    "JSON nested beyond any stack": (HEAD + "a:json\r\n" + "[" * 100_000).encode(),
    "a row that is too large": HEAD.encode() + b"a\r\n" + b"x" * (LARGEST_ROW + 1),
    "a row that is too large over many lines": (
        HEAD.encode() + b'a\r\n"' + b"xxxxxxx\r\n" * (LARGEST_ROW // 8)
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_could_mean_two_things_is_refused(name: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read_csv(REFUSED[name], 64 * 1024 * 1024)
    assert refused.value.code in ("message.file", "message.json")
    assert len(refused.value.message) < 250


def test_a_refusal_says_which_row_and_column_and_not_what_is_in_it() -> None:
    with pytest.raises(NotUnderstood, match="Row 5, column 2 is not JSON") as refused:
        items("a,b:json\r\nx,1\r\nx,secret\r\n")
    assert "secret" not in refused.value.message


def test_a_small_file_that_stands_for_much_is_stopped() -> None:
    """Short cells beneath a long path: a hundred kilobytes that would be a hundred megabytes."""
    file = (HEAD + "a" * 9_000 + "\r\n" + "1\r\n" * 20_000).encode()
    with pytest.raises(TooMuch):
        list(json_of_csv([file], 1024 * 1024))


def test_pieces_may_end_anywhere() -> None:
    whole = golden("15_enrollment_updates_req.json")
    whole["header"]["meta"] = {"text": 'é "\r\n" 👩‍👧'}
    file = to_csv(whole)
    for size in (1, 2, 3, 7):
        pieces = [file[at : at + size] for at in range(0, len(file), size)]
        assert json.loads(b"".join(json_of_csv(pieces, 1024 * 1024))) == whole


@pytest.mark.parametrize("value", [{"other": {}}, {"header": {}, "x": 1}, {}, {"signature": "s"}])
def test_only_a_whole_record_becomes_a_file(value: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood):
        to_csv(value)


def test_half_a_character_becomes_no_file() -> None:
    with pytest.raises(NotUnderstood):
        to_csv({"message": {"a": "\ud800"}})
