"""Acts on officers who can be the second person of acts: given the role, given a link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from ibr.access.approvals.two_people import Act, Approver, Detail, Payload
from ibr.access.staff.people import store
from ibr.access.staff.people.give_role import check_wanted, give_role, locked_officer
from ibr.access.staff.people.links.one_time import make_link
from ibr.access.staff.rights import OFFICERS
from ibr.access.staff.roles import WantedRole
from ibr.asker import Asker
from ibr.db.pool import Connection
from ibr.errors import NotAllowed

NAME: Final = "officer.role"
LINK: Final = "officer.link"


def payload_of(officer_id: int, wanted: WantedRole) -> dict[str, Any]:
    """A role to be given, as a proposal keeps it."""
    return {
        "officer": officer_id,
        "role": wanted.role,
        "programmes": None if wanted.programmes is None else sorted(wanted.programmes),
        "areas": None if wanted.areas is None else sorted(wanted.areas),
        "from": wanted.valid_from and wanted.valid_from.isoformat(),
        "until": wanted.valid_until and wanted.valid_until.isoformat(),
    }


def _wanted(payload: Payload) -> WantedRole:
    programmes, areas = payload["programmes"], payload["areas"]
    return WantedRole(
        role=payload["role"],
        programmes=None if programmes is None else tuple(programmes),
        areas=None if areas is None else tuple(areas),
        valid_from=payload["from"] and date.fromisoformat(payload["from"]),
        valid_until=payload["until"] and date.fromisoformat(payload["until"]),
    )


async def _check(connection: Connection, asker: Asker, payload: Payload, at: datetime) -> None:
    officer = await locked_officer(connection, payload["officer"], at)
    await check_wanted(connection, asker, officer, _wanted(payload), at)


async def _explain(connection: Connection, payload: Payload) -> list[Detail]:
    wanted = _wanted(payload)
    name, held = await store.named_with_roles(connection, payload["officer"])
    codes = await store.programmes(connection)
    details = [
        Detail(what="officer", after=name),
        Detail(what="roles", before=", ".join(held), after=", ".join([*held, wanted.role])),
    ]
    if wanted.programmes is not None:
        written = ", ".join(codes.get(each, str(each)) for each in wanted.programmes)
        details.append(Detail(what="programmes", after=written))
    if wanted.areas is not None:
        details.append(Detail(what="areas", after=", ".join(wanted.areas)))
    for what, day in (("from", wanted.valid_from), ("until", wanted.valid_until)):
        if day is not None:
            details.append(Detail(what=what, after=day.isoformat()))
    return details


async def _carry_out(
    connection: Connection, two: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    """Gives the role; somebody new gets their first link with it, which the approver hands over."""
    officer_id = payload["officer"]
    await give_role(connection, two.proposer, officer_id, _wanted(payload), at, second=two.asker)
    officer = await locked_officer(connection, officer_id, at)
    if officer.has_password or officer.seen_at is not None:
        return {}
    return await _link(connection, two, payload, at)


async def _check_link(
    connection: Connection, _asker: Asker, payload: Payload, at: datetime
) -> None:
    await locked_officer(connection, payload["officer"], at)


async def _explain_link(connection: Connection, payload: Payload) -> list[Detail]:
    name, held = await store.named_with_roles(connection, payload["officer"])
    return [
        Detail(what="officer", after=name),
        Detail(what="roles", before=", ".join(held), after=", ".join(held)),
        Detail(what="link", after="72 h"),
    ]


async def _link(
    connection: Connection, two: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    """The link's path, for the approver to hand over: who proposed it never sees it."""
    if payload["officer"] == two.asker.id:
        raise NotAllowed("officer.own_link", "Change your own password on the page My account.")
    secret = await make_link(connection, two.proposer, payload["officer"], at, second=two.asker)
    return {"link": f"/welcome/{secret}"}


OFFICER_ACTS: Final = (
    Act(name=NAME, propose=OFFICERS, check=_check, explain=_explain, carry_out=_carry_out),
    Act(name=LINK, propose=OFFICERS, check=_check_link, explain=_explain_link, carry_out=_link),
)
