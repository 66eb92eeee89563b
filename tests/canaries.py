"""A thousand known values of made-up people, and the search for them in whatever is left behind.

Every value is of a shape that nothing else has, so one pattern finds them all: as they are, in
small letters, in hexadecimal and in base64.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.people import an_identifier
from tests.registry_process import person_record

PEOPLE = 250
_BLOCK = 8 * 1024 * 1024
_LONGEST = 64


def values(number: int) -> dict[str, str]:
    """What must not be found of one person: name, number, phone and account."""
    return {
        "name": f"ZZCANARY{number:04d}QX",
        "uin": f"7788{number:04d}9911",
        "phone": f"+999550{number:04d}77",
        "account": f"ZZ-CANARY-{number:04d}-ACC",
    }


def everything() -> list[str]:
    """All thousand values."""
    return [value for number in range(PEOPLE) for value in values(number).values()]


def record(number: int, programme: str) -> dict[str, Any]:
    """A beneficiary of one programme who has all four."""
    told = values(number)
    made = person_record(told["uin"], programme, [100 + number])
    made["@id"] = f"urn:test:{programme}:{number}"
    person = made["member"]["demographic_info"]
    person["name"]["surname"] = told["name"]
    person["phone_number"] = [told["phone"]]
    made["member"]["member_identifier"] += [
        an_identifier(told["phone"], "MOBILE"),
        an_identifier(told["account"], "ACCOUNT"),
    ]
    return made


_SHAPES = (rb"ZZCANARY\d{4}QX", rb"7788\d{4}9911", rb"999550\d{4}77", rb"ZZ-CANARY-\d{4}-ACC")


def _of_hexadecimal(shape: bytes) -> bytes:
    """The same shape where each letter is written as two hexadecimal digits."""
    parts = re.findall(rb"\\d\{4\}|.", shape)
    return b"".join(
        b"(?:3[0-9]){4}" if part.startswith(b"\\d") else part.hex().encode() for part in parts
    )


_PATTERN = re.compile(
    b"|".join([*_SHAPES, *(_of_hexadecimal(shape) for shape in _SHAPES)]), re.IGNORECASE
)
# The first letters of each shape at each of the three places that base64 has; what follows them
# depends on the number.
_BASE64 = re.compile(
    b"|".join(
        {
            re.escape(base64.b64encode(b"\0" * shift + start)[4 if shift else 0 : 12])
            for start in (b"ZZCANARY0", b"ZZ-CANARY-")
            for shift in (0, 1, 2)
        }
    )
)


def found_in(content: bytes) -> set[str]:
    """Every known value in these bytes, in whatever form."""
    known = {value.upper().lstrip("+") for value in everything()}
    found = set()
    for match in _PATTERN.finditer(content):
        text = match[0].decode().upper()
        if text not in known:
            # Digits that only look like one; or a value in hexadecimal.
            try:
                text = bytes.fromhex(text).decode().upper()
            except ValueError:
                continue
        if text in known:
            found.add(text)
    found |= {match[0].decode() for match in _BASE64.finditer(content)}
    return found


def found_in_files(folder: Path, besides: Iterable[Path] = ()) -> dict[str, set[str]]:
    """The same of every file below a folder, by its path; read raw, a piece at a time."""
    left_out = set(besides)
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or any(p in left_out for p in path.parents):
            continue
        hits = set().union(*(found_in(piece) for piece in _pieces(path)))
        if hits:
            found[str(path.relative_to(folder))] = hits
    return found


def _pieces(path: Path) -> Iterator[bytes]:
    """The file in pieces that overlap, so that nothing is cut in two."""
    tail = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield tail + block
                tail = block[-_LONGEST:]
    except FileNotFoundError:
        # PostgreSQL makes and removes files while we look.
        return
