"""The flat file form keeps every message, and never breaks on a file that is none."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ibr_messages.errors import NotUnderstood, TooMuch
from ibr_messages.flat import json_of_csv, read_csv, to_csv
from ibr_messages.strict_json import canonical, read_object

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# What JSON can carry here: whole numbers that a double holds, no NUL, no half characters.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
TRICKY = st.sampled_from(
    ["", "=1+1", "-1", "+1", "@x", "1", "true", "null", '"', ",", "\n", "\r", "a.b", "[0]", ":json"]
)
NAMES = st.sampled_from(
    ["a", "b", "@id", "$and", "__proto__", "rows", "signature", "a.b", "c[0]", "d:json", "", '"']
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
    | TEXT
    | TRICKY
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES | TEXT, VALUES, max_size=5)
LISTS = st.lists(OBJECTS, max_size=4)


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    message = draw(OBJECTS)
    name = draw(st.sampled_from(["search_request", "notify_event", "enrolled_updates", "none"]))
    if name == "enrolled_updates":
        message[name] = {**draw(OBJECTS), "beneficiaries": draw(LISTS)}
    elif name != "none":
        message[name] = draw(LISTS)
    whole: dict[str, Any] = {"header": draw(OBJECTS), "message": message}
    return {"signature": draw(VALUES), **whole} if draw(st.booleans()) else whole


@QUICK
@given(messages())
def test_every_message_comes_back_as_it_was(message: dict[str, Any]) -> None:
    strict = read_object(canonical(message))
    assert canonical(read_csv(to_csv(message))) == canonical(strict)


@QUICK
@given(messages(), st.integers(1, 50))
def test_it_does_not_matter_how_a_file_arrives(message: dict[str, Any], size: int) -> None:
    file = to_csv(message)
    pieces = [file[at : at + size] for at in range(0, len(file), size)]
    assert b"".join(json_of_csv(pieces, 2**20)) == b"".join(json_of_csv([file], 2**20))


@QUICK
@given(messages())
def test_a_spreadsheet_that_fills_up_its_rows_changes_nothing(message: dict[str, Any]) -> None:
    table = list(csv.reader(io.StringIO(to_csv(message).decode(), newline="")))
    widest = max(map(len, table)) + 3
    out = io.StringIO(newline="")
    csv.writer(out).writerows([*row, *[""] * (widest - len(row))] for row in table)
    assert canonical(read_csv(b"\xef\xbb\xbf" + out.getvalue().encode())) == canonical(message)


HEAD = b"signature,s\r\nheader.action,search,rows,message.search_request\r\n"
PARTS = st.lists(
    st.sampled_from(
        ["a", "b", ".", "[0]", "[1]", "[5]", ":json", ",", '"', "\r\n", "\n", "\r", "1", "{", "}"]
        + ['["a"]', "rows", "message", "header", "signature", "\x00", "é", "[", "]", "null", "\\"]
    ),
    max_size=40,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(PARTS, st.booleans())
@example("a,a.b\r\n1,2", True)
@example('"', True)
def test_any_file_is_read_or_refused(text: str, begun: bool) -> None:
    file = (HEAD if begun else b"") + text.encode()
    try:
        read = read_csv(file)
    except (NotUnderstood, TooMuch):
        return
    assert read.keys() <= {"signature", "header", "message"}
    # What was read is a message like any other: written again it reads the same.
    assert canonical(read_csv(to_csv(read))) == canonical(read)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(content: bytes, begun: bool) -> None:
    try:
        read_csv((HEAD if begun else b"") + content)
    except (NotUnderstood, TooMuch):
        return
