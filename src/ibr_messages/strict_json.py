"""JSON read strictly: what two readers could understand differently is refused.

Refused before anything else looks at a message (behaviour.md 9, reliability 0.4): a member given
twice, NaN and infinities, numbers that a double cannot hold exactly, NUL and lone surrogates,
nesting beyond any message's need, bytes that are not UTF-8.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from ibr_messages.errors import NotUnderstood

_LARGEST_EXACT = 2**53
# A message needs some fifteen levels. What is kept must still open wherever it is used later,
# with less of the stack to spare, so the limit is far below what the parser could take.
DEEPEST = 100
# An escaped NUL, and not the six letters of one behind an escaped backslash.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def _refuse(reason: str) -> NotUnderstood:
    return NotUnderstood("message.json", reason)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _refuse("The JSON gives a member twice in one object; give each member once.")
    return members


def _whole(text: str) -> int:
    # The length first: turning thousands of digits into a number is slow, and refused anyway.
    if len(text) > 17 or abs(value := int(text)) > _LARGEST_EXACT:
        raise _refuse("A whole number is larger than 2^53; send long numbers as strings.")
    return value


def _decimal(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise _refuse("A number is too large; no number may exceed 1e308.")
    if value == 0 and text.lower().partition("e")[0].strip("-0."):
        raise _refuse("A number is too close to zero to be kept; send 0 instead.")
    return value


def _constant(text: str) -> float:
    raise _refuse(f"{text} is not JSON; leave the member out instead.")


DECODER = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_whole,
    parse_float=_decimal,
    parse_constant=_constant,
)


def read_text(body: bytes) -> str:
    """The body as text; NotUnderstood unless it is UTF-8 without a byte order mark."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise _refuse(f"The body is not UTF-8 (byte {wrong.start}).") from None
    return text


def check_value(value: Any, text: str, start: int, end: int) -> None:
    """Refuses a value, read from text[start:end], that could not be kept or written again."""
    brackets = text.count("{", start, end) + text.count("[", start, end)
    if brackets > DEEPEST and _depth(value) > DEEPEST:
        raise _refuse("The JSON is nested too deeply.")
    if text.find("\\u0000", start, end) >= 0 and _NUL.search(text, start, end):
        # A database cannot keep it, so it would be lost.
        raise _refuse("The text holds the NUL character (\\u0000); leave it out.")
    if text.find("\\ud", start, end) >= 0 or text.find("\\uD", start, end) >= 0:
        canonical(value)


def _depth(value: Any) -> int:
    depth = 0
    level = [value]
    while level := [each for each in level if isinstance(each, (dict, list))]:
        depth += 1
        level = [
            inner for each in level for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


def read_object(body: bytes) -> dict[str, Any]:
    """A whole body as one JSON object, strictly."""
    text = read_text(body)
    try:
        value = DECODER.decode(text)
    except json.JSONDecodeError as wrong:
        raise _refuse(
            f"The body is not JSON: {wrong.msg.lower()} (line {wrong.lineno}, "
            f"column {wrong.colno})."
        ) from None
    except RecursionError:
        raise _refuse("The JSON is nested too deeply.") from None
    if not isinstance(value, dict):
        raise _refuse("The body must be a JSON object with header and message.")
    check_value(value, text, 0, len(text))
    return value


def read_value(written: bytes) -> Any:
    """One value that is known to be JSON, read strictly."""
    text = read_text(written)
    value = DECODER.decode(text)
    check_value(value, text, 0, len(text))
    return value


_canonical = msgspec.json.Encoder(order="deterministic")


def canonical(value: object) -> bytes:
    """Sorted members, no white space, raw UTF-8 (digest.md 3.3): the bytes that are signed."""
    try:
        return _canonical.encode(value)
    except UnicodeEncodeError:
        raise _refuse("A string holds half of a surrogate pair; send whole characters.") from None
    except RecursionError:
        raise _refuse("The JSON is nested too deeply.") from None


def canonical_other_spellings(value: object) -> tuple[bytes, bytes]:
    """The same with Python's number spelling, raw and with everything beyond ASCII escaped.

    Systems that sign what `json.dumps` wrote produce one of these (digest.md 3.3.1).
    """
    try:
        plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        escaped = json.dumps(value, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        raise _refuse("The JSON is nested too deeply.") from None
    return plain.encode("utf-8", "surrogatepass"), escaped.encode("ascii")
