"""The shapes of the standard's messages, from the very types that both sides write and read.

The types say what a message is; here each gets its envelope. Shapes are open: a reader passes over
members that it does not know, so that the standard can grow. tests/docs holds real answers against
them with every shape closed.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

import msgspec

from ibr_messages import types

Schema = dict[str, Any]

_ROOTS: Final = (
    types.MsgHeader,
    types.MsgCallbackHeader,
    types.EncryptedMessage,
    types.FileInfo,
    types.Ack,
    types.HttpErrorResponse,
    types.TokenRequest,
    types.TokenResponse,
    types.TokenErrorResponse,
    types.JsonWebKeySet,
    types.SearchRequest,
    types.SearchResponse,
    types.RefusedSearchResponse,
    types.SubscribeRequest,
    types.SubscribeResponse,
    types.UnSubscribeRequest,
    types.UnSubscribeResponse,
    types.NotifyEventRequest,
    types.TxnStatusRequest,
    types.TxnStatusResponse,
    types.RefusedTxnStatusResponse,
    types.EnrollmentUpdatesRequest,
    types.EnrollmentUpdatesResponse,
    types.EnrolledRequest,
    types.EnrolledResponse,
    types.RefusedEnrolledResponse,
)
UPDATE_ACTIONS: Final = ("notify", "register", "enrollment-updates")
# What partners send: header, actions, message.
_ASKED: Final = {
    "SearchRequest": ("MsgHeader", ("search",)),
    "SubscribeRequest": ("MsgHeader", ("subscribe",)),
    "UnSubscribeRequest": ("MsgHeader", ("unsubscribe",)),
    "TxnStatusRequest": ("MsgHeader", ("txn-status",)),
    "EnrolledRequest": ("MsgHeader", ("search",)),
}
# What the registry answers, calls back or tells; always signed.
_TOLD: Final = {
    "SearchResponse": "on-search",
    "SubscribeResponse": "on-subscribe",
    "UnSubscribeResponse": "on-unsubscribe",
    "NotifyEventRequest": "notify",
    "TxnStatusResponse": "txn-on-status",
    "EnrollmentUpdatesResponse": "on-notify",
    "EnrolledResponse": "on-search",
}
_REFUSED: Final = {
    "RefusedSearchResponse": ("on-search",),
    "RefusedTxnStatusResponse": ("txn-on-status",),
    "RefusedEnrolledResponse": ("on-notify", "on-search"),
}
# What other registries send to this one: their records have shapes of their own.
_HEARD: Final = {
    "SearchResponse": "on-search",
    "SubscribeResponse": "on-subscribe",
    "UnSubscribeResponse": "on-unsubscribe",
    "NotifyEventRequest": "notify",
    "TxnStatusResponse": "txn-on-status",
}
_SIGNATURE: Final = {
    "type": "string",
    "description": "Over the canonical form of header and message; see the page on signatures.",
}
_FOREIGN: Final = {"type": "object", "description": "A record in the sender's own shape."}


def refer(name: str) -> Schema:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def with_action(base: Schema, *actions: str) -> Schema:
    """The base with its action one of these."""
    action = {"properties": {"action": {"type": "string", "enum": list(actions)}}}
    return {"allOf": [base, action]}


def _envelope(header: Schema, message: Schema, *, signed: bool, about: str) -> Schema:
    return {
        "type": "object",
        "description": about,
        "properties": {"signature": _SIGNATURE, "header": header, "message": message},
        "required": [*(["signature"] if signed else []), "header", "message"],
    }


def _or_encrypted(name: str) -> Schema:
    return {"anyOf": [refer(name), refer("EncryptedMessage")]}


def _asked() -> dict[str, Schema]:
    found = {
        f"Signed{name}": _envelope(
            with_action(refer(header), *actions),
            _or_encrypted(name),
            signed=False,
            about="A request; unsigned only where the registry was told not to ask for it.",
        )
        for name, (header, actions) in _ASKED.items()
    }
    either = {"anyOf": [refer("MsgCallbackHeader"), refer("MsgHeader")]}
    found["SignedEnrollmentUpdatesRequest"] = _envelope(
        with_action(either, *UPDATE_ACTIONS),
        _or_encrypted("EnrollmentUpdatesRequest"),
        signed=False,
        about="A report. The standard gives it the header of a callback; that of a request is "
        "read as well.",
    )
    return found


def _told() -> dict[str, Schema]:
    found = {
        f"Signed{name}": _envelope(
            with_action(refer("MsgCallbackHeader"), action),
            _or_encrypted(name),
            signed=True,
            about="Signed by the registry; encrypted where the receiver wishes it.",
        )
        for name, action in _TOLD.items()
    }
    for name, actions in _REFUSED.items():
        found[f"Signed{name}"] = _envelope(
            with_action(refer("MsgCallbackHeader"), *actions),
            refer(name),
            signed=True,
            about="A refusal of the whole message, signed by the registry.",
        )
    return found


def _heard(found: dict[str, Schema]) -> dict[str, Schema]:
    """The messages of other registries: the same, but for their records."""
    foreign = {
        name: deepcopy(found[name])
        for name in ("SearchData", "SearchResponseItem", "SearchResponse")
        + ("NotifyData", "NotifyEvent", "NotifyEventRequest")
        + ("TxnStatus", "TxnStatusResult", "TxnStatusResponse")
    }
    foreign["SearchData"]["properties"]["reg_records"] = {"type": "array", "items": _FOREIGN}
    foreign["NotifyData"]["properties"]["reg_records"] = _FOREIGN
    foreign["NotifyData"]["properties"]["reg_event_type"] = {
        "type": "string",
        "description": "What happened, in the words of the sender's standard.",
    }
    renamed = {f"Source{name}": _renamed(schema, set(foreign)) for name, schema in foreign.items()}
    for name, action in _HEARD.items():
        own = f"Source{name}" if f"Source{name}" in renamed else name
        renamed[f"SignedSource{name}"] = _envelope(
            with_action(
                {"anyOf": [refer("MsgCallbackHeader"), refer("MsgHeader")]},
                action,
            ),
            _or_encrypted(own),
            signed=False,
            about="What another registry sends to this one.",
        )
    return renamed


def _renamed(schema: Any, names: set[str]) -> Any:
    if isinstance(schema, list):
        return [_renamed(each, names) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and schema["$ref"].rsplit("/", 1)[1] in names:
        return {**schema, **refer("Source" + schema["$ref"].rsplit("/", 1)[1])}
    return {name: _renamed(each, names) for name, each in schema.items()}


def _tidy(schema: Any) -> Any:
    """Without what repeats itself: a title that is the name, an empty default, no requirement."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        name: _tidied(each) if name == "properties" else _tidy(each)
        for name, each in schema.items()
        if not (name == "title" or (name in ("default", "required") and each in ({}, [])))
    }
    if "enum" in found and all(isinstance(each, str) for each in found["enum"]):
        found = {"type": "string", **found}
    return found


def _tidied(properties: dict[str, Schema]) -> dict[str, Schema]:
    """Members by their names, whichever names they have."""
    return {name: _tidy(each) for name, each in properties.items()}


# What the registry needs of a request beyond what its type says of every message of that kind.
_NEEDED: Final[dict[tuple[str, str], Schema]] = {
    ("TxnStatusRequest", "transaction_id"): {"minLength": 1},
    ("TxnStatusRequestItem", "reference_id"): {"minLength": 1, "maxLength": 99},
}


def schemas() -> dict[str, Schema]:
    """Every schema of the document by its name."""
    _, components = msgspec.json.schema_components(
        _ROOTS, ref_template="#/components/schemas/{name}"
    )
    found: dict[str, Schema] = {name: _tidy(schema) for name, schema in components.items()}
    for (name, member), needed in _NEEDED.items():
        found[name]["properties"][member] |= needed
    # Client id and secret may come by HTTP Basic instead.
    found["TokenRequest"]["required"] = ["grant_type"]
    found |= _asked() | _told() | _heard(found)
    return {name: found[name] for name in sorted(found)}
