"""The numbered migrations: they run from nothing, once, and every column says what it holds."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import asyncpg

from ibr.db.migrate import newest, state, upgrade


def on(dsn: str, statement: str, *values: object) -> list[asyncpg.Record]:
    async def fetched() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    return asyncio.run(fetched())


def test_a_second_upgrade_finds_nothing_to_do(dsn: str) -> None:
    first = asyncio.run(upgrade(dsn, date(2026, 6, 1)))
    again = asyncio.run(upgrade(dsn, date(2026, 6, 1)))
    assert first == again
    assert again.current == newest()


def test_the_newest_migration_is_the_last_file(dsn: str) -> None:
    async def stands() -> bool:
        connection = await asyncpg.connect(dsn)
        try:
            return (await state(connection)).is_newest
        finally:
            await connection.close()

    assert asyncio.run(stands())


COLUMNS = """
    select c.relname || '.' || a.attname as name,
           coalesce(col_description(c.oid, a.attnum), '') as said
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid
    where n.nspname = 'ibr' and c.relkind in ('r', 'p') and not c.relispartition
      and a.attnum > 0 and not a.attisdropped
"""


def test_every_column_says_how_much_of_a_person_it_holds(dsn: str) -> None:
    kinds = {"plain:", "personal:", "sensitive:"}
    silent = [
        row["name"]
        for row in on(dsn, COLUMNS)
        if row["said"].split(" ")[0] not in kinds and "pgqueuer" not in row["name"]
    ]
    assert silent == []


def test_control_there_are_columns_to_look_at(dsn: str) -> None:
    assert len(on(dsn, COLUMNS)) > 100


def test_every_table_says_what_it_is_for(dsn: str) -> None:
    silent = on(
        dsn,
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'ibr' and c.relkind in ('r', 'p') and not c.relispartition "
        "and obj_description(c.oid) is null and c.relname not like 'pgqueuer%'",
    )
    assert silent == []


def test_a_benefit_before_its_month_was_made_moves_there(dsn: str) -> None:
    given_at = datetime(2031, 3, 15, tzinfo=UTC)
    on(
        dsn,
        "insert into ibr.benefit (record_id, given_at, benefit_key, programme_id, benefit_type, "
        "known_at, delivery_id) values (1, $1, 1, 1, 1, $1, 1)",
        given_at,
    )
    where = "select tableoid::regclass::text as name from ibr.benefit where given_at = $1"
    assert on(dsn, where, given_at)[0]["name"] == "ibr.benefit_other"
    assert on(dsn, "select ibr.make_benefit_month($1)", date(2031, 3, 1))[0][0] is True
    assert on(dsn, where, given_at)[0]["name"] == "ibr.benefit_2031_03"
    assert on(dsn, "select ibr.make_benefit_month($1)", date(2031, 3, 1))[0][0] is False


def test_a_month_begins_and_ends_at_midnight_in_utc(dsn: str) -> None:
    [row] = on(
        dsn,
        "select pg_get_expr(relpartbound, oid) as bound from pg_class "
        "where oid = 'ibr.benefit_2026_01'::regclass",
    )
    assert "2026-01-01 00:00:00+00" in row["bound"]
    assert "2026-02-01 00:00:00+00" in row["bound"]
