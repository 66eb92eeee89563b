"""How long each check takes by itself: `python -m benchmarks.checks_alone --people 1000000`.

DuckDB makes the snapshot's Parquet files itself: three enrolments and ten benefits for each
person in twelve programmes, two of them for households of four; numbers, deaths, pairs and rules
for every check. Nothing is written but these files, in a folder that is deleted at the end.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from ibr.overlaps.checks.catalogue import CHECKS
from ibr.overlaps.checks.find import find, parameters_of
from ibr.overlaps.checks.model import Period
from ibr.overlaps.snapshot.tables import BY_NAME, created

PERIOD = Period(date(2026, 8, 1), date(2026, 10, 31))
MEMORY, THREADS = "6GB", 2

_BIRTH = "date '1935-01-01' + (hash(person_id) % 32000)::integer"
MADE = {
    "programme": """
        select n::integer as programme_id, 'P' || n as code, if(n > 10, 2, 1) as assistance_unit,
            1 as benefit_type, 'XTS' as currency, if(n = 12, 3, 1) as cycle_months
        from range(1, 13) t(n)""",
    "programme_rule": """
        select row_number() over ()::integer as rule_no, n::integer as programme_id, kind, value,
            'Act 1' as legal_reference, date '2020-01-01' as valid_from
        from (values (1, 'age_from', '{"years": 5}'), (2, 'age_to', '{"years": 88}'),
            (3, 'sex', '{"sex": 2}'), (4, 'disability', '{"required": true}'),
            (1, 'amount', '{"minor": 98000, "currency": "XTS", "per": "unit"}'),
            (4, 'entitles', '{"everybody": true}'), (11, 'caregiver_cap', '{"households": 1}'),
            (5, 'caseload_cap', '{"records": 1000}')) t(n, kind, value)""",
    "pair": """
        select row_number() over ()::integer as pair_no, a as first_programme,
            b as second_programme, relation, unit, true as same_period, 31 as tolerance_days,
            if(a = 3, '{"is_disabled": true}', '{}') as conditions,
            'Act 2' as legal_reference, date '2020-01-01' as valid_from
        from (values (1, 2, 'incompatible', 'person'), (3, 7, 'incompatible', 'person'),
            (11, 12, 'incompatible', 'household'), (5, 9, 'complementary', 'person'))
            t(a, b, relation, unit)""",
    # One in fifty stands in the same programme twice.
    "record": """
        select (p * 3 + k)::bigint as record_id, (1 + (p + if(p % 50 = 0 and k = 1, 0, k * 4)) % 12)
            ::integer as programme_id, if(programme_id > 10, 2, 1)::smallint as unit,
            'R' || p % 20 as region_code, 'D' || p % 400 as district_code,
            if(programme_id > 10, 4, null)::integer as group_size
        from range($people) t(p), range(3) s(k)""",
    "appearance": f"""
        select record_id, if(unit = 1, 0, m + 1)::smallint as appearance_no,
            if(unit = 1, -1, m)::smallint as member_no, programme_id,
            (if(unit = 1, record_id // 3, (record_id // 12) * 4 + (record_id // 3 + m) % 4))::bigint
                as person_id, unit = 1 as is_own, unit <> 1 and m = 0 as is_head,
            if(hash(person_id) % 100 = 0, 1, 2)::smallint as sex, {_BIRTH} as birth_date,
            3::smallint as birth_precision,
            case hash(person_id) % 30 when 0 then true when 1 then false end as is_disabled
        from record, range(4) s(m) where unit <> 1 or m = 0""",
    "enrolment": """
        select record_id, programme_id, date '2024-01-01' + (hash(record_id) % 900)::integer as
            enrolled_on, 1::smallint as status, enrolled_on as status_on from record""",
    "span": """
        select record_id, programme_id, enrolled_on as first_day, if(hash(record_id) % 5 = 0,
            date '2026-09-10', null) as last_day, 1::smallint as status, true as active
        from enrolment
        union all select record_id, programme_id, date '2026-09-11', null, 3, false
        from enrolment where hash(record_id) % 5 = 0""",
    # Ten benefits for three records: one receives four, the others three, in the last months.
    "benefit": """
        select record_id, programme_id, month + (hash(record_id) % 25)::integer as given_on, month,
            1::smallint as benefit_type, 80000 + (hash(record_id) % 20) * 1000 as value_minor,
            'XTS' as currency
        from (select *, (date '2026-10-01' - to_months(k::integer))::date as month
              from record, range(if(record_id % 3 = 0, 4, 3)) t(k))""",
    "number": """
        select record_id, appearance_no, programme_id, kind, tie,
            (case kind when 'UIN' then if(hash(person_id) % 500 = 0, person_id // 2, person_id)
                when 'PHONE' then person_id // 4 else person_id // 3 end)::bigint as token
        from appearance, (values ('UIN', ''), ('PHONE', ''), ('ACCOUNT', ''), ('UIN', 'PAYEE'))
            t(kind, tie)
        where hash(record_id, kind, tie) % 10 < case when tie <> '' then 1 when kind = 'UIN'
            then 5 else 6 end""",
    "death": """
        select 0::bigint as record_id, 0::smallint as appearance_no, p::bigint as person_id,
            date '2026-03-01' + (hash(p) % 200)::integer as died_on, died_on + 30 as known_on,
            'civil' as source, (1 + p % 2)::smallint as sources_agreeing
        from range(0, $people, 120) t(p)""",
    "told": """
        select 0::bigint as record_id, 0::smallint as appearance_no, p::bigint as person_id,
            'is_disabled' as attribute, 'true' as value, date '2026-06-01' as since
        from range(0, $people, 40) t(p)""",
    "link_open": """
        select p * 3 as low_record, 0 as low_no, p * 3 + 3 as high_record, 0 as high_no,
            1 as low_programme, 2 as high_programme, p as low_person, p + 1 as high_person,
            2.0 as weight
        from range(0, $people, 50) t(p)""",
}


def make(connection: duckdb.DuckDBPyConnection, folder: Path, people: int) -> None:
    """Writes every table as Parquet and lays a view over each."""
    for name, table in BY_NAME.items():
        connection.execute(created(table))
        if name in MADE:
            statement = MADE[name].replace("$people", str(people))
            connection.execute(f'insert into "{name}" by name {statement}')
    for name, table in BY_NAME.items():
        file, order = folder / f"{name}.parquet", ", ".join(table.order)
        connection.execute(f"copy (from \"{name}\" order by {order}) to '{file}' (codec zstd)")
        connection.execute(f'drop table "{name}"')
        connection.execute(f"create view \"{name}\" as from '{file}'")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=1_000_000)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        connection = duckdb.connect(config={"memory_limit": MEMORY, "threads": THREADS})
        connection.execute(f"set temp_directory = '{place}'")
        began = time.perf_counter()
        make(connection, place, given.people)
        print(f"made in {time.perf_counter() - began:.1f} s")
        began = time.perf_counter()
        for check in CHECKS:
            start, used = time.perf_counter(), time.process_time()
            found = find(connection, check, parameters_of(check), PERIOD)
            took, cpu = time.perf_counter() - start, time.process_time() - used
            print(
                f"{check.code}  {took:6.1f} s  cpu {cpu:6.1f} s  {len(found):>8} found", flush=True
            )
        print(f"all   {time.perf_counter() - began:6.1f} s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
        print(f"peak  {peak:6.2f} GiB")


if __name__ == "__main__":
    main()
