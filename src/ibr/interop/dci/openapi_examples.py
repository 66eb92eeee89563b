"""Whole messages as examples of the published document; the tests hold them against its schemas.

Here what is asked and answered at once, and the parts that all examples share; what is answered
later is in openapi_later.py.
"""

from __future__ import annotations

from typing import Any, Final

from ibr_messages.types import CONTEXT

Message = dict[str, Any]

AT: Final = "2026-01-15T09:30:00+00:00"
PARTNER: Final = "spmis.example.org"
REGISTRY: Final = "ibr.example.org"


def _signature(key_of: str) -> str:
    return (
        f'namespace="dci", kidId="{key_of}|key-1|ed25519", algorithm="ed25519", '
        'created="1768469400", expires="1768469700", headers="(created) (expires) digest", '
        'signature="BASE64"'
    )


def asked(action: str, message: Message, **more: Any) -> Message:
    return {
        "signature": _signature(PARTNER),
        "header": {
            "version": "1.0.0",
            "message_id": "7f6f3b0e-0f0e-4b7c-9a51-6c1f0b7f2f01",
            "message_ts": AT,
            "action": action,
            "sender_id": PARTNER,
            "receiver_id": REGISTRY,
            "total_count": 1,
            "is_msg_encrypted": False,
            "meta": {},
            **more,
        },
        "message": message,
    }


def told(action: str, message: Message, **more: Any) -> Message:
    return {
        "signature": _signature(REGISTRY),
        "header": {
            "version": "1.0.0",
            "message_id": "2b1f5b1e-1f43-4d7e-8f0c-0d7b0a5d6a02",
            "message_ts": AT,
            "action": action,
            "status": "succ",
            "total_count": 1,
            "completed_count": 1,
            "sender_id": REGISTRY,
            "receiver_id": PARTNER,
            "is_msg_encrypted": False,
            "meta": {},
            **more,
        },
        "message": message,
    }


_IDENTIFIER: Final = {
    "@type": "Identifier",
    "identifier_type": "UIN",
    "identifier_value": "847951632",
}
BENEFICIARY: Final[Message] = {
    "@context": CONTEXT,
    "@type": "Beneficiary",
    "assistance_unit": "1",
    "member": {
        "@type": "Member",
        "member_identifier": [_IDENTIFIER],
        "demographic_info": {
            "@type": "IBRPerson",
            "name": {"@type": "Name", "surname": "Phumchai", "given_name": "Sudarat"},
            "sex": "female",
            "birth_date": "1995-09-21",
        },
        "is_disabled": True,
        "marital_status": "M",
        "registration_date": "2025-12-01T00:00:00+00:00",
    },
    "programme_identifier": [
        {
            "@type": "Programme",
            "programme_identifier": "DCI001",
            "programme_name": "Disability cash transfer",
        }
    ],
    "enrollment_date": "2025-12-15T00:00:00+00:00",
    "enrollment_status": "1",
    "status_change_date": ["2025-12-15T00:00:00+00:00"],
    "benefits": [
        {
            "@type": "Benefit",
            "benefit_type": "1",
            "benefit_date": "2026-01-10T00:00:00+00:00",
            "benefit_value": "USD 50.00",
        }
    ],
}
UPDATES: Final = asked(
    "notify",
    {"transaction_id": "txn-0006", "enrolled_updates": {"beneficiaries": [BENEFICIARY]}},
    status="succ",
    completed_count=1,
    meta={"cycle": "2026-01"},
)
UPDATES_ANSWER: Final = told(
    "on-notify",
    {
        "transaction_id": "txn-0006",
        "correlation_id": "corr-0006",
        "enrolled_response": [{"reference_id": "0", "timestamp": AT, "status": "succ"}],
    },
)
ENROLLED: Final = asked(
    "search",
    {
        "transaction_id": "txn-0007",
        "enrolled_criteria": {
            "query_type": "expression",
            "response_entity": "Member",
            "query": {
                "person_identifier": {"eq": "847951632"},
                "programme_identifier.programme_identifier": {"eq": "DCI001"},
            },
        },
    },
)
ENROLLED_ANSWER: Final = told(
    "on-search",
    {
        "transaction_id": "txn-0007",
        "correlation_id": "corr-0007",
        "enrolled_response": [
            {
                "reference_id": "7f6f3b0e-0f0e-4b7c-9a51-6c1f0b7f2f01",
                "timestamp": AT,
                "status": "succ",
                "enrolled_status": "yes",
            }
        ],
    },
)


def _search(query_type: str, query: Any) -> Message:
    return asked(
        "search",
        {
            "transaction_id": "txn-0001",
            "search_request": [
                {
                    "reference_id": "ref-0001",
                    "timestamp": AT,
                    "search_criteria": {
                        "version": "1.0.0",
                        "reg_type": "ns:org:RegistryType:IBR",
                        "reg_record_type": "Beneficiary",
                        "query_type": query_type,
                        "query": query,
                        "sort": [{"attribute_name": "enrollment_date", "sort_order": "desc"}],
                        "pagination": {"page_size": 100, "page_number": 1},
                        "consent": {
                            "@type": "Consent",
                            "ts": AT,
                            "purpose": {"text": "Eligibility check", "code": "ELIG"},
                        },
                    },
                    "locale": "eng",
                }
            ],
        },
    )


SEARCHES: Final = {
    "idtype-value": _search("idtype-value", {"type": "UIN", "value": "847951632"}),
    "expression": _search(
        "expression",
        {
            "type": "ns:org:QueryType:expression",
            "value": {
                "expression": {
                    "collection": "Beneficiary",
                    "query": {
                        "$and": [
                            {"programme_identifier.programme_identifier": {"$eq": "DCI001"}},
                            {"enrollment_status": {"$eq": "1"}},
                        ]
                    },
                }
            },
        },
    ),
    "predicate": _search(
        "predicate",
        [
            {
                "seq_num": 1,
                "expression1": {
                    "attribute_name": "enrollment_date",
                    "operator": "ge",
                    "attribute_value": "2025-01-01",
                },
                "condition": "and",
                "expression2": {
                    "attribute_name": "enrollment_status",
                    "operator": "eq",
                    "attribute_value": "1",
                },
            }
        ],
    ),
}
FOUND: Final[Message] = {
    "reference_id": "ref-0001",
    "timestamp": AT,
    "locale": "eng",
    "status": "succ",
    "data": {
        "version": "1.0.0",
        "reg_type": "ns:org:RegistryType:IBR",
        "reg_record_type": "Beneficiary",
        "reg_records": [BENEFICIARY],
    },
    "pagination": {"page_size": 100, "page_number": 1, "total_count": 1},
}
SEARCH_ANSWER: Final = told(
    "on-search",
    {"transaction_id": "txn-0001", "correlation_id": "corr-0001", "search_response": [FOUND]},
)
STATUS: Final = asked(
    "txn-status",
    {
        "transaction_id": "txn-0005",
        "txnstatus_request": {
            "reference_id": "ref-0005",
            "txn_type": "search",
            "attribute_type": "transaction_id",
            "attribute_value": "txn-0001",
            "locale": "eng",
        },
    },
)
STATUS_ANSWER: Final = told(
    "txn-on-status",
    {
        "transaction_id": "txn-0005",
        "correlation_id": "corr-0005",
        "txnstatus_response": {
            "txn_type": "search",
            "txn_status": {
                "transaction_id": "txn-0001",
                "correlation_id": "corr-0001",
                "search_response": [FOUND],
            },
        },
    },
)
NO_STATUS: Final[Message] = {
    "txn_type": "search",
    "txn_status": {
        "transaction_id": "",
        "correlation_id": "corr-0009",
        "search_response": [],
    },
}
_ERROR: Final = {
    "code": "err.request.bad",
    "message": "header.action must be search on this path. (rjct.action.invalid)",
}


def refused(action: str, **empty: Any) -> Message:
    """A message refused as a whole, as it is answered with status 200."""
    return told(
        action,
        {
            "ack_status": "ERR",
            "timestamp": AT,
            "correlation_id": "corr-0009",
            "error": _ERROR,
            "transaction_id": "",
            **empty,
        },
        status="rjct",
        total_count=0,
        completed_count=0,
        status_reason_code="rjct.action.invalid",
        status_reason_message=_ERROR["message"],
    )


def http_error(code: str, message: str) -> Message:
    """The body of an HTTP error: the standard's two shapes in one."""
    error = {"code": code, "message": message}
    return {
        "errors": [error],
        "message": {
            "ack_status": "ERR",
            "timestamp": AT,
            "correlation_id": "corr-0009",
            "error": error,
        },
    }
