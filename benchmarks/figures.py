"""How long figures take: `python -m benchmarks.figures --people 1000000`.

People, enrolments and benefits are made inside PostgreSQL, as for the checks, but with benefits
over 24 months, 47 regions, 300 districts and a census. The registry's own code takes the snapshot,
works out all indicators of 24 months, then of one month more, and reads pages' tables.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import statistics
import time
from datetime import UTC, datetime

import asyncpg
import msgspec

from benchmarks import checks
from benchmarks.checks import timed
from benchmarks.cluster import Cluster, private_cluster
from benchmarks.cpu import spent
from ibr.clock import today
from ibr.coverage.figures.read import figure_tables, trend
from ibr.coverage.runs.folders import Folders
from ibr.coverage.runs.run import Asked, run_indicators
from ibr.db.migrate import upgrade
from ibr.db.pool import Database, open_database
from ibr.protection.keyring import Keyring
from ibr.protection.seal import Sealer

AT = datetime(2026, 12, 3, 3, tzinfo=UTC)
_MONTHS, _ONE_MORE = "2024-11..2026-10", "2026-11"
_PROGRAMMES = range(1, 13)
_KEYRING = Keyring(current=1, data={1: b"d" * 32}, index=b"i" * 32)

# In three months of the two years each record is given something, every third one in four.
_BENEFITS = """
    insert into benefit (record_id, given_at, benefit_key, programme_id, benefit_type,
                         value_minor, currency, known_at, delivery_id)
    select record_id,
           timestamptz '2024-11-05' + (hashint8(record_id) & 1023) % 22 * interval '1 month'
               + n * interval '1 month',
           1, programme_id, 1, 120000 + programme_id, 'XTS', now(), 1
    from made, generate_series(0, 3) as n where n < 3 or record_id % 3 = 0
"""
_AREAS = """
    insert into area (code, parent, level, names)
    select 'KE', null, 0, '{"en": "KE"}'
    union all
    select 'R' || n, 'KE', 1, jsonb_build_object('en', 'R' || n) from generate_series(1, 47) as n
    union all
    select 'D' || n, 'R' || 1 + n % 47, 2, jsonb_build_object('en', 'D' || n)
    from generate_series(1, 300) as n
"""
# Where the people of the checks live, and where they live here.
_LIVING = (
    "'R' || 1 + person / 40 % 20, null",
    "'R' || 1 + (1 + person / 7 % 300) % 47, 'D' || 1 + person / 7 % 300",
)
_CENSUS = """
    with source as (
        insert into population_source (year, day, group_code, source, method, file_name,
            file_digest, figures, imported_at, imported_by)
        values (2024, '2024-08-24', 'all', 'made up', 'census', 'f', 'd', 0, now(), 'benchmark')
        returning source_no
    )
    insert into population (source_no, area_code, sex, age_from, age_to, people)
    select source_no, 'D' || d, s, a * 5, case when a = 16 then 999 else a * 5 + 4 end,
           $people / 600 * (25 - a) / 60
    from source, generate_series(1, 300) as d, generate_series(1, 2) as s,
         generate_series(0, 16) as a
"""


async def fill(dsn: str, people: int) -> None:
    """Makes the country of the checks, with two years of benefits, districts and a census."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        await connection.execute("set synchronous_commit = off")
        for statement in checks.FILL:
            await connection.execute(_instead(statement).replace("$people", str(people)))
        await connection.execute(_CENSUS.replace("$people", str(people)))
        await connection.execute("vacuum analyze")
        for table in ("enrolment", "benefit", "appearance"):
            print(f"  {await connection.fetchval(f'select count(*) from {table}'):>12,} {table}")
    finally:
        await connection.close()


def _instead(statement: str) -> str:
    """Two statements of the checks' country have others here, and people live elsewhere."""
    if "insert into area" in statement:
        return _AREAS
    return _BENEFITS if "insert into benefit (" in statement else statement.replace(*_LIVING)


class Took(msgspec.Struct, frozen=True):
    """What a run took: by the clock, and in processor time of this process and PostgreSQL."""

    wall: float
    cpu: float
    without_snapshot: float


async def work_out(database: Database, cluster: Cluster, months: str) -> Took:
    sealer, folders = Sealer(_KEYRING), Folders.of(cluster.settings.data_dir)
    before, begun = spent([os.getpid()], cluster.postmaster), time.monotonic()
    with timed(f"figures of {months}, with the snapshot"):
        ran = await run_indicators(
            database, _PROGRAMMES, sealer, folders, Asked(months=months), at=AT
        )
    assert ran is not None
    wall = time.monotonic() - begun
    used = spent([os.getpid()], cluster.postmaster).since(before)
    print(f"  {ran.tables:,} tables, {ran.cells:,} figures")
    print(f"  processor time: {used.app:.1f} s here, {used.postgres:.1f} s of PostgreSQL")
    for step, seconds in ran.seconds.items():
        print(f"  {step:<12} {seconds:8.1f} s")
    without = sum(ran.seconds.values()) - ran.seconds["snapshot"]
    print(f"  from the snapshot to frozen figures: {without:.1f} s", flush=True)
    return Took(wall, used.app + used.postgres, without)


async def read_pages(database: Database) -> None:
    """What pages read, a hundred times each: milliseconds."""

    async def table() -> None:
        async with database.transaction(()) as connection:
            await figure_tables(
                connection,
                ["N1", "C2", "N5"],
                ["", "area1", "area1*sex*age", "programme*area1", "programme*currency"],
                [_ONE_MORE, "2026-10"],
            )

    async def years() -> None:
        async with database.transaction(()) as connection:
            await trend(connection, "N1", "programme*area1")

    for name, ask in (("tables of a page", table), ("a trend of 24 months", years)):
        took = []
        for _ in range(100):
            begun = time.perf_counter()
            await ask()
            took.append((time.perf_counter() - begun) * 1000)
        parts = statistics.quantiles(took, n=100)
        print(f"{name}: p50 {parts[49]:.1f} ms, p99 {parts[98]:.1f} ms", flush=True)


async def measure(cluster: Cluster, people: int) -> dict[str, float]:
    """A full run, one month more, and what pages read."""
    with timed("making the people"):
        await upgrade(cluster.dsn, today())
        await fill(cluster.dsn, people)
    database = await open_database(cluster.dsn, "ibr_worker", size=3, name="benchmark")
    try:
        full = await work_out(database, cluster, _MONTHS)
        more = await work_out(database, cluster, _ONE_MORE)
        await read_pages(database)
    finally:
        await database.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"peak memory of this process: {peak:.1f} GiB")
    return {
        "people": people,
        "full": round(full.cpu, 1),
        "more": round(more.cpu, 1),
        "full_wall": round(full.wall, 1),
        "more_wall": round(more.wall, 1),
        "full_counting": round(full.without_snapshot, 1),
        "more_counting": round(more.without_snapshot, 1),
        "peak_gib": round(peak, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    given = parser.parse_args()
    with private_cluster() as cluster:
        found = asyncio.run(measure(cluster, given.people))
    if given.json:
        print(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()
