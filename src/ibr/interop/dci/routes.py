"""Address to operation, the whole table on one screen, answered before any framework.

A plain ASGI application: it takes what is the standard's and hands everything else on. Here,
once for every operation, errors become answers.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import msgspec

from ibr.access import scopes
from ibr.clock import now
from ibr.errors import NotFound, NotProven, NotUnderstood, RegistryError, TooMuch
from ibr.interop.dci import enrolled, enrollment_updates, search, txn_status
from ibr.interop.dci.answers import Answer, Operation
from ibr.interop.dci.bulk import Bulk
from ibr.interop.dci.envelope import Caller, Opened
from ibr.interop.dci.keys import published_keys
from ibr.interop.dci.noted import note
from ibr.interop.dci.outcomes import decompressed
from ibr.interop.dci.services import Services
from ibr.interop.dci.token import LARGEST_FORM, TokenDesk
from ibr.log import logger
from ibr_messages.strict_json import canonical

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_NAMESPACE = re.compile(r"/[A-Za-z0-9._-]{1,60}/v1\.\d{1,3}\.\d{1,3}(/(?:registry|oauth2)/.*)")
_HEAD = re.compile(rb"\s*\{")


class Route(msgspec.Struct, frozen=True):
    """One operation: its scope, the actions it reads, how it refuses, who answers."""

    scope: str
    actions: frozenset[str]
    operation: Operation
    answer: Callable[[Opened], Awaitable[Answer]]


class StandardDoor:
    """The standard's addresses in front of the rest of the application."""

    def __init__(
        self, services: Services, bulk: Bulk, rest: Application, largest_message: int
    ) -> None:
        self._services = services
        self._bulk = bulk
        self._rest = rest
        self._largest_message = largest_message
        self._tokens = TokenDesk(services)
        asked = enrolled.Enrolled(services)
        self._routes: Final = {
            "/registry/sync/enrolled": Route(
                scopes.ENROLLED, enrolled.ACTIONS, enrolled.OPERATION, asked.answer
            ),
            "/registry/sync/search": Route(
                scopes.SEARCH,
                frozenset({"search"}),
                search.OPERATION,
                lambda opened: search.search(services, opened),
            ),
            "/registry/sync/txn/status": Route(
                scopes.STATUS,
                frozenset({"txn-status"}),
                txn_status.OPERATION,
                lambda opened: txn_status.txn_status(services, opened),
            ),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        path = scope["path"]
        route = self._routes.get(path)
        if route is None and not path.startswith(("/registry/", "/oauth2/", "/.well-known/jwks")):
            inner = _NAMESPACE.fullmatch(path)
            if inner is None:
                await self._rest(scope, receive, send)
                return
            path = inner[1]
            route = self._routes.get(path)
        try:
            answer = await self._answered(path, route, scope, receive)
        except Exception:
            logger().exception("the registry failed to answer", path=path)
            answer = _failed()
        await _send(answer, send)

    async def _answered(
        self, path: str, route: Route | None, scope: Scope, receive: Receive
    ) -> Answer:
        operation = route.operation if route else None
        opened: list[Opened] = []
        try:
            if path == "/.well-known/jwks.json":
                return await self._jwks(scope)
            if path == "/oauth2/client/token":
                return await self._token(scope, receive)
            if path == "/registry/sync/enrollment/updates":
                operation = enrollment_updates.OPERATION
                return await self._updates(scope, receive)
            if route is None:
                raise NotFound("path.unknown", "There is nothing at this address.")
            return await self._message(route, scope, receive, opened)
        except RegistryError as refused:
            return self._services.writer.refusal(
                await self._noted(refused),
                operation,
                now(),
                receiver_id=opened[0].partner.sender_id if opened else None,
                transaction_id=_transaction_id(opened),
            )

    async def _noted(self, refused: RegistryError) -> RegistryError:
        """The refusal once it is noted where it must be; why it could not be, otherwise."""
        try:
            await note(self._services.database, refused)
        except RegistryError as lost:
            return lost
        return refused

    async def _message(
        self, route: Route, scope: Scope, receive: Receive, opened: list[Opened]
    ) -> Answer:
        if scope["method"] != "POST":
            return _wrong_method()
        headers = _headers(scope)
        caller = await self._services.envelopes.prove(_text(headers, b"authorization"), route.scope)
        body = await _body(headers, receive, self._largest_message)
        _check_media_type(headers, body)
        opened.append(self._services.envelopes.open(body, caller, route.actions))
        return await route.answer(opened[0])

    async def _updates(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            return _wrong_method()
        headers = _headers(scope)
        caller: Caller = await self._services.envelopes.prove(
            _text(headers, b"authorization"), scopes.UPDATES
        )
        return await self._bulk.take(headers, receive, caller, _check_media_type)

    async def _token(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] != "POST":
            return _wrong_method()
        headers = _headers(scope)
        body = await _body(headers, receive, LARGEST_FORM)
        return await self._tokens.give(
            body, _text(headers, b"content-type"), _text(headers, b"authorization")
        )

    async def _jwks(self, scope: Scope) -> Answer:
        if scope["method"] not in ("GET", "HEAD"):
            return _wrong_method("GET")
        async with self._services.database.transaction(()) as connection:
            document = await published_keys(connection, now())
        headers = (
            (b"content-type", b"application/json"),
            (b"cache-control", b"public, max-age=3600"),
        )
        return Answer(200, canonical(document), headers)


def _transaction_id(opened: list[Opened]) -> str | None:
    given = opened[0].message.get("transaction_id") if opened else None
    return given[:99] if isinstance(given, str) else None


def _headers(scope: Scope) -> dict[bytes, bytes]:
    """The headers by name; NotProven where two readers could take different ones for the token."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    if sum(name == b"authorization" for name, _ in scope["headers"]) > 1:
        raise NotProven("token.invalid", "Send one Authorization header.")
    return headers


def _text(headers: dict[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def check_size(headers: dict[bytes, bytes], largest: int) -> None:
    """Refuses by the announced length, before a byte is read."""
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > largest:
        raise too_large(largest)


def too_large(largest: int) -> TooMuch:
    return TooMuch("too_large", f"The message is too large; at most {largest} bytes are read here.")


async def _body(headers: dict[bytes, bytes], receive: Receive, largest: int) -> bytes:
    """The whole body; TooMuch as soon as it is too large."""
    check_size(headers, largest)
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise NotUnderstood("message.json", "The connection ended before the message did.")
        part = event.get("body", b"")
        size += len(part)
        if size > largest:
            raise too_large(largest)
        parts.append(part)
        if not event.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _check_media_type(headers: dict[bytes, bytes], body: bytes) -> None:
    """415 unless a body that is there is JSON, uncompressed (behaviour.md 8)."""
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if body and (kind != b"application/json" or encoding not in (b"identity", b"")):
        raise NotUnderstood(
            "message.media_type", "Send the message as application/json, not compressed."
        )


def _wrong_method(right: str = "POST") -> Answer:
    message = f"This address is for {right}."
    body = {
        "errors": [{"code": "err.request.bad", "message": message}],
        "message": {
            "ack_status": "ERR",
            "timestamp": now().isoformat(),
            "correlation_id": "none",
            "error": {"code": "err.request.bad", "message": message},
        },
    }
    return Answer(
        405,
        canonical(body),
        ((b"content-type", b"application/json"), (b"allow", right.encode())),
    )


def _failed() -> Answer:
    message = (
        "The registry failed to answer. Please try again; a message sent again has one effect."
    )
    error = {"code": "err.service.unavailable", "message": message}
    body = {
        "errors": [error],
        "message": {
            "ack_status": "ERR",
            "timestamp": now().isoformat(),
            "correlation_id": "none",
            "error": error,
        },
    }
    return Answer(500, canonical(body))


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
