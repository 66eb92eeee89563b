"""Acts on agreements: one is entered, one is ended before its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from ibr.access.agreements import enter
from ibr.access.agreements.letter import Names, by_law, written
from ibr.access.agreements.look import listed
from ibr.access.agreements.model import Agreement, Wish
from ibr.access.approvals.two_people import Act, Approver, Detail, Payload
from ibr.access.staff.rights import AGREEMENTS_EDIT
from ibr.asker import Asker
from ibr.db.pool import Connection

ADD: Final = "agreement.add"
END: Final = "agreement.end"


def _as_it_is(text: str) -> str:
    return text


async def _check_add(connection: Connection, _: Asker, payload: Payload, at: datetime) -> None:
    enter.must_be_enterable(await enter.read_wish(connection, payload), at)


async def _explain_add(connection: Connection, payload: Payload) -> list[Detail]:
    wish = await enter.read_wish(connection, payload)
    details = [Detail(what="partner", after=payload["partner"])]
    return details + await _words(connection, as_agreement(wish))


async def _add(
    connection: Connection, two: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    wish = await enter.read_wish(connection, payload)
    enter.must_be_enterable(wish, at)
    who = await _both(connection, two)
    await enter.add(connection, wish, asker=two.proposer, who=who, at=at)
    return {}


async def _check_end(connection: Connection, _: Asker, payload: Payload, at: datetime) -> None:
    day = date.fromisoformat(payload["from"])
    await enter.must_be_open(connection, payload["agreement"], day, payload["why"], at)


async def _explain_end(connection: Connection, payload: Payload) -> list[Detail]:
    details = [Detail(what="agreement", after=str(payload["agreement"]))]
    for found in await enter.agreements_of(connection, payload["agreement"]):
        details += await _words(connection, found)
    return [*details, Detail(what="ends_from", after=payload["from"], before="")]


async def _end(
    connection: Connection, two: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    await enter.end(
        connection,
        payload["agreement"],
        # A proposal may be approved some days later; nothing ends in the past.
        max(date.fromisoformat(payload["from"]), at.date()),
        payload["why"],
        asker=two.proposer,
        who=await _both(connection, two),
        at=at,
    )
    return {}


async def _both(connection: Connection, two: Approver) -> str:
    proposer = await enter.officer_name(connection, two.proposed_by)
    return f"{proposer}, {two.asker.name}"


async def _words(connection: Connection, agreement: Agreement) -> list[Detail]:
    """The letter that the second person reads before approving it."""
    known = await listed(connection, agreement.partner_id, date.max)
    names = Names(
        who=", ".join(each.name for each in known.parties),
        programmes={number: each.code for number, each in known.programmes.items()},
        day=date.isoformat,
        say=_as_it_is,
    )
    details = [
        Detail(what="clause", after=" ".join([*each.may, *each.sees]))
        for each in written(agreement, names)
    ]
    return [*details, Detail(what="law", after=by_law(agreement, names))]


def as_agreement(wish: Wish) -> Agreement:
    """A wish as it would stand, for the letter of something that is not entered yet."""
    fields = {name: getattr(wish, name) for name in Wish.__struct_fields__}
    return Agreement(
        **fields,
        agreement_no=0,
        entered_by="",
        entered_at=datetime.min.replace(tzinfo=UTC),
        ended_from=None,
        ended_by=None,
        ended_at=None,
        ended_why=None,
    )


AGREEMENT_ACTS: Final = (
    Act(name=ADD, propose=AGREEMENTS_EDIT, check=_check_add, explain=_explain_add, carry_out=_add),
    Act(name=END, propose=AGREEMENTS_EDIT, check=_check_end, explain=_explain_end, carry_out=_end),
)
