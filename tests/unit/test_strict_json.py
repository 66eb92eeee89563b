"""JSON read strictly, whole and piece by piece: the same verdict and the same value."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.errors import NotUnderstood
from ibr.interop.dci.json_stream import JsonStream
from ibr_messages.strict_json import canonical, canonical_other_spellings, read_object

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
numbers = st.integers(-(2**53), 2**53) | st.floats(
    allow_nan=False, allow_infinity=False, allow_subnormal=False
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)
objects = st.dictionaries(texts, values, max_size=5)


def pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(places)]


def streamed(parts: list[bytes]) -> Any:
    """The document, its outer members and the elements of lists in them taken one by one."""
    stream = JsonStream(iter(parts))
    read: dict[str, Any] = {}
    for name in stream.members():
        read[name] = (
            [stream.value() for _ in stream.elements()] if stream.opens("[") else (stream.value())
        )
    stream.end()
    return read


@given(objects, st.booleans(), st.integers(0, 3))
def test_what_was_written_is_read(document: Any, escaped: bool, indent: int) -> None:
    body = json.dumps(document, ensure_ascii=escaped, indent=indent or None).encode()
    assert read_object(body) == document


@given(objects, st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
def test_pieces_read_as_the_whole(document: Any, cuts: list[int], escaped: bool) -> None:
    body = json.dumps(document, ensure_ascii=escaped).encode()
    assert streamed(pieces(body, cuts)) == document


@given(objects)
def test_byte_by_byte_reads_as_the_whole(document: Any) -> None:
    body = json.dumps(document).encode()
    assert streamed([body[at : at + 1] for at in range(len(body))]) == document


@pytest.mark.parametrize("number", ["1.5", "-1.5e+10", "1E-5", "12345", "-0", "1e5"])
def test_a_number_may_be_cut_anywhere(number: str) -> None:
    body = f'{{"a": {number}, "b": [{number},{number}]}}'.encode()
    for cut in range(len(body)):
        assert streamed([body[:cut], body[cut:]]) == json.loads(body)


DOCUMENT = json.dumps(
    {"header": {"a": "é\ud83d\ude00", "n": -1.5e3}, "list": [{"x": None}, True, '\\"', 12]}
).encode()


@pytest.mark.parametrize("end", range(len(DOCUMENT)))
def test_a_document_cut_short_is_refused(end: int) -> None:
    for parts in ([DOCUMENT[:end]], [DOCUMENT[at : at + 1] for at in range(end)]):
        with pytest.raises(NotUnderstood):
            streamed(parts)
    with pytest.raises(NotUnderstood):
        read_object(DOCUMENT[:end])


REFUSED = {
    "a member twice": b'{"a": 1, "a": 1}',
    "a member twice, spelled otherwise": b'{"a": 1, "\\u0061": 1}',
    "a member twice inside": b'{"x": [{"a": 1, "a": 2}]}',
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": Infinity}',
    "-Infinity": b'{"a": -Infinity}',
    "1e400": b'{"a": 1e400}',
    "-1e400": b'{"a": [-1e400]}',
    "1e131071": b'{"a": 1e131071}',
    "1e-400": b'{"a": 1e-400}',
    "2^53 + 1": b'{"a": 9007199254740993}',
    "2^64": b'{"a": 18446744073709551616}',
    "5000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "escaped NUL": b'{"a": "\\u0000"}',
    "raw NUL": b'{"a": "\x00"}',
    "half a surrogate": b'{"a": "\\ud800"}',
    "half a surrogate, capital": b'{"a": "\\uDC00x"}',
    "half a surrogate as a name": b'{"\\ud800": 1}',
    "half a surrogate in bytes": b'{"a": "\xed\xa0\x80"}',
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "overlong": b'{"a": "\xc0\xaf"}',
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "something after it": b'{"a": 1}{}',
    "a comment": b'{"a": 1 /* x */}',
    "a comma too many": b'{"a": 1,}',
    "a comma too many in a list": b'{"a": [1,]}',
    "single quotes": b"{'a': 1}",
    "no quotes": b"{a: 1}",
    "a control character": b'{"a": "\n"}',
    "hexadecimal": b'{"a": 0x10}',
    "leading zero": b'{"a": 01}',
    "plus": b'{"a": +1}',
    "no digit after the point": b'{"a": 1.}',
    "true in capitals": b'{"a": True}',
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "deep lists": b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}",
    "deep objects": b'{"a": ' * 200 + b"1" + b"}" * 200,
    "very deep": b'{"a": ' + b"[" * 100_000,
    "very deep objects": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_two_readers_could_read_differently_is_refused_whole(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_object(body)


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_and_piece_by_piece(body: bytes) -> None:
    size = 1 if len(body) < 1000 else 4096
    with pytest.raises(NotUnderstood):
        streamed([body])
    with pytest.raises(NotUnderstood):
        streamed([body[at : at + size] for at in range(0, len(body), size)])


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "C:\\u0000x", "\\ud800"])
def test_six_letters_that_look_like_an_escape_are_none(text: str) -> None:
    body = json.dumps({"a": text, "b": [text]}).encode()
    assert read_object(body) == streamed([body[at : at + 1] for at in range(len(body))])


@pytest.mark.parametrize("slashes", [1, 3, 5])
def test_behind_escaped_backslashes_a_nul_is_one(slashes: int) -> None:
    body = b'{"a": "' + b"\\" * slashes + b'u0000"}'
    with pytest.raises(NotUnderstood):
        read_object(body)
    with pytest.raises(NotUnderstood):
        streamed([body[at : at + 1] for at in range(len(body))])


def test_a_hundred_levels_are_enough_and_read() -> None:
    body = b'{"a": ' + b"[" * 99 + b"]" * 99 + b"}"
    assert read_object(body) == streamed([body])


@pytest.mark.parametrize("literal", ["9007199254740992", "-9007199254740992", "0", "-0", "0e-999"])
def test_numbers_that_a_double_holds_are_read(literal: str) -> None:
    assert read_object(f'{{"a": {literal}}}'.encode()) == {"a": json.loads(literal)}


def test_one_value_may_not_be_endless() -> None:
    endless = itertools.chain([b'{"a": "'], itertools.repeat(b"x" * 1_000_000))
    stream = JsonStream(iter(endless))
    members = stream.members()
    next(members)
    with pytest.raises(NotUnderstood, match="8 MiB"):
        stream.value()


@given(objects)
def test_the_canonical_form_is_one_whatever_the_order(document: Any) -> None:
    turned = dict(reversed(list(document.items())))
    assert canonical(document) == canonical(turned)
    assert json.loads(canonical(document)) == document


@given(st.dictionaries(texts, st.integers(-(2**53), 2**53) | texts, max_size=5))
def test_without_decimals_it_is_what_python_signs(document: Any) -> None:
    assert canonical(document) == canonical_other_spellings(document)[0]
