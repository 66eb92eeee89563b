"""JSON lines: one flat object a line; objects inside are flattened with points between names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import msgspec

from ibr.files.reading.model import MOST_COLUMNS, Format, Row, too_much, trimmed, unreadable

_LONGEST_LINE: Final = 1024 * 1024


class JsonRows:
    """The objects as rows under the names of all that any of them has; the first row is those."""

    format: Format = "jsonl"
    sheet = None
    sheets = ()
    titled = True

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        names: dict[str, None] = {}
        for _, found in self._objects():
            names.update(dict.fromkeys(found))
            if len(names) > MOST_COLUMNS:
                raise too_much(f"The objects have more than {MOST_COLUMNS} names between them.")
        if not names:
            raise unreadable("The file is empty.")
        self._names = list(names)

    def rows(self) -> Iterator[Row]:
        """Row 0 holds the names; an object has the number of its line."""
        yield 0, list(self._names)
        for number, found in self._objects():
            yield trimmed(number, [found.get(name, "") for name in self._names])

    def _objects(self) -> Iterator[tuple[int, dict[str, str]]]:
        self._file.seek(0)
        number = 0
        while line := self._file.readline(_LONGEST_LINE + 1):
            number += 1
            if len(line) > _LONGEST_LINE:
                raise too_much(f"Line {number} is longer than {_LONGEST_LINE} bytes.")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                yield number, {}
                continue
            try:
                value = msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                value = None
            if not isinstance(value, dict):
                raise unreadable(f"Line {number} is no JSON object; write one object a line.")
            flat: dict[str, str] = {}
            _flatten("", value, flat)
            yield number, flat


def _flatten(path: str, value: Any, into: dict[str, str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _flatten(f"{path}.{name}" if path else str(name), inner, into)
    elif isinstance(value, list):
        if all(isinstance(each, str | int | float) for each in value):
            into[path] = "; ".join(_text(each) for each in value)
        else:
            for place, inner in enumerate(value, 1):
                _flatten(f"{path}.{place}", inner, into)
    else:
        into[path] = _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
