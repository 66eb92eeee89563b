"""Sends one request to another server and reads its answer, within every limit (reliability B7).

The one way out: no redirect is followed, no proxy asked, nothing unpacked, and no answer can be
too slow or too large. Whether an address is registered for a receiver is asked by whoever calls
(rules.within); that its name leads to a host that may be contacted is made sure of here.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpcore

from ibr.calls.model import CallFailed, Reply
from ibr.calls.network import Connect, GuardedNetwork, Resolve, SystemResolver, connect_by_tcp
from ibr.calls.rules import Address, AddressRules, read_address
from ibr.errors import NotUnderstood

LONGEST_ANSWER: Final = 65_536
ALL_SECONDS: Final = 10.0
# Status line, header and interim answers beside the body.
_HEAD_BYTES: Final = 131_072
_MOST_HEADERS: Final = 200
_KEPT_SECONDS: Final = 20.0
_SWEEP_SECONDS: Final = 10.0
_SUCCESS: Final = range(200, 300)

_Key = tuple[tuple[str, str, int], int]


class _Line:
    """The connections to one server: so many at once, kept for a while."""

    def __init__(self, network: GuardedNetwork, secure: ssl.SSLContext, at_once: int) -> None:
        # The semaphore bounds and not the pool: a request called off while it waits for a
        # connection of the pool can leave a place taken for ever.
        self.free = asyncio.Semaphore(at_once)
        self.pool = httpcore.AsyncConnectionPool(
            ssl_context=secure,
            max_connections=None,
            max_keepalive_connections=at_once,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=network,
        )
        self.users = 0
        self.used_at = time.monotonic()


class Caller:
    """Calls other servers as the rules allow; one for each process, closed at its end."""

    def __init__(
        self,
        rules: AddressRules,
        *,
        resolve: Resolve | None = None,
        connect: Connect = connect_by_tcp,
        ca_file: Path | None = None,
        at_once: int = 8,
    ) -> None:
        """`at_once` bounds the calls to one server. Tests hand in `resolve` and `connect`."""
        self.rules = rules
        self._resolve: Resolve = resolve or SystemResolver()
        self._connect = connect
        self._at_once = at_once
        self._secure = ssl.create_default_context()
        if ca_file is not None:
            self._secure.load_verify_locations(cafile=ca_file)
        self._lines: dict[_Key, _Line] = {}
        self._swept_at = time.monotonic()

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        longest_answer: int = LONGEST_ANSWER,
    ) -> Reply:
        """The answer of the server at `url`; CallFailed when there is none that can be used."""
        try:
            address = read_address(url)
        except NotUnderstood:
            raise CallFailed("address") from None
        await self._sweep()
        line = self._line(address, longest_answer)
        line.users += 1
        try:
            async with asyncio.timeout(ALL_SECONDS), line.free:
                return await _exchange(
                    line.pool, _request(method, address, headers, body), longest_answer
                )
        except TimeoutError:
            raise CallFailed("timeout") from None
        finally:
            line.users -= 1
            line.used_at = time.monotonic()

    def _line(self, address: Address, longest_answer: int) -> _Line:
        key = (address.origin, longest_answer)
        line = self._lines.get(key)
        if line is None:
            network = GuardedNetwork(
                self.rules,
                self._resolve,
                self._connect,
                plain=address.scheme == "http",
                most_read=longest_answer + _HEAD_BYTES,
            )
            line = self._lines[key] = _Line(network, self._secure, self._at_once)
        return line

    async def _sweep(self) -> None:
        """Closes connections to servers that were not called for a while."""
        moment = time.monotonic()
        if moment - self._swept_at < _SWEEP_SECONDS:
            return
        self._swept_at = moment
        for key, line in list(self._lines.items()):
            if not line.users and moment - line.used_at > _KEPT_SECONDS:
                del self._lines[key]
                await line.pool.aclose()

    async def close(self) -> None:
        """Closes every connection; calls under way fail."""
        lines, self._lines = list(self._lines.values()), {}
        for line in lines:
            await line.pool.aclose()


def _request(
    method: str, address: Address, headers: Mapping[str, str], body: bytes
) -> httpcore.Request:
    host = f"[{address.host}]" if ":" in address.host else address.host
    if address.port != (443 if address.scheme == "https" else 80):
        host = f"{host}:{address.port}"
    sent = {
        "host": host,
        "user-agent": "ibr",
        # An answer that unfolds to more than it weighs is not asked for, nor ever unfolded.
        "accept-encoding": "identity",
        **{name.lower(): value for name, value in headers.items()},
        "content-length": str(len(body)),
    }
    # Put together from its checked parts, so that nothing reads the address a second time.
    url = httpcore.URL(
        scheme=address.scheme.encode(),
        host=address.host.encode(),
        port=address.port,
        target=address.target.encode(),
    )
    return httpcore.Request(method, url, headers=list(sent.items()), content=body)


async def _exchange(
    pool: httpcore.AsyncConnectionPool, request: httpcore.Request, longest: int
) -> Reply:
    try:
        response = await pool.handle_async_request(request)
    except Exception as wrong:
        raise _failure(wrong) from None
    try:
        headers = _headers(response)
        try:
            body = await _body(response, longest)
        except CallFailed:
            if response.status in _SUCCESS:
                raise
            # The status says enough: whoever refused a message need not be read to the end.
            body = b""
        return Reply(response.status, headers, body)
    finally:
        await response.aclose()


def _headers(response: httpcore.Response) -> dict[str, str]:
    if len(response.headers) > _MOST_HEADERS:
        raise CallFailed("protocol")
    headers: dict[str, str] = {}
    for name, value in response.headers:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return headers


async def _body(response: httpcore.Response, longest: int) -> bytes:
    body = bytearray()
    try:
        async for part in response.aiter_stream():
            body += part
            if len(body) > longest:
                raise CallFailed("too_large")
    except Exception as wrong:
        raise _failure(wrong) from None
    return bytes(body)


def _failure(wrong: Exception) -> Exception:
    """An exception from below as an outcome; one that is none of the network's stays itself."""
    if isinstance(wrong, CallFailed):
        return wrong
    if isinstance(wrong, ssl.SSLError):
        return CallFailed("tls")
    if isinstance(wrong, (httpcore.ConnectError, httpcore.ConnectTimeout)):
        return CallFailed("connect")
    if isinstance(wrong, httpcore.ProtocolError):
        text = str(wrong)
        return CallFailed("closed" if "closed" in text or "disconnected" in text else "protocol")
    if isinstance(wrong, (httpcore.NetworkError, OSError)):
        return CallFailed("closed")
    return wrong
