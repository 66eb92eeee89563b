"""Examples of what is accepted first and answered later, of files and of encrypted messages."""

from __future__ import annotations

from typing import Any, Final

from ibr.interop.dci.openapi_examples import (
    AT,
    BENEFICIARY,
    ENROLLED,
    FOUND,
    PARTNER,
    SEARCHES,
    STATUS,
    UPDATES,
    Message,
    asked,
    told,
)
from ibr_messages.flat import to_csv
from ibr_messages.strict_json import canonical

_CALLBACK: Final = f"https://{PARTNER}/dci/registry"
_CODE: Final = "sub-4f1d2c"
_FILTER: Final[Message] = {
    "type": "ns:org:QueryType:expression",
    "value": {
        "expression": {
            "collection": "Beneficiary",
            "query": {"programme_identifier.programme_identifier": {"$eq": "DCI001"}},
        }
    },
}
_FREQUENCY: Final = {
    "start_time": "2026-02-01T00:00:00+00:00",
    "end_time": "2027-02-01T00:00:00+00:00",
    "frequency": "0 0 6 * * ? *",
}


def _to_be_called_back(message: Message, name: str) -> Message:
    """The same request, with the address that its answer goes to."""
    header = {**message["header"], "sender_uri": f"{_CALLBACK}/{name}"}
    return {**message, "header": header}


def _encrypted(message: Message) -> Message:
    """How a request looks when its message is encrypted; the parts are shortened."""
    return {
        **message,
        "header": {**message["header"], "is_msg_encrypted": True},
        "message": {
            "header": {"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": "enc-1"},
            "ciphertext": "q1Zp",
            "encrypted_key": "d2hhdGV2ZXI",
            "iv": "AAAAAAAAAAAAAAAA",
            "tag": "AAAAAAAAAAAAAAAAAAAAAA",
        },
    }


LATER_SEARCHES: Final = {
    name: _to_be_called_back(message, "on-search") for name, message in SEARCHES.items()
} | {"encrypted": _to_be_called_back(_encrypted(SEARCHES["idtype-value"]), "on-search")}
LATER_STATUS: Final = _to_be_called_back(STATUS, "txn/on-status")
ENCRYPTED_UPDATES: Final = _encrypted(UPDATES)

SUBSCRIBE: Final = asked(
    "subscribe",
    {
        "transaction_id": "txn-0002",
        "subscribe_request": [
            {
                "reference_id": "ref-0002",
                "timestamp": AT,
                "subscribe_criteria": {
                    "version": "1.0.0",
                    "reg_type": "ns:org:RegistryType:IBR",
                    "reg_event_type": "enrollement_status_change",
                    "filter_type": "expression",
                    "filter": _FILTER,
                    "frequency": _FREQUENCY,
                    "notify_record_type": "Beneficiary",
                },
                "locale": "eng",
            }
        ],
    },
    sender_uri=f"{_CALLBACK}/on-subscribe",
)
ON_SUBSCRIBE: Final = told(
    "on-subscribe",
    {
        "transaction_id": "txn-0002",
        "correlation_id": "corr-0002",
        "subscribe_response": [
            {
                "reference_id": "ref-0002",
                "timestamp": AT,
                "status": "succ",
                "subscriptions": [
                    {
                        "code": _CODE,
                        "status": "subscribe",
                        "timestamp": AT,
                        "version": "1.0.0",
                        "reg_type": "ns:org:RegistryType:IBR",
                        "reg_event_type": "enrollement_status_change",
                        "frequency": _FREQUENCY,
                        "filter_type": "expression",
                        "filter": _FILTER,
                        "notify_record_type": "Beneficiary",
                    }
                ],
                "locale": "eng",
            }
        ],
    },
)
UNSUBSCRIBE: Final = asked(
    "unsubscribe",
    {"transaction_id": "txn-0003", "timestamp": AT, "subscription_codes": [_CODE]},
    sender_uri=f"{_CALLBACK}/on-unsubscribe",
)
ON_UNSUBSCRIBE: Final = told(
    "on-unsubscribe",
    {
        "transaction_id": "txn-0003",
        "correlation_id": "corr-0003",
        "timestamp": AT,
        "status": "succ",
        "subscription_status": [{"code": _CODE, "status": "unsubscribe"}],
    },
)
NOTIFY: Final = told(
    "notify",
    {
        "transaction_id": "txn-0004",
        "notify_event": [
            {
                "reference_id": "ref-0004",
                "timestamp": AT,
                "data": {
                    "version": "1.0.0",
                    "reg_type": "ns:org:RegistryType:IBR",
                    "reg_event_type": "enrollement_status_change",
                    "reg_record_type": "Beneficiary",
                    "reg_records": BENEFICIARY,
                    "subscription_code": _CODE,
                },
                "locale": "eng",
            }
        ],
    },
    meta={"subscription_code": _CODE},
)


def _acknowledged(status: str, **more: Any) -> Message:
    return {
        "message": {"ack_status": status, "timestamp": AT, "correlation_id": "corr-0001", **more}
    }


ACK: Final = _acknowledged("ACK")
ACK_ERR: Final = _acknowledged(
    "ERR",
    error={
        "code": "err.sender_uri.invalid",
        "message": "header.sender_uri is not an address that is registered for you.",
    },
)


# From another registry: a person whom this one asked about, and news of one that it listens to.
_SOURCE: Final = "sr.example.org"
_THEIRS: Final[Message] = {
    "@type": "Member",
    "member_identifier": [{"identifier_type": "UIN", "identifier_value": "847951632"}],
    "is_disabled": True,
    "disability_info": [{"disability_limitation_type": "2", "functional_severity": "3"}],
}


def _from_source(message: Message) -> Message:
    header = {**message["header"], "sender_id": _SOURCE, "receiver_id": "ibr.example.org"}
    return {**message, "header": header}


def _with_records(records: Any, **more: Any) -> Message:
    return {
        "version": "1.0.0",
        "reg_type": "ns:org:RegistryType:SR",
        "reg_record_type": "Member",
        "reg_records": records,
        **more,
    }


SOURCE_ON_SEARCH: Final = _from_source(
    told(
        "on-search",
        {
            "transaction_id": "txn-0011",
            "correlation_id": "corr-0011",
            "search_response": [{**FOUND, "data": _with_records([_THEIRS])}],
        },
    )
)
SOURCE_NOTIFY: Final = _from_source(
    told(
        "notify",
        {
            "transaction_id": "txn-0012",
            "notify_event": [
                {
                    "reference_id": "ref-0012",
                    "timestamp": AT,
                    "data": _with_records(_THEIRS, reg_event_type="REGISTER"),
                }
            ],
        },
        meta={"subscription_code": "sr-sub-1"},
    )
)
SOURCE_ON_SUBSCRIBE: Final = _from_source(ON_SUBSCRIBE)
SOURCE_ON_UNSUBSCRIBE: Final = _from_source(ON_UNSUBSCRIBE)
SOURCE_ON_STATUS: Final = _from_source(
    told(
        "txn-on-status",
        {
            "transaction_id": "txn-0013",
            "correlation_id": "corr-0013",
            "txnstatus_response": {
                "txn_type": "search",
                "txn_status": {
                    "transaction_id": "txn-0011",
                    "correlation_id": "corr-0011",
                    "search_response": [{**FOUND, "data": _with_records([_THEIRS])}],
                },
            },
        },
    )
)


def as_files(message: Message) -> dict[str, Message]:
    """A message as a form with a JSON file, and with a CSV file."""
    action = message["header"]["action"]
    return {
        "JSON file": {
            "action": action,
            "fileFormat": "json",
            "fileName": canonical(message).decode(),
        },
        "CSV file": {
            "action": action,
            "fileFormat": "csv",
            "fileName": to_csv(message).decode(),
        },
    }


FILES: Final = {
    "search": as_files(LATER_SEARCHES["idtype-value"]),
    "subscribe": as_files(SUBSCRIBE),
    "unsubscribe": as_files(UNSUBSCRIBE),
    "txn-status": as_files(LATER_STATUS),
    "updates": as_files(UPDATES),
    "enrolled": as_files(ENROLLED),
}
