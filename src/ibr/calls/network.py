"""Connections of calls out: the name is resolved once, every answer checked, the checked answer
connected to (reliability B6).

A name that answers publicly first and with an inside address a moment later gets nothing: there
is no second look-up between the check and the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import httpcore

from ibr.calls.model import CallFailed
from ibr.calls.rules import AddressRules, is_literal, may_connect

CONNECT_SECONDS: Final = 3.0
TLS_SECONDS: Final = 5.0
# A host may answer with many addresses; a dead one must not use up the time of the others.
_MOST_TRIED: Final = 4
_LOOK_UPS_AT_ONCE: Final = 64

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Connect = Callable[[str, int, float], Awaitable[httpcore.AsyncNetworkStream]]


class SystemResolver:
    """Asks the system's resolver, one question a name at a time.

    The system's look-up cannot be called off. One for each name at most, in a thread that nobody
    waits for when the process ends: a name whose servers never answer holds up nobody else.
    """

    def __init__(self) -> None:
        self._asked: dict[str, asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        asked = self._asked.get(host)
        if asked is None:
            asked = self._ask(host, port)
        return await asyncio.shield(asked)

    def _ask(self, host: str, port: int) -> asyncio.Future[list[str]]:
        if len(self._asked) >= _LOOK_UPS_AT_ONCE:
            raise OSError("too many look-ups")
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[list[str]] = loop.create_future()

        def look_up() -> None:
            found: list[str] | OSError
            try:
                found = _look_up(host, port)
            except (OSError, UnicodeError):
                found = OSError("no answer")
            # The loop may be closed by now: then nobody waits for the answer.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._answered, host, asked, found)

        self._asked[host] = asked
        threading.Thread(target=look_up, name=f"look-up of {host}", daemon=True).start()
        return asked

    def _answered(
        self, host: str, asked: asyncio.Future[list[str]], found: list[str] | OSError
    ) -> None:
        del self._asked[host]
        if asked.cancelled():
            return
        if isinstance(found, OSError):
            asked.set_exception(found)
            # Whoever waited may have given up; an error nobody saw is no news.
            asked.exception()
        else:
            asked.set_result(found)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


async def connect_by_tcp(ip: str, port: int, seconds: float) -> httpcore.AsyncNetworkStream:
    """A connection to an IP address, never to a name."""
    return await httpcore.AnyIOBackend().connect_tcp(ip, port, timeout=seconds)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens the connections of one kind (`plain` or with TLS) as the rules allow."""

    def __init__(
        self,
        rules: AddressRules,
        resolve: Resolve,
        connect: Connect,
        *,
        plain: bool,
        most_read: int,
    ) -> None:
        self._rules = rules
        self._resolve = resolve
        self._connect = connect
        self._plain = plain
        self._most_read = most_read

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolves, checks every answer and connects to one of them."""
        answers = await self._checked(host, port)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return _Bounded(await self._first(answers, port), self._most_read)
        except TimeoutError:
            raise CallFailed("connect") from None

    async def _checked(self, host: str, port: int) -> Sequence[str]:
        answers: Sequence[str] = [host]
        if not is_literal(host):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    answers = await self._resolve(host, port)
            except (OSError, TimeoutError, UnicodeError):
                raise CallFailed("dns") from None
            if not answers:
                raise CallFailed("dns")
        # One forbidden answer among good ones is a trick or a mistake; neither is worth a try.
        if not all(may_connect(each, self._rules, plain=self._plain) for each in answers):
            raise CallFailed("address")
        return answers

    async def _first(self, answers: Sequence[str], port: int) -> httpcore.AsyncNetworkStream:
        tried = answers[:_MOST_TRIED]
        for number, ip in enumerate(tried, start=1):
            try:
                return await self._connect(ip, port, CONNECT_SECONDS * number / len(tried))
            except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError, TimeoutError):
                continue
        raise CallFailed("connect")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Bounded(httpcore.AsyncNetworkStream):
    """A stream that reads no more after a request than an answer may have."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, most_read: int) -> None:
        self._inner = inner
        self._most_read = most_read
        self._read = 0

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,
    ) -> bytes:
        data = await self._inner.read(max_bytes, timeout)
        self._read += len(data)
        if self._read > self._most_read:
            raise CallFailed("too_large")
        return data

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,
    ) -> None:
        self._read = 0
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            secured = await self._inner.start_tls(ssl_context, server_hostname, TLS_SECONDS)
        except BaseException as wrong:
            # Called off half-way as well: the connection underneath must not stay open.
            await self._inner.aclose()
            if isinstance(wrong, (httpcore.ConnectError, httpcore.ConnectTimeout, OSError)):
                raise CallFailed("tls") from None
            raise
        return _Bounded(secured, self._most_read)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
