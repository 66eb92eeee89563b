"""What the registry sends by itself, received: proven, matched with what was asked, handed over
once, and acknowledged.

Nothing is acknowledged before the handler has returned: a message whose handler fails is sent
again by the registry. A handler should therefore commit what it did before it returns, and may
see a message again if its process dies in that very moment.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET

from ibr_client.exchange import read
from ibr_client.failures import (
    AnswerNotTrusted,
    AnswerNotUnderstood,
    KeysNotAvailable,
    NotSetUp,
)
from ibr_client.memory import Memory
from ibr_client.opening import Opened, Opener
from ibr_client.results import Ticket, TicketKind
from ibr_client.sealing import moment_at, new_id, written
from ibr_client.steps import Call, Clock, Failed, Steps
from ibr_messages.types import (
    Ack,
    AckMessage,
    Error,
    MsgCallbackHeader,
    NotifyEventRequest,
    SearchResponse,
    SubscribeResponse,
    TxnStatusResponse,
    UnSubscribeResponse,
)
from ibr_messages.types.words import AckStatus, ErrorCode

T = TypeVar("T")

# A page of a thousand records has room in it.
LARGEST_CALLBACK: Final = 8 * 1024 * 1024


class Received(msgspec.Struct, frozen=True):
    """What is known of a message beside its content.

    `ticket` is what was asked; a notification has none, but names its subscription, which is
    `known` if this client's memory holds it.
    """

    header: MsgCallbackHeader
    ticket: Ticket | None = None
    subscription_code: str | None = None
    known: bool = True


Handler: TypeAlias = Callable[[T, Received], object]


class Handlers(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be called with each kind of message; what has no handler is not served.

    With AsyncRegistryClient a handler may be a coroutine function, and should be one if it takes
    its time.
    """

    on_search: Handler[SearchResponse] | None = None
    on_subscribe: Handler[SubscribeResponse] | None = None
    on_unsubscribe: Handler[UnSubscribeResponse] | None = None
    notify: Handler[NotifyEventRequest] | None = None
    on_status: Handler[TxnStatusResponse] | None = None


class _Kind(msgspec.Struct, Generic[T], frozen=True):
    """One kind of message: its action, its type, and the kind of ticket it answers."""

    name: str
    action: str
    message: type[T]
    answers: TicketKind | None


# By the last part of the address that it is sent to.
_KINDS: Final[dict[str, _Kind[Any]]] = {
    "on-search": _Kind("on_search", "on-search", SearchResponse, "search"),
    "on-subscribe": _Kind("on_subscribe", "on-subscribe", SubscribeResponse, "subscribe"),
    "on-unsubscribe": _Kind("on_unsubscribe", "on-unsubscribe", UnSubscribeResponse, "unsubscribe"),
    "notify": _Kind("notify", "notify", NotifyEventRequest, None),
    "on-status": _Kind("on_status", "txn-on-status", TxnStatusResponse, "txn-status"),
}
_NOT_TRUSTED: Final[dict[str, ErrorCode]] = {
    "answer.sender": "err.sender_id.invalid",
    "answer.receiver": "err.receiver_id.invalid",
    "answer.signature.missing": "err.signature.missing",
    "answer.encryption": "err.encryption.invalid",
}
_NOT_UNDERSTOOD: Final[dict[str, ErrorCode]] = {"answer.version": "err.version.not_supported"}


class _RefusedCallback(Exception):
    """A message that is not taken: the HTTP status and the reason to answer with."""

    def __init__(self, code: ErrorCode, message: str, *, status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def log_failure(error: Exception) -> None:
    """Writes it to the log of this package."""
    logging.getLogger("ibr_client").error("a callback's handler failed", exc_info=error)


class Callbacks:
    """Receives what one registry sends to one partner."""

    def __init__(
        self,
        opener: Opener,
        memory: Memory,
        handlers: Handlers,
        *,
        registry_id: str,
        clock: Clock,
        on_failure: Callable[[Exception], object],
        largest: int,
    ) -> None:
        self._opener = opener
        self._memory = memory
        self._handlers = handlers
        self._registry_id = registry_id
        self._clock = clock
        self._on_failure = on_failure
        self.largest = largest

    def receive(
        self, path: str, headers: Mapping[str, str], body: bytes
    ) -> Steps[tuple[int, bytes]]:
        """The HTTP status and the body to answer a POST with."""
        try:
            _check_body(headers, body, self.largest)
            opened = yield from self._opened(body)
            kind = _kind_of(path, opened.header)
            handler = getattr(self._handlers, kind.name)
            if handler is None:
                raise _RefusedCallback(
                    "err.request.not_found", "Such messages are not received here.", status=404
                )
            message = _typed(opened, kind)
            received = self._matched(kind, message, opened.header)
            yield from self._handed_over(handler, message, received, opened)
        except _RefusedCallback as refused:
            return refused.status, self._ack("ERR", None, refused)
        # News has no correlation of its own. The same message again gets the same one.
        own = hashlib.sha256(self._key(opened.header).encode()).hexdigest()[:32]
        return 200, self._ack("ACK", getattr(message, "correlation_id", own), None)

    def _key(self, header: MsgCallbackHeader) -> str:
        """What the memory knows a message by; it may hold those of several registries."""
        return f"{self._registry_id} {header.message_id}"

    def _opened(self, body: bytes) -> Steps[Opened]:
        try:
            return (yield from self._opener.open(body, self.largest))
        except AnswerNotTrusted as wrong:
            code = _NOT_TRUSTED.get(wrong.code, "err.signature.invalid")
            raise _RefusedCallback(code, wrong.message) from None
        except AnswerNotUnderstood as wrong:
            code = _NOT_UNDERSTOOD.get(wrong.code, "err.request.bad")
            raise _RefusedCallback(code, wrong.message) from None
        except NotSetUp as wrong:
            raise _RefusedCallback("err.encryption.invalid", wrong.message) from None
        except KeysNotAvailable:
            raise _RefusedCallback(
                "err.service.unavailable",
                "The registry's keys could not be fetched just now; send it again later.",
                status=503,
            ) from None

    def _matched(self, kind: _Kind[Any], message: Any, header: MsgCallbackHeader) -> Received:
        if kind.answers is None:
            code = _subscription_of(message, header)
            return Received(
                header,
                subscription_code=code,
                known=code is not None and self._memory.is_subscribed(code),
            )
        ticket = self._memory.ticket(message.transaction_id)
        if (
            ticket is None
            or ticket.kind != kind.answers
            or ticket.correlation_id not in (None, message.correlation_id)
        ):
            raise _RefusedCallback(
                "err.request.not_found", "Nothing was asked that this could be the answer to."
            )
        return Received(header, ticket)

    def _handed_over(
        self, handler: Handler[Any], message: Any, received: Received, opened: Opened
    ) -> Steps[None]:
        """Calls the handler, once for each message_id."""
        key = self._key(received.header)
        claim = self._memory.claim(key, _content_of(opened), self._clock())
        if claim == "done":
            return
        if claim == "other content":
            raise _RefusedCallback(
                "err.request.bad",
                "This message_id came before with another content. (rjct.message_id.duplicate)",
            )
        if claim == "under way":
            raise _RefusedCallback(
                "err.service.unavailable", "This message is being dealt with.", status=503
            )
        dealt_with = False
        try:
            self._note_subscriptions(message)
            yield Call(lambda: handler(message, received))
            self._memory.finish(key)
            dealt_with = True
        except Failed as failed:
            self._on_failure(failed.error)
            raise _RefusedCallback(
                "err.service.unavailable",
                "The message could not be dealt with; send it again later.",
                status=500,
            ) from None
        finally:
            if not dealt_with:
                self._memory.release(key)

    def _note_subscriptions(self, message: Any) -> None:
        if isinstance(message, SubscribeResponse):
            for item in message.subscribe_response:
                for subscription in item.subscriptions or []:
                    self._memory.subscribed(subscription.code)

    def _ack(
        self, status: AckStatus, correlation_id: str | None, refused: _RefusedCallback | None
    ) -> bytes:
        error = Error(code=refused.code, message=refused.message[:999]) if refused else UNSET
        return written(
            Ack(
                message=AckMessage(
                    ack_status=status,
                    timestamp=moment_at(self._clock()),
                    correlation_id=correlation_id or new_id(),
                    error=error,
                )
            )
        )


def _kind_of(path: str, header: MsgCallbackHeader) -> _Kind[Any]:
    """What the message is, as its header says; an address that says so too must agree.

    Where no address of their own was named for answers, the registry sends them all to the one
    that is registered, whatever its path.
    """
    kind = next((each for each in _KINDS.values() if each.action == header.action), None)
    by_path = _KINDS.get(path.rstrip("/").rsplit("/", 1)[-1])
    if kind is None or by_path not in (None, kind):
        wanted = by_path.action if by_path else "that of a callback or a notification"
        raise _RefusedCallback("err.request.bad", f"header.action must be {wanted} here.")
    return kind


def _typed(opened: Opened, kind: _Kind[T]) -> T:
    try:
        return read(opened.message, kind.message)
    except AnswerNotUnderstood as wrong:
        raise _RefusedCallback("err.request.bad", wrong.message) from None


def _check_body(headers: Mapping[str, str], body: bytes, largest: int) -> None:
    given = {name.lower(): value for name, value in headers.items()}
    kind = given.get("content-type", "").split(";")[0].strip().lower()
    encoding = given.get("content-encoding", "identity").strip().lower()
    if len(body) > largest:
        raise _RefusedCallback("err.request.bad", "The message is too large.", status=413)
    if body and (kind != "application/json" or encoding not in ("identity", "")):
        raise _RefusedCallback(
            "err.request.bad", "Send application/json, not compressed.", status=415
        )


def _content_of(opened: Opened) -> bytes:
    """A digest of what was said. Each try encrypts anew, or no more, and says the same."""
    header = msgspec.structs.replace(opened.header, is_msg_encrypted=False)
    return hashlib.sha256(written(header) + b"\n" + opened.message).digest()


def _subscription_of(message: NotifyEventRequest, header: MsgCallbackHeader) -> str | None:
    for event in message.notify_event:
        if event.data.subscription_code:
            return event.data.subscription_code
    code = header.meta.get("subscription_code")
    return code if isinstance(code, str) else None
