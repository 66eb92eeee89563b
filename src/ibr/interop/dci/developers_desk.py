"""What the developers' pages need of the standard: addresses, keys, samples, a test callback.

Handed to the pages when the application is built (app.py), since pages and standard know nothing
of each other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from ibr.access.model import Partner
from ibr.access.partners import PartnerBook
from ibr.access.staff.rights import DEVELOPERS, must_hold
from ibr.asker import Asker
from ibr.audit.events import CALLBACK_TESTED
from ibr.audit.record import record_event
from ibr.calls.rules import within
from ibr.clock import written
from ibr.errors import NotFound, NotUnderstood
from ibr.ids import new_token
from ibr.interop.dci.keys import published_keys
from ibr.interop.dci.openapi import document
from ibr.interop.dci.outgoing import Outgoing, promise
from ibr.interop.dci.samples import samples, signing_vector
from ibr.interop.dci.services import Services
from ibr.outbox.model import TEST, Kind
from ibr.questions.developing import AddressSeen, Sample

_VERBS: Final = ("get", "post")
_NOTE: Final = "A test from the developers' page. It belongs to no transaction and shows nobody."


class DevelopersDesk:
    """The standard as the developers' pages see it."""

    # What a test callback may be; each is read without a transaction of its own being harmed.
    kinds: Final[tuple[Kind, ...]] = ("on-search", "txn-on-status")

    def __init__(self, services: Services, registry_id: str, reached_at: str | None) -> None:
        self._services = services
        self.registry_id = registry_id
        self.reached_at = reached_at

    @property
    def book(self) -> PartnerBook:
        return self._services.book

    def addresses(self) -> list[AddressSeen]:
        """Every address of the standard that is served here, as it is published."""
        return [
            AddressSeen(verb.upper(), path, operation["summary"])
            for path, operations in document()["paths"].items()
            for verb, operation in operations.items()
            if verb in _VERBS
        ]

    def samples(self, partner: Partner, at: datetime) -> list[Sample]:
        """Requests to copy, with the partner's own ids and programmes."""
        programmes = self._services.book.programmes
        report = sorted(programmes[each].code for each in partner.report if each in programmes)
        ask = sorted(programmes[each].code for each in partner.ask if each in programmes)
        return samples(partner, self.registry_id, report, ask, at)

    def vector(self) -> dict[str, str]:
        return signing_vector()

    async def keys(self, at: datetime) -> list[dict[str, Any]]:
        """The registry's own public keys, as its JWKS has them now."""
        async with self._services.database.transaction(()) as connection:
            keys: list[dict[str, Any]] = (await published_keys(connection, at))["keys"]
        return keys

    async def send_test(
        self, asker: Asker, partner: Partner, kind: str, address: str, at: datetime
    ) -> str:
        """Promises a test callback, which leaves like any other; returns its message_id."""
        must_hold(asker, DEVELOPERS)
        if asker.partner not in (None, partner.partner_id):
            raise NotFound("partner.unknown", "There is no such partner among yours.")
        chosen = next((each for each in self.kinds if each == kind), None)
        if chosen is None:
            raise NotUnderstood("callback.kind", "Choose which callback is to be sent.")
        if not within(address, partner.callback_urls):
            raise NotUnderstood(
                "callback.address",
                "This is not a registered callback address, nor beneath one. Ask those who run "
                "the registry to register it.",
            )
        message = self._message(partner, chosen, address, at)
        async with self._services.database.transaction(()) as connection:
            await promise(self._services, connection, [message])
            await record_event(
                connection,
                kind=CALLBACK_TESTED,
                asker=asker,
                details={"partner": partner.partner_id, "kind": chosen},
                at=at,
            )
        message_id: str = message.header["message_id"]
        return message_id

    def _message(self, partner: Partner, kind: Kind, address: str, at: datetime) -> Outgoing:
        header = self._services.writer.header(
            kind, partner.sender_id, status="succ", total=1, completed=1, at=at
        )
        header["meta"] = {"test": True, "note": _NOTE}
        ids = {"transaction_id": new_token(TEST), "correlation_id": new_token(TEST)}
        found = {
            "reference_id": "test",
            "timestamp": written(at),
            "status": "succ",
            "data": {
                "version": "1.0.0",
                "reg_type": "ns:org:RegistryType:IBR",
                "reg_record_type": "Beneficiary",
                "reg_records": [],
            },
            "pagination": {"page_size": 1, "page_number": 1, "total_count": 0},
            "locale": "eng",
        }
        message: dict[str, Any] = {**ids, "search_response": [found]}
        if kind == "txn-on-status":
            message = {
                **ids,
                "txnstatus_response": {"txn_type": "search", "txn_status": message},
            }
        return Outgoing(
            partner=partner,
            kind=kind,
            address=address,
            header=header,
            message=message,
            correlation_id=ids["correlation_id"],
            at=at,
        )
