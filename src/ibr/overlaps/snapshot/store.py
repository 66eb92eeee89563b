"""SQL of snapshots: what is read out of the registry in one transaction, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.overlaps.snapshot.model import File, Snapshot

# Tokens are the first eight bytes of a blind index as a number: equal where the numbers are.
_AS_NUMBER: Final = "('x' || encode(substring({0} from 1 for 8), 'hex'))::bit(64)::bigint"
# What a report without a word about the status stands at (registry/enrolment/rules.py).
_NEVER_SAID: Final = "timestamptz '0001-01-02 00:00:00+00'"
# Only about whom another registry told something: for all others it would be read out, written and
# read again for nothing.
_TOLD_OF: Final = "(select distinct subject_index, true as is_told from known_attribute) as told_of"
_SUBJECT: Final = "case when is_told then encode(subject_index, 'hex') end as subject"

OUT: Final[dict[str, str]] = {
    "programme": """
        select programme_id, code, assistance_unit, array_to_string(functions, ',') as functions,
               benefit_type, currency, cycle_months, contribution_type, valid_from, valid_to,
               suspended_counts
        from programme
    """,
    "programme_rule": """
        select rule_no, programme as programme_id, kind, value, legal_reference, valid_from,
               valid_to
        from programme_rule where replaced_at is null
    """,
    "pair": """
        select pair_no, first_programme, second_programme, relation, unit, same_period,
               tolerance_days, cap_minor, currency, keeps, conditions, legal_reference,
               valid_from, valid_to
        from programme_pair where replaced_at is null
    """,
    "area": "select code, parent, level from area",
    "exemption": f"""
        select exemption_no, check_code, only_programme as programme_id,
               {_AS_NUMBER.format("blind_index")} as token, encode(same_as, 'hex') as same_as,
               valid_from, valid_to
        from check_exemption where withdrawn_at is null
    """,
    "beneficiary": f"""
        select record_id, programme_id, assistance_unit as unit, sex, birth_date, birth_precision,
               death_date, region_code, sub_region_code as district_code, is_disabled, group_size,
               known_at::date as known_on, delivery_id, {_SUBJECT}
        from beneficiary_record left join {_TOLD_OF} using (subject_index)
    """,
    "office": """
        select d.delivery_id, coalesce(p.sender_id, 'officers') as delivery_office
        from delivery d left join partner p using (partner_id)
    """,
    "member": f"""
        select record_id, member_no, programme_id, sex, birth_date, birth_precision, is_head,
               relationship, is_disabled, {_SUBJECT}
        from group_member left join {_TOLD_OF} using (subject_index)
    """,
    "seen": """
        select record_id, appearance_no, member_no from appearance
    """,
    "person_member": "select record_id, appearance_no, person_id from person_member",
    # Whom a record named once and no longer names, as the person they were then.
    "gone": """
        select distinct on (e.record_id, e.appearance_no) e.record_id, e.appearance_no,
               a.programme_id, coalesce(p.merged_into, e.from_person) as person_id
        from person_event e
        join appearance a using (record_id, appearance_no)
        join person p on p.person_id = e.from_person
        where a.member_no is null and e.to_person is null
        order by e.record_id, e.appearance_no, e.event_id desc
    """,
    "number": f"""
        select record_id, appearance_no, programme_id, kind, tie,
               {_AS_NUMBER.format("blind_index")} as token
        from appearance_number
    """,
    "link_open": """
        select low_record, low_no, high_record, high_no, low_programme, high_programme,
               weight::double precision as weight, why
        from link_pair where state = 'open'
    """,
    "enrolment": f"""
        select record_id, programme_id, enrolled_at::date as enrolled_on, status,
               case when status_at > {_NEVER_SAID} then status_at::date end as status_on,
               status_rank, first_benefit_at::date as first_benefit_on, as_of::date as as_of_on,
               known_at::date as known_on
        from enrolment
    """,
    "status_change": """
        select record_id, changed_at, status, known_at::date as known_on
        from status_change where status <> 0
    """,
    "benefit": """
        select record_id, programme_id, given_at::date as given_on, benefit_type, value_minor,
               currency, quantity, known_at::date as known_on
        from benefit
    """,
    "told_sealed": """
        select distinct on (k.subject_index, k.source_id, k.attribute)
               encode(k.subject_index, 'hex') as subject, k.source_id, s.kind as source,
               k.attribute, k.as_of::date as since, k.known_at::date as known_on,
               encode(k.value_index, 'hex') as value_index,
               encode(k.value_sealed, 'hex') as sealed
        from known_attribute k join source_registry s using (source_id)
        where k.attribute in ('poverty_score', 'poverty_score_type', 'group_size', 'income_level',
                              'employment_status', 'marital_status', 'is_disabled',
                              'disability_info', 'vital_status', 'death_date')
        order by k.subject_index, k.source_id, k.attribute, k.as_of desc, k.value_index desc
    """,
    "subject": """
        select encode(n.blind_index, 'hex') as subject, n.record_id, n.appearance_no
        from appearance_number n
        where n.tie = '' and n.blind_index in (select subject_index from known_attribute)
    """,
}
"""What is read out, by the name of its raw file. Joins of what is large are left to DuckDB, which
is much quicker at them; here every table is read through once."""


async def copy_out(connection: Connection, folder: Path) -> None:
    """Reads everything out into CSV files in the folder. The transaction is frozen."""
    # A large table takes longer than a statement of a job may, and nobody waits for this one.
    await connection.execute(
        "set local statement_timeout = '20min'; "
        "set local idle_in_transaction_session_timeout = '10min'"
    )
    for name, query in OUT.items():
        await connection.copy_from_query(
            query, output=folder / f"{name}.csv", format="csv", header=True
        )


async def moment(connection: Connection) -> Record:
    """The newest change and the run of linkage that this transaction sees."""
    row = await connection.fetchrow(
        """
        select coalesce((select max(change_id) from change), 0) as through_change,
               (select max(run_no) from link_run where state = 'applied') as link_run
        """
    )
    assert row is not None
    return row


async def vintages(connection: Connection) -> tuple[list[Record], list[Record]]:
    """How recent the programmes' deliveries are, and the news of other registries."""
    programmes = await connection.fetch(
        """
        select p.code, max(d.received_at) as delivered_at, max(d.cycle) as cycle
        from programme p left join delivery d
          on p.programme_id = any (d.programme_ids) and d.state = 'done' and d.mode <> 'void'
        group by p.code order by p.code
        """
    )
    sources = await connection.fetch(
        """
        select s.kind || ' ' || p.sender_id as code, max(k.as_of) as as_of,
               max(k.known_at) as known_at
        from source_registry s join partner p using (partner_id)
        left join known_attribute k using (source_id)
        group by 1 order by 1
        """
    )
    return programmes, sources


async def put(
    connection: Connection,
    *,
    at: datetime,
    through_change: int,
    link_run: int | None,
    files: Mapping[str, File],
    rows: Mapping[str, int],
    vintages: Mapping[str, object],
) -> int:
    """Notes a snapshot; its number."""
    number: int = await connection.fetchval(
        """
        insert into snapshot (as_known_at, through_change, link_run, files, rows, vintages)
        values ($1, $2, $3, $4, $5, $6) returning snapshot_no
        """,
        at,
        through_change,
        link_run,
        *(msgspec.json.encode(each).decode() for each in (files, rows, vintages)),
    )
    return number


def _snapshot(row: Record) -> Snapshot:
    fields = dict(row)
    for name in ("files", "rows", "vintages"):
        fields[name] = msgspec.json.decode(fields[name])
    return msgspec.convert(fields, Snapshot)


async def one(connection: Connection, snapshot_no: int) -> Snapshot | None:
    row = await connection.fetchrow("select * from snapshot where snapshot_no = $1", snapshot_no)
    return None if row is None else _snapshot(row)


async def there(connection: Connection, most: int) -> list[Snapshot]:
    """The snapshots whose files were not deleted, the newest first."""
    rows = await connection.fetch(
        "select * from snapshot where dropped_at is null order by snapshot_no desc limit $1", most
    )
    return [_snapshot(row) for row in rows]


async def droppable(connection: Connection, kept: int) -> list[int]:
    """Snapshots that may go: not among the last `kept`, and no open finding was last seen in
    them."""
    rows = await connection.fetch(
        """
        select snapshot_no from snapshot s where dropped_at is null
          and snapshot_no not in (select snapshot_no from snapshot where dropped_at is null
                                  order by snapshot_no desc limit $1)
          and not exists (select from finding f join check_run r on r.run_no = f.last_run
                          where f.closed_at is null and r.snapshot_no = s.snapshot_no)
        order by snapshot_no
        """,
        kept,
    )
    return [row["snapshot_no"] for row in rows]


async def drop(connection: Connection, numbers: Sequence[int], at: datetime) -> None:
    """Notes that the files of these are deleted."""
    await connection.execute(
        "update snapshot set dropped_at = $2 where snapshot_no = any ($1::integer[])",
        list(numbers),
        at,
    )


async def numbers_there(connection: Connection) -> set[int]:
    """Every snapshot that should have files."""
    rows = await connection.fetch("select snapshot_no from snapshot where dropped_at is null")
    return {row["snapshot_no"] for row in rows}
