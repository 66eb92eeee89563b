"""Acts that need two people: proposed, approved and carried out, refused, withdrawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ibr.access.approvals import store
from ibr.access.approvals.acts import act_named, is_known
from ibr.access.approvals.two_people import Approver, Detail, Payload, Proposal
from ibr.access.staff.rights import APPROVE, RIGHTS, must_hold
from ibr.asker import Asker
from ibr.audit.events import ACT_APPROVED, ACT_PROPOSED, ACT_REFUSED, ACT_WITHDRAWN
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotAllowed, NotFound, NotUnderstood

EXPIRES: Final = timedelta(days=7)
LONGEST_WHY: Final = 1000
_MOST: Final = 200


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal as one person sees it: whether they may approve it, and if not, why."""

    proposal: Proposal
    mine: bool
    may_approve: bool


async def propose(
    connection: Connection,
    asker: Asker,
    act: str,
    payload: dict[str, Any],
    at: datetime,
    *,
    why: str | None = None,
) -> int:
    """Proposes an act and returns the number of the proposal.

    NotAllowed without the act's right, Conflict where the very same is proposed already, and
    whatever the act's own check refuses.
    """
    must_be_officer(asker)
    known = act_named(act)
    must_hold(asker, known.propose)
    if known.check is not None:
        await known.check(connection, asker, payload, at)
    if await store.same_open(connection, act, payload, at) is not None:
        raise Conflict(
            "act.proposed_already", "The very same is proposed already and waits for approval."
        )
    number = await store.add(
        connection,
        act=act,
        payload=payload,
        why=_words(why),
        by=asker.id,
        at=at,
        expires_at=at + EXPIRES,
    )
    details: dict[str, object] = {"proposal": number, "act": act, "digest": digest_of(payload)}
    await record_event(connection, kind=ACT_PROPOSED, asker=asker, details=details, at=at)
    return number


async def approve(
    connection: Connection, asker: Asker, number: int, at: datetime, *, why: str | None = None
) -> Mapping[str, str]:
    """Carries the act out, once, in this transaction; what is to be shown to the approver now.

    The two people are different, and both still hold at this moment what it takes: their roles are
    looked up here and held, whatever their sessions say. NotFound, Conflict or NotAllowed say why
    not; if carrying out fails, the proposal stays open.
    """
    must_be_officer(asker)
    found = await _open(connection, number, at)
    act = act_named(found.act)
    if found.proposed_by == asker.id:
        raise NotAllowed(
            "act.own", "You proposed this yourself. Somebody else must look at it and approve it."
        )
    must_hold(asker, act.approve)
    held = await store.roles_now(connection, [asker.id, found.proposed_by], at.date())
    if not _carry(held.get(asker.id, ()), act.approve):
        raise NotAllowed("act.right_lost", "You do not hold the role for this any more.")
    if not _carry(held.get(found.proposed_by, ()), act.propose):
        raise Conflict(
            "act.proposer_gone",
            "Whoever proposed this may not do so any more. Refuse it; somebody else can propose it "
            "again.",
        )
    approver = Approver(
        asker=asker, proposed_by=found.proposed_by, right=act.propose, number=number
    )
    await store.begin_act(connection, act.name)
    shown = await act.carry_out(connection, approver, found.payload, at)
    await store.end_act(connection)
    await store.decide(connection, number, "approved", asker.id, _words(why), at)
    await record_event(connection, kind=ACT_APPROVED, asker=asker, details=_details(found), at=at)
    return shown


async def refuse(
    connection: Connection, asker: Asker, number: int, at: datetime, *, why: str | None = None
) -> None:
    """Refuses a proposal with the reason; its proposer withdraws it, who needs no other right."""
    must_be_officer(asker)
    found = await _open(connection, number, at)
    mine = found.proposed_by == asker.id
    if not mine:
        await _must_still_hold(connection, asker, _approval_of(found), at)
        if not (why or "").strip():
            raise NotUnderstood(
                "act.reason", "Say why you refuse it; whoever proposed it will read it."
            )
    decision, event = ("withdrawn", ACT_WITHDRAWN) if mine else ("refused", ACT_REFUSED)
    await store.decide(connection, number, decision, asker.id, _words(why), at)
    await record_event(connection, kind=event, asker=asker, details=_details(found), at=at)


async def due(connection: Connection, asker: Asker, at: datetime) -> list[Due]:
    """Open proposals, those that expire first on top: all for who approves, else one's own."""
    must_be_officer(asker)
    found = await store.proposals(connection, open_at=at, most=_MOST)
    return [
        _seen(each, asker)
        for each in found
        if each.proposed_by == asker.id or _may_approve(each, asker)
    ]


async def lately(connection: Connection, asker: Asker, at: datetime) -> list[Proposal]:
    """Decided and expired proposals, the newest first, for who approves; else one's own."""
    must_be_officer(asker)
    return [
        each
        for each in await store.closed(connection, at=at, most=_MOST)
        if APPROVE in asker.scopes or each.proposed_by == asker.id
    ]


async def one(connection: Connection, asker: Asker, number: int) -> tuple[Due, list[Detail]]:
    """A proposal and what exactly it would change as of now; NotFound unless it is for them."""
    must_be_officer(asker)
    found = await store.proposal(connection, number)
    if found is None or not (found.proposed_by == asker.id or _may_approve(found, asker)):
        raise NotFound("act.not_there", "There is no such proposal for you to look at.")
    if not is_known(found.act):
        return _seen(found, asker), []
    return _seen(found, asker), await act_named(found.act).explain(connection, found.payload)


async def granted(
    connection: Connection, asker: Asker, act: str, payload: Payload, since: datetime
) -> int | None:
    """The number of a proposal of theirs, of exactly this, that was approved since then."""
    return await store.approved_of(connection, act, payload, asker.id, since)


def _carry(roles: Iterable[str], right: str) -> bool:
    """Whether one of the roles carries the right."""
    return any(right in RIGHTS[role].pages for role in roles)


def _approval_of(proposal: Proposal) -> str:
    """The right that decides about it; what is not known any more can still be refused."""
    return act_named(proposal.act).approve if is_known(proposal.act) else APPROVE


def must_be_officer(asker: Asker) -> None:
    """NotAllowed for a partner: acts that need two people are done by officers."""
    if asker.kind != "officer":
        raise NotAllowed("act.officers_only", "Only officers of the registry do this.")


def digest_of(payload: Payload) -> str:
    """SHA-256 of a payload, for the audit trail."""
    return hashlib.sha256(msgspec.json.encode(payload, order="deterministic")).hexdigest()


async def _open(connection: Connection, number: int, at: datetime) -> Proposal:
    found = await store.proposal(connection, number, to_decide=True)
    if found is None:
        raise NotFound("act.not_there", "There is no such proposal for you to look at.")
    state = found.state(at)
    if state == "expired":
        raise Conflict(
            "act.expired", "This proposal is older than seven days. Somebody must propose it again."
        )
    if state != "open":
        raise Conflict("act.decided", "Somebody has decided about this proposal already.")
    return found


async def _must_still_hold(connection: Connection, asker: Asker, right: str, at: datetime) -> None:
    must_be_officer(asker)
    must_hold(asker, right)
    held = await store.roles_now(connection, [asker.id], at.date())
    if not _carry(held.get(asker.id, ()), right):
        raise NotAllowed("act.right_lost", "You do not hold the role for this any more.")


def _may_approve(proposal: Proposal, asker: Asker) -> bool:
    return _approval_of(proposal) in asker.scopes


def _seen(proposal: Proposal, asker: Asker) -> Due:
    mine = proposal.proposed_by == asker.id
    return Due(proposal=proposal, mine=mine, may_approve=not mine and _may_approve(proposal, asker))


def _details(found: Proposal) -> dict[str, object]:
    return {
        "proposal": found.proposal_id,
        "act": found.act,
        "proposed_by": found.proposed_by,
        "digest": digest_of(found.payload),
    }


def _words(text: str | None) -> str | None:
    words = (text or "").strip()
    if len(words) > LONGEST_WHY:
        raise NotUnderstood("act.words", f"Say it in at most {LONGEST_WHY:,} characters.")
    return words or None
