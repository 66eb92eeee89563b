"""An answer leaves in one piece; what has no body, or a late one, is not held up."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from ibr.operation.one_write import HeadWaits, OneWrite

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n"
ASKED = b"GET / HTTP/1.1\r\nhost: registry\r\n\r\n"


class Wire:
    """A transport that notes what is written to it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, _name: str) -> None:
        return None

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def waits(wire: Wire) -> HeadWaits:
    return HeadWaits(cast("Any", wire))


async def test_head_and_body_are_one_piece(wire: Wire, waits: HeadWaits) -> None:
    waits.write(HEAD)
    waits.write(b"yes")
    await asyncio.sleep(0)
    assert wire.written == [HEAD + b"yes"]


async def test_a_head_alone_leaves_when_the_loop_goes_round(wire: Wire, waits: HeadWaits) -> None:
    waits.write(HEAD)
    await asyncio.sleep(0)
    assert wire.written == [HEAD]
    waits.write(b"late")
    assert wire.written == [HEAD, b"late"]


async def test_what_waits_is_written_before_the_end(wire: Wire, waits: HeadWaits) -> None:
    waits.write(HEAD)
    waits.close()
    await asyncio.sleep(0)
    assert (wire.written, wire.closed) == ([HEAD], True)


async def test_nothing_is_written_to_who_has_gone(wire: Wire, waits: HeadWaits) -> None:
    waits.write(HEAD)
    wire.close()
    await asyncio.sleep(0)
    assert wire.written == []


async def test_every_other_byte_keeps_its_order(wire: Wire, waits: HeadWaits) -> None:
    pieces = [HEAD, b"a", HEAD, HEAD, b"b", b"HTTP/1.1 said somebody", b"c"]
    for each in pieces:
        waits.write(each)
    await asyncio.sleep(0)
    assert b"".join(wire.written) == b"".join(pieces)


async def _answer(scope: Any, _receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"3")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"yes"})


@pytest.mark.parametrize(
    ("protocol", "pieces"), [(OneWrite, 1), (HttpToolsProtocol, 2)], ids=["ours", "control"]
)
async def test_so_it_is_with_uvicorn(
    wire: Wire, protocol: type[HttpToolsProtocol], pieces: int
) -> None:
    config = Config(_answer, lifespan="off", log_level="warning")
    config.load()
    speaks = protocol(config, ServerState(), {})
    speaks.connection_made(cast("Any", wire))
    for _ in range(2):
        wire.written.clear()
        speaks.data_received(ASKED)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(wire.written) == pieces
        assert b"".join(wire.written).endswith(b"\r\n\r\nyes")
    speaks.connection_lost(None)
