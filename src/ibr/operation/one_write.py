"""The head and the body of an answer leave in one piece.

uvicorn writes them one after the other, and each becomes a packet of its own: two system calls
here, and two wake-ups of whoever waits there. An answer of the registry is short, and the second
cost more than what it says.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OneWrite(HttpToolsProtocol):
    """uvicorn's protocol over a transport that holds the head of an answer for its body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # narrower, as uvicorn has it
        super().connection_made(cast("asyncio.Transport", HeadWaits(transport)))


class HeadWaits:
    """A transport that joins the head of an answer with what is written next.

    What is not followed by anything before the loop goes round leaves by itself, so an answer
    without a body, or one whose body comes later, is held up by nothing.
    """

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n"):
            self._head = data
            asyncio.get_running_loop().call_soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head and not self._transport.is_closing():
            head, self._head = self._head, b""
            self._transport.write(head)
