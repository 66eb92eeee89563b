"""How long it takes to make cases of findings: `python -m benchmarks.cases --findings 20000`.

People are made as for the checks, then findings about them: a third beside another finding about
the same person, one in five about a record that is nobody's person yet. Nothing is analysed after
that, as it is when checks have just filled an empty registry. The registry's own code then opens
the cases, and looks once more, when there is nothing to do. Said is the processor time of this
process and of PostgreSQL together, and the time on the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import asyncpg

from benchmarks.checks import fill
from benchmarks.cluster import Cluster, private_cluster
from benchmarks.cpu import tree_seconds
from ibr.clock import today
from ibr.db.migrate import upgrade
from ibr.db.pool import Database, open_database
from ibr.overlaps.cases.model import Terms
from ibr.overlaps.cases.opening.keep import keep_cases

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
_PROGRAMMES = 12
# Of each three findings, two about one person and one about another; each fifth of no person.
_FINDINGS: Final = """
    insert into finding (check_code, same_as, check_version, severity, programme_id,
                         other_programme, person_id, record_id, facts, first_day, last_day,
                         money_minor, currency, first_run, last_run, found_at)
    select case when n % 3 = 1 then 'K07' else 'K06' end, decode(md5(n::text), 'hex'), 1,
           1 + n % 3, m.programme_id, 1 + (m.programme_id + 3) % 12,
           case when n / 3 % 5 = 0 then - n else m.person end, m.record_id,
           '{"months": ["2026-09"], "money": 120000, "currency": "XTS"}', '2026-09-01',
           '2026-09-30', 120000, 'XTS', 1, 1, $2
    from generate_series(0, $1::integer - 1) as n
    join made m on m.record_id = 1 + (n / 3 * 2 + n % 3 / 2) * 3
"""


async def measure(cluster: Cluster, findings: int) -> None:
    """Opens the cases of so many findings, and looks again."""
    await upgrade(cluster.dsn, today())
    await fill(cluster.dsn, findings)
    connection = await asyncpg.connect(cluster.dsn, server_settings={"search_path": "ibr"})
    try:
        await connection.execute(_FINDINGS, findings, AT)
    finally:
        await connection.close()
    database = await open_database(cluster.dsn, "ibr_worker", size=3, name="benchmark")
    try:
        for which in ("first run", "second run"):
            await _kept(cluster, database, which)
    finally:
        await database.close()


async def _kept(cluster: Cluster, database: Database, which: str) -> None:
    with _measured(cluster, which):
        kept = await keep_cases(database, range(1, _PROGRAMMES + 1), AT, Terms())
    print(f"  {kept}")


@contextmanager
def _measured(cluster: Cluster, what: str) -> Iterator[None]:
    def spent() -> tuple[float, float, float]:
        return time.monotonic(), time.process_time(), tree_seconds([cluster.postmaster])

    before = spent()
    yield
    clock, own, server = (late - early for late, early in zip(spent(), before, strict=True))
    print(
        f"{what}: {own + server:.2f} s of processor time ({own:.2f} here, {server:.2f} in "
        f"PostgreSQL), {clock:.1f} s on the clock",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=20_000)
    given = parser.parse_args()
    with private_cluster() as cluster:
        asyncio.run(measure(cluster, given.findings))


if __name__ == "__main__":
    main()
