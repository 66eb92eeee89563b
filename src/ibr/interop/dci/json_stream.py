"""A JSON body read piece by piece: never the whole of it in memory, as strict as strict_json.

The caller walks objects and arrays and takes each value it wants whole; only one value at a time
is turned into objects.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ibr.errors import NotUnderstood, TooMuch
from ibr_messages.strict_json import DECODER, check_value

# A single value larger than this is no beneficiary.
LARGEST_VALUE: Final = 8 * 1024 * 1024
# How far before the end of what has arrived an error may stand and still only mean "not yet
# complete": no escape or literal of JSON is longer.
_TAIL: Final = 16
_WHITE: Final = " \t\n\r"
_OF_A_NUMBER: Final = "0123456789.eE+-"


# So many characters tell the beginning of an element from that of an object inside one.
_BEGINNING: Final = 12
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


def _refuse(reason: str) -> NotUnderstood:
    return NotUnderstood("message.json", reason)


class JsonStream:
    """A body as it arrives in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        self._text = ""
        self._at = 0
        self._before = 0
        self._ended = False

    @property
    def position(self) -> int:
        """How many characters of the body lie behind."""
        return self._before + self._at

    def _more(self) -> bool:
        """Reads one more piece; False at the end of the body."""
        if self._ended:
            return False
        try:
            piece = next(self._pieces, None)
            fresh = self._decode(piece or b"", piece is None)
        except UnicodeDecodeError:
            raise _refuse("The body is not UTF-8.") from None
        self._ended = piece is None
        self._before += self._at
        self._text = self._text[self._at :] + fresh
        self._at = 0
        return not self._ended or bool(fresh)

    def _next(self) -> str:
        """The next character that is not white space, not yet taken; empty at the end."""
        while True:
            while self._at < len(self._text):
                letter = self._text[self._at]
                if letter not in _WHITE:
                    return letter
                self._at += 1
            if not self._more():
                return ""

    def _take(self, wanted: str) -> None:
        letter = self._next()
        if letter != wanted:
            found = f"'{letter}'" if letter else "the end of the body"
            raise _refuse(f"The body is not JSON: expected '{wanted}', found {found}.")
        self._at += 1

    def value(self) -> Any:
        """The next value, whole."""
        self._next()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as wrong:
                unterminated = wrong.msg.startswith("Unterminated string")
                if not unterminated and wrong.pos < len(self._text) - _TAIL:
                    raise _refuse(f"The body is not JSON: {wrong.msg.lower()}.") from None
                self._grow(f"The body is not JSON: {wrong.msg.lower()}.")
                continue
            except NotUnderstood:
                # A number cut in two may look too large until the rest of it is here.
                if self._text[-1] not in _OF_A_NUMBER or not self._may_grow() or not self._more():
                    raise
                continue
            except RecursionError:
                raise _refuse("The JSON is nested too deeply.") from None
            # A number close to the end of what arrived may go on in the next piece: `1`, `1e+`.
            if self._goes_on(value, end) and not self._ended:
                behind = self._at
                if self._more():
                    continue
                end -= behind
            check_value(value, self._text, self._at, end)
            self._at = end
            return value

    def _goes_on(self, value: Any, end: int) -> bool:
        rest = self._text[end : end + 3]
        return type(value) in (int, float) and len(rest) < 3 and not rest.strip(".eE+-")

    def long_text(self, longest: int) -> str:
        """The next value, a string without escapes of at most `longest` characters.

        For the one member that may be longer than any other value: its end is looked for in each
        piece alone, so that a long text costs no more than its length.
        """
        self._take('"')
        parts: list[str] = []
        length = 0
        while True:
            end = self._text.find('"', self._at)
            part = self._text[self._at :] if end < 0 else self._text[self._at : end]
            parts.append(part)
            length += len(part)
            self._at += len(part)
            if length > longest:
                raise TooMuch("too_large", f"One text is longer than {longest} characters.")
            if "\\" in part or not part.isprintable():
                raise _refuse("A long text must be written without escapes.")
            if end >= 0:
                self._at += 1
                return "".join(parts)
            if not self._more():
                raise _refuse("The body is not JSON: unterminated string.")

    def _may_grow(self) -> bool:
        return len(self._text) - self._at <= LARGEST_VALUE

    def _grow(self, otherwise: str) -> None:
        if not self._may_grow():
            raise _refuse("One value is larger than 8 MiB.")
        if not self._more():
            raise _refuse(otherwise)

    def members(self) -> Iterator[str]:
        """The names of an object's members; the caller takes each value before the next name."""
        self._take("{")
        if self._next() == "}":
            self._at += 1
            return
        seen: set[str] = set()
        while True:
            if self._next() != '"':
                raise _refuse("The body is not JSON: a member needs a name in quotes.")
            name = self.value()
            if name in seen:
                raise _refuse("The JSON gives a member twice in one object; give each member once.")
            seen.add(name)
            self._take(":")
            yield name
            if self._next() != ",":
                self._take("}")
                return
            self._at += 1

    def elements(self) -> Iterator[None]:
        """One step for each element of an array; the caller takes the value at each."""
        self._take("[")
        if self._next() == "]":
            self._at += 1
            return
        while True:
            yield None
            if self._next() != ",":
                self._take("]")
                return
            self._at += 1

    def arrived(self) -> list[bytes]:
        """The array's elements that lie whole in what has arrived, as written; none when that
        cannot be told quickly, or when only the last is left.

        For many objects of one kind, which begin alike: a piece of text that ends before another
        beginning and reads as whole values is a piece of this array. Each element is JSON, but
        has not been read strictly.
        """
        if self._next() != "{":
            return []
        beginning = "," + self._text[self._at : self._at + _BEGINNING]
        end = self._text.rfind(beginning)
        if end <= self._at:
            return []
        try:
            found = _ELEMENTS.decode(f"[{self._text[self._at : end]}]".encode())
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return []
        self._at = end
        return [bytes(element) for element in found]

    def opens(self, bracket: str) -> bool:
        """Whether the next value is an object (`{`) or an array (`[`)."""
        return self._next() == bracket

    def end(self) -> None:
        """Refuses anything but white space after the value."""
        if self._next():
            raise _refuse("The body goes on after the end of the JSON.")
