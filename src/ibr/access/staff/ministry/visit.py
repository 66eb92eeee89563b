"""A sign-in by way of the ministry: begun here, proven there, and ended at an officer of ours.

Roles stay the registry's own. Nobody becomes an officer by being known to the ministry.
"""

from __future__ import annotations

from datetime import datetime

from ibr.access.openid.flow import claims_back
from ibr.access.openid.model import Begun, Place
from ibr.access.openid.provider import Connector
from ibr.access.staff.ministry import store
from ibr.access.staff.ministry.model import Person
from ibr.access.staff.ministry.rules import person_in
from ibr.access.staff.second.account import account_of
from ibr.access.staff.second.model import Account
from ibr.access.staff.second.notices import note
from ibr.access.staff.second.steps import as_asker, must_be_no_emergency_account
from ibr.audit.events import MINISTRY_LINKED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotAllowed


async def person_back(
    connector: Connector, begun: Begun, query: dict[str, str], at: datetime
) -> Person:
    """Who came back, proven; NotProven with a reason when anything of it does not hold."""
    return person_in(
        await claims_back(
            connector, begun, query, at, wanted=("email",), beside=("email_verified",)
        )
    )


async def officer_of_person(
    connection: Connection, place: Place, person: Person, at: datetime
) -> Account:
    """The officer that the person is: by the ministry's own number of them once that is known, and
    by a verified e-mail address the first time. NotAllowed with what to do otherwise."""
    number = await store.officer_of_subject(connection, place.issuer, person.subject)
    known = number is not None
    if number is None and person.email is None:
        raise NotAllowed(
            "ministry.no_email",
            "The ministry does not confirm an e-mail address of yours. Ask its identity team.",
        )
    if number is None and person.email is not None:
        number = await store.officer_of_email(connection, person.email)
    account = await account_of(connection, number, at) if number is not None else None
    if account is None:
        raise NotAllowed(
            "ministry.no_officer",
            "You are not an officer of the registry. Ask an administrator of it to add you.",
        )
    must_be_no_emergency_account(account)
    if known:
        await store.used(connection, place.issuer, person.subject, at)
    else:
        await _link(connection, place, person, account, at)
    return account


async def _link(
    connection: Connection, place: Place, person: Person, account: Account, at: datetime
) -> None:
    # An address that was given to a new colleague must not open the account of the former one.
    if not await store.link(connection, place.issuer, person.subject, account.officer_id, at):
        raise NotAllowed(
            "ministry.other_officer",
            "This e-mail address belongs to an officer whom the ministry knew as somebody else. "
            "Ask an administrator of the registry.",
        )
    asker = as_asker(account.officer_id)
    await record_event(connection, kind=MINISTRY_LINKED, asker=asker, details={}, at=at)
    await note(connection, account.officer_id, "linked", at)
