"""Who the people of a snapshot are, where they live and in whose household: once for each run.

Everything here is a table in the connection's memory, made of the snapshot's views. People get
dense numbers in the order of area, so that a file sorted by number is sorted by area.
"""

from __future__ import annotations

from typing import Final

import duckdb

from ibr.codelists.programme_kinds import PERSON

# A record that names nobody is somebody of whom nothing is known: nobody else has this number.
_NOBODY_NAMED: Final = "-(record_id * 32768 + 32767)"
# Newer news count, then the higher record, then the first appearance in it: as one number, since
# the newest of a person is looked for four times.
_NEWNESS: Final = (
    "(coalesce(known_on - date '1900-01-01', 0)::hugeint << 79) "
    "+ (record_id::hugeint << 15) + (32767 - appearance_no)"
)

# A code that is in no list of areas is not known where there is a list. A district says the region
# it lies in; where the record says another region, the record is believed and the district is not.
_PLACE: Final = """
    create or replace temp table fact_place as
    with said as (
        select distinct coalesce(region_code, '') as region, coalesce(district_code, '') as district
        from record
    ),
    listed as (select level, code, parent from area where level in (1, 2)),
    has as (
        select coalesce(bool_or(level = 1), false) as regions,
            coalesce(bool_or(level = 2), false) as districts from listed
    ),
    found as (
        select region, district,
            case when not has.regions or r.code is not null then region else '' end as area1,
            case when not has.districts or d.code is not null then district else '' end as area2,
            case when p.code is not null then d.parent else '' end as over_it,
            has.regions and has.districts as complete
        from said cross join has
        left join listed r on r.level = 1 and r.code = region
        left join listed d on d.level = 2 and d.code = district
        left join listed p on p.level = 1 and p.code = d.parent
    )
    select region, district,
        case when area1 <> '' then area1 else over_it end as area1,
        case when complete and area1 <> '' and area1 <> over_it then '' else area2 end as area2,
        (case when area1 <> '' then 1 when over_it <> '' then 2 else 0 end)::utinyint as area_how
    from found
"""

_SHOWN: Final = f"""
    create or replace temp table fact_shown as
    select a.record_id, a.programme_id, a.person_id, r.unit, a.is_own, a.is_head, a.member_no,
        a.appearance_no, coalesce(a.sex, 0)::utinyint as sex,
        case when coalesce(a.birth_precision, 0) <> 0 then a.birth_date end as birth_date,
        a.is_disabled, p.area1, p.area2, p.area_how, r.known_on
    from record r
    join appearance a on a.record_id = r.record_id and a.member_no is not null
    join fact_place p on p.region = coalesce(r.region_code, '')
        and p.district = coalesce(r.district_code, '')
    union all
    select record_id, programme_id, {_NOBODY_NAMED}, unit, true, true, -1, 0, 0, null, null,
        p.area1, p.area2, p.area_how, known_on
    from record r
    join fact_place p on p.region = coalesce(r.region_code, '')
        and p.district = coalesce(r.district_code, '')
    where not exists (
        select 1 from appearance a where a.record_id = r.record_id and a.member_no is not null)
"""

# Of a person's record themselves, of a group its head; else whoever is named first.
_DIRECT_PERSON: Final = f"""
    create or replace temp table fact_direct_person as
    select record_id, any_value(unit) as unit, any_value(programme_id) as programme_id,
        arg_min(person_id,
            (case when unit = {PERSON} then not is_own else not is_head end)::bigint * 1099511627776
            + (member_no + 1)::bigint * 65536 + appearance_no) as person_id
    from fact_shown group by record_id
"""

_NEWEST: Final = f"""
    create or replace temp table fact_newest as
    with ranked as (select *, {_NEWNESS} as newness from fact_shown)
    select person_id,
        arg_max(sex, newness) filter (sex <> 0) as sex,
        arg_max(birth_date, newness) filter (birth_date is not null) as birth_date,
        arg_max(is_disabled, newness) filter (is_disabled is not null) as is_disabled,
        arg_max((area1, area2, area_how), newness) filter (area1 <> '' or area2 <> '') as place,
        arg_max(record_id, newness) filter (unit <> {PERSON}) as home_record
    from ranked group by person_id
"""

_PEOPLE: Final = """
    create or replace temp table people as
    with numbered as (
        select (row_number() over (
                order by coalesce(place[1], ''), coalesce(place[2], ''), person_id) - 1)::uinteger
                as person_no,
            person_id, coalesce(sex, 0)::utinyint as sex, birth_date,
            is_disabled as disability,
            coalesce(place[1], '') as area1, coalesce(place[2], '') as area2,
            coalesce(place[3], 0)::utinyint as area_how, home_record
        from fact_newest
    )
    select n.* exclude (home_record), coalesce(h.person_no, n.person_no) as home
    from numbered n
    left join fact_direct_person d on d.record_id = n.home_record
    left join numbered h on h.person_id = d.person_id
"""

_RECORDS: Final = """
    create or replace temp table fact_record as
    select d.record_id, d.programme_id, d.unit, p.person_no
    from fact_direct_person d join people p using (person_id)
"""

_NAMED: Final = f"""
    create or replace temp table fact_named as
    select distinct s.record_id, p.person_no
    from fact_shown s join people p using (person_id)
    where s.unit <> {PERSON}
"""

_SPANS: Final = f"""
    create or replace temp table fact_span as
    select s.record_id, r.programme_id, r.person_no, r.unit <> {PERSON} as of_group,
        s.first_day, s.last_day
    from span s join fact_record r using (record_id) where s.enrolled
"""

# Codes of areas as one small number each: files are sorted with them three times as quickly.
_CODES: Final = """
    drop type if exists fact_area{level};
    create type fact_area{level} as enum (
        select '' union select distinct area{level} from people order by 1)
"""

PEOPLE: Final = "people"
"""person_no, person_id, sex, birth_date, disability, area1, area2, area_how (1 as reported, 2 the
region in which the reported district lies, 0 not known), home (number of the household's head)."""


def make_people(connection: duckdb.DuckDBPyConnection) -> int:
    """Makes the tables of people, records and households; how many people there are."""
    for statement in (
        _PLACE, _SHOWN, _DIRECT_PERSON, _NEWEST, _PEOPLE, _RECORDS, _NAMED, _SPANS,
    ):  # fmt: skip
        connection.execute(statement)
    for level in (1, 2):
        connection.execute(_CODES.format(level=level))
    for used in ("fact_shown", "fact_newest", "fact_direct_person", "fact_place"):
        connection.execute(f"drop table {used}")
    row = connection.execute(f"select count(*) from {PEOPLE}").fetchone()
    assert row is not None
    return int(row[0])
