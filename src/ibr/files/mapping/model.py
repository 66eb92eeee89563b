"""A mapping: what the columns of one layout of files mean."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

import msgspec
from anyascii import anyascii

DateOrder = Literal["dmy", "mdy", "ymd"]
Decimal = Literal[".", ","]
_WORDS: Final = re.compile(r"[a-z]+|\d+")


class Column(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What one column means.

    `to` is a target (docs/howto/send-a-file.md), empty where the column is left out. `codes` says
    which code a word stands for, where the registry's own words do not. `day` is the date of a
    benefit whose column is a month of its own.
    """

    column: str
    to: str = ""
    codes: dict[str, str] = {}
    dates: DateOrder | None = None
    decimal: Decimal | None = None
    day: str | None = None


class Mapping(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What a whole layout means.

    `rows` is `record` where a row is a person, an enrolment or a payment, `member` where a row is
    one member of a household and rows with the same household number are one record. `unit` is 1
    for a person, 2 for a household, 3 for a family. `header` is the number of the row with the
    columns' names, 0 where the form itself names them; `header_rows` is 2 where the row above
    holds names of groups of columns. `constants` says what no column says.
    """

    columns: list[Column]
    rows: Literal["record", "member"] = "record"
    unit: Literal[1, 2, 3] = 1
    sheet: str | None = None
    header: int = 1
    header_rows: Literal[1, 2] = 1
    constants: dict[str, str] = {}

    def target_of(self, title: str) -> str:
        """What a column means; empty where it is left out."""
        return next((each.to for each in self.columns if each.column == title), "")


@lru_cache(maxsize=8_192)
def words_of(text: str) -> str:
    """A title or word in small ASCII letters and digits, parted by blanks: `Prénom(s)` as
    `prenom s`, `dateOfBirth` as `date of birth`."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", anyascii(text))
    return " ".join(_WORDS.findall(parted.casefold()))


def layout_of(titles: Iterable[str]) -> bytes:
    """16 bytes that are the same for files with the same columns, however they are ordered or
    spelt in capitals."""
    written = "\x1f".join(sorted(words_of(title) for title in titles if title))
    return hashlib.blake2b(written.encode(), digest_size=16).digest()
