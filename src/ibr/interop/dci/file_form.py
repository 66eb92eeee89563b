"""The file form: a message as a file in a multipart form (digest.md 2.10, docs/standard/files.md).

The form is taken apart while it arrives and the file's bytes are given on as they come, so that a
large delivery is never whole in memory. A small message becomes the JSON that it stands for, and
goes on as if it had been sent so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal

import msgspec
from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)

from ibr.errors import NotUnderstood
from ibr.interop.dci.over_http import Headers, Receive, check_size, media_type, too_large
from ibr_messages.flat import json_of_csv

FORM: Final = b"multipart/form-data"
FILE: Final = "fileName"
FIELDS: Final = ("action", "fileFormat")
Format = Literal["json", "csv"]

# RFC 2046 allows no longer boundary.
_LONGEST_BOUNDARY: Final = 70
_LONGEST_FIELD: Final = 200
# The standard's form has three; others are passed over, as it allows them.
_MOST_PARTS: Final = 16
_CHARSETS: Final = ("utf-8", "utf8", "us-ascii", "ascii")
_ENCODINGS: Final = ("7bit", "8bit", "binary")


def _refuse(reason: str) -> NotUnderstood:
    return NotUnderstood("message.form", reason)


class File(msgspec.Struct, frozen=True):
    """What a form says of its file: the action it announces, and how the file is written."""

    action: str
    format: Format


def is_form(headers: Headers) -> bool:
    """Whether the body is a multipart form, and not JSON."""
    return media_type(headers) == FORM


class Form:
    """One multipart form as it arrives."""

    def __init__(self, headers: Headers, largest: int) -> None:
        """`largest` counts for the whole form."""
        if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
            raise NotUnderstood("message.media_type", "Send the form as it is, not compressed.")
        check_size(headers, largest)
        _, options = parse_options_header(headers[b"content-type"].decode("latin-1"))
        boundary = options.get("boundary", "")
        if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii():
            raise _refuse(
                "The Content-Type multipart/form-data must name the boundary between the parts."
            )
        self._parser = PushMultipartParser(boundary, max_segment_count=_MOST_PARTS)
        self._largest = largest
        self._size = 0
        self._part: str | None = None
        self._given: dict[str, bytes] = {}
        self._has_file = False

    def feed(self, chunk: bytes) -> bytes:
        """Takes what arrived and gives back what of it belongs to the file."""
        self._size += len(chunk)
        if self._size > self._largest:
            raise too_large(self._largest)
        if not chunk:
            return b""
        try:
            return b"".join(self._file_bytes(chunk))
        except ParserLimitReached:
            raise _refuse(
                f"The form has more than {_MOST_PARTS} parts, or a long header."
            ) from None
        except MultipartError:
            raise _refuse("The form is not multipart/form-data (RFC 7578).") from None

    def _file_bytes(self, chunk: bytes) -> Iterator[bytes]:
        for event in self._parser.parse(chunk):
            if event is None:
                self._part = None
            elif isinstance(event, MultipartSegment):
                self._begin(event)
            elif self._part == FILE:
                yield bytes(event)
            elif self._part is not None:
                self._given[self._part] += event
                if len(self._given[self._part]) > _LONGEST_FIELD:
                    raise _refuse(f"The form's field {self._part} is too long.")

    def _begin(self, part: MultipartSegment) -> None:
        name = part.name
        if name != FILE and name not in FIELDS:
            return
        if name in self._given or (name == FILE and self._has_file):
            raise _refuse(f"The form gives {name} twice; send one message in a form.")
        if (part.charset or "utf-8").lower() not in _CHARSETS:
            raise _refuse(f"The form's part {name} is not in UTF-8.")
        encoding = part.header("Content-Transfer-Encoding") or "binary"
        if encoding.strip().lower() not in _ENCODINGS:
            raise _refuse(f"Send the form's part {name} as it is, without a transfer encoding.")
        self._part = name
        if name == FILE:
            self._has_file = True
        else:
            self._given[name] = b""

    def file(self) -> File:
        """What the form says of its file, once it is at its end."""
        try:
            self._parser.close()
        except MultipartError:
            raise _refuse("The form ends before its last boundary.") from None
        if not self._has_file:
            raise _refuse(f"The form needs the field {FILE} with the file's content.")
        action = self._text("action")
        if not action:
            raise _refuse("The form needs the field action, the same as header.action.")
        kind = self._text("fileFormat").lower() or "json"
        if kind == "json":
            return File(action, "json")
        if kind == "csv":
            return File(action, "csv")
        raise _refuse("fileFormat must be json or csv; it is json where the form has none.")

    def _text(self, name: str) -> str:
        try:
            return self._given.get(name, b"").decode().strip()
        except UnicodeDecodeError:
            raise _refuse(f"The form's field {name} is not in UTF-8.") from None

    def within(self, receive: Receive) -> Receive:
        """Receives the file's bytes only, as if they were the whole body."""

        async def received() -> dict[str, Any]:
            while True:
                event = await receive()
                if event["type"] == "http.disconnect":
                    return event
                piece = self.feed(event.get("body", b""))
                more = bool(event.get("more_body"))
                if piece or not more:
                    return {"type": "http.request", "body": piece, "more_body": more}

        return received


async def read_form(headers: Headers, receive: Receive, largest: int) -> tuple[bytes, str]:
    """The JSON of a small message that comes as a file, and the action that the form announces.

    `largest` counts for the form, and for the JSON that a CSV file stands for.
    """
    form = Form(headers, largest)
    received = form.within(receive)
    parts: list[bytes] = []
    more = True
    while more:
        event = await received()
        if event["type"] == "http.disconnect":
            raise NotUnderstood("message.json", "The connection ended before the message did.")
        parts.append(event["body"])
        more = event["more_body"]
    file = form.file()
    body = b"".join(as_json(parts, file, largest))
    check_action(file.action, _action_of(body))
    return body, file.action


def as_json(content: Iterable[bytes], file: File, largest: int) -> Iterable[bytes]:
    """A file's content as JSON."""
    return json_of_csv(content, largest) if file.format == "csv" else content


def check_action(announced: str, action: object) -> None:
    """Refuses a form that announces another action than its file has.

    An action that is none is left to the envelope's checks, which say so better.
    """
    if isinstance(action, str) and action != announced:
        raise NotUnderstood(
            "message.action",
            "The form's field action is another than header.action in its file.",
            field="header.action",
        )


class _Header(msgspec.Struct):
    action: Any = None


class _Envelope(msgspec.Struct):
    header: _Header


def _action_of(body: bytes) -> object:
    """The action of a message that nobody has read strictly yet; nothing where it has none."""
    try:
        return msgspec.json.decode(body, type=_Envelope).header.action
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
