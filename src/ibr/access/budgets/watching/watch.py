"""What the registry looks for by itself: the counts again, and what no single question shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from asyncpg import Record

from ibr.access.budgets import store as budgets
from ibr.access.budgets.judge import (
    ASKERS,
    ENOUGH,
    MANY_ASKERS,
    NEAR_THE_LIMIT,
    NEVER_KNOWN,
    OUT_OF_REACH,
    OUTSIDE,
    SPAN_DAYS,
    Alarm,
    judge,
    near_the_limit,
    never_known,
    out_of_reach,
)
from ibr.access.budgets.model import Account, Used
from ibr.access.budgets.watching import store
from ibr.access.budgets.watching.alarms import raise_alarms
from ibr.db.pool import Connection, Database

_LATELY: Final = timedelta(minutes=5)
_A_WHILE: Final = timedelta(minutes=30)
# So many people of one asker are looked up; what is so of them is so of the rest.
_SAMPLE: Final = 1_000
_MOST_PEOPLE: Final = 20


async def watch_counts(database: Database, at: datetime) -> int:
    """Judges every account counted lately; how many alarms are new."""
    async with database.transaction(()) as connection:
        rows = await store.counted_since(connection, at - _LATELY)
        alarms = [alarm for row in rows for alarm in judge(_used(row), at)]
        return await raise_alarms(connection, alarms, at)


async def watch_people(database: Database, programmes: Iterable[int], at: datetime) -> int:
    """Looks for who asks about people known nowhere or out of their reach, who is asked about by
    many, and who stays just below the budget day after day; how many alarms are new.

    `programmes` are all there are: whether somebody is known anywhere is seen only so.
    """
    async with database.transaction(programmes) as connection:
        alarms = [
            *await _of_askers(connection, at),
            *await _of_people(connection, at),
            *await _of_weeks(connection, at),
        ]
        return await raise_alarms(connection, alarms, at)


async def _of_askers(connection: Connection, at: datetime) -> list[Alarm]:
    alarms = []
    counted: dict[tuple[str, int], int] = {}
    for row in await store.counted_since(connection, at - _A_WHILE):
        if row["day"] == at.date():
            key = (row["asker_kind"], row["asker_id"])
            counted[key] = counted.get(key, 0) + row["people"]
    for (kind, number), people in counted.items():
        if people < (OUTSIDE if kind == "officer" else ENOUGH[kind]):
            continue
        sight = (
            await store.sight_of_officer(connection, number, at.date())
            if kind == "officer"
            else (None, None)
        )
        row = await store.known_of(connection, at.date(), kind, number, sight, _SAMPLE)
        facts = {"people": row["people"], "unknown": row["nowhere"], "outside": row["outside"]}
        rules = []
        if never_known(row["people"], row["nowhere"]):
            rules.append(NEVER_KNOWN)
        if kind == "officer" and out_of_reach(row["people"], row["outside"]):
            rules.append(OUT_OF_REACH)
        alarms += [_alarm(rule, kind, number, at, facts) for rule in rules]
    return alarms


async def _of_people(connection: Connection, at: datetime) -> list[Alarm]:
    rows = await store.asked_by_many(connection, at.date(), ASKERS, _MOST_PEOPLE)
    return [
        Alarm(
            rule=MANY_ASKERS,
            kind="registry",
            id=0,
            day=at.date(),
            hour=at.hour,
            facts={"askers": row["askers"]},
            subject=row["subject_index"],
        )
        for row in rows
    ]


async def _of_weeks(connection: Connection, at: datetime) -> list[Alarm]:
    """Today is not over, so the days before it count."""
    last = at.date() - timedelta(days=1)
    first = last - timedelta(days=SPAN_DAYS - 1)
    told = await store.told_since(connection, NEAR_THE_LIMIT, first)
    alarms = []
    for row in await store.days_of(connection, first, last):
        days = list(zip(row["people"], row["allowed"], strict=True))
        who = (row["asker_kind"], row["asker_id"])
        # Once a week is enough of what is a week's doing.
        if who not in told and near_the_limit(days):
            facts = {"days": len(days), "people": sum(row["people"])}
            alarms.append(_alarm(NEAR_THE_LIMIT, *who, at, facts))
    return alarms


def _alarm(rule: str, kind: str, number: int, at: datetime, facts: dict[str, int]) -> Alarm:
    return Alarm(rule=rule, kind=kind, id=number, day=at.date(), hour=at.hour, facts=facts)


def _used(row: Record) -> Used:
    values = dict(row)
    account = Account(
        values.pop("day"),
        values.pop("asker_kind"),
        values.pop("asker_id"),
        values.pop("purpose_code"),
    )
    return Used(account=account, **values)


async def provide_days(database: Database, at: datetime) -> None:
    """Makes the partitions of the coming days and drops those that are used."""
    async with database.transaction(()) as connection:
        await budgets.provide_days(connection, at.date())
