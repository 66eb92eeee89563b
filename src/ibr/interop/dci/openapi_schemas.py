"""The shapes of the standard's messages as the published document gives them (JSON Schema).

The record's shape is in messages/described.py. Answers are closed: what the registry writes is
listed here and nothing else. Requests are open, because unknown members of an envelope are ignored.
"""

from __future__ import annotations

from typing import Any, Final

from ibr.interop.dci.messages.described import record_schemas
from ibr.interop.dci.messages.header import LONGEST_ID
from ibr.interop.dci.reasons import LONGEST_MESSAGE, REASONS

Schema = dict[str, Any]

_MOMENT: Final = {"type": "string", "format": "date-time"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_ID: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_ID}
_ECHO: Final = {"type": "string", "maxLength": LONGEST_ID}
_CLAIMED_ID: Final = {"type": "string", "maxLength": 200}
_ITEM: Final = {"reference_id": {"type": "string"}, "timestamp": _MOMENT}
_IDS: Final = {"transaction_id": _ECHO, "correlation_id": _ECHO}
_LOCALE: Final = {"type": "string", "pattern": "^[a-z]{3}$"}
_REASON: Final = {"type": "string", "maxLength": LONGEST_MESSAGE}
_ITEM_CODES: Final = sorted({each.item for each in REASONS.values() if each.item})
_COMMUNICATION_CODES: Final = sorted(
    {each.error for each in REASONS.values()}
    | {
        "err.request.unauthorized",
        "err.request.forbidden",
        "err.request.not_found",
        "err.service.unavailable",
    }
)


def refer(name: str) -> Schema:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def _closed(required: str, **members: Any) -> Schema:
    """An object with these members and no others; `required` are names of `members`."""
    return {
        "type": "object",
        "properties": members,
        "required": required.split(),
        "additionalProperties": False,
    }


def _open(required: str, **members: Any) -> Schema:
    return {"type": "object", "properties": members, "required": required.split()}


def _list(of: Schema, *, least: int = 0) -> Schema:
    return {"type": "array", "items": of, **({"minItems": least} if least else {})}


def _headers() -> dict[str, Schema]:
    return {
        "RequestHeader": _open(
            "message_id message_ts action sender_id total_count",
            version={"type": "string", "pattern": r"^1\.[0-9]{1,4}\.[0-9]{1,4}$"},
            message_id={**_ID, "maxLength": 200, "description": "New for every message."},
            message_ts={**_MOMENT, "description": "The sender's clock; it orders news."},
            action={"type": "string"},
            sender_id={**_ID, "maxLength": 200},
            sender_uri={"type": "string", "maxLength": 2000},
            receiver_id={"type": "string", "maxLength": 200},
            total_count={**_COUNT, "description": "How many items the message holds."},
            is_msg_encrypted={"type": "boolean", "enum": [False]},
            meta={
                "type": "object",
                "properties": {
                    "cycle": {
                        "type": "string",
                        "description": "Reporting period of an update: 2026-10.",
                    },
                    "sequence": {"type": "integer", "description": "Number within the cycle."},
                    "purpose": {
                        "description": "Why it is asked: a code, or an object of code and text."
                    },
                },
            },
        ),
        "AnswerHeader": _closed(
            "version message_id message_ts action status total_count completed_count sender_id "
            "is_msg_encrypted meta",
            version={"type": "string"},
            message_id=_ID,
            message_ts=_MOMENT,
            action={"type": "string", "enum": ["on-search", "on-notify", "txn-on-status"]},
            status={"type": "string", "enum": ["succ", "rjct"]},
            status_reason_code={"type": "string"},
            status_reason_message=_REASON,
            total_count=_COUNT,
            completed_count=_COUNT,
            sender_id=_CLAIMED_ID,
            receiver_id=_CLAIMED_ID,
            is_msg_encrypted={"type": "boolean", "enum": [False]},
            meta={"type": "object"},
        ),
    }


def _errors() -> dict[str, Schema]:
    error = _closed(
        "code message",
        code={"type": "string", "enum": _COMMUNICATION_CODES},
        message=_REASON,
    )
    refused: Schema = {
        "ack_status": {"type": "string", "enum": ["ERR"]},
        "timestamp": _MOMENT,
        "correlation_id": _ECHO,
        "error": refer("Error"),
    }
    needed = "ack_status timestamp correlation_id error"
    return {
        "Error": error,
        "HttpError": _closed(
            "errors message",
            errors=_list(refer("Error"), least=1),
            message=_closed(needed, **refused),
        ),
        "TokenError": _closed(
            "error error_description errors",
            error={"type": "string"},
            error_description={"type": "string"},
            errors=_list(refer("Error"), least=1),
        ),
        "RefusedList": _closed(
            f"{needed} transaction_id enrolled_response",
            **refused,
            transaction_id=_ECHO,
            enrolled_response={"type": "array", "maxItems": 0},
        ),
        "RefusedSearch": _closed(
            f"{needed} transaction_id search_response",
            **refused,
            transaction_id=_ECHO,
            search_response={"type": "array", "maxItems": 0},
        ),
        "RefusedStatus": _closed(
            f"{needed} transaction_id txnstatus_response",
            **refused,
            transaction_id=_ECHO,
            txnstatus_response={"type": "object"},
        ),
    }


def _requests() -> dict[str, Schema]:
    return {
        "UpdatesRequest": _open(
            "enrolled_updates",
            transaction_id=_ID,
            enrolled_updates=_open(
                "beneficiaries", beneficiaries=_list(refer("Beneficiary"), least=1)
            ),
        ),
        "EnrolledRequest": _open(
            "enrolled_criteria",
            transaction_id=_ID,
            enrolled_criteria=_open(
                "query",
                query_type={"type": "string"},
                response_entity={"type": "string", "enum": ["Member", "Group", "Beneficiary"]},
                query={
                    "description": "One person or group, or several with `in`, and one programme.",
                    "type": ["object", "array"],
                },
            ),
        ),
        "StatusRequest": _open(
            "transaction_id txnstatus_request",
            transaction_id=_ID,
            txnstatus_request=_open(
                "reference_id txn_type attribute_type attribute_value",
                reference_id=_ID,
                txn_type={"type": "string", "enum": ["search", "receipt", "subscribe"]},
                attribute_type={
                    "type": "string",
                    "enum": ["transaction_id", "reference_id_list", "correlation_id"],
                },
                attribute_value={"description": "One id, or a list of them."},
                locale=_LOCALE,
            ),
        ),
    }


def _search_requests() -> dict[str, Schema]:
    return {
        "SearchRequest": _open(
            "transaction_id search_request",
            transaction_id=_ID,
            search_request=_list(refer("SearchItem"), least=1),
        ),
        "SearchItem": _open(
            "reference_id timestamp search_criteria",
            reference_id=_ID,
            timestamp=_MOMENT,
            locale=_LOCALE,
            search_criteria=refer("SearchCriteria"),
        ),
        "SearchCriteria": _open(
            "query_type query",
            version={"type": "string"},
            reg_type={"type": "string"},
            reg_record_type={"type": "string"},
            query_type={"type": "string", "enum": ["idtype-value", "expression", "predicate"]},
            query={"type": ["object", "array"], "description": "As query_type says."},
            sort=_list(
                _open(
                    "attribute_name",
                    attribute_name={"type": "string"},
                    sort_order={"type": "string", "enum": ["asc", "desc"]},
                )
            ),
            pagination=_open(
                "",
                page_size={"type": "integer", "minimum": 1, "description": "At most 1000."},
                page_number={"type": "integer", "minimum": 1},
            ),
            consent={"type": "object"},
            authorize={"type": "object"},
        ),
    }


def _answers() -> dict[str, Schema]:
    return {
        "UpdatesAnswer": _closed(
            "transaction_id correlation_id enrolled_response",
            **_IDS,
            enrolled_response=_list(refer("Outcome"), least=1),
        ),
        "Outcome": _closed(
            "reference_id timestamp status",
            **_ITEM,
            status={"type": "string", "enum": ["succ", "rjct", "pdng"]},
            status_reason_code={"type": "string"},
            status_reason_message=_REASON,
        ),
        "EnrolledAnswer": _closed(
            "transaction_id correlation_id enrolled_response",
            **_IDS,
            enrolled_response=_list(
                _closed(
                    "reference_id timestamp status enrolled_status",
                    **_ITEM,
                    status={"type": "string", "enum": ["succ"]},
                    enrolled_status={"type": "string", "enum": ["yes", "no"]},
                ),
                least=1,
            ),
        ),
    }


def _search_answers() -> dict[str, Schema]:
    return {
        "SearchAnswer": _closed(
            "transaction_id correlation_id search_response",
            **_IDS,
            search_response=_list(refer("SearchAnswerItem")),
        ),
        "SearchAnswerItem": _closed(
            "reference_id timestamp status locale",
            **_ITEM,
            status={"type": "string", "enum": ["succ", "rjct", "pdng"]},
            status_reason_code={"type": "string", "enum": _ITEM_CODES},
            status_reason_message=_REASON,
            locale=_LOCALE,
            data=_closed(
                "version reg_type reg_record_type reg_records",
                version={"type": "string"},
                reg_type={"type": "string"},
                reg_record_type={"type": "string"},
                reg_records=_list(refer("Beneficiary")),
            ),
            pagination=_closed(
                "page_size page_number total_count",
                page_size=_COUNT,
                page_number=_COUNT,
                total_count=_COUNT,
            ),
        ),
        "StatusAnswer": _closed(
            "transaction_id correlation_id txnstatus_response",
            **_IDS,
            txnstatus_response=_closed(
                "txn_type txn_status",
                txn_type={"type": "string", "enum": ["search", "receipt", "subscribe"]},
                txn_status=_closed(
                    "transaction_id correlation_id",
                    **_IDS,
                    search_response=_list(
                        {**refer("SearchAnswerItem"), "description": "For txn_type search."}
                    ),
                    enrolled_response=_list(refer("Outcome")),
                    receipt_information={"type": "object"},
                    subscribe_response=_list({"type": "object"}),
                ),
            ),
        ),
    }


def _keys_and_tokens() -> dict[str, Schema]:
    return {
        "TokenForm": _open(
            "grant_type",
            grant_type={"type": "string", "enum": ["client_credentials"]},
            client_id={"type": "string"},
            client_secret={"type": "string", "format": "password"},
            scope={"type": "string", "description": "Scopes with spaces between; all where none."},
        ),
        "Token": _closed(
            "access_token token_type expires_in scope",
            access_token={"type": "string"},
            token_type={"type": "string", "enum": ["bearer"]},
            expires_in={"type": "integer", "description": "Seconds."},
            scope={"type": "string"},
        ),
        "Keys": _closed("keys", keys=_list(refer("Key"))),
        "Key": _open(
            "kty kid use alg",
            kty={"type": "string"},
            kid={"type": "string", "description": "RFC 7638 thumbprint."},
            use={"type": "string"},
            alg={"type": "string"},
            crv={"type": "string"},
            x={"type": "string"},
        ),
    }


def _request(name: str) -> Schema:
    return _open(
        "header message",
        signature={"type": "string", "description": "See the page on signatures."},
        header=refer("RequestHeader"),
        message=refer(name),
    )


def _answer(name: str) -> Schema:
    return _closed(
        "signature header message",
        signature={"type": "string"},
        header=refer("AnswerHeader"),
        message=refer(name),
    )


def schemas() -> dict[str, Schema]:
    """Every schema of the document by its name."""
    messages = {
        **_requests(),
        **_search_requests(),
        **_answers(),
        **_search_answers(),
        **_errors(),
    }
    signed = {
        f"Signed{name}": _answer(name)
        for name in messages
        if name.startswith("Refused")
        or name in ("UpdatesAnswer", "EnrolledAnswer", "SearchAnswer", "StatusAnswer")
    }
    sent = {
        f"Signed{name}": _request(name)
        for name in ("UpdatesRequest", "EnrolledRequest", "SearchRequest", "StatusRequest")
    }
    found = {**sent, **signed, **_headers(), **messages, **_keys_and_tokens(), **record_schemas()}
    return {name: found[name] for name in sorted(found)}
