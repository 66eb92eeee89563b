"""The messages of a registry that a receiver is checked with, right ones and wrong ones.

The registry here is played: nothing it says is true, and its key is published (known.py).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from nacl.signing import SigningKey

from ibr.clock import now, written
from ibr.ids import new_token
from ibr.sandbox.known import registry_key
from ibr_messages.jwk import public_jwk
from ibr_messages.signature import Signer
from ibr_messages.strict_json import canonical

Json = dict[str, Any]

# What answers what a receiver has begun.
ANSWERS: Final = {
    "search": "on-search",
    "subscribe": "on-subscribe",
    "unsubscribe": "on-unsubscribe",
    "txn-status": "txn-on-status",
}
PATHS: Final = {
    "on-search": "/registry/on-search",
    "on-subscribe": "/registry/on-subscribe",
    "on-unsubscribe": "/registry/on-unsubscribe",
    "notify": "/registry/notify",
    "txn-on-status": "/registry/txn/on-status",
}
_PERSON: Final[Json] = {
    "@context": "https://schema.spdci.org/ibr/v1",
    "@type": "Beneficiary",
    "assistance_unit": "1",
    "member": {
        "@type": "Member",
        "member_identifier": [
            {"@type": "Identifier", "identifier_type": "UIN", "identifier_value": "847951632"}
        ],
        "demographic_info": {
            "@type": "IBRPerson",
            "name": {"@type": "Name", "surname": "Phumchaí", "given_name": "Zoë"},
            "sex": "female",
            "birth_date": "1995-09-21",
        },
    },
    "programme_identifier": [{"@type": "Programme", "programme_identifier": "OAP"}],
    "enrollment_date": "2025-12-15T00:00:00+00:00",
    "enrollment_status": "1",
    "status_change_date": ["2025-12-15T00:00:00+00:00"],
    "benefits": [],
}


class PlayedRegistry(msgspec.Struct, frozen=True, kw_only=True):
    """A registry that tells one receiver things.

    `open` are transactions that the receiver has begun, by the action that answers them, each
    with its transaction_id and correlation_id, where whoever checks it knows of one.
    """

    registry_id: str
    receiver_id: str
    key: SigningKey = msgspec.field(default_factory=registry_key)
    open: dict[str, tuple[str, str]] = {}
    reference_id: str | None = None
    subscription_code: str | None = None

    @property
    def signer(self) -> Signer:
        return Signer(self.registry_id, public_jwk(self.key.verify_key)["kid"], self.key)

    def content(self, action: str, **header: Any) -> Json:
        """Header and message of a right callback; further members of the header change it."""
        at = now()
        made: Json = {
            "version": "1.0.0",
            "message_id": new_token(),
            "message_ts": written(at),
            "action": action,
            "status": "succ",
            "total_count": 1,
            "completed_count": 1,
            "sender_id": self.registry_id,
            "receiver_id": self.receiver_id,
            "is_msg_encrypted": False,
            "meta": {},
        }
        if action == "notify":
            made["meta"] = {"subscription_code": self._code}
        return {"header": {**made, **header}, "message": self._message(action, at)}

    @property
    def _code(self) -> str:
        return self.subscription_code or "check-subscription"

    def _message(self, action: str, at: datetime) -> Json:
        begun = self.open.get(action, (new_token("check-"), new_token("check-")))
        ids = {"transaction_id": begun[0], "correlation_id": begun[1]}
        item = {
            "reference_id": self.reference_id or "ref-1",
            "timestamp": written(at),
            "locale": "eng",
        }
        records = {
            "version": "1.0.0",
            "reg_type": "ns:org:RegistryType:IBR",
            "reg_record_type": "Beneficiary",
        }
        # The first of three pages, so that no receiver closes the transaction after it.
        pages = {"page_size": 1, "page_number": 1, "total_count": 3}
        found = {
            **item,
            "status": "succ",
            "data": {**records, "reg_records": [_PERSON]},
            "pagination": pages,
        }
        if action == "on-search":
            return {**ids, "search_response": [found]}
        if action == "on-subscribe":
            told = {"code": self._code, "status": "subscribe", "timestamp": written(at)}
            return {
                **ids,
                "subscribe_response": [{**item, "status": "succ", "subscriptions": [told]}],
            }
        if action == "on-unsubscribe":
            ended = [{"code": self._code, "status": "unsubscribe"}]
            return {
                **ids,
                "timestamp": written(at),
                "status": "succ",
                "subscription_status": ended,
            }
        if action == "txn-on-status":
            status = {"txn_type": "search", "txn_status": {**ids, "search_response": [found]}}
            return {**ids, "txnstatus_response": status}
        data = {
            **records,
            "reg_event_type": "enrollement_status_change",
            "subscription_code": self._code,
            "reg_records": _PERSON,
        }
        return {
            "transaction_id": ids["transaction_id"],
            "notify_event": [{**item, "data": data}],
        }

    def sealed(
        self,
        content: Json,
        *,
        signer: Signer | None = None,
        later: timedelta = timedelta(0),
    ) -> bytes:
        """The whole body, signed; with `later` as if the clock were so much ahead or behind."""
        signed = canonical(content)
        signature = (signer or self.signer).sign(signed, time.time() + later.total_seconds())
        return b'{"signature":' + canonical(signature) + b"," + signed[1:]


def without_zone() -> str:
    """A moment as it must not be written: without its offset."""
    return now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
