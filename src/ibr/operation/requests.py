"""Every request counted on its way through: by address and by who asks, never by what it says.

It also lets connections end while the process is being ended: a proxy that keeps them open would
otherwise send the next request into a connection that is just being closed.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram

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

OTHER: Final = "other"
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

    def __init__(self, inner: Application, draining: Draining) -> None:
        self._inner = inner
        self._draining = draining
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

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._draining.begun:
                    headers = [*message.get("headers", ()), (b"connection", b"close")]
                    message = {**message, "headers": headers}
            await send(message)

        _IN_FLIGHT.inc()
        with span("request") as mark:
            try:
                await self._inner(scope, receive, noted)
            finally:
                _IN_FLIGHT.dec()
                route = self.route_of(scope["path"])
                client = client_of(scope)
                mark.set(route=route, client=client, status=status)
                _REQUESTS.labels(client, route, f"{status // 100}xx").inc()
                _SECONDS.labels(client, route).observe(time.monotonic() - begun)

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
