"""From what was read out to the tables of a snapshot: who is who, spans of status, deaths.

Each statement makes one table of tables.py from the raw files. They run in this order.
"""

from __future__ import annotations

from typing import Final

from ibr.codelists.enrolment_status import (
    ACTIVE,
    AWAITING_RENEWAL,
    COUNTS_AS_ENROLLED,
    DECEASED,
    RANK_AT_SAME_MOMENT,
    REINSTATED,
    SUSPENDED,
)
from ibr.codelists.programme_kinds import PERSON

# Where linkage has not yet read a member, it gets a number that no read one has.
_UNREAD: Final = 10_000
# Whoever is not linked yet is a person of their own, with a number that no other can have.
_ALONE: Final = "-({0} * 32768 + {1})"
_IN_FORCE: Final = ", ".join(str(each) for each in (ACTIVE, REINSTATED, AWAITING_RENEWAL))
_ENROLLED: Final = ", ".join(str(each) for each in sorted(COUNTS_AS_ENROLLED))
_RANK: Final = " ".join(f"when {code} then {rank}" for code, rank in RANK_AT_SAME_MOMENT.items())

# Types of raw columns that a look at the file could guess wrongly; all others are found by name in
# tables.py.
RAW_TYPES: Final[dict[str, str]] = {
    "delivery_id": "BIGINT",
    "source_id": "INTEGER",
    "subject": "VARCHAR",
    "value_index": "VARCHAR",
    "sealed": "VARCHAR",
    "suspended_counts": "BOOLEAN",
    "status_rank": "SMALLINT",
    "first_benefit_on": "DATE",
    "as_of_on": "DATE",
    "changed_at": "TIMESTAMPTZ",
}

_APPEARANCE: Final = f"""
    with shown as (
        select record_id, -1 as member_no, programme_id, true as is_own, false as is_head,
               cast(null as varchar) as relationship, sex, birth_date, birth_precision,
               death_date, is_disabled, unit, subject
        from raw_beneficiary b
        where unit = {PERSON}
           or exists (select 1 from raw_seen s
                      where s.record_id = b.record_id and s.member_no = -1)
        union all by name
        select record_id, member_no, programme_id, false as is_own, is_head, relationship, sex,
               birth_date, birth_precision, is_disabled, 0 as unit, subject
        from raw_member
    ), numbered as (
        select m.*, coalesce(
                   s.appearance_no,
                   case when r.record_id is not null then {_UNREAD} + m.member_no
                        else m.member_no + 1 end) as appearance_no
        from shown m
        left join raw_seen s on s.record_id = m.record_id and s.member_no = m.member_no
        left join (select distinct record_id from raw_seen) r on r.record_id = m.record_id
    )
    select n.* exclude (appearance_no), cast(n.appearance_no as smallint) as appearance_no,
           coalesce(p.person_id, {_ALONE.format("n.record_id", "n.appearance_no")}) as person_id
    from numbered n
    left join raw_person_member p
      on p.record_id = n.record_id and p.appearance_no = n.appearance_no
    union all by name
    select record_id, appearance_no, cast(null as smallint) as member_no, programme_id,
           false as is_own, false as is_head, cast(null as varchar) as relationship,
           cast(0 as smallint) as sex, cast(null as date) as birth_date,
           cast(0 as smallint) as birth_precision, cast(null as date) as death_date,
           cast(null as boolean) as is_disabled, 0 as unit, cast(null as varchar) as subject,
           person_id
    from raw_gone
"""

_SPAN: Final = f"""
    with events as (
        -- Of several changes on one day the one that stands at its end.
        select record_id, cast(changed_at as date) as first_day,
               last(status order by changed_at, rank) as status
        from (
            select record_id, changed_at, status, case status {_RANK} end as rank
            from raw_status_change
            union all
            select record_id, cast(status_on as timestamptz) + interval '23:59:59', status, 99
            from raw_enrolment where status_on is not null
        ) group by 1, 2
    ), begun as (
        select e.record_id, e.status,
               least(e.enrolled_on, f.first_day,
                     case when e.enrolled_on is null then e.first_benefit_on end) as first_day,
               f.first_day as told_day, e.as_of_on
        from raw_enrolment e
        left join (select record_id, min(first_day) as first_day from events group by 1) f
          on f.record_id = e.record_id
    ), all_events as (
        select record_id, first_day, status from events
        union all
        -- Before the first word about the status somebody enrolled is taken to be active.
        select record_id, coalesce(first_day, as_of_on),
               case when told_day is null then status else {ACTIVE} end
        from begun where told_day is null or first_day < told_day
    ), changed as (
        select *, lag(status) over (partition by record_id order by first_day) as before
        from all_events
    ), parts as (
        select record_id, first_day, status,
               lead(first_day) over (partition by record_id order by first_day) - 1 as last_day
        from changed where before is distinct from status
    )
    select p.record_id, e.programme_id, p.first_day, p.last_day, p.status,
           p.status in ({_IN_FORCE}) as active,
           p.status in ({_ENROLLED}) or (p.status = {SUSPENDED} and g.suspended_counts) as enrolled
    from parts p
    join raw_enrolment e on e.record_id = p.record_id
    join raw_programme g on g.programme_id = e.programme_id
"""

# A source that now says somebody lives has taken back what it said of a death.
_DEATH: Final = f"""
    with said as (
        select a.record_id, a.appearance_no, a.person_id, a.death_date as died_on, b.known_on,
               'programme:' || g.code as source, 'programme ' || g.code as who
        from made_appearance a
        join raw_beneficiary b on b.record_id = a.record_id
        join raw_programme g on g.programme_id = a.programme_id
        where a.is_own and a.death_date is not null
        union all
        select a.record_id, a.appearance_no, a.person_id, null,
               coalesce(c.known_on, e.known_on), 'programme:' || g.code, 'programme ' || g.code
        from raw_enrolment e
        join made_appearance a on a.record_id = e.record_id and a.is_own and a.unit = {PERSON}
        join raw_programme g on g.programme_id = e.programme_id
        left join (select record_id, min(known_on) as known_on from raw_status_change
                   where status = {DECEASED} group by 1) c on c.record_id = e.record_id
        where e.status = {DECEASED}
        union all
        select record_id, appearance_no, person_id,
               max(case when attribute = 'death_date'
                        then try_cast(json_extract_string(value, '$') as date) end),
               min(known_on), source, source || ' ' || source_id
        from made_told
        where attribute in ('vital_status', 'death_date')
        group by record_id, appearance_no, person_id, source, source_id
        having coalesce(max(case when attribute = 'vital_status'
                                 then json_extract_string(value, '$') end), 'deceased')
               = 'deceased'
    ), once as (
        select record_id, appearance_no, person_id, max(died_on) as died_on,
               min(known_on) as known_on, source
        from said group by all
    )
    select o.*, t.sources_agreeing
    from once o join (select person_id, count(distinct who) as sources_agreeing
                      from said group by 1) t using (person_id)
"""

# A subject is found through the numbers that linkage read, and before that through the record.
_TOLD: Final = """
    with whose as (
        select subject, record_id, appearance_no from raw_subject
        union
        select subject, record_id, appearance_no from made_appearance where subject is not null
    )
    select a.record_id, a.appearance_no, a.person_id, t.attribute, t.value, t.since, t.known_on,
           t.source, t.source_id
    from raw_told t
    join whose w on w.subject = t.subject
    join made_appearance a on a.record_id = w.record_id and a.appearance_no = w.appearance_no
"""

_LINK_OPEN: Final = f"""
    select l.*, coalesce(a.person_id, {_ALONE.format("low_record", "low_no")}) as low_person,
           coalesce(b.person_id, {_ALONE.format("high_record", "high_no")}) as high_person
    from raw_link_open l
    left join raw_person_member a on a.record_id = low_record and a.appearance_no = low_no
    left join raw_person_member b on b.record_id = high_record and b.appearance_no = high_no
"""

MADE: Final[dict[str, str]] = {
    "appearance": _APPEARANCE,
    "told": _TOLD,
    "record": """
        select b.*, o.delivery_office from raw_beneficiary b
        left join raw_office o on o.delivery_id = b.delivery_id
    """,
    "death": _DEATH,
    "link_open": _LINK_OPEN,
    "span": _SPAN,
    "benefit": "select *, cast(date_trunc('month', given_on) as date) as month from raw_benefit",
}
"""Tables that are more than what was read out. Every other one is taken as it is."""
READ_AGAIN: Final = frozenset({"appearance", "told"})
"""Those of them that later ones are made from: kept while the snapshot is made. The others go
straight to their file, since what does not fit into memory is encrypted on the disk, slowly."""
