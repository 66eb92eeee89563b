"""The one place where our errors become the standard's codes (digest.md 2.3, 2.5)."""

from __future__ import annotations

from typing import Final

import msgspec

from ibr.errors import (
    Conflict,
    NotAllowed,
    NotFound,
    NotProven,
    NotUnderstood,
    RegistryError,
    TooMuch,
    Unavailable,
)


class Reason(msgspec.Struct, frozen=True):
    """How an error is said in the standard.

    `http` is the HTTP status; None means "an ERR answer", 200 by default (behaviour.md 2).
    `error` is the communication layer's code; `header` the header's status_reason_code; `item`
    the code of one item of a search.
    """

    error: str
    http: int | None = None
    header: str | None = None
    item: str | None = None


_BAD: Final = "err.request.bad"

# By our code; what is not listed here goes by the kind of the error, below.
REASONS: Final = {
    "message.version": Reason("err.version.not_supported", header="rjct.version.invalid"),
    "message.action": Reason(_BAD, header="rjct.action.invalid"),
    "message.action_unknown": Reason(_BAD, header="rjct.action.not_supported"),
    "message.message_ts": Reason(_BAD, header="rjct.message_ts.invalid"),
    "message.total_count": Reason(_BAD, header="rjct.total_count.invalid"),
    "message.too_many_items": Reason(_BAD, header="rjct.total_count.limit_exceeded"),
    "message.duplicate": Reason(_BAD, header="rjct.message_id.duplicate"),
    "message.sender": Reason("err.sender_id.invalid"),
    "message.sender_uri": Reason("err.sender_uri.invalid"),
    "message.receiver": Reason("err.receiver_id.invalid"),
    "encryption.invalid": Reason("err.encryption.invalid"),
    "encryption.off": Reason("err.encryption.invalid"),
    "encryption.required": Reason("err.encryption.invalid"),
    "encryption.no_key": Reason("err.encryption.invalid"),
    "message.media_type": Reason(_BAD, http=415),
    "signature.missing": Reason("err.signature.missing"),
    "signature.invalid": Reason("err.signature.invalid"),
    "query.criteria": Reason(_BAD, item="rjct.search_criteria.invalid"),
    "query.sort": Reason(_BAD, item="rjct.sort.invalid"),
    "query.pagination": Reason(_BAD, item="rjct.pagination.invalid"),
    "query.reference_duplicate": Reason(_BAD, item="rjct.reference_id.duplicate"),
    "query.reference": Reason(_BAD, item="rjct.reference_id.invalid"),
    "query.timestamp": Reason(_BAD, item="rjct.timestamp.invalid"),
    "query.too_many": Reason(_BAD, item="rjct.search.too_many_records_found"),
    "subscription.event": Reason(_BAD, item="rjct.notify_types.invalid"),
    "subscription.details": Reason(_BAD, item="rjct.notify_details.invalid"),
    "subscription.schedule": Reason(_BAD, item="rjct.notify_details.invalid"),
    "subscription.person": Reason(_BAD, item="rjct.person_id.invalid"),
    "subscription.exists": Reason(_BAD, item="rjct.event.already_subscribed"),
    "subscription.code": Reason(_BAD, item="rjct.subscription_code.invalid"),
    "subscription.over": Reason(_BAD, item="rjct.event.already_unsubscribed"),
    # Not HTTP 404: the address is there, what it is told of is not (digest.md 2.5).
    "transaction.unknown": Reason("err.request.not_found"),
    "too_large": Reason(_BAD, http=413),
    "too_many_requests": Reason("err.request.too_many_requests", http=429),
}

_BY_KIND: Final[tuple[tuple[type[RegistryError], Reason], ...]] = (
    (NotProven, Reason("err.request.unauthorized", http=401)),
    (NotAllowed, Reason("err.request.forbidden", http=403)),
    (NotFound, Reason("err.request.not_found", http=404)),
    (TooMuch, Reason("err.request.too_many_requests", http=429)),
    (Conflict, Reason(_BAD, header="rjct.message_id.duplicate")),
    (Unavailable, Reason("err.service.unavailable", http=503)),
    (NotUnderstood, Reason(_BAD)),
)


def reason_of(error: RegistryError) -> Reason:
    """The standard's words for an error of ours."""
    found = REASONS.get(error.code)
    if found is not None:
        return found
    return next(reason for kind, reason in _BY_KIND if isinstance(error, kind))


LONGEST_MESSAGE: Final = 999


def text_of(error: RegistryError, reason: Reason) -> str:
    """The message of an error, with the header's code in it where there is no other place."""
    code = reason.header or reason.item
    text = f"{error.message} ({code})" if code else error.message
    return text[:LONGEST_MESSAGE]
