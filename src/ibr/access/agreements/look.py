"""Agreements read with what their numbers are called, and what was refused to partners."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any, Final

import msgspec

from ibr.access.agreements import store
from ibr.access.agreements.model import Agreement, State
from ibr.db.pool import Connection

SOON_DAYS: Final = 90
_ORDER: Final[dict[State, int]] = {"in_force": 0, "to_come": 1, "over": 2, "ended": 3}


class PartyNamed(msgspec.Struct, frozen=True):
    """A partner by number, sender and name, and the scopes that are switched on for it."""

    partner_id: int
    sender_id: str
    name: str
    scopes: tuple[str, ...]


class ProgrammeNamed(msgspec.Struct, frozen=True):
    """A programme by number and code, with its names by language."""

    programme_id: int
    code: str
    names: dict[str, str]


class AgreementSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement with the partner it is with. `days_left` is None where it does not end soon."""

    agreement: Agreement
    party: PartyNamed
    state: State
    days_left: int | None


class AgreementList(msgspec.Struct, frozen=True, kw_only=True):
    """Agreements with what their numbers are called."""

    agreements: list[AgreementSeen]
    programmes: dict[int, ProgrammeNamed]
    parties: list[PartyNamed]

    @property
    def ending(self) -> list[AgreementSeen]:
        """Those in force that end soon, the soonest first."""
        found = [each for each in self.agreements if each.days_left is not None]
        return sorted(found, key=lambda each: each.days_left or 0)

    @property
    def without(self) -> list[PartyNamed]:
        """Partners with no agreement in force: nothing that they send goes."""
        served = {each.party.partner_id for each in self.agreements if each.state == "in_force"}
        return [each for each in self.parties if each.partner_id not in served]


class Refusal(msgspec.Struct, frozen=True):
    """A refusal to a partner as the audit trail has it."""

    at: datetime
    partner_id: int
    details: dict[str, Any]


async def listed(connection: Connection, partner_id: int | None, today: date) -> AgreementList:
    """Every agreement, or those of one partner: those in force first, by partner."""
    parties = [
        PartyNamed(row["partner_id"], row["sender_id"], row["name"], tuple(sorted(row["scopes"])))
        for row in await store.parties(connection)
        if partner_id in (None, row["partner_id"])
    ]
    by_number = {each.partner_id: each for each in parties}
    found = [
        _seen(each, by_number[each.partner_id], today)
        for each in await store.agreements(connection, partner_id=partner_id)
    ]
    return AgreementList(
        agreements=sorted(found, key=lambda each: (_ORDER[each.state], each.party.name.casefold())),
        programmes={
            row["programme_id"]: ProgrammeNamed(
                row["programme_id"], row["code"], json.loads(row["names"])
            )
            for row in await store.programmes(connection)
        },
        parties=parties,
    )


def _seen(agreement: Agreement, party: PartyNamed, today: date) -> AgreementSeen:
    state, last = agreement.state(today), agreement.last_day
    left = (last - today).days if state == "in_force" and last is not None else None
    soon = left if left is not None and left <= SOON_DAYS else None
    return AgreementSeen(agreement=agreement, party=party, state=state, days_left=soon)


async def refusals(connection: Connection, most: int) -> list[Refusal]:
    """The last refusals of partners' questions, the newest first, as far as they may be read."""
    return [
        Refusal(row["at"], row["partner_id"], json.loads(row["details"]))
        for row in await store.refused(connection, None, most)
    ]
