"""The flat file form of a message: CSV written and read, each type kept (docs/standard/files.md).

Row 1 is the signature, row 2 the header and what the message holds beside its list, each as pairs
of path and value. Row 3 has the paths of the list's columns, and every row after it is one item.
Reading gives JSON piece by piece, so that a file of any length needs one row of memory at a time.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ibr_messages.errors import NotUnderstood, TooMuch
from ibr_messages.flat_paths import (
    MOST_COLUMNS,
    MOST_STEPS,
    Columns,
    Path,
    flattened,
    read_path,
    refuse,
)
from ibr_messages.strict_json import canonical, read_object

# One row, and so one cell, may have so many characters.
LARGEST_ROW: Final = 8 * 1024 * 1024
ROWS: Final = "rows"
_SIGNATURE: Final = "signature"
_PIECE: Final = 1024 * 1024
# The lists of the standard's messages that are written as rows, by the first that is there.
_LISTS: Final = (
    ("search_request",),
    ("search_response",),
    ("subscribe_request",),
    ("subscribe_response",),
    ("subscription_status",),
    ("notify_event",),
    ("enrolled_updates", "beneficiaries"),
    ("receipt_information", "beneficiaries"),
    ("enrolled_response",),
    ("txnstatus_response", "txn_status", "search_response"),
    ("txnstatus_response", "txn_status", "enrolled_response"),
)

# The reader's own limit is 128 KiB, less than an encrypted message has. It counts for the whole
# process, in which nothing else reads CSV.
csv.field_size_limit(LARGEST_ROW)


def to_csv(envelope: dict[str, Any]) -> bytes:
    """The whole record of signature, header and message as a file.

    Sign first: the signature is over the JSON that the file stands for.
    """
    if not envelope.keys() <= {_SIGNATURE, "header", "message"} or not envelope.keys() - {
        _SIGNATURE
    }:
        raise refuse("A file holds signature, header and message, and nothing else.")
    # What is no JSON (half a character, a circle) is refused before anything is written.
    canonical(envelope)
    written = io.StringIO(newline="")
    out = csv.writer(written, lineterminator="\r\n")
    signed = {name: envelope[name] for name in envelope if name == _SIGNATURE}
    out.writerow(_pairs(signed, 1) or [_SIGNATURE, ""])
    head: dict[str, Any] = {name: envelope[name] for name in envelope if name != _SIGNATURE}
    place = _place(head.get("message"))
    if place is None:
        out.writerow(_pairs(head))
        return written.getvalue().encode()
    message, items = _without(head["message"], place)
    rest = {name: head[name] for name in head if name != "message"}
    if message:
        rest["message"] = message
    out.writerow([*_pairs(rest), ROWS, str(Path(("message", *place)))])
    paths, rows = _table(items)
    out.writerow(map(str, paths))
    for row in rows:
        out.writerow([row.get(path, "") for path in paths])
    return written.getvalue().encode()


def _pairs(value: dict[str, Any], deepest: int = MOST_STEPS) -> list[str]:
    return [text for path, cell in flattened(value, deepest) for text in (str(path), cell)]


def _place(message: object) -> tuple[str, ...] | None:
    """Which list of a message becomes rows: one of objects that are not all empty."""
    for names in _LISTS:
        found: Any = message
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, list) and any(found) and all(type(each) is dict for each in found):
            return names
    return None


def _without(value: dict[str, Any], place: tuple[str, ...]) -> tuple[dict[str, Any], Any]:
    """The value without what is at the place, and what is there."""
    name, *further = place
    rest = {each: value[each] for each in value if each != name}
    if not further:
        return rest, value[name]
    inner, found = _without(value[name], tuple(further))
    # An object that held the list alone comes back with the list; an empty one would be written
    # as a value of its own and stand in its way.
    return ({**rest, name: inner} if inner else rest), found


def _table(items: list[dict[str, Any]]) -> tuple[list[Path], list[dict[Path, str]]]:
    for deepest in (MOST_STEPS, 1):
        rows = [dict(flattened(item, deepest)) for item in items]
        paths = sorted(
            {path for row in rows for path in row}, key=lambda path: (path.order, path.as_json)
        )
        if len(paths) <= MOST_COLUMNS:
            return paths, rows
    raise refuse("The items have too many different members for a table; send JSON.")


def read_csv(body: bytes, largest: int = LARGEST_ROW) -> dict[str, Any]:
    """The record that a file stands for, as strictly read as JSON."""
    return read_object(b"".join(json_of_csv([body], largest)))


def json_of_csv(pieces: Iterable[bytes], largest: int) -> Iterator[bytes]:
    """The JSON of a file in pieces, in its canonical form but for the signature, which leads.

    TooMuch as soon as the JSON has more than `largest` bytes: short cells under long paths make
    a small file large.
    """
    size = 0
    for piece in _written(_rows(pieces)):
        size += len(piece)
        if size > largest:
            raise TooMuch(
                "too_large",
                f"The JSON that the file stands for may have {largest} bytes at most; send it in "
                "several messages.",
            )
        yield piece


Rows = Iterator[tuple[str, list[str]]]


def _written(rows: Rows) -> Iterator[bytes]:
    signature = _first(rows)
    head, place = _second(rows)
    opening = b"{" + b"".join(
        canonical(name) + b":" + canonical(value) + b"," for name, value in signature.items()
    )
    if place is None:
        extra = next(rows, None)
        if extra is not None:
            raise refuse(f"{extra[0]} follows, but row 2 does not name the list with '{ROWS}'.")
        yield opening + canonical(head)[1:]
        return
    before, behind = _around(head, place)
    yield opening + before[1:]
    heading = next(rows, None)
    if heading is None:
        raise refuse("The row with the paths of the columns is missing.")
    columns = Columns(heading[1], heading[0])
    waiting: list[bytes] = []
    size = 0
    comma = b""
    for name, cells in rows:
        waiting.append(comma + canonical(columns.read(cells, name)))
        comma = b","
        size += len(waiting[-1])
        if size >= _PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting) + behind


def _first(rows: Rows) -> dict[str, Any]:
    """The signature of row 1; nothing where its cell is empty."""
    name, cells = next(rows, ("", []))
    if not cells or cells[0] not in (_SIGNATURE, f"{_SIGNATURE}:json") or any(cells[2:]):
        raise refuse(
            "Row 1 must be the word signature, a comma and the signature: CSV with commas, in "
            "UTF-8, as docs/standard/files.md says."
        )
    return Columns(cells[:1], name).read(cells[1:2], name)


def _second(rows: Rows) -> tuple[dict[str, Any], tuple[str, ...] | None]:
    """Header and message of row 2, and where the list of the rows belongs."""
    name, cells = next(rows, ("Row 2", []))
    if not cells:
        raise refuse("Row 2 is missing: pairs of path and value for header and message.")
    if len(cells) % 2:
        if cells[-1]:
            raise refuse(f"{name} must hold pairs of path and value; its last path has no value.")
        cells = cells[:-1]
    paths, values = cells[::2], cells[1::2]
    place: tuple[str, ...] | None = None
    if ROWS in paths:
        at = paths.index(ROWS)
        place = _place_named(values[at], f"{name}, column {2 * at + 2}")
        del paths[at], values[at]
    head = Columns(paths, name).read(values, name)
    if not head.keys() <= {"header", "message"}:
        raise refuse(f"{name} may hold paths beneath header and message, and '{ROWS}'.")
    return head, place


def _place_named(text: str, where: str) -> tuple[str, ...]:
    path = read_path(text, where)
    names = tuple(step for step in path.steps if isinstance(step, str))
    if len(names) < len(path.steps) or names[0] != "message" or path.as_json or len(names) < 2:
        raise refuse(f"{where} must name a list of the message, for example message.notify_event.")
    return names


def _around(value: Any, place: tuple[str, ...]) -> tuple[bytes, bytes]:
    """The canonical form of a value before and behind the list that is still to come."""
    if not place:
        return b"[", b"]"
    if not isinstance(value, dict):
        raise refuse(f"Row 2 gives a value to a place that lies on the way to '{ROWS}'.")
    name = place[0]
    if len(place) == 1 and name in value:
        raise refuse(f"Row 2 gives a value to the list that '{ROWS}' names.")
    before, behind = _around(value.get(name, {}), place[1:])
    parts = {
        each: canonical(each) + b":" + canonical(value[each]) for each in value if each != name
    }
    first = [parts[each] for each in sorted(parts) if each < name]
    last = [parts[each] for each in sorted(parts) if each > name]
    head = b"{" + b",".join([*first, canonical(name) + b":"]) + before
    return head, behind + b"".join(b"," + each for each in last) + b"}"


def _rows(pieces: Iterable[bytes]) -> Rows:
    """The rows that are not blank, each with its name for refusals."""
    text = _Text(pieces)
    reader = csv.reader(text.lines(), strict=True)
    number = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise refuse(
                f"Row {number + 1} is not CSV (RFC 4180): check its quotes and line breaks, and "
                f"that no row has more than {LARGEST_ROW // 1024 // 1024} MiB."
            ) from None
        if cells is None:
            return
        text.taken = 0
        number += 1
        if cells:
            yield f"Row {number}", cells


class _Text:
    """A file as lines of text; `taken` counts the characters since it was last set to 0."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.taken = 0

    def lines(self) -> Iterator[str]:
        """Each line with its end. Between quotes a row goes on over several of them."""
        waiting: list[str] = []
        size = 0
        for text in _decoded(self._pieces):
            first, *others = text.split("\n")
            waiting.append(first)
            size += len(first)
            for line in others:
                yield self._counted("".join(waiting) + "\n")
                waiting, size = [line], len(line)
            if size > LARGEST_ROW:
                raise _row_too_large()
        if size:
            yield self._counted("".join(waiting))

    def _counted(self, line: str) -> str:
        self.taken += len(line)
        if self.taken > LARGEST_ROW:
            raise _row_too_large()
        return line


def _row_too_large() -> NotUnderstood:
    return refuse(
        f"A row of the file is larger than {LARGEST_ROW // 1024 // 1024} MiB, or a quote is never "
        "closed."
    )


def _decoded(pieces: Iterable[bytes]) -> Iterator[str]:
    """The text of the bytes, without the mark that spreadsheets put before it."""
    decode = codecs.getincrementaldecoder("utf-8")("strict").decode
    begun = False
    try:
        for piece in pieces:
            text = decode(piece)
            if not begun and text:
                text, begun = text.removeprefix("\ufeff"), True
            if "\x00" in text:
                raise refuse("The file holds the NUL character; leave it out.")
            yield text
        decode(b"", True)
    except UnicodeDecodeError:
        raise refuse("The file is not UTF-8; save it as CSV UTF-8.") from None
