"""A file that comes with a form: the fields first, then its bytes as they arrive.

The fields are read before the file is touched, so that who sent it is known, and may, before a byte
of it is kept. Nothing of it is ever whole in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from litestar import Request
from litestar.exceptions import ClientException
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from ibr.errors import NotUnderstood

_MOST_FIELDS: Final = 20
_LONGEST_FIELD: Final = 2_000
_PIECE: Final = 1024 * 1024


class Upload:
    """The file of a form, to be read once."""

    def __init__(self, name: str, events: AsyncIterator[Any]) -> None:
        self.name = name
        self._events = events

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file's bytes, about a megabyte at a time."""
        waiting = bytearray()
        async for event in self._events:
            if isinstance(event, MultipartSegment):
                raise _wrong()
            if event is None:
                continue
            waiting += event
            if len(waiting) >= _PIECE:
                yield bytes(waiting)
                waiting.clear()
        if waiting:
            yield bytes(waiting)


async def begin_upload(request: Request[Any, Any, Any]) -> tuple[dict[str, str], Upload]:
    """The fields before the file, and the file. NotUnderstood where the form has none."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not 0 < len(boundary) <= 70 or not boundary.isascii():
        raise NotUnderstood("form.type", "A form with a file was expected.")
    events = _events(request, PushMultipartParser(boundary, max_segment_count=_MOST_FIELDS))
    fields: dict[str, str] = {}
    name, value = "", bytearray()
    async for event in events:
        if isinstance(event, MultipartSegment):
            if event.filename is not None:
                return fields, Upload(event.filename, events)
            name, value = event.name, bytearray()
        elif event is None:
            fields[name] = value.decode("utf-8", "replace")
        else:
            value += event
            if len(value) > _LONGEST_FIELD:
                raise _wrong()
    raise NotUnderstood("form.no_file", "Choose a file first.")


async def _events(
    request: Request[Any, Any, Any], parser: PushMultipartParser
) -> AsyncIterator[Any]:
    try:
        async for chunk in request.stream():
            for event in parser.parse(chunk):
                yield event
        parser.close()
    except (MultipartError, ClientException):
        raise _wrong() from None


def _wrong() -> NotUnderstood:
    return NotUnderstood("form.unreadable", "The form could not be read. Please send it again.")
