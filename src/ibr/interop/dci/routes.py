"""Address to operation, the whole table on one screen, answered before any framework.

A plain ASGI application: it takes what is the standard's and hands everything else on. Here,
once for every operation, errors become answers.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from difflib import get_close_matches
from typing import Final

import msgspec

from ibr.access import scopes
from ibr.clock import now
from ibr.errors import NotFound, RegistryError
from ibr.interop.dci import accept, enrolled, enrollment_updates, search, txn_status
from ibr.interop.dci.answers import Answer, Operation
from ibr.interop.dci.bulk import Bulk
from ibr.interop.dci.envelope import Opened
from ibr.interop.dci.file_form import is_form, read_form
from ibr.interop.dci.keys import published_keys
from ibr.interop.dci.noted import note
from ibr.interop.dci.outcomes import decompressed
from ibr.interop.dci.over_http import (
    Application,
    Headers,
    Receive,
    Scope,
    Send,
    check_media_type,
    headers_of,
    read_body,
    text_of,
)
from ibr.interop.dci.services import Services
from ibr.interop.dci.sources import LARGEST, RECEIVERS, Receiver, receive
from ibr.interop.dci.token import LARGEST_FORM, TokenDesk
from ibr.interop.dci.visit import Trace, Visit, overheard
from ibr.log import logger
from ibr_messages.strict_json import canonical

_NAMESPACE = re.compile(r"/[A-Za-z0-9._-]{1,60}/v1\.\d{1,3}\.\d{1,3}(/(?:registry|oauth2)/.*)")
UPDATES: Final = "/registry/sync/enrollment/updates"
_SINGLE: Final = ("/.well-known/jwks.json", "/oauth2/client/token", UPDATES)
_WORDS: Final = (
    "/registry/sync/search",
    "/registry/sync/txn/status",
    "/registry/sync/enrolled",
    "/registry/subscribe",
    "/registry/unsubscribe",
    "/registry/notify",
    "/callbacks/registry/on-search",
    "/callbacks/registry/on-subscribe",
)
_OURS = ("/registry/", "/oauth2/", "/callbacks/registry/", "/.well-known/jwks")


class Route(msgspec.Struct, frozen=True):
    """One operation: its scope, the actions it reads, who answers, and how it refuses.

    `operation` gives a refusal the shape of the operation's answer; an address without one
    refuses with a bare Ack. `answer` gets the opened message and the bytes it was read from.
    `file_form` says whether the standard allows the multipart form here (digest.md 1). `told`
    marks the answers and news of other registries, which may be up to `largest` bytes long.
    """

    scope: str
    actions: frozenset[str]
    answer: Callable[[Opened, bytes], Awaitable[Answer]]
    operation: Operation | None = None
    file_form: bool = False
    told: bool = False
    largest: int = 0


class StandardDoor:
    """The standard's addresses in front of the rest of the application."""

    def __init__(
        self,
        services: Services,
        bulk: Bulk,
        rest: Application,
        largest_message: int,
        trace: Trace | None = None,
    ) -> None:
        self._services = services
        self._bulk = bulk
        self._rest = rest
        self._largest_message = largest_message
        self._trace = trace
        self._tokens = TokenDesk(services)
        self._routes: Final = _table(services)

    @property
    def addresses(self) -> list[str]:
        """Every address that is answered here, without a namespace."""
        return [*self._routes, *_SINGLE]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        path = scope["path"]
        route = self._routes.get(path)
        if route is None and not path.startswith(_OURS):
            inner = _NAMESPACE.fullmatch(path)
            if inner is None:
                await self._rest(scope, receive, send)
                return
            path = inner[1]
            route = self._routes.get(path)
        if route is None and path not in _SINGLE:
            path = _without_values(path)
        visit = Visit(scope["method"], path, route.operation if route else None)
        try:
            answer = await self._answered(visit, route, scope, receive)
        except Exception:
            logger().exception("the registry failed to answer", path=path)
            answer = _failed()
        if self._trace is not None:
            self._trace(visit, answer)
        await _send(answer, send)

    async def _answered(
        self, visit: Visit, route: Route | None, scope: Scope, receive: Receive
    ) -> Answer:
        try:
            if visit.path == "/.well-known/jwks.json":
                return await self._jwks(scope)
            if visit.path == "/oauth2/client/token":
                return await self._token(scope, receive)
            if visit.path == UPDATES:
                visit.operation = enrollment_updates.OPERATION
                return await self._updates(visit, scope, receive)
            if route is None:
                raise NotFound("path.unknown", "There is nothing at this address.")
            return await self._message(visit, route, scope, receive)
        except RegistryError as refused:
            opened = visit.opened
            visit.refused = await self._noted(refused)
            return self._services.writer.refusal(
                visit.refused,
                visit.operation,
                now(),
                receiver_id=opened.partner.sender_id if opened else None,
                transaction_id=_transaction_id(opened) if opened else None,
            )

    async def _noted(self, refused: RegistryError) -> RegistryError:
        """The refusal once it is noted where it must be; why it could not be, otherwise."""
        try:
            await note(self._services.database, refused)
        except RegistryError as lost:
            return lost
        return refused

    async def _message(self, visit: Visit, route: Route, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            return _wrong_method()
        headers = visit.headers = headers_of(scope)
        envelopes = self._services.envelopes
        caller = await envelopes.prove(text_of(headers, b"authorization"), route.scope)
        visit.caller = caller
        body = await self._body(route, headers, receive)
        visit.body = body
        opened = await envelopes.receive(body, caller, route.actions, told=route.told)
        visit.opened = opened
        answer = await route.answer(opened, body)
        # The one way out: whatever an operation answers, it leaves as agreed with the partner.
        return self._services.writer.as_agreed(
            answer, opened.partner, opened.at, asked=opened.encrypted
        )

    async def _body(self, route: Route, headers: Headers, receive: Receive) -> bytes:
        """The message as JSON, whether it came as such or as a file in a form."""
        largest = max(self._largest_message, route.largest)
        if route.file_form and is_form(headers):
            body, _ = await read_form(headers, receive, largest)
            return body
        body = await read_body(headers, receive, largest)
        check_media_type(headers, body)
        return body

    async def _updates(self, visit: Visit, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            return _wrong_method()
        headers = visit.headers = headers_of(scope)
        visit.caller = await self._services.envelopes.prove(
            text_of(headers, b"authorization"), scopes.UPDATES
        )
        if self._trace is not None:
            receive = overheard(receive, visit)
        return await self._bulk.take(headers, receive, visit.caller, check_media_type)

    async def _token(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            return _wrong_method()
        headers = headers_of(scope)
        body = await read_body(headers, receive, LARGEST_FORM)
        return await self._tokens.give(
            body, text_of(headers, b"content-type"), text_of(headers, b"authorization")
        )

    async def _jwks(self, scope: Scope) -> Answer:
        if scope["method"] not in ("GET", "HEAD"):
            return _wrong_method("GET")
        async with self._services.database.transaction(()) as connection:
            document = await published_keys(connection, now())
        headers = (
            (b"content-type", b"application/json"),
            (b"cache-control", b"public, max-age=900"),
        )
        return Answer(200, canonical(document), headers)


def _without_values(path: str) -> str:
    """An address that is none of ours, as it is kept for who looks for a mistake: a word of ours,
    or one that is nearly so, stays; anything else may be somebody's number, and goes."""
    words = {word for each in (*_WORDS, *_SINGLE) for word in each.split("/")}
    parts = path.split("/")[:8]
    return "/".join(
        part if part in words or get_close_matches(part[:60], words, 1, 0.8) else "…"
        for part in parts
    )


def _table(services: Services) -> dict[str, Route]:
    """Every address that takes a message, but for deliveries, which are read as they arrive."""
    asked = enrolled.Enrolled(services)
    searching, asking = frozenset({"search"}), frozenset({"txn-status"})
    return {
        "/registry/sync/enrolled": Route(
            scopes.ENROLLED,
            enrolled.ACTIONS,
            lambda opened, _: asked.answer(opened),
            enrolled.OPERATION,
            file_form=True,
        ),
        "/registry/sync/search": Route(
            scopes.SEARCH,
            searching,
            lambda opened, _: search.search(services, opened),
            search.OPERATION,
        ),
        "/registry/sync/txn/status": Route(
            scopes.STATUS,
            asking,
            lambda opened, _: txn_status.txn_status(services, opened),
            txn_status.OPERATION,
        ),
        "/registry/search": _later(services, "search"),
        "/registry/subscribe": _later(services, "subscribe"),
        "/registry/unsubscribe": _later(services, "unsubscribe"),
        "/registry/txn/status": _later(services, "txn-status"),
        **{path: _told(services, each) for path, each in RECEIVERS.items()},
    }


def _later(services: Services, action: str) -> Route:
    """An operation that is acknowledged now and answered by a callback."""
    return Route(
        accept.OPERATIONS[action].scope,
        frozenset({action}),
        lambda opened, body: accept.accept(services, opened, body),
        file_form=True,
    )


def _told(services: Services, receiver: Receiver) -> Route:
    """An address where other registries answer this one, or tell it what it subscribed to."""
    return Route(
        receiver.scope,
        frozenset({receiver.action}),
        lambda opened, _: receive(services, opened),
        file_form=True,
        told=True,
        largest=LARGEST,
    )


def _transaction_id(opened: Opened) -> str | None:
    given = opened.message.get("transaction_id")
    return given[:99] if isinstance(given, str) else None


def _wrong_method(right: str = "POST") -> Answer:
    message = f"This address is for {right}."
    headers = ((b"content-type", b"application/json"), (b"allow", right.encode()))
    return Answer(405, _said("err.request.bad", message), headers)


def _failed() -> Answer:
    return Answer(
        500,
        _said(
            "err.service.unavailable",
            "The registry failed to answer. Please try again; a message sent again has one effect.",
        ),
    )


def _said(code: str, message: str) -> bytes:
    """An HTTP error with both shapes (behaviour.md 7)."""
    error = {"code": code, "message": message}
    return canonical(
        {
            "errors": [error],
            "message": {
                "ack_status": "ERR",
                "timestamp": now().isoformat(),
                "correlation_id": "none",
                "error": error,
            },
        }
    )


def _chunks(answer: Answer) -> Iterator[bytes]:
    if answer.pieces is not None:
        yield from decompressed(answer.pieces)
    else:
        yield answer.body


async def _send(answer: Answer, send: Send) -> None:
    headers = list(answer.headers)
    if answer.pieces is None:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.pieces is None:
        await send({"type": "http.response.body", "body": answer.body})
        return
    for chunk in _chunks(answer):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
