"""Persons over a real database: a first run, a delivery, and one applicant against everybody.

    python -m benchmarks.applicant [--people 20000] [--checks 1000] [--kept FILE]

Makes a private PostgreSQL, puts the made-up country there as appearances, and prints what each
step took. With `--kept` the country is made once and read from the file the next time.
"""

from __future__ import annotations

import argparse
import asyncio
import pickle
import random
import resource
import statistics
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.cluster import private_cluster
from ibr.clock import now, today
from ibr.db.migrate import upgrade
from ibr.db.pool import Database, open_database
from ibr.demo.country import make_country
from ibr.demo.known_people import known_population
from ibr.identity.applicants.possible_duplicates import Applicants
from ibr.identity.engines.found import Keyed
from ibr.identity.model import STANDARD
from ibr.identity.persons.floor import Floor
from ibr.identity.persons.reading.sealed import packed, place_of_features
from ibr.identity.persons.run import Linkage
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import Keyring
from ibr.protection.seal import Sealer

KEYRING = Keyring(current=1, data={1: b"d" * 32}, index=b"i" * 32)
SEALER = Sealer(KEYRING)
PROGRAMMES = range(1, 41)
BLOCK = 20_000


class _ReadsNothing:
    def __init__(self, _programmes: object) -> None: ...

    async def __call__(
        self, _record_ids: Sequence[int], _at: datetime, *, unsettled: bool = False
    ) -> None: ...

    def close(self) -> None: ...


def country(people: int, kept: Path | None) -> list[Keyed]:
    """Everybody who appears, from the file where it is there."""
    if kept is not None and kept.exists():
        made: list[Keyed] = pickle.loads(kept.read_bytes())
        return made
    found = known_population(make_country(people, 7)).entries
    made = [(each.appearance, each.features, list(each.keys)) for each in found]
    if kept is not None:
        kept.write_bytes(pickle.dumps(made))
    return made


async def put(dsn: str, entries: Sequence[Keyed]) -> None:
    """Appearances as the reading of records leaves them."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    at = now()
    try:
        for start in range(0, len(entries), BLOCK):
            rows: list[tuple[Any, ...]] = []
            for each, features, keys in entries[start : start + BLOCK]:
                content = packed(features)
                sealed = SEALER.seal(content, place_of_features(each))
                rows.append(
                    (*each, features.programme_id, 0, sealed, content[:16], keys, STANDARD, at)
                )
            await connection.copy_records_to_table("appearance", records=rows)
        await connection.execute("vacuum analyze appearance")
    finally:
        await connection.close()


async def link(database: Database, what: str, memory: str) -> None:
    """One run, with the time at which each step began."""
    begun = time.perf_counter()
    steps: dict[str, float] = {}

    def progress(step: str, _done: int) -> None:
        steps.setdefault(step, time.perf_counter() - begun)

    linkage = Linkage(
        database,
        SEALER,
        _ReadsNothing,
        progress=progress,
        memory=memory,
        floor=Floor(most_moved=1.0),
    )
    run = await linkage.run("changes")
    took = time.perf_counter() - begun
    assert run is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    said = ", ".join(f"{step} from {at:.1f} s" for step, at in steps.items())
    print(f"{what}: {took:.1f} s ({said}); {run.kind}, {run.counts}; peak {peak:.2f} GiB")


async def check(database: Database, entries: Sequence[Keyed], many: int) -> None:
    """Applicants who are known, each against everybody, one after the other."""
    applicants = Applicants(database, SEALER, BlindIndex(KEYRING.index))
    rng = random.Random(3)
    for what in ("first pass", "second pass"):
        took: list[float] = []
        busy = time.process_time()
        found: list[int] = []
        for each, features, keys in rng.sample(list(entries), min(many, len(entries))):
            begun = time.perf_counter()
            async with database.transaction(PROGRAMMES) as connection:
                near, _ = await applicants.weighed(connection, features, keys)
            took.append((time.perf_counter() - begun) * 1000)
            found.append(sum(one.appearance != each for one in near))
        hundredths = statistics.quantiles(took, n=100)
        here = (time.process_time() - busy) * 1000 / len(took)
        print(
            f"one applicant, {what}: p50 {hundredths[49]:.1f} ms, p95 {hundredths[94]:.1f} ms, "
            f"p99 {hundredths[98]:.1f} ms, slowest {max(took):.1f} ms; "
            f"{here:.1f} ms of the mean is this process; "
            f"{statistics.mean(found):.2f} told of"
        )


async def measure(dsn: str, people: int, checks: int, kept: Path | None, memory: str) -> None:
    begun = time.perf_counter()
    entries = country(people, kept)
    print(f"{len(entries):,} appearances made in {time.perf_counter() - begun:.1f} s")
    await upgrade(dsn, today())
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    await connection.execute(
        """
        insert into programme (code, names) select 'P' || n, '{"en": "P"}'
        from generate_series(1, 40) as n
        """
    )
    await connection.close()
    database = await open_database(dsn, "ibr_worker", size=6, name="benchmark")
    try:
        late = len(entries) - len(entries) // 10
        for what, part in (("first run", entries[:late]), ("a tenth more", entries[late:])):
            begun = time.perf_counter()
            await put(dsn, part)
            print(f"{len(part):,} put there in {time.perf_counter() - begun:.1f} s")
            await link(database, what, memory)
        await check(database, entries, checks)
    finally:
        await database.close()


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--checks", type=int, default=1_000)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--memory", default="2GB")
    given = parser.parse_args()
    with private_cluster() as cluster:
        asyncio.run(measure(cluster.dsn, given.people, given.checks, given.kept, given.memory))


if __name__ == "__main__":
    main()
