"""What `ibr db distribute` looks at, what it would do in which order, and how it does it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

from ibr.db.distribution import store
from ibr.db.distribution.plan import PLAN, distributed, reference
from ibr.db.distribution.policies import holds_subquery, must_change, without_subqueries
from ibr.db.migrate import state
from ibr.db.pool import Connection
from ibr.errors import Unavailable

# From Citus 12 on: identity columns of every whole number, and functions known to every worker.
OLDEST: Final = 12


class Step(msgspec.Struct, frozen=True):
    """One statement, and why it is run."""

    statement: str
    why: str


class Look(msgspec.Struct, frozen=True):
    """What was found before anything is done."""

    citus: str | None
    workers: int
    in_the_way: list[str]
    """Why nothing may be done; empty where all is well."""
    steps: list[Step]


async def look(connection: Connection, *, least: int, shards: int, with_rows: bool) -> Look:
    """Looks at the server and the schema; changes nothing. `least` workers must be there."""
    citus = await store.citus_version(connection)
    found, done = 0, set[str]()
    in_the_way = await _of_the_schema(connection)
    if citus is None:
        in_the_way.insert(0, "Citus is not installed in this database: create extension citus.")
    else:
        in_the_way += await _of_the_server(connection, citus)
        found = await store.workers(connection)
        if found < least:
            in_the_way.append(f"{found} workers are active, {least} are wanted.")
        done = await store.already(connection)
    if running := await store.at_work(connection):
        in_the_way.append(
            f"{running} connections of the registry are open: stop every part of it first."
        )
    spread = [place.table for place in (*reference(), *distributed())]
    filled = await store.holding_rows(connection, [each for each in spread if each not in done])
    people = [table for table in filled if PLAN[table].kind == "distributed"]
    if people and not with_rows:
        in_the_way.append(
            f"{', '.join(people)} hold rows, which Citus copies while the tables are locked. Take "
            "a backup, and say --with-rows."
        )
    return Look(citus, found, in_the_way, await _steps(connection, done, shards, filled))


async def _of_the_schema(connection: Connection) -> list[str]:
    """What of the schema Citus would refuse, in words; nothing of what the steps mend."""
    found = []
    schema = await state(connection)
    if not schema.is_newest:
        found.append("The schema is not the newest: ibr db upgrade.")
    there = await store.tables(connection)
    found += [f"Table {each} is in no plan." for each in sorted(there - PLAN.keys())]
    for row in await store.unique_keys(connection):
        place = PLAN.get(row["table"])
        if place and place.kind == "distributed" and place.column not in row["columns"]:
            found.append(f"{row['name']} is unique without {place.column}.")
    for row in await store.foreign_keys(connection):
        kinds = {PLAN[row["table"]].kind, PLAN[row["points_to"]].kind}
        if "distributed" in kinds:
            found.append(f"{row['name']} is a foreign key of or to a distributed table.")
    for row in await store.triggers(connection):
        if PLAN[row["table"]].kind != "local":
            found.append(f"{row['table']} has the trigger {row['name']}.")
    found += [f"{each} has partitions of partitions." for each in await _deeper(connection)]
    for row in await store.policies(connection):
        if PLAN.get(row["table"], PLAN["job"]).kind == "local":
            continue
        for expression in (row["qual"], row["with_check"]):
            if holds_subquery(without_subqueries(expression or "")):
                found.append(
                    f"Policy {row['name']} of {row['table']} holds a subquery of a new kind: teach "
                    "src/ibr/db/distribution/policies.py how Citus can hold it."
                )
    return found


async def _deeper(connection: Connection) -> list[str]:
    return [
        each for each in await store.deeper_partitions(connection) if PLAN[each].kind != "local"
    ]


async def _of_the_server(connection: Connection, citus: str) -> list[str]:
    found = []
    number = re.search(r"(\d+)\.\d+", citus)
    if number is None or int(number[1]) < OLDEST:
        found.append(f"{citus}: Citus {OLDEST} or newer is needed.")
    if not await store.is_coordinator(connection):
        found.append("This server is a worker; IBR_DATABASE_URL must lead to the coordinator.")
    if not await store.knows_itself(connection):
        found.append("The coordinator does not know itself: select citus_set_coordinator_host(…).")
    return found


async def _steps(
    connection: Connection, done: set[str], shards: int, filled: Sequence[str]
) -> list[Step]:
    """Everything in the order in which it must be done; nothing of what stands already."""
    tables = [each for each in reference() if each.table not in done]
    spread = [each for each in distributed() if each.table not in done]
    if not tables and not spread:
        return []
    steps = [
        Step(
            store.passing_on_settings(await store.database_name(connection)),
            "row-level security on workers reads the transaction's settings",
        )
    ]
    steps += await _keys_away(connection)
    steps.append(Step(store.IS_PROTECTED, "asked by policies on every worker"))
    wanted = {each.table for each in (*tables, *spread)}
    steps += await _policies(connection, wanted)
    steps += [Step(store.as_reference(each.table), each.why) for each in tables]
    steps += [
        Step(store.on_every_worker(each), "called by policies on every worker")
        for each in store.FUNCTIONS_OF_POLICIES
    ]
    steps.append(Step(store.with_shards(shards), "as many shards for each group of tables"))
    steps += [Step(store.as_distributed(each), each.why) for each in spread]
    steps += [
        Step(store.without_old_rows(each.table), "its rows lie in shards now")
        for each in (*spread, *tables)
        if each.table in filled
    ]
    return steps


async def _keys_away(connection: Connection) -> list[Step]:
    """Foreign keys from local to reference tables would draw the local tables into Citus with
    policies that it refuses."""
    return [
        Step(
            store.without_key(row["table"], row["name"]),
            f"would draw the local table {row['table']} into Citus, which refuses its policies",
        )
        for row in await store.foreign_keys(connection)
        if PLAN[row["table"]].kind == "local" and PLAN[row["points_to"]].kind == "reference"
    ]


async def _policies(connection: Connection, wanted: set[str]) -> list[Step]:
    steps = []
    for row in await store.policies(connection):
        qual, check = row["qual"], row["with_check"]
        if row["table"] not in wanted or not (must_change(qual) or must_change(check)):
            continue
        steps.append(
            Step(
                store.with_policy(
                    row["table"],
                    row["name"],
                    qual and without_subqueries(qual),
                    check and without_subqueries(check),
                ),
                "Citus takes no subquery in a policy",
            )
        )
    return steps


async def distribute(connection: Connection, found: Look) -> int:
    """Carries the steps out, within the caller's transaction; how many they were."""
    if found.in_the_way:
        raise Unavailable(
            "database.not_distributed",
            "Nothing was distributed: " + " ".join(found.in_the_way),
        )
    for step in found.steps:
        try:
            await store.carry_out(connection, step.statement)
        except asyncpg.PostgresError as refused:
            raise Unavailable(
                "database.not_distributed",
                f"Nothing was distributed. The database refused: {step.statement}: {refused}",
            ) from None
    return len(found.steps)
