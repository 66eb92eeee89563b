"""Every address of the standard that the registry serves, described in our own words."""

from __future__ import annotations

from typing import Final

from ibr.access import scopes
from ibr.interop.dci import openapi_examples as examples
from ibr.interop.dci import openapi_later as later
from ibr.interop.dci.openapi_parts import (
    Document,
    acknowledged,
    answered,
    called_back,
    operation,
    request,
)
from ibr.interop.dci.openapi_schemas import UPDATE_ACTIONS

_LATER: Final = "answered later"
_AT_ONCE: Final = "answered at once"
_RECEIVED: Final = "from other registries"
_SENDER_URI: Final = "{$request.body#/header/sender_uri}"
_ABOUT_ACK: Final = (
    "The Ack comes after the request is kept; the answer is posted to `header.sender_uri` as it "
    "stands, which must lie beneath an address registered for the partner. Without one the answer "
    "goes to the registered address, and is kept for txn/status."
)
_ABOUT_CALLBACK: Final = (
    "Signed as it is sent, within seconds; the same `message_id` on every try. It bears the "
    "`transaction_id` of the request and the `correlation_id` of its Ack."
)


def callbacks() -> Document:
    """What the registry posts to partners, by its name in the standard."""
    return {
        "on-search": called_back(
            "on_search",
            "What a search found",
            f"{_ABOUT_CALLBACK} A search over several pages is asked for page by page.",
            "SearchResponse",
            examples.SEARCH_ANSWER,
        ),
        "on-subscribe": called_back(
            "on_subscribe",
            "What became of a wish to subscribe",
            f"{_ABOUT_CALLBACK} Each subscription has its code, which notifications bear.",
            "SubscribeResponse",
            later.ON_SUBSCRIBE,
        ),
        "notify": called_back(
            "notify",
            "News of one record",
            "Sent for each change that a subscription asks for and the agreement allows, in the "
            "order in which the changes of one person happened, at the times that the subscription "
            "names. To the address registered for notifications; otherwise to the one of "
            "on-subscribe with notify as its last step.",
            "NotifyEventRequest",
            later.NOTIFY,
        ),
        "on-unsubscribe": called_back(
            "on_unsubscribe",
            "What became of a wish to unsubscribe",
            f"{_ABOUT_CALLBACK} A code that is not known, or was ended before, is rjct.",
            "UnSubscribeResponse",
            later.ON_UNSUBSCRIBE,
        ),
        "txn-on-status": called_back(
            "txn_on_status",
            "What became of an earlier message",
            _ABOUT_CALLBACK,
            "TxnStatusResponse",
            examples.STATUS_ANSWER,
        ),
    }


def _sent_back(*names: str) -> Document:
    """The callbacks of a request, by where they go."""
    return {name: {_SENDER_URI: {"$ref": f"#/components/pathItems/{name}"}} for name in names}


def later_paths() -> Document:
    """The asynchronous addresses: acknowledged at once, answered by a callback."""
    return {**_asked_later(), **_subscriptions()}


def _asked_later() -> Document:
    return {
        "/registry/search": operation(
            name="search",
            title="Search records, answered later",
            about=f"The searches of /registry/sync/search. {_ABOUT_ACK}",
            scope=scopes.SEARCH,
            tag=_LATER,
            body=request("SearchRequest", later.LATER_SEARCHES, later.FILES["search"], "search"),
            responses=acknowledged(),
            callbacks=_sent_back("on-search"),
        ),
        "/registry/txn/status": operation(
            name="txn_status_later",
            title="Ask what became of an earlier message, answered later",
            about=f"The question of /registry/sync/txn/status. {_ABOUT_ACK}",
            scope=scopes.STATUS,
            tag=_LATER,
            body=request(
                "TxnStatusRequest",
                {"question": later.LATER_STATUS},
                later.FILES["txn-status"],
                "txn-status",
            ),
            responses=acknowledged(),
            callbacks=_sent_back("txn-on-status"),
        ),
    }


def _subscriptions() -> Document:
    return {
        "/registry/subscribe": operation(
            name="subscribe",
            title="Subscribe to changes",
            about=(
                "Of what to hear (enrolments, changes of status), of whom (a filter in any form of "
                f"a search) and when (a Quartz schedule). {_ABOUT_ACK}"
            ),
            scope=scopes.SUBSCRIBE,
            tag=_LATER,
            body=request(
                "SubscribeRequest",
                {"wish": later.SUBSCRIBE},
                later.FILES["subscribe"],
                "subscribe",
            ),
            responses=acknowledged(),
            callbacks=_sent_back("on-subscribe", "notify"),
        ),
        "/registry/unsubscribe": operation(
            name="unsubscribe",
            title="End subscriptions",
            about=f"By the codes that on-subscribe gave. {_ABOUT_ACK}",
            scope=scopes.UNSUBSCRIBE,
            tag=_LATER,
            body=request(
                "UnSubscribeRequest",
                {"wish": later.UNSUBSCRIBE},
                later.FILES["unsubscribe"],
                "unsubscribe",
            ),
            responses=acknowledged(),
            callbacks=_sent_back("on-unsubscribe"),
        ),
    }


def reporting_paths() -> Document:
    """Telling the registry, and asking it yes or no."""
    return {**_updates(), **_enrolled()}


def _updates() -> Document:
    return {
        "/registry/sync/enrollment/updates": operation(
            name="enrollment_updates",
            title="Report enrolments and benefits",
            about=(
                "A programme's system tells who was enrolled and what was given. Every record "
                "gets an outcome of its own: good ones are stored, each bad one says which field "
                "is at fault and how to mend it. Actions read: notify, register, "
                "enrollment-updates. The same message again gets the same answer. Records "
                "written otherwise than here are read where there is only one thing they can mean."
            ),
            scope=scopes.UPDATES,
            tag=_AT_ONCE,
            body=request(
                "EnrollmentUpdatesRequest",
                {"update": examples.UPDATES, "encrypted": later.ENCRYPTED_UPDATES},
                later.FILES["updates"],
                *UPDATE_ACTIONS,
            ),
            responses=answered(
                "EnrollmentUpdatesResponse",
                "RefusedEnrolledResponse",
                examples.UPDATES_ANSWER,
                examples.refused("on-notify", enrolled_response=[]),
            ),
        ),
    }


def _enrolled() -> Document:
    return {
        "/registry/sync/enrolled": operation(
            name="enrolled",
            title="Ask whether somebody is enrolled in one programme",
            about=(
                "Yes or no for each person or group asked about, and nothing more. One question "
                "names one programme. Somebody unknown is no, like somebody not enrolled."
            ),
            scope=scopes.ENROLLED,
            tag=_AT_ONCE,
            body=request(
                "EnrolledRequest",
                {"question": examples.ENROLLED},
                later.FILES["enrolled"],
                "search",
            ),
            responses=answered(
                "EnrolledResponse",
                "RefusedEnrolledResponse",
                examples.ENROLLED_ANSWER,
                examples.refused("on-search", enrolled_response=[]),
            ),
        ),
    }


def asking_paths() -> Document:
    """Searches and questions about earlier messages, answered in the same connection."""
    return {
        "/registry/sync/search": operation(
            name="sync_search",
            title="Search records",
            about=(
                "Records of the programmes that the partner may report for or ask about, and of "
                "no others. A fault of one search is said in its item."
            ),
            scope=scopes.SEARCH,
            tag=_AT_ONCE,
            body=request("SearchRequest", dict(examples.SEARCHES)),
            responses=answered(
                "SearchResponse",
                "RefusedSearchResponse",
                examples.SEARCH_ANSWER,
                examples.refused("on-search", search_response=[]),
            ),
        ),
        "/registry/sync/txn/status": operation(
            name="sync_txn_status",
            title="Ask what became of an earlier message",
            about=(
                "The outcomes of the partner's own searches, subscriptions and updates, as they "
                "were answered. Asking about a search needs the right to search as well."
            ),
            scope=scopes.STATUS,
            tag=_AT_ONCE,
            body=request("TxnStatusRequest", {"question": examples.STATUS}),
            responses=answered(
                "TxnStatusResponse",
                "RefusedTxnStatusResponse",
                examples.STATUS_ANSWER,
                examples.refused("txn-on-status", txnstatus_response=examples.NO_STATUS),
            ),
        ),
    }


# Name, title, scope, message, example: what other registries send to this one.
_RECEIVERS: Final = (
    (
        "on-search",
        "What this registry's search found",
        scopes.ON_SEARCH,
        "SearchResponse",
        later.SOURCE_ON_SEARCH,
    ),
    (
        "on-subscribe",
        "What became of this registry's wish to subscribe",
        scopes.ON_SUBSCRIBE,
        "SubscribeResponse",
        later.SOURCE_ON_SUBSCRIBE,
    ),
    (
        "notify",
        "News that this registry subscribed to",
        scopes.NOTIFY,
        "NotifyEventRequest",
        later.SOURCE_NOTIFY,
    ),
    (
        "on-unsubscribe",
        "What became of this registry's wish to unsubscribe",
        scopes.ON_UNSUBSCRIBE,
        "UnSubscribeResponse",
        later.SOURCE_ON_UNSUBSCRIBE,
    ),
    (
        "txn/on-status",
        "What became of this registry's earlier message",
        scopes.ON_STATUS,
        "TxnStatusResponse",
        later.SOURCE_ON_STATUS,
    ),
)


def receiving_paths() -> Document:
    """The registry's own receivers, as a client and subscriber of other registries."""
    return {
        f"/callbacks/registry/{name}": operation(
            name="received_" + name.replace("/", "_").replace("-", "_"),
            title=title,
            about=(
                "For registries that this one asks or listens to, and for them only. An answer "
                "must belong to a question that was asked; the same message again has no second "
                "effect."
            ),
            scope=scope,
            tag=_RECEIVED,
            body=request(f"Source{message}", {"message": shown}),
            responses=acknowledged(),
        )
        for name, title, scope, message, shown in _RECEIVERS
    }


TAGS: Final = (
    ("access", "Tokens and keys."),
    (_AT_ONCE, "Signed messages whose answer comes in the same connection."),
    (_LATER, "Signed messages that are acknowledged, and answered by a callback."),
    ("callbacks", "What the registry sends to its partners."),
    (_RECEIVED, "What other registries send to this one."),
)
