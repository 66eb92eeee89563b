"""Writes the facts of a period: one row for each person and programme, with everything by which a
question may ask written in, so that no question needs a join.

A file is never changed. It is named after its digest; what is counted anew is another file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

import duckdb

from ibr.coverage.facts.model import CHILD_BELOW, FAMILY, FactsFile
from ibr.coverage.figures.model import Period
from ibr.overlaps.snapshot.engine import quoted

TABLES: Final = (
    "moment", "programme", "programme_rule", "area", "record", "appearance", "span", "benefit",
)  # fmt: skip
"""The tables of a snapshot that facts are made of."""

COLUMNS: Final[dict[str, str]] = {
    "programme_id": "the programme",
    "person_no": "the person, by a number that counts in one run only (facts/people.py)",
    "area1": "region of residence; empty where not known",
    "area2": "district; empty where not known",
    "sex": "1 male, 2 female, 3 other, 0 not known",
    "age": "completed years on the period's last day; empty where not known",
    "age_band": "0 for 0-4 up to 16 for 80+; -1 where not known",
    "disability": "1 reported as living with a disability, 0 as not, empty where not known",
    "is_direct": "was given a benefit by the programme in the period",
    "is_indirect": "was not, but lives with somebody who was",
    "is_enrolled": "is enrolled on the period's last day",
    "types": "bits of the kinds of benefit that were given, to them or whom they live with; "
    "bit 0 where the kind is not known",
}
"""The columns of a file, sorted by programme, region and district."""

GIVEN_COLUMNS: Final[dict[str, str]] = {
    "programme_id": "the programme",
    "person_no": "the direct beneficiary",
    "area1": "region of residence; empty where not known",
    "sex": "1 male, 2 female, 3 other, 0 not known",
    "home": "number of the head of the household",
    "home_area1": "region of the head",
    "home_sex": "sex of the head",
    "benefit_type": "kind of benefit",
    "currency": "ISO 4217 code; XXX where neither the benefit nor the programme says one",
    "minor": "value in minor units; empty for things",
    "benefits": "how many",
}
"""The columns of the file beside it: what was given to direct beneficiaries."""

_GIFTS: Final = """
    create or replace temp view fact_gift as
    select r.record_id, r.person_no, r.programme_id, r.unit <> 1 as of_group, b.month,
        b.benefit_type, coalesce(b.currency, p.currency, 'XXX') as currency, b.value_minor
    from benefit b join fact_record r using (record_id)
    join programme p on p.programme_id = r.programme_id
    where b.month between {first} and {last}
"""
_GIVEN: Final = """
    create or replace temp table fact_given as
    select programme_id, person_no, benefit_type, currency, sum(value_minor)::bigint as minor,
        count(*)::integer as benefits, 1::ubigint << least(coalesce(benefit_type, 0), 30) as bits
    from fact_gift group by all
"""

# Households that somebody shares who was given something: the group's own, and for what is given
# to single people every group that names them and is enrolled in that month.
_REACHED: Final = """
    create or replace temp table fact_reached as
    with shared as (
        select distinct record_id, person_no, programme_id, of_group, month,
            1::ubigint << least(coalesce(benefit_type, 0), 30) as bits
        from fact_gift semi join (select programme_id from programme where {shared})
            using (programme_id)
    ),
    homes as (
        select record_id, programme_id, bits from shared where of_group
        union all
        select n.record_id, g.programme_id, g.bits
        from shared g join fact_named n using (person_no)
        join fact_span s on s.record_id = n.record_id
            and s.first_day <= last_day(g.month) and coalesce(s.last_day, g.month) >= g.month
        where not g.of_group
    )
    select record_id, programme_id, bit_or(bits) as bits from homes group by all
"""

# A person and a programme as one number, and all that is true of both as bits of another: kinds
# given to them from bit 0, enrolled as bit 32, kinds given to whom they live with from bit 33.
_ROWS: Final = """
    create or replace temp table fact_row as
    select who, bit_or(what) as what
    from (
        select programme_id::ubigint << 32 | person_no as who, bits as what from fact_given
        union all
        select h.programme_id::ubigint << 32 | n.person_no, h.bits << 33
        from fact_reached h join {members} n using (record_id)
        union all
        select programme_id::ubigint << 32 | person_no, 1::ubigint << 32 from fact_span
        where {enrolled} and first_day <= {end} and (last_day is null or last_day >= {end})
    ) group by who
"""

_CHILDREN: Final = """(
    select n.* from fact_named n join people p using (person_no)
    where p.birth_date > {end} - interval {age} year
)"""

_AGED: Final = """
    create or replace temp table fact_aged as
    select * replace (area1::fact_area1 as area1, area2::fact_area2 as area2),
        case when age is null then -1 else least(age // 5, 16) end::tinyint as age_band
    from (
        select person_no, area1, area2, sex,
            case when disability then '1' when not disability then '0' else '' end as disability,
            case when birth_date <= {end} then
                year({end}) - year(birth_date)
                - (month({end}) * 32 + day({end})
                   < month(birth_date) * 32 + day(birth_date))::integer
            end::smallint as age
        from people
    )
"""

_OUT: Final = """
    select (r.who >> 32)::integer as programme_id, a.person_no, a.area1, a.area2, a.sex, a.age,
        a.age_band, a.disability, r.what & 4294967295 <> 0 as is_direct,
        r.what & 4294967295 = 0 and r.what >> 33 <> 0 as is_indirect,
        r.what & 4294967296 <> 0 as is_enrolled,
        (case when r.what & 4294967295 <> 0 then r.what & 4294967295 else r.what >> 33 end)
            ::uinteger as types
    from fact_row r join fact_aged a on a.person_no = (r.who & 4294967295)::uinteger
    order by r.who
"""

_OUT_GIVEN: Final = """
    select g.programme_id, g.person_no, p.area1, p.sex, p.home, h.area1 as home_area1,
        h.sex as home_sex, g.benefit_type, g.currency, g.minor, g.benefits
    from fact_given g join people p using (person_no)
    join people h on h.person_no = p.home
    order by g.programme_id, g.person_no, g.benefit_type, g.currency
"""


def facts_folder(data_dir: Path) -> Path:
    """Where files of facts stand; only the registry's own user may look inside."""
    folder = data_dir / "figures" / "facts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in (folder.parent, folder):
        each.chmod(0o700)
    return folder


def write_facts(connection: duckdb.DuckDBPyConnection, period: Period, folder: Path) -> FactsFile:
    """Writes the facts of a month or year; the connection has the tables of make_people and may
    write to the folder.

    A year's file is about benefits: nobody is in it for being enrolled, and of those who share a
    household only children, for family and child benefits, of which the year's figures ask.
    """
    end = f"date '{period.last_day}'"
    family = " or ".join(
        f"list_contains(string_split(functions, ','), '{each}')" for each in FAMILY
    )
    children = _CHILDREN.format(end=end, age=CHILD_BELOW)
    parts = {
        "shared": family if period.is_year else "true",
        "members": children if period.is_year else "fact_named",
        "enrolled": str(not period.is_year).lower(),
        "first": f"date '{period.first.first}'",
        "last": f"date '{period.last.first}'",
        "end": end,
    }
    place = folder / str(period)
    place.mkdir(mode=0o700, exist_ok=True)
    for statement in (_GIFTS, _GIVEN, _REACHED, _ROWS, _AGED):
        connection.execute(statement.format(**parts))
    rows, digest = _write(connection, _OUT, place / "making.parquet")
    _, of_given = _write(connection, _OUT_GIVEN, place / "making.given.parquet")
    connection.execute("drop view fact_gift")
    for used in ("given", "reached", "row", "aged"):
        connection.execute(f"drop table fact_{used}")
    both = hashlib.sha256(f"{digest} {of_given}".encode()).hexdigest()
    path = place / f"{both[:16]}.parquet"
    (place / "making.given.parquet").rename(given_beside(path))
    (place / "making.parquet").rename(path)
    size = path.stat().st_size + given_beside(path).stat().st_size
    return FactsFile(str(period), path, both, size, rows)


def given_beside(facts: Path) -> Path:
    """The file of what was given, beside a file of facts."""
    return facts.with_suffix(".given.parquet")


def _write(connection: duckdb.DuckDBPyConnection, query: str, file: Path) -> tuple[int, str]:
    """Writes what a query finds; how many rows, and the digest of the file."""
    [(rows,)] = connection.execute(
        f"copy ({query}) to {quoted(str(file.resolve()))} (format parquet, compression lz4_raw)"
    ).fetchall()
    file.chmod(0o600)
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        return int(rows), hashlib.file_digest(opened, "sha256").hexdigest()


def drop_other_facts(folder: Path, kept: Collection[Path]) -> int:
    """Deletes files of facts that nobody needs any more; how many."""
    wanted = {each.resolve() for each in kept}
    wanted |= {given_beside(each) for each in wanted}
    found = [each for each in folder.glob("*/*.parquet") if each.resolve() not in wanted]
    for each in found:
        each.unlink()
    return len(found)
