"""A sign-in by way of the ministry: begun here, proven there, and ended at an officer of ours.

Roles stay the registry's own. Nobody becomes an officer by being known to the ministry.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from ibr.access.staff.ministry import store
from ibr.access.staff.ministry.model import Begun, Person, Place
from ibr.access.staff.ministry.provider import Connector
from ibr.access.staff.ministry.rules import check_claims, code_in, person_in, way_there
from ibr.access.staff.second.account import account_of
from ibr.access.staff.second.model import Account
from ibr.access.staff.second.notices import note
from ibr.access.staff.second.steps import as_asker, must_be_no_emergency_account
from ibr.audit.events import MINISTRY_LINKED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotAllowed


def begin(after: str, *, again: bool) -> Begun:
    """A fresh way to the ministry; `again` has it ask for a proof even of whom it knows."""
    return Begun(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        after=after,
        again=again,
    )


async def address_there(connector: Connector, begun: Begun) -> str:
    """Where the browser goes to sign in."""
    return way_there(connector.place, await connector.provider(), begun)


async def person_back(
    connector: Connector, begun: Begun, query: dict[str, str], at: datetime
) -> Person:
    """Who came back, proven; NotProven with a reason when anything of it does not hold."""
    provider = await connector.provider()
    answered = await connector.exchange(code_in(query, begun, provider), begun.verifier)
    claims = await connector.proven(answered.id_token)
    check_claims(claims, connector.place, begun, at)
    if "email" not in claims and answered.access_token:
        told = await connector.more_of(claims["sub"], answered.access_token)
        claims = {
            **{name: told[name] for name in ("email", "email_verified") if name in told},
            **claims,
        }
    return person_in(claims)


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
