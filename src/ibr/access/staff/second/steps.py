"""From the first factor to a session: whether a second is wanted, whether it holds, and the rest.

Between the two stands a step (model.Step) in a sealed cookie of its own. It opens no page but
those of this step: what reads sessions does not know it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ibr.access.staff.second import store, totp
from ibr.access.staff.second.account import account_of, code_digest
from ibr.access.staff.second.model import Account, Answer, Step
from ibr.access.staff.second.notices import note
from ibr.access.staff.second.rules import CODES_REMEMBERED, TOLD_AFTER, code_wait
from ibr.access.staff.sign_in import begin_session, digest_of, forget_tries, remember_try
from ibr.access.staff.sign_in import tries as tries_of
from ibr.asker import Asker, Purpose
from ibr.audit.events import BREAK_GLASS_USED, CODE_REFUSED, SIGNED_IN
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotAllowed, NotProven
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer

Next = Literal["session", "second", "set_up"]


def what_is_next(account: Account, *, needed: bool, at_ministry: bool = False) -> Next:
    """What follows the first factor. `at_ministry`: the ministry has asked for a second already."""
    if account.break_glass:
        return "second"
    if at_ministry:
        return "session"
    if account.asks_for_second:
        return "second"
    return "set_up" if needed else "session"


async def account_at(connection: Connection, step: Step, at: datetime) -> Account:
    """The account of a step that still holds; NotProven when the officer was shut out or has
    another password since."""
    account = await account_of(connection, step.officer_id, at)
    if account is None or account.stamp != step.stamp:
        raise NotProven("sign_in.step_over", "This step took too long. Please sign in again.")
    return account


async def hold(connection: Connection, officer_id: int) -> None:
    """Has everything about the officer's factors done one after another, until the transaction
    ends."""
    await store.hold_officer(connection, officer_id)


async def try_code(
    connection: Connection,
    sealer: Sealer,
    blind_index: BlindIndex,
    account: Account,
    code: str,
    at: datetime,
) -> Answer:
    """Whether a code of the app or on paper holds. Codes of one officer are tried one after
    another and slowed like passwords, wherever they come from."""
    officer_id = account.officer_id
    await hold(connection, officer_id)
    tried = digest_of(f"code\x1f{officer_id}")
    until = await tries_of(connection, tried, at - CODES_REMEMBERED, code_wait)
    if until.until is not None and until.until > at:
        return Answer("wait", seconds=int((until.until - at).total_seconds()) + 1)
    factor = await _factor(connection, sealer, blind_index, account, code, at)
    if factor:
        await forget_tries(connection, tried, at)
        return Answer("ok", factor)
    await remember_try(connection, tried, at)
    await record_event(connection, kind=CODE_REFUSED, asker=as_asker(officer_id), details={}, at=at)
    if until.count + 1 == TOLD_AFTER:
        await note(connection, officer_id, "guessing", at)
    return Answer("wrong")


async def _factor(
    connection: Connection,
    sealer: Sealer,
    blind_index: BlindIndex,
    account: Account,
    code: str,
    at: datetime,
) -> str:
    if await totp.accept(connection, sealer, account.officer_id, code, at):
        return "totp"
    digest = code_digest(blind_index, account.officer_id, code)
    if await store.use_recovery_code(connection, account.officer_id, digest, at):
        await note(connection, account.officer_id, "recovery_used", at)
        return "recovery"
    return ""


async def open_for(
    connection: Connection,
    account: Account,
    *,
    how: str,
    tried: bytes,
    proved_at: datetime,
    place: str,
    agent: str,
    at: datetime,
) -> str:
    """The session's secret, when everything that is asked for was proven."""
    secret = await begin_session(
        connection,
        account.officer_id,
        at,
        stamp=account.stamp,
        how=how,
        tried=tried,
        proved_at=proved_at,
        place=place,
        agent=agent,
    )
    asker = as_asker(account.officer_id)
    if account.break_glass:
        await record_event(connection, kind=BREAK_GLASS_USED, asker=asker, details={}, at=at)
        await note(connection, account.officer_id, "break_glass", at)
    await record_event(connection, kind=SIGNED_IN, asker=asker, details={"how": how}, at=at)
    return secret


def must_be_no_emergency_account(account: Account) -> None:
    """NotAllowed for an emergency account, whose factors are on paper and stay there."""
    if account.break_glass:
        raise NotAllowed(
            "factor.break_glass",
            "This is an account for emergencies: its codes are made on the command line.",
        )


def as_asker(officer_id: int) -> Asker:
    """The officer, before there is a session to say who that is."""
    return Asker(
        kind="officer", id=officer_id, name="", purpose=Purpose("sign_in"), ask=frozenset()
    )
