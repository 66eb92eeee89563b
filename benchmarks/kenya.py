"""Coverage of Kenya by county, age and sex: `python -m benchmarks.kenya --people 1000000`.

The areas and the census of 2019 are imported as the how-to says, by the command line, from the
folder beside the project; a caseload is made up over them, with three enrolments for each person
and a benefit in August for one record in three. The registry's engine counts the month.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

import duckdb
from typer.testing import CliRunner

from benchmarks.cluster import private_cluster
from ibr.cli.main import app
from ibr.clock import today
from ibr.coverage.engine.denominators import Denominators, open_denominators
from ibr.coverage.engine.month import PeriodInputs, count_month
from ibr.coverage.facts.people import make_people
from ibr.coverage.facts.programmes import read_programmes
from ibr.coverage.facts.write import facts_folder, write_facts
from ibr.coverage.figures.model import FigureTable, month_period
from ibr.db.migrate import upgrade
from ibr.db.pool import open_database
from ibr.overlaps.snapshot.tables import TABLES, created
from ibr.periods import Month

_AUGUST = month_period(Month(2026, 8))
_IMPORTS = (
    "areas import {data}/ken_counties_osm.geojson --level 1 --parent KE=Kenya",
    "areas import {data}/ken2019_pop_county_subcounty_age_sex.csv --level 2",
    "population import {data}/ken2019_pop_county_subcounty_age_sex.csv --year 2019 "
    "--day 2019-08-24 --source KNBS",
    "population import {data}/ken2019_households_county.csv --year 2019 --source KNBS "
    "--group households --accept-close",
    "population import {data}/ken2019_disability_county_subcounty.csv --year 2019 --source KNBS "
    "--group disability --accept-close",
)
# Five programmes as Kenya has them, in name only; people of all ages, spread over sub-counties.
_FILL = (
    """
    insert into programme by name
    select number as programme_id, code, functions, unit as assistance_unit, 1 as benefit_type,
        'KES' as currency, 2 as cycle_months, 3 as contribution_type
    from (values (1, 'OPCT', '1', 1), (2, 'PWSD', '2', 1), (3, 'OVC', '4,5', 2),
                 (4, 'HSNP', '14', 2), (5, 'CFA', '13', 1)) as p (number, code, functions, unit)
    """,
    """
    insert into programme_rule by name
    select 1 as rule_no, 1 as programme_id, 'age_from' as kind, '{"years": 70}' as value,
        date '2020-01-01' as valid_from
    union all by name
    select 2 as rule_no, 2 as programme_id, 'disability' as kind, '{"required": true}' as value,
        date '2020-01-01' as valid_from
    """,
    """
    create table place as
    select row_number() over (order by code) - 1 as place_no, code, parent from area
    where level = 2
    """,
    """
    create table made as
    select p * 3 + k as record_id, p as person_id, 1 + (p + k) % 5 as programme_id,
        hash(p) % (select count(*) from place) as place_no
    from range($people) as a (p), range(3) as b (k)
    """,
    """
    insert into record by name
    select record_id, programme_id, if(programme_id in (3, 4), 2, 1) as unit,
        parent as region_code, code as district_code, date '2026-09-01' as known_on
    from made join place using (place_no)
    """,
    """
    insert into appearance by name
    select record_id, member as appearance_no, member as member_no, programme_id,
        person_id + member as person_id, member = 0 as is_own, member = 0 as is_head,
        1 + hash(person_id + member, 1) % 2 as sex, 3 as birth_precision,
        date '1930-01-01' + (hash(person_id + member) % 35000)::integer as birth_date,
        (person_id + member) % 45 = 0 as is_disabled
    from made, range(4) as m (member) where member = 0 or programme_id in (3, 4)
    """,
    """
    insert into span by name
    select record_id, programme_id, date '2024-01-01' as first_day, 1 as status, true as active,
        true as enrolled from made
    """,
    """
    insert into benefit by name
    select record_id, programme_id, date '2026-08-05' as given_on, date '2026-08-01' as month,
        1 as benefit_type, 400000 as value_minor, 'KES' as currency
    from made where hash(record_id, 7) % 3 = 0
    """,
)


def imported(dsn: str, data: Path) -> None:
    """Enters areas and census by the command line."""
    os.environ["IBR_DATABASE_URL"] = dsn
    for words in _IMPORTS:
        result = CliRunner().invoke(app, words.format(data=data).split())
        if result.exit_code:
            raise SystemExit(result.output)


async def denominators(dsn: str) -> tuple[Denominators, list[tuple[str, str | None, int]]]:
    database = await open_database(dsn, "ibr_worker", size=1, name="benchmark")
    try:
        async with database.transaction(()) as connection:
            rows = await connection.fetch("select code, parent, level from ibr.area")
            return await open_denominators(connection), [tuple(row) for row in rows]
    finally:
        await database.close()


def caseload(people: int, areas: list[tuple[str, str | None, int]]) -> duckdb.DuckDBPyConnection:
    """The tables of a snapshot with so many people."""
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "3GB"})
    for table in TABLES:
        connection.execute(created(table))
    connection.executemany("insert into area values (?, ?, ?)", areas)
    for statement in _FILL:
        connection.execute(statement.replace("$people", str(people)))
    return connection


def counted(
    connection: duckdb.DuckDBPyConnection, known: Denominators, folder: Path
) -> list[FigureTable]:
    """The figures of August."""
    make_people(connection)
    return count_month(
        PeriodInputs(
            connection=connection,
            period=_AUGUST,
            facts=write_facts(connection, _AUGUST, facts_folder(folder)).path,
            programmes=read_programmes(connection),
            denominators=known,
        )
    )


def tell(tables: list[FigureTable]) -> None:
    """How many counties have coverage by age and sex, and the country's own figures."""
    by_place = {(table.indicator, table.breakdown): table for table in tables}
    known = [cell for cell in by_place["C2", "area1*sex*age"].cells if cell.value is not None]
    print(f"counties with coverage: {len({cell.key[0] for cell in known})}")
    print(f"county x sex x age cells with a value: {len(known)}")
    for place in (
        ("C2", ""),
        ("C7", "part"),
        ("C1", "programme"),
        ("C3", ""),
        ("SDG131", "series"),
    ):
        for cell in by_place[place].cells:
            print(f"  {place[0]:7}{'*'.join(cell.key):12}{cell.value}  {', '.join(cell.notes)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside)
    given = parser.parse_args()
    with private_cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        asyncio.run(upgrade(cluster.dsn, today()))
        imported(cluster.dsn, given.data)
        known, areas = asyncio.run(denominators(cluster.dsn))
        connection = caseload(given.people, areas)
        before = time.process_time()
        tables = counted(connection, known, Path(folder))
        print(f"{given.people:,} people: {time.process_time() - before:.1f} s of the processor")
        tell(tables)


if __name__ == "__main__":
    main()
