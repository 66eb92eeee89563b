"""Requests to copy, made for one partner: its own sender_id, its programmes, a fresh moment.

Each is whole but for the signature, which only the partner can make; the digest and the three
lines beside it say what that signature is made over. A test signs and posts each of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, Final

from nacl.signing import SigningKey

from ibr.access import scopes
from ibr.access.model import Partner
from ibr.clock import written
from ibr.ids import new_token
from ibr.questions.developing import Sample
from ibr_messages.signature import LIFE, SIGNED_HEADERS, Signer
from ibr_messages.strict_json import canonical

Json = dict[str, Any]

_EXAMPLE_ID: Final = "847951632"
_NO_PROGRAMME: Final = "PROGRAMME_CODE"
_NO_KEY: Final = "YOUR_KEY_ID"
_NO_ADDRESS: Final = "https://your-system.example.org/callback"
_CALLBACKS: Final = {
    "search": "on-search",
    "subscribe": "on-subscribe",
    "unsubscribe": "on-unsubscribe",
    "txn-status": "txn/on-status",
}


def samples(
    partner: Partner, registry_id: str, report: list[str], ask: list[str], at: datetime
) -> list[Sample]:
    """A sample of every request that the partner may send."""
    writer = _Writer(partner, registry_id, at)
    reported, asked = (report or [_NO_PROGRAMME])[0], (ask or report or [_NO_PROGRAMME])[0]
    made = [
        writer.sample("enrollment_updates", scopes.UPDATES, *_updates(reported, at)),
        writer.sample("enrolled", scopes.ENROLLED, *_enrolled(asked)),
        writer.sample("sync_search", scopes.SEARCH, "/registry/sync/search", *_search(asked, at)),
        writer.sample("search", scopes.SEARCH, "/registry/search", *_search(asked, at), call=True),
        writer.sample("subscribe", scopes.SUBSCRIBE, *_subscribe(asked, at), call=True),
        writer.sample("unsubscribe", scopes.UNSUBSCRIBE, *_unsubscribe(at), call=True),
        writer.sample("sync_txn_status", scopes.STATUS, "/registry/sync/txn/status", *_status()),
        writer.sample("txn_status", scopes.STATUS, "/registry/txn/status", *_status(), call=True),
    ]
    return [each for each in made if each.scope in partner.scopes]


class _Writer:
    """Writes samples in one partner's name."""

    def __init__(self, partner: Partner, registry_id: str, at: datetime) -> None:
        usable = [key for key in partner.keys if key.use == "sig" and key.counts_at(at)]
        key = max(usable, key=lambda each: each.not_before, default=None)
        algorithm = key.algorithm if key else "ed25519"
        self._key_id = f"{partner.sender_id}|{key.kid if key else _NO_KEY}|{algorithm}"
        self._algorithm = algorithm
        self._partner = partner
        self._registry_id = registry_id
        self._at = at

    def sample(
        self,
        name: str,
        scope: str,
        path: str,
        action: str,
        message: Json,
        *,
        call: bool = False,
    ) -> Sample:
        """One sample; `call` names where the answer is to be sent."""
        header: Json = {
            "version": "1.0.0",
            "message_id": new_token(),
            "message_ts": written(self._at),
            "action": action,
            "sender_id": self._partner.sender_id,
            "receiver_id": self._registry_id,
            "total_count": 1,
            "is_msg_encrypted": False,
            "meta": {},
        }
        if action == "notify":
            header |= {"status": "succ", "completed_count": 1}
        if call:
            base = (self._partner.callback_urls or (_NO_ADDRESS,))[0].rstrip("/")
            last = base.rsplit("/", 1)[1]
            header["sender_uri"] = (
                base if last.startswith("on-") else f"{base}/{_CALLBACKS[action]}"
            )
        content = {"header": header, "message": {"transaction_id": new_token("txn-"), **message}}
        digest = base64.b64encode(hashlib.sha256(canonical(content)).digest()).decode()
        created = int(self._at.timestamp())
        signature = (
            f'namespace="dci", kidId="{self._key_id}", algorithm="{self._algorithm}", '
            f'created="{created}", expires="{created + LIFE}", headers="{SIGNED_HEADERS}", '
            'signature="<Base64 of your signature over the three lines>"'
        )
        return Sample(
            name=name,
            path=path,
            scope=scope,
            text=json.dumps({"signature": signature, **content}, indent=2, ensure_ascii=False),
            digest=digest,
            lines=f"(created): {created}\n(expires): {created + LIFE}\ndigest: {digest}",
        )


def _updates(programme: str, at: datetime) -> tuple[str, str, Json]:
    beneficiary = {
        "@type": "Beneficiary",
        "@id": "case-1001",
        "assistance_unit": "1",
        "member": {
            "@type": "Member",
            "member_identifier": [{"identifier_type": "UIN", "identifier_value": _EXAMPLE_ID}],
            "demographic_info": {
                "name": {"surname": "Phumchai", "given_name": "Sudarat"},
                "sex": "female",
                "birth_date": "1995-09-21",
            },
        },
        "programme_identifier": [{"programme_identifier": programme}],
        "enrollment_date": written(at - timedelta(days=60)),
        "enrollment_status": "1",
        "status_change_date": [written(at - timedelta(days=60))],
        "benefits": [
            {
                "benefit_type": "1",
                "benefit_date": written(at - timedelta(days=10)),
                "benefit_value": "USD 50.00",
            }
        ],
    }
    return (
        "/registry/sync/enrollment/updates",
        "notify",
        {"enrolled_updates": {"beneficiaries": [beneficiary]}},
    )


def _enrolled(programme: str) -> tuple[str, str, Json]:
    query = {
        "person_identifier": {"eq": _EXAMPLE_ID},
        "programme_identifier.programme_identifier": {"eq": programme},
    }
    criteria = {"query_type": "expression", "response_entity": "Member", "query": query}
    return "/registry/sync/enrolled", "search", {"enrolled_criteria": criteria}


def _search(programme: str, at: datetime) -> tuple[str, Json]:
    criteria = {
        "version": "1.0.0",
        "reg_type": "ns:org:RegistryType:IBR",
        "reg_record_type": "Beneficiary",
        "query_type": "expression",
        "query": _in_programme(programme),
        "pagination": {"page_size": 50, "page_number": 1},
    }
    return (
        "search",
        {
            "search_request": [
                {
                    "reference_id": "ref-1",
                    "timestamp": written(at),
                    "search_criteria": criteria,
                    "locale": "eng",
                }
            ]
        },
    )


def _in_programme(programme: str) -> Json:
    """Everybody in a programme, in the standard's expression form."""
    return {
        "type": "ns:org:QueryType:expression",
        "value": {
            "expression": {
                "collection": "Beneficiary",
                "query": {
                    "$and": [
                        {"programme_identifier.programme_identifier": {"$eq": programme}},
                        {"enrollment_status": {"$eq": "1"}},
                    ]
                },
            }
        },
    }


def _subscribe(programme: str, at: datetime) -> tuple[str, str, Json]:
    criteria = {
        "version": "1.0.0",
        "reg_type": "ns:org:RegistryType:IBR",
        "reg_event_type": "enrollement_status_change",
        "filter_type": "expression",
        "filter": _in_programme(programme),
        "notify_record_type": "Beneficiary",
        "frequency": {
            "start_time": written(at),
            "end_time": written(at + timedelta(days=365)),
            "frequency": "0 0 * * * ?",
        },
    }
    item = {
        "reference_id": "ref-1",
        "timestamp": written(at),
        "subscribe_criteria": criteria,
        "locale": "eng",
    }
    return "/registry/subscribe", "subscribe", {"subscribe_request": [item]}


def _unsubscribe(at: datetime) -> tuple[str, str, Json]:
    return (
        "/registry/unsubscribe",
        "unsubscribe",
        {"timestamp": written(at), "subscription_codes": ["CODE-FROM-ON-SUBSCRIBE"]},
    )


def _status() -> tuple[str, Json]:
    asked = {
        "reference_id": "ref-1",
        "txn_type": "search",
        "attribute_type": "transaction_id",
        "attribute_value": "txn-of-an-earlier-search",
        "locale": "eng",
    }
    return "txn-status", {"txnstatus_request": asked}


def signing_vector() -> dict[str, str]:
    """One message with a published key, step by step: whoever gets the same signature for the
    same seed signs as the registry reads (docs/standard/signature_test_vector.json)."""
    seed = bytes(range(32))
    key = SigningKey(seed)
    content = canonical({"header": _VECTOR_HEADER, "message": _VECTOR_MESSAGE})
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    created = 1768469400
    lines = f"(created): {created}\n(expires): {created + LIFE}\ndigest: {digest}"
    return {
        "seed": seed.hex(),
        "public": base64.urlsafe_b64encode(bytes(key.verify_key)).rstrip(b"=").decode(),
        "canonical": content.decode(),
        "digest": digest,
        "lines": lines,
        "signature": base64.b64encode(key.sign(lines.encode()).signature).decode(),
        "whole": Signer("spmis.example.org", "key-1", key).sign(content, created),
    }


_VECTOR_HEADER: Final[Json] = {
    "version": "1.0.0",
    "message_id": "m-1",
    "message_ts": "2026-01-15T09:30:00+00:00",
    "action": "search",
    "sender_id": "spmis.example.org",
    "receiver_id": "ibr.example.org",
    "total_count": 1,
    "is_msg_encrypted": False,
}
_VECTOR_MESSAGE: Final[Json] = {
    "transaction_id": "t-1",
    "search_request": [
        {
            "reference_id": "r-1",
            "timestamp": "2026-01-15T09:30:00+00:00",
            "search_criteria": {
                "query_type": "idtype-value",
                "query": {"type": "UIN", "value": _EXAMPLE_ID},
            },
        }
    ],
}
