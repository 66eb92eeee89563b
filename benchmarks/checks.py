"""How long a snapshot and the checks take: `python -m benchmarks.checks --people 1000000`.

People, enrolments and benefits are made inside PostgreSQL: three enrolments and ten benefits for
each person, two of twelve programmes serving households of four, one person in fifty enrolled
twice, one in two hundred dead. The registry's own code then takes the snapshot and runs every
check on it, twice: the second time nothing may open.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from benchmarks.cluster import Cluster, private_cluster
from ibr.clock import today
from ibr.db.migrate import upgrade
from ibr.db.pool import open_database
from ibr.overlaps.checks.catalogue import CHECKS
from ibr.overlaps.findings.due import alone
from ibr.overlaps.findings.model import CheckRun
from ibr.overlaps.findings.run_checks import run_checks
from ibr.overlaps.snapshot.write import snapshots_folder, take_snapshot
from ibr.protection.keyring import Keyring
from ibr.protection.seal import Sealer

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
_PROGRAMMES = 12
_HOUSEHOLDS = "(11, 12)"
# The programme of each of a person's three enrolments: three different ones, but for one person
# in fifty, who stands in one of them twice.
_PROGRAMME = "1 + (p + case when p % 50 = 0 and k = 1 then 0 else k * 4 end) % " + f"{_PROGRAMMES}"

FILL = (
    f"""
    insert into programme (programme_id, code, names, assistance_unit, benefit_type, currency,
                           contribution_type)
    select n, 'P' || n, '{{"en": "P"}}', case when n in {_HOUSEHOLDS} then 2 else 1 end, 1, 'XTS', 3
    from generate_series(1, {_PROGRAMMES}) as n
    """,
    """
    insert into area (code, level, names) select 'R' || n, 1, '{}' from generate_series(1, 20) as n
    """,
    f"""
    create unlogged table made as
    select (p - 1) * 3 + k + 1 as record_id, p as person, k, {_PROGRAMME} as programme_id
    from generate_series(1, $people) as p, generate_series(0, 2) as k
    """,
    f"""
    insert into beneficiary_record (record_id, programme_id, assistance_unit, sex, birth_date,
        birth_precision, region_code, sub_region_code, group_size, subject_index, personal,
        content_digest, as_of, known_at, delivery_id)
    select record_id, programme_id, case when programme_id in {_HOUSEHOLDS} then 2 else 1 end,
           1 + person % 2, date '1935-01-01' + (person::bigint * 7919 % 32000)::integer, 3,
           'R' || 1 + person / 40 % 20, null,
           case when programme_id in {_HOUSEHOLDS} then 4 end, '', '', '', now(), now(), 1
    from made
    """,
    f"""
    insert into group_member (record_id, member_no, programme_id, sex, birth_date,
                              birth_precision, is_head, relationship)
    select record_id, m, programme_id, 1 + m % 2,
           date '1950-01-01' + ((person + m)::bigint * 7919 % 27000)::integer, 3, m = 0,
           case when m = 0 then 'SELF' else 'CHILD' end
    from made, generate_series(0, 3) as m where programme_id in {_HOUSEHOLDS}
    """,
    f"""
    insert into appearance (record_id, appearance_no, programme_id, member_no, features,
                            features_digest, keys, standard, read_at)
    select record_id, 0, programme_id, -1, ''::bytea, ''::bytea, '{{}}'::bigint[], 1, now()
    from made
    where programme_id not in {_HOUSEHOLDS}
    union all
    select record_id, member_no + 1, programme_id, member_no, '', '', '{{}}', 1, now()
    from group_member
    """,
    """
    insert into person_member (record_id, appearance_no, programme_id, person_id, since, run_no)
    select a.record_id, a.appearance_no, a.programme_id,
           m.person + greatest(a.appearance_no - 1, 0), now(), 1
    from appearance a join made m using (record_id)
    """,
    """
    insert into appearance_number (record_id, appearance_no, kind, blind_index, programme_id)
    select record_id, appearance_no, n.kind,
           decode(md5(n.kind || person_id / n.shared), 'hex'), programme_id
    from person_member, (values ('UIN', 1), ('PHONE', 4)) as n (kind, shared)
    """,
    """
    insert into enrolment (record_id, programme_id, enrolled_at, status, status_at, status_rank,
                           as_of, known_at, delivery_id)
    select record_id, programme_id, timestamptz '2023-01-01' + person % 900 * interval '1 day',
           case when person % 200 = 0 and k = 0 then 2 when person % 31 = 0 then 4 else 1 end,
           timestamptz '2025-08-01' + person % 300 * interval '1 day', 1, now(), now(), 1
    from made
    """,
    """
    insert into status_change (record_id, changed_at, status, programme_id, known_at, delivery_id)
    select record_id, status_at, status, programme_id, now(), 1 from enrolment
    """,
    """
    insert into benefit (record_id, given_at, benefit_key, programme_id, benefit_type,
                         value_minor, currency, known_at, delivery_id)
    select record_id, timestamptz '2026-07-05' + n * interval '1 month', 1, programme_id, 1,
           120000, 'XTS', now(), 1
    from made, generate_series(0, 3) as n where n < 3 or record_id % 3 = 0
    """,
    """
    insert into programme_pair (first_programme, second_programme, relation, legal_reference,
                                valid_from, known_at, changed_by)
    select n, n + 4, 'incompatible', 'Act', '2020-01-01', now(), 'benchmark'
    from generate_series(1, 3) as n
    """,
    """
    insert into programme_rule (programme, kind, value, legal_reference, valid_from, known_at,
                                changed_by)
    select n, kind, value::jsonb, 'Act', '2020-01-01', now(), 'benchmark'
    from generate_series(1, 4) as n, (values ('age_from', '{"years": 60}'),
        ('amount', '{"minor": 120000, "currency": "XTS"}'), ('death_grace', '{"days": 30}'))
        as r (kind, value)
    """,
)


@contextmanager
def timed(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - started:.1f} s", flush=True)


async def fill(dsn: str, people: int) -> None:
    """Makes the people, three enrolments and ten benefits for each."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        await connection.execute("set synchronous_commit = off")
        for statement in FILL:
            await connection.execute(statement.replace("$people", str(people)))
        await connection.execute("vacuum analyze")
        for table in ("enrolment", "benefit", "appearance"):
            print(f"  {await connection.fetchval(f'select count(*) from {table}'):>12,} {table}")
    finally:
        await connection.close()


def tell(ran: CheckRun) -> None:
    print(
        f"  {ran.check_code} {ran.seconds:6.1f} s  {ran.state}  found {ran.counts.found:,}, "
        f"opened {ran.counts.opened:,}, still {ran.counts.still:,}",
        flush=True,
    )


async def measure(cluster: Cluster, folder: Path, people: int, memory: str) -> None:
    """Takes the snapshot and runs all checks on it, twice."""
    with timed("making the people"):
        await upgrade(cluster.dsn, today())
        await fill(cluster.dsn, people)
    database = await open_database(cluster.dsn, "ibr_worker", size=3, name="benchmark")
    sealer = Sealer(Keyring(current=1, data={1: b"d" * 32}, index=b"i" * 32))
    programmes = range(1, _PROGRAMMES + 1)
    place = snapshots_folder(folder)
    try:
        async with alone(database):
            with timed("snapshot"):
                taken = await take_snapshot(database, programmes, sealer, place, AT)
            size = sum(each.bytes for each in taken.files.values())
            print(f"  {sum(taken.rows.values()):,} rows in {size / 1e6:,.0f} MB")
            for time_of_it in ("first", "second"):
                with timed(f"{len(CHECKS)} checks, {time_of_it} time"):
                    await run_checks(
                        database, programmes, place, taken, CHECKS, at=AT, tell=tell, memory=memory
                    )
    finally:
        await database.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"peak memory of this process: {peak:.1f} GiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--memory", default="6GB", help="what DuckDB may take")
    given = parser.parse_args()
    with private_cluster() as cluster:
        folder = cluster.settings.data_dir
        asyncio.run(measure(cluster, folder, given.people, given.memory))


if __name__ == "__main__":
    main()
