"""Files over the interface: announced, sent in parts that go on where they stopped, answered.

The way a part is sent follows tus: HEAD tells how far the file is, and each part names the place it
begins at. Nothing is lost when a connection breaks; the sender asks and goes on.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, Literal

import msgspec

from ibr.access.scopes import UPDATES
from ibr.asker import Asker
from ibr.clock import now
from ibr.deliveries.model import ControlTotals
from ibr.errors import NotFound, NotUnderstood
from ibr.files import asked
from ibr.files.asked import FileRoom
from ibr.files.mapping.model import Mapping
from ibr.files.mapping.propose import Question
from ibr.files.mapping.read_mapping import LARGEST as LARGEST_MAPPING
from ibr.files.mapping.read_mapping import read_mapping
from ibr.files.model import FileSent, FileTerms
from ibr.files.sending.respond import MEDIA
from ibr.interop.dci.over_http import Headers, Receive, Scope, headers_of, read_body, text_of
from ibr.interop.dci.services import Services
from ibr.periods import read_month

FILES: Final = "/api/v1/files"
_ONE: Final = re.compile(
    r"/api/v1/files/(?P<number>\d{1,15})(?:/(?P<what>content|complete|mapping|send|response))?"
)
_LARGEST_JSON: Final = 16_384
_PIECE: Final = 1024 * 1024
_OFFSET: Final = b"upload-offset"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

Header = tuple[bytes, bytes]


class Announced(msgspec.Struct, forbid_unknown_fields=True):
    """A file that is to come. `bytes` is its length, where it is known."""

    programme: str
    cycle: str
    name: str = "file"
    bytes: int | None = None
    sequence: int | None = None
    mode: Literal["initial", "delta", "correction"] = "delta"
    control_totals: ControlTotals = ControlTotals()


class Completed(msgspec.Struct, forbid_unknown_fields=True):
    """The end of a file: SHA-256 of all of its bytes in hexadecimal."""

    sha256: str


class FileSaid(msgspec.Struct, omit_defaults=True):
    """A file as its sender sees it; `questions` must be decided before it can be sent."""

    file: int
    programme: str
    cycle: str
    state: str
    bytes: int
    mapping: Mapping | None = None
    questions: list[Question] = []
    would: dict[str, int] | None = None
    counts: dict[str, int] | None = None
    delivery: int | None = None
    refused: str | None = None


class Answered(msgspec.Struct):
    """A status, headers and a body, whole or in pieces."""

    status: int
    headers: list[Header]
    body: Any = None
    pieces: AsyncIterator[bytes] | None = None


def is_about_files(path: str) -> bool:
    """Whether an address is one of files."""
    return path == FILES or path.startswith(f"{FILES}/")


class FilesDesk:
    """Answers partners about their files."""

    def __init__(self, services: Services, largest: int) -> None:
        """`largest`: the most bytes of a file."""
        self._services = services
        self._room = FileRoom(services.database, services.sealer, largest)
        self._one: dict[tuple[str, str], _OfOne] = {
            ("HEAD", ""): self._offset,
            ("GET", ""): self._status,
            ("DELETE", ""): self._forget,
            ("PUT", "content"): self._add,
            ("PATCH", "content"): self._add,
            ("POST", "complete"): self._complete,
            ("PUT", "mapping"): self._map,
            ("POST", "send"): self._send,
            ("GET", "response"): self._response,
        }

    async def answer(self, scope: Scope, receive: Receive) -> Answered:
        """The answer to one request; every refusal is a RegistryError."""
        headers = headers_of(scope)
        caller = await self._services.envelopes.prove(text_of(headers, b"authorization"), UPDATES)
        await self._services.book.refresh()
        asker = caller.partner.asker(caller.scopes)
        path, method = scope["path"], scope["method"]
        if path == FILES:
            if method == "POST":
                return await self._announce(asker, await read_body(headers, receive, _LARGEST_JSON))
            if method == "GET":
                found = await asked.several(self._room, asker)
                return Answered(200, [], {"files": [self._said(each) for each in found]})
        found_one = _ONE.fullmatch(path)
        handler = self._one.get((method, (found_one["what"] or "") if found_one else "none"))
        if found_one is None or handler is None:
            raise NotFound("path.unknown", "There is nothing at this address, or not this way.")
        return await handler(asker, int(found_one["number"]), headers, receive)

    async def _announce(self, asker: Asker, body: bytes) -> Answered:
        said = _read(body, Announced)
        programme = await self._services.book.programme(said.programme)
        terms = FileTerms(
            cycle=str(read_month(said.cycle)),
            sequence=said.sequence,
            mode=said.mode,
            totals=said.control_totals,
        )
        number = await asked.announce(
            self._room,
            asker,
            programme.programme_id if programme else None,
            said.name,
            terms,
            now(),
            said.bytes,
        )
        place = (b"location", f"{FILES}/{number}".encode())
        return Answered(201, [place, (_OFFSET, b"0")], {"file": number, "offset": 0})

    async def _offset(self, asker: Asker, number: int, _h: Headers, _r: Receive) -> Answered:
        file = await asked.one(self._room, asker, number)
        length = [] if file.bytes_said is None else [(b"upload-length", b"%d" % file.bytes_said)]
        return Answered(200, [(_OFFSET, b"%d" % file.length), *length])

    async def _status(self, asker: Asker, number: int, _h: Headers, _r: Receive) -> Answered:
        return Answered(200, [], self._said(await asked.one(self._room, asker, number)))

    async def _forget(self, asker: Asker, number: int, _h: Headers, _r: Receive) -> Answered:
        await asked.forget(self._room, asker, number, now())
        return Answered(204, [])

    async def _add(self, asker: Asker, number: int, headers: Headers, receive: Receive) -> Answered:
        """Keeps each megabyte as soon as it is there, so that a broken part is not lost whole."""
        written = headers.get(_OFFSET, b"")
        if not written.isdigit() or len(written) > 15:
            raise NotUnderstood(
                "file.offset_missing",
                "Say where the part begins: Upload-Offset: 0 for the first, then what HEAD tells.",
            )
        if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"identity", b""):
            raise NotUnderstood("message.media_type", "Send the file as it is, not compressed.")
        offset, waiting, more = int(written), bytearray(), True
        # An empty part at the right place is no mistake; one at the wrong place is.
        begun = False
        while more:
            event = await receive()
            if event["type"] == "http.disconnect":
                break
            waiting += event.get("body", b"")
            more = bool(event.get("more_body"))
            if len(waiting) >= _PIECE or not more:
                if waiting or not begun:
                    offset = await asked.add_bytes(
                        self._room, asker, number, offset, bytes(waiting), now()
                    )
                    begun = True
                waiting.clear()
        if waiting:
            offset = await asked.add_bytes(self._room, asker, number, offset, bytes(waiting), now())
        return Answered(204, [(_OFFSET, b"%d" % offset)])

    async def _complete(
        self, asker: Asker, number: int, headers: Headers, receive: Receive
    ) -> Answered:
        said = _read(await read_body(headers, receive, _LARGEST_JSON), Completed)
        digest = said.sha256.strip().lower()
        if not _DIGEST.fullmatch(digest):
            raise NotUnderstood(
                "file.digest", "sha256 is 64 hexadecimal digits, over all bytes of the file."
            )
        file = await asked.complete(self._room, asker, number, now(), bytes.fromhex(digest))
        return Answered(202, [], self._said(file))

    async def _map(self, asker: Asker, number: int, headers: Headers, receive: Receive) -> Answered:
        mapping = read_mapping(await read_body(headers, receive, LARGEST_MAPPING))
        await asked.change_mapping(self._room, asker, number, mapping, now())
        return Answered(202, [], self._said(await asked.one(self._room, asker, number)))

    async def _send(self, asker: Asker, number: int, _h: Headers, _r: Receive) -> Answered:
        await asked.send_on(self._room, asker, number, now())
        return Answered(202, [], self._said(await asked.one(self._room, asker, number)))

    async def _response(self, asker: Asker, number: int, _h: Headers, _r: Receive) -> Answered:
        file, pieces = await asked.response(self._room, asker, number, now())
        form = file.response_format or "csv"
        name = f'attachment; filename="response-{number}.{form}"'
        headers = [
            (b"content-type", MEDIA[form].encode()),
            (b"content-length", b"%d" % (file.response_bytes or 0)),
            (b"content-disposition", name.encode()),
        ]
        return Answered(200, headers, pieces=pieces)

    def _said(self, file: FileSent) -> FileSaid:
        programme = self._services.book.programmes.get(file.programme_id)
        look = file.look
        return FileSaid(
            file=file.file_no,
            programme=programme.code if programme else "",
            cycle=file.terms.cycle,
            state=file.state,
            bytes=file.length,
            mapping=file.mapping,
            questions=look.questions if look else [],
            would=msgspec.structs.asdict(file.tried) if file.tried else None,
            counts=msgspec.structs.asdict(file.counts) if file.delivery_id else None,
            delivery=file.delivery_id,
            refused=file.refused_reason,
        )


_OfOne = Callable[[Asker, int, Headers, Receive], Awaitable[Answered]]


def _read(body: bytes, kind: Any) -> Any:
    """The body as this; NotUnderstood, without a value, where it is something else."""
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise NotUnderstood(
            "file.json",
            "Send one JSON object with the fields that docs/howto/send-a-file.md shows, and no "
            "others.",
        ) from None
