"""The schema spread with Citus: the plan against a database, and its steps against a double.

Citus itself is not here; tests/citus_double.py says what the double refuses.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from ibr.db.distribution import store
from ibr.db.distribution.distribute import Look, distribute, look
from ibr.db.distribution.plan import PLAN, READING_FUNCTIONS, distributed, reference
from ibr.db.distribution.policies import holds_subquery, without_subqueries
from ibr.errors import Unavailable
from tests.citus_double import SCRIPT


@asynccontextmanager
async def _owner(dsn: str, *, double: bool = True) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection; whatever is done on it is undone."""
    connection = await asyncpg.connect(dsn)
    undone = connection.transaction()
    await undone.start()
    try:
        if double:
            await connection.execute(SCRIPT)
        yield connection
    finally:
        await undone.rollback()
        await connection.close()


async def _look(connection: asyncpg.Connection, **other: Any) -> Look:
    return await look(connection, **{"least": 2, "shards": 8, "with_rows": False, **other})


def _run(test: Callable[[asyncpg.Connection], Any], dsn: str, *, double: bool = True) -> Any:
    async def go() -> Any:
        async with _owner(dsn, double=double) as connection:
            return await test(connection)

    return asyncio.run(go())


def test_every_table_has_one_line(dsn: str) -> None:
    """A table without a line would be found out by whoever distributes, months later."""

    async def names(connection: asyncpg.Connection) -> set[str]:
        return await store.tables(connection)

    assert _run(names, dsn, double=False) == PLAN.keys()
    assert {each.table for each in distributed() if not each.column or not each.group} == set()
    assert [each.table for each in distributed()[:5]] == [
        each.group for each in distributed() if each.table == each.group
    ]


def test_the_functions_that_read_distributed_tables_are_known(dsn: str) -> None:
    """Read from the functions' own text, so that a new one is not forgotten."""

    async def bodies(connection: asyncpg.Connection) -> dict[str, str]:
        rows = await connection.fetch(
            "select proname, prosrc from pg_proc where pronamespace = 'ibr'::regnamespace"
        )
        return {row["proname"]: row["prosrc"] for row in rows}

    spread = [f"ibr.{place.table}" for place in distributed()]
    found = {
        name
        for name, text in _run(bodies, dsn, double=False).items()
        if any(f"{table} " in f"{text} ".replace("\n", " ") for table in spread)
    } - {"make_benefit_month"}  # A partition is made by the owner, table by table.
    reading = {name for name in found if name not in READING_FUNCTIONS}
    assert reading == set()
    assert found >= READING_FUNCTIONS - {"held_among"}


def test_a_fresh_schema_is_distributed_in_an_order_that_holds(dsn: str) -> None:
    async def go(connection: asyncpg.Connection) -> list[str]:
        found = await _look(connection)
        assert found.in_the_way == []
        async with connection.transaction():
            await distribute(connection, found)
        again = await _look(connection)
        assert (again.in_the_way, again.steps) == ([], [])
        return [row["what"] for row in await connection.fetch("select what from citus_told")]

    told = _run(go, dsn)
    kinds = [line.split()[0] for line in told]
    assert kinds.count("reference") == len(reference())
    assert kinds.count("distributed") == len(distributed())
    assert kinds == sorted(kinds, key=["reference", "function", "distributed"].index)
    assert "distributed ibr.benefit by record_id with ibr.beneficiary_record" in told
    assert "distributed ibr.enrolled_index by blind_index with none" in told


def test_without_the_policies_written_anew_it_is_refused(dsn: str) -> None:
    """The control: the double refuses as Citus does, and then nothing at all is kept."""

    async def go(connection: asyncpg.Connection) -> tuple[str, int]:
        found = await _look(connection)
        steps = [step for step in found.steps if not step.statement.startswith("alter policy")]
        with pytest.raises(Unavailable) as refused:
            async with connection.transaction():
                await distribute(connection, Look(found.citus, found.workers, [], steps))
        return refused.value.message, await connection.fetchval(
            "select count(*) from pg_dist_partition"
        )

    words, kept = _run(go, dsn)
    assert "subqueries are not supported" in words
    assert kept == 0


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            "create unique index wrong on ibr.enrolment (delivery_id)",
            "wrong is unique without record_id.",
        ),
        (
            "alter table ibr.job add constraint to_record foreign key (job_id) "
            "references ibr.beneficiary_record",
            "to_record is a foreign key of or to",
        ),
        (
            "create function ibr.nothing() returns trigger language plpgsql as 'begin end';"
            "create trigger watch after insert on ibr.change execute function ibr.nothing()",
            "change has the trigger watch.",
        ),
        ("create table ibr.unheard_of (a integer)", "Table unheard_of is in no plan."),
        (
            "create policy more on ibr.change using (exists (select from ibr.partner))",
            "Policy more of change holds a subquery of a new kind",
        ),
        ("delete from pg_dist_node where groupid > 1", "1 workers are active, 2 are wanted."),
        ("delete from pg_dist_node where groupid = 0", "does not know itself"),
        (
            "create or replace function citus_is_coordinator() returns boolean language sql "
            "as 'select false'",
            "This server is a worker",
        ),
        (
            "create or replace function citus_version() returns text language sql "
            "as $$ select 'Citus 11.3.0' $$",
            "Citus 12 or newer is needed",
        ),
        ("drop function citus_version()", "Citus is not installed"),
        ("insert into ibr.record_key values ('x', 1)", "record_key hold rows"),
    ],
)
def test_what_stands_in_the_way_is_said_and_nothing_done(dsn: str, spoil: str, words: str) -> None:
    async def go(connection: asyncpg.Connection) -> list[str]:
        await connection.execute(spoil)
        found = await _look(connection)
        with pytest.raises(Unavailable, match="Nothing was distributed"):
            await distribute(connection, found)
        assert await connection.fetchval("select count(*) from pg_dist_partition") == 0
        return found.in_the_way

    said = _run(go, dsn)
    assert len(said) == 1
    assert words in said[0]


def test_a_registry_at_work_is_in_the_way_and_rows_are_copied_when_asked(dsn: str) -> None:
    async def go(connection: asyncpg.Connection) -> list[str]:
        await connection.execute("insert into ibr.record_key values ('x', 1)")
        other = await asyncpg.connect(dsn, server_settings={"application_name": "ibr ibr_app"})
        try:
            assert [
                "open" in each for each in (await _look(connection, with_rows=True)).in_the_way
            ] == [True]
        finally:
            await other.close()
        while await store.at_work(connection):
            await asyncio.sleep(0.02)
            await connection.execute("select pg_stat_clear_snapshot()")
        found = await _look(connection, with_rows=True)
        async with connection.transaction():
            await distribute(connection, found)
        return [row["what"] for row in await connection.fetch("select what from citus_told")]

    assert "emptied ibr.record_key" in _run(go, dsn)


# Who sees which of three records: of programme 1 in area A, of a protected person, of programme 2.
_SEEN = """
select coalesce(string_agg(seen::text, ' ' order by seen), '')
from (select record_id from ibr.beneficiary_record union all
      select 10 * record_id from ibr.status_change) as rows (seen)
"""
_ROWS = """
insert into ibr.beneficiary_record (record_id, programme_id, assistance_unit, region_code,
    subject_index, personal, content_digest, as_of, known_at, delivery_id)
select n, p, 1, 'A', 'x', 'x', 'x', now(), now(), 1
from (values (1, 1), (2, 1), (3, 2)) as r (n, p);
insert into ibr.status_change (record_id, changed_at, status, programme_id, known_at, delivery_id)
values (1, now(), 1, 1, now(), 1);
insert into ibr.protected_record (record_id, protection_id, programme_id) values (2, 1, 1);
"""


async def _sees(
    connection: asyncpg.Connection, role: str, programmes: str, areas: str, rights: str
) -> str:
    looking = connection.transaction()
    await looking.start()
    await connection.execute(
        f"set local role {role}; set local ibr.programmes = '{programmes}'; "
        f"set local ibr.areas = '{areas}'; set local ibr.rights = '{rights}'"
    )
    seen: str = await connection.fetchval(_SEEN)
    await looking.rollback()
    return seen


def test_row_security_keeps_its_promises_on_a_cluster(dsn: str) -> None:
    """The same rows for everybody who sees the whole country; officers of areas see the records
    whose area stands in the row, and nothing else of them."""
    askers = {
        "all of programme 1": ("ibr_app", "1", "*", "people"),
        "with protected": ("ibr_app", "1,2", "*", "people protected"),
        "counts only": ("ibr_app", "1,2", "*", "counts"),
        "no right": ("ibr_app", "1,2", "*", "links"),
        "no programme": ("ibr_app", "", "*", "people"),
        "worker": ("ibr_worker", "1,2", "*", "people protected"),
        "of area A": ("ibr_app", "1,2", "A", "people"),
    }

    async def go(connection: asyncpg.Connection) -> tuple[dict[str, str], dict[str, str]]:
        await connection.execute(_ROWS)
        before = {who: await _sees(connection, *asker) for who, asker in askers.items()}
        async with connection.transaction():
            await distribute(connection, await _look(connection, with_rows=True))
        return before, {who: await _sees(connection, *asker) for who, asker in askers.items()}

    before, after = _run(go, dsn)
    assert before["all of programme 1"] == "1 10"
    assert before["with protected"] == "1 2 3 10"
    assert before["no right"] == before["no programme"] == ""
    assert before["of area A"] == "1 3 10"
    assert after == {**before, "of area A": "1 3"}


def test_every_policy_is_written_without_a_subquery(dsn: str) -> None:
    async def expressions(connection: asyncpg.Connection) -> list[str]:
        return [
            expression
            for row in await store.policies(connection)
            if PLAN[row["table"]].kind != "local"
            for expression in (row["qual"], row["with_check"])
            if expression
        ]

    found = _run(expressions, dsn, double=False)
    assert sum(map(holds_subquery, found)) > 50
    assert [each for each in map(without_subqueries, found) if holds_subquery(each)] == []


def test_the_command_prints_the_plan_and_refuses_without_citus(dsn: str) -> None:
    environment = {**os.environ, "IBR_DATABASE_URL": dsn}
    command = [sys.executable, "-m", "ibr", "db", "distribute"]
    shown = subprocess.run(
        [*command, "--plan", "--json"], env=environment, check=True, capture_output=True, text=True
    )
    found = json.loads(shown.stdout)
    assert found["citus"] is None
    assert found["in_the_way"][0].startswith("Citus is not installed")
    assert len(found["steps"]) > 100
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Nothing was distributed: Citus is not installed" in done.stderr
