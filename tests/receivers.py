"""Receivers of callbacks on 127.0.0.1, each with a way of its own to answer, most of them wrong.

They are plain sockets, because no library would let them behave like this.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import msgspec

ACK: Final = msgspec.json.encode(
    {
        "message": {
            "ack_status": "ACK",
            "timestamp": "2026-03-02T09:30:00.000Z",
            "correlation_id": "c-1",
        }
    }
)
_HTML: Final = b"<!doctype html><title>Sign in to the network</title><p>Welcome!"
_PIECE: Final = b"x" * 65_536


class Received(msgspec.Struct):
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def document(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body)

    @property
    def message_id(self) -> str:
        return self.document["header"]["message_id"]

    @property
    def unsigned(self) -> bytes:
        """The bytes without the signature, which stands in front."""
        signature = msgspec.json.encode(self.document["signature"])
        front = b'{"signature":' + signature + b","
        assert self.body.startswith(front)
        return b"{" + self.body[len(front) :]


Behave = Callable[["Receiver", Received, asyncio.StreamWriter], Awaitable[None]]


class Receiver:
    """A server that keeps what it got and answers as it was made to."""

    def __init__(self, behave: Behave, secure: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self.names: list[str | None] = []
        self.seen: Counter[str] = Counter()
        self._behave = behave
        self._secure = secure
        if secure is not None:
            secure.sni_callback = lambda _socket, name, _context: self.names.append(name)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Receiver]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._secure)
        self.port = server.sockets[0].getsockname()[1]
        self._tasks: set[asyncio.Task[None]] = set()
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/callback"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            while True:
                received = await _read(reader)
                self.received.append(received)
                await self._behave(self, received, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            self._tasks.discard(task)
            with contextlib.suppress(Exception):
                writer.close()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if line)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(first.split(" ")[1], headers, body, time.monotonic())


def http(
    body: bytes = ACK, status: str = "200 OK", length: int | None = None, **headers: str
) -> bytes:
    """An answer; with a `length` it lies about its own."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\n{lines}Content-Length: {size}\r\n\r\n".encode() + body


def answering(*answers: bytes) -> Behave:
    """These answers to a message's first tries, the last of them to every further one."""

    async def behave(receiver: Receiver, received: Received, writer: asyncio.StreamWriter) -> None:
        number = receiver.seen[received.message_id]
        receiver.seen[received.message_id] += 1
        writer.write(answers[min(number, len(answers) - 1)])

    return behave


async def never(_r: Receiver, _m: Received, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3600)


async def closing(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
    writer.close()
    raise ConnectionError


async def resetting(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()
    raise ConnectionError


async def ten_megabytes(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {160 * len(_PIECE)}\r\n\r\n".encode())
    for _ in range(160):
        writer.write(_PIECE)
        await writer.drain()


async def longer_than_it_says(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(http(length=20))


async def shorter_than_it_says(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(http(length=len(ACK) + 500))
    await writer.drain()
    writer.close()
    raise ConnectionError


async def dripping(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
    for byte in http():
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def endless_chunks(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + _PIECE[:4096] + b"\r\n")
        await writer.drain()


async def endless_beginnings(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n" * 100)
        await writer.drain()


async def ten_thousand_headers(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
    lines = "".join(f"x-{number}: 1\r\n" for number in range(10_000))
    writer.write(f"HTTP/1.1 200 OK\r\n{lines}Content-Length: {len(ACK)}\r\n\r\n".encode() + ACK)


def gzip_bomb() -> bytes:
    """Thirty-two megabytes of nothing in some thirty kilobytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(_PIECE) for _ in range(512)) + packer.flush()


async def nonsense(_r: Receiver, _m: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    writer.close()
    raise ConnectionError


REDIRECT: Final = http(
    b"", "301 Moved Permanently", Location="http://169.254.169.254/latest/meta-data/"
)

# What they do, and what becomes of a message in the end: its state and last outcome.
EVIL: Final[Mapping[str, tuple[Behave, str, str]]] = {
    "503 twice": (answering(*2 * [http(b"", "503 Busy")], http()), "delivered", "ack"),
    "never answers": (never, "dead", "timeout"),
    "closes": (closing, "dead", "closed"),
    "redirects to the metadata": (answering(REDIRECT), "dead", "http_301"),
    "10 MB": (ten_megabytes, "dead", "too_large"),
    "longer than it says": (longer_than_it_says, "dead", "not_json"),
    "shorter than it says": (shorter_than_it_says, "dead", "closed"),
    "drips": (dripping, "dead", "timeout"),
    "resets": (resetting, "dead", "closed"),
    "endless chunks": (endless_chunks, "dead", "too_large"),
    "endless beginnings": (endless_beginnings, "dead", "too_large"),
    "10,000 headers": (ten_thousand_headers, "dead", "protocol"),
    "gzip bomb": (
        answering(http(gzip_bomb(), Content_Encoding="gzip")),
        "dead",
        "not_json",
    ),
    "HTML": (answering(http(_HTML, Content_Type="text/html")), "dead", "not_json"),
    "nonsense": (nonsense, "dead", "protocol"),
}


@asynccontextmanager
async def all_running(behaviours: Mapping[str, Behave]) -> AsyncIterator[dict[str, Receiver]]:
    """One receiver for each, by name."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(Receiver(behave).running())
            for name, behave in behaviours.items()
        }
