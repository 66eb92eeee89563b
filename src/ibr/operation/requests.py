"""Every request counted on its way through: by address and by who asks, never by what it says.

Programmes' systems are counted by the network address they come from too, before anything of their
requests is read, and every answer leaves with the headers that no answer may lack.

It also lets connections end while the process is being ended: a proxy that keeps them open would
otherwise send the next request into a connection that is just being closed.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, Final

import msgspec
from prometheus_client import Counter, Gauge, Histogram

from ibr.access.limits import Doorkeeper
from ibr.errors import TooMuch
from ibr.spans import span

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

_REQUESTS: Final = Counter(
    "ibr_requests",
    "Requests answered, by who asks, address and kind of answer.",
    ["client", "route", "status"],
)
# The bounds that the yes/no question is held to (reliability C1), and some above.
_SECONDS: Final = Histogram(
    "ibr_request_seconds",
    "Seconds from a request to the last byte of its answer.",
    ["client", "route"],
    buckets=(0.02, 0.08, 0.15, 0.3, 1.0, 5.0, 30.0),
)
_IN_FLIGHT: Final = Gauge("ibr_requests_in_flight", "Requests being answered at this moment.")

_LIMITED: Final = Counter(
    "ibr_requests_limited", "Requests of a network address that had asked too much.", ["client"]
)

OTHER: Final = "other"
# What a browser must never do with an answer that is no page: show it as one, frame it, guess what
# it is, tell others where it came from, or keep it unless it says so itself. Pages bring headers of
# their own (web/answers.py).
_NOT_A_PAGE: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
_ONLY_ENCRYPTED: Final = (
    b"strict-transport-security",
    b"max-age=31536000; includeSubDomains",
)
_UNPROVEN: Final = 401
_PARTNERS: Final = ("/registry/", "/oauth2/", "/callbacks/", "/.well-known/")
_OPERATORS: Final = ("/health/", "/metrics")


class Draining:
    """Whether this process was told to end and only finishes what it has."""

    begun = False


class CountedRequests:
    """The application with every request counted.

    `routes` are the addresses that have a line of their own: whole ones, and first parts of the
    pages'. Whatever else somebody asks for is counted as other, so that nobody can make lines.
    """

    def __init__(
        self,
        inner: Application,
        draining: Draining,
        doorkeeper: Doorkeeper | None = None,
        *,
        encrypted: bool = False,
    ) -> None:
        """With `encrypted`, as in production, browsers are told to come back by TLS alone."""
        self._inner = inner
        self._draining = draining
        self._doorkeeper = doorkeeper
        self._encrypted = encrypted
        self.routes: frozenset[str] = frozenset()

    def know(self, addresses: Collection[str]) -> None:
        """Says which addresses there are, once the application has been built."""
        self.routes = frozenset(
            each if _is_whole(each) else _first_part(each) for each in addresses
        )

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        status = 500
        begun = time.monotonic()
        client = client_of(scope)
        address = self._address_of(scope, client)

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": self._whole(message.get("headers", ()))}
            await send(message)

        _IN_FLIGHT.inc()
        with span("request") as mark:
            try:
                if address is not None and (late := self._too_much(address, begun)) is not None:
                    _LIMITED.labels(client).inc()
                    await _refuse(late, noted)
                else:
                    await self._inner(scope, receive, noted)
            finally:
                _IN_FLIGHT.dec()
                if status == _UNPROVEN and address is not None and self._doorkeeper is not None:
                    self._doorkeeper.was_refused(address, begun)
                route = self.route_of(scope["path"])
                mark.set(route=route, client=client, status=status)
                _REQUESTS.labels(client, route, f"{status // 100}xx").inc()
                _SECONDS.labels(client, route).observe(time.monotonic() - begun)

    def _address_of(self, scope: dict[str, Any], client: str) -> str | None:
        """Whom a request is counted for here; None for pages, which count for themselves and say
        so in the reader's language (web/gate.py), and for who watches this machine."""
        if self._doorkeeper is None or scope.get("client") is None:
            return None
        if client == "partner" or scope["path"].startswith("/api/"):
            return str(scope["client"][0])
        return None

    def _too_much(self, address: str, at: float) -> TooMuch | None:
        assert self._doorkeeper is not None
        try:
            self._doorkeeper.ask(address, at)
        except TooMuch as late:
            return late
        return None

    def _whole(self, given: Collection[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """An answer's headers with those that it must not lack."""
        headers = list(given)
        names = {name for name, _ in headers}
        headers += [each for each in _NOT_A_PAGE if each[0] not in names]
        if self._encrypted and _ONLY_ENCRYPTED[0] not in names:
            headers.append(_ONLY_ENCRYPTED)
        if self._draining.begun:
            headers.append((b"connection", b"close"))
        return headers

    def route_of(self, path: str) -> str:
        """The line that a path is counted in: never a path that somebody made up."""
        if path in self.routes:
            return path
        for prefix in ("/registry/", "/oauth2/"):
            # The same addresses under a namespace and a version.
            at = path.find(prefix)
            if at > 0 and path[at:] in self.routes:
                return path[at:]
        # The pages of one kind together; and what lies below a whole address with it.
        near = "/".join(path.split("/")[:4]) if _is_whole(path) else _first_part(path)
        return near if near in self.routes else OTHER


async def _refuse(late: TooMuch, send: Send) -> None:
    """Says so without having read anything, in the shape of the standard and of our own interface
    (behaviour.md 7)."""
    error = {"code": "err.request.too_many_requests", "message": late.message}
    said = {"ack_status": "ERR", "correlation_id": "none", "error": error}
    body = msgspec.json.encode({"errors": [error], "message": said})
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", str(late.retry_after or 1).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def client_of(scope: dict[str, Any]) -> str:
    """The class of who is asking, by address and by how they prove who they are."""
    path: str = scope["path"]
    if path.startswith(_OPERATORS):
        return "operator"
    if path.startswith("/public"):
        return "public"
    if path.startswith("/api/"):
        signed_in = any(name == b"cookie" for name, _ in scope["headers"])
        return "officer" if signed_in else "partner"
    if path.startswith(_PARTNERS) or "/registry/" in path:
        return "partner"
    return "officer"


def _is_whole(path: str) -> bool:
    return path.startswith((*_PARTNERS, "/api/"))


def _first_part(path: str) -> str:
    return "/" + path.lstrip("/").partition("/")[0]
