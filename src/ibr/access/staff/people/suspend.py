"""Officers shut out and let in again, by administrators or for not being seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ibr.access.staff.people import store
from ibr.access.staff.people.give_role import (
    end_all_sessions,
    end_what_is_over,
    locked_officer,
    somebody_must_stay,
)
from ibr.access.staff.people.links import store as link_store
from ibr.access.staff.rights import OFFICERS, must_hold
from ibr.asker import Asker
from ibr.audit.events import OFFICER_LET_IN, OFFICER_SUSPENDED, OFFICER_WARNED
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotAllowed

WARNED_BEFORE: Final = timedelta(days=14)
"""So long before the day an officer who is not seen is warned."""
LINKS_KEPT: Final = timedelta(days=90)


async def suspend(
    connection: Connection, asker: Asker | None, officer_id: int, at: datetime
) -> None:
    """Shuts an officer out at once; their sessions end and their links are of no use."""
    if asker is not None:
        must_hold(asker, OFFICERS)
        if asker.id == officer_id:
            raise NotAllowed("officer.own_account", "Nobody suspends themselves. Ask a colleague.")
    administrators = await store.lock_administrators(connection, at.date())
    await locked_officer(connection, officer_id, at)
    somebody_must_stay(administrators, officer_id)
    by = asker.id if asker else None
    if not await store.suspend(connection, officer_id, by, "administrator", at):
        raise Conflict("officer.suspended_already", "This officer is suspended already.")
    await link_store.withdraw(connection, officer_id, at)
    await store.note(connection, officer_id, "suspended", at, by=by)
    await end_all_sessions(connection, asker, officer_id, at)
    details: dict[str, object] = {"officer": officer_id, "why": "administrator"}
    await record_event(connection, kind=OFFICER_SUSPENDED, asker=asker, details=details, at=at)


async def let_in(
    connection: Connection, asker: Asker | None, officer_id: int, at: datetime
) -> None:
    """Lets a suspended officer in again, with the roles that they still hold."""
    if asker is not None:
        must_hold(asker, OFFICERS)
        if asker.id == officer_id:
            raise NotAllowed("officer.own_account", "Ask a colleague to let you in again.")
    await locked_officer(connection, officer_id, at)
    if not await store.let_in(connection, officer_id, at):
        raise Conflict("officer.not_suspended", "This officer is not suspended.")
    by = asker.id if asker else None
    await store.note(connection, officer_id, "let_in", at, by=by)
    details: dict[str, object] = {"officer": officer_id}
    await record_event(connection, kind=OFFICER_LET_IN, asker=asker, details=details, at=at)


async def keep_officers(connection: Connection, days: int, at: datetime) -> None:
    """What comes by itself: roles are over, officers who are not seen are warned and suspended.

    `days` is the setting IBR_OFFICER_UNSEEN_DAYS; 0 suspends nobody. Nobody is suspended who was
    not warned the whole time before, and never the last administrator.
    """
    await end_what_is_over(connection, await store.roles_over(connection, at.date()), at)
    await link_store.forget(connection, at - LINKS_KEPT)
    if days > 0:
        before = min(WARNED_BEFORE, timedelta(days=days) / 2)
        await _warn_unseen(connection, timedelta(days=days), before, at)
        await _suspend_unseen(connection, timedelta(days=days), before, at)


async def _warn_unseen(
    connection: Connection, days: timedelta, before: timedelta, at: datetime
) -> None:
    for each in await store.unseen(connection, at - days + before):
        if each.warned_at is not None and each.warned_at > each.last_known:
            continue
        await store.warn(connection, each.officer_id, at)
        await store.note(connection, each.officer_id, "warned", at)
        details: dict[str, object] = {
            "officer": each.officer_id,
            "on": max(each.last_known + days, at + before).date().isoformat(),
        }
        await record_event(connection, kind=OFFICER_WARNED, asker=None, details=details, at=at)


async def _suspend_unseen(
    connection: Connection, days: timedelta, before: timedelta, at: datetime
) -> None:
    for each in await store.unseen(connection, at - days):
        if each.warned_at is None or not each.last_known < each.warned_at <= at - before:
            continue
        administrators = await store.lock_administrators(connection, at.date())
        if set(administrators) == {each.officer_id}:
            continue
        if await store.suspend(connection, each.officer_id, None, "not_seen", at):
            await store.note(connection, each.officer_id, "suspended", at)
            await end_all_sessions(connection, None, each.officer_id, at)
            details: dict[str, object] = {"officer": each.officer_id, "why": "not_seen"}
            await record_event(
                connection, kind=OFFICER_SUSPENDED, asker=None, details=details, at=at
            )


def day_of_suspension(last_known: datetime, warned_at: datetime | None, days: int) -> datetime:
    """When an officer who is not seen any more will be suspended."""
    whole = timedelta(days=days)
    before = min(WARNED_BEFORE, whole / 2)
    due = last_known + whole
    return due if warned_at is None else max(due, warned_at + before)
