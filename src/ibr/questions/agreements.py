"""Agreements for those who may read them: all, one with its history, a partner's own, and what was
refused lately with the clause that stood against it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import msgspec

from ibr.access.agreements import enter
from ibr.access.agreements.look import (
    AgreementList,
    AgreementSeen,
    PartyNamed,
    ProgrammeNamed,
    Refusal,
    listed,
    refusals,
)
from ibr.access.agreements.model import Agreement, Clause
from ibr.access.approvals import decide
from ibr.access.approvals.agreement_acts import ADD, END
from ibr.access.staff.rights import AGREEMENTS, AGREEMENTS_EDIT, DEVELOPERS, must_hold
from ibr.asker import Asker
from ibr.db.pool import Database
from ibr.errors import NotFound, NotUnderstood

__all__ = ["AgreementSeen", "PartyNamed", "ProgrammeNamed"]

REFUSED_SHOWN: Final = 200


class OneAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement, and all others there were with the same partner."""

    seen: AgreementSeen
    others: list[AgreementSeen]
    programmes: dict[int, ProgrammeNamed]


class RefusedSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A question that was refused, with the clauses that came nearest to allowing it.

    `why` is none, act, programme, purpose or scope; empty where no agreement was the reason.
    """

    at: datetime
    party: PartyNamed | None
    question: str
    programme: ProgrammeNamed | None
    code: str
    why: str
    clauses: list[tuple[int, Clause]]


async def agreement_list(database: Database, asker: Asker, at: datetime) -> AgreementList:
    """Every agreement: those in force first, by partner."""
    must_hold(asker, AGREEMENTS)
    async with database.transaction((), asker=asker, right=AGREEMENTS) as connection:
        return await listed(connection, None, at.date())


async def own_agreements(
    database: Database, asker: Asker, partner_id: int, at: datetime
) -> AgreementList:
    """The agreements of one partner, for those who build its system."""
    must_hold(asker, DEVELOPERS)
    if asker.partner is not None and asker.partner != partner_id:
        raise NotFound("partner.unknown", "There is no such partner among yours.")
    async with database.transaction((), asker=asker, right=DEVELOPERS) as connection:
        return await listed(connection, partner_id, at.date())


async def one_agreement(
    database: Database, asker: Asker, number: int, at: datetime
) -> OneAgreement:
    """One agreement with its history; NotFound where there is none of that number."""
    found = await agreement_list(database, asker, at)
    seen = next((each for each in found.agreements if each.agreement.agreement_no == number), None)
    if seen is None:
        raise NotFound("agreement.unknown", "There is no agreement of that number.")
    others = [
        each
        for each in found.agreements
        if each.party == seen.party and each.agreement.agreement_no != number
    ]
    newest_first = sorted(others, key=lambda each: -each.agreement.agreement_no)
    return OneAgreement(seen=seen, others=newest_first, programmes=found.programmes)


async def refused_lately(database: Database, asker: Asker) -> list[RefusedSeen]:
    """The last refusals, the newest first, each explained by its clauses."""
    must_hold(asker, AGREEMENTS)
    async with database.transaction((), asker=asker, right=AGREEMENTS) as connection:
        found_refused = await refusals(connection, REFUSED_SHOWN)
        found = await listed(connection, None, date.max)
    clauses = {
        f"{each.agreement.agreement_no}.{clause.clause_no}": (each.agreement.agreement_no, clause)
        for each in found.agreements
        for clause in each.agreement.clauses
    }
    parties = {each.partner_id: each for each in found.parties}
    return [_refused(each, parties, found.programmes, clauses) for each in found_refused]


def _refused(
    refused: Refusal,
    parties: Mapping[int, PartyNamed],
    programmes: Mapping[int, ProgrammeNamed],
    clauses: Mapping[str, tuple[int, Clause]],
) -> RefusedSeen:
    details = refused.details
    return RefusedSeen(
        at=refused.at,
        party=parties.get(refused.partner_id),
        question=str(details.get("question") or details.get("action") or ""),
        programme=programmes.get(details.get("programme") or 0),
        code=str(details.get("code") or details.get("reason") or ""),
        why=str(details.get("why") or ""),
        clauses=[clauses[each] for each in details.get("clauses", ()) if each in clauses],
    )


async def propose_agreement(
    database: Database, asker: Asker, given: dict[str, Any], why: str, at: datetime
) -> int:
    """Proposes an agreement to a second person; the number of the proposal."""
    must_hold(asker, AGREEMENTS_EDIT)
    async with database.transaction((), asker=asker, right=AGREEMENTS_EDIT) as connection:
        return await decide.propose(connection, asker, ADD, given, at, why=why)


async def propose_end(
    database: Database, asker: Asker, number: int, day: str, why: str, at: datetime
) -> int:
    """Proposes to a second person that an agreement ends; the number of the proposal."""
    must_hold(asker, AGREEMENTS_EDIT)
    try:
        ends = date.fromisoformat(day)
    except ValueError:
        raise NotUnderstood(
            "agreement.invalid", "Write a day as 2026-01-31.", field="day"
        ) from None
    payload = {"agreement": number, "from": ends.isoformat(), "why": why.strip()}
    async with database.transaction((), asker=asker, right=AGREEMENTS_EDIT) as connection:
        return await decide.propose(connection, asker, END, payload, at, why=why)


def plain(agreement: Agreement, party: PartyNamed, codes: Mapping[int, str]) -> dict[str, Any]:
    """The agreement in the plain form in which one is entered (access/agreements/enter.py)."""
    return {
        "partner": party.sender_id,
        "legal_basis": agreement.legal_basis,
        "legal_reference": agreement.legal_reference,
        "legal_link": agreement.legal_link,
        "signed_by": agreement.signed_by,
        "signed_on": agreement.signed_on and agreement.signed_on.isoformat(),
        "document_digest": agreement.document_digest and agreement.document_digest.hex(),
        "valid_from": agreement.valid_from.isoformat(),
        "valid_to": agreement.valid_to and agreement.valid_to.isoformat(),
        "clauses": [_plain(each, codes) for each in agreement.clauses],
    }


def _plain(clause: Clause, codes: Mapping[int, str]) -> dict[str, Any]:
    every = enter.ALL
    named = clause.programmes
    return {
        "acts": list(clause.acts),
        "programmes": every if named is None else [codes.get(each, str(each)) for each in named],
        "attributes": every if clause.attributes is None else list(clause.attributes),
        "purposes": None if clause.purposes is None else list(clause.purposes),
    }
