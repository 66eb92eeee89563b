"""SQL of the change feed."""

from __future__ import annotations

from collections.abc import Sequence

from ibr.db.pool import Connection
from ibr.db.staging import stage
from ibr.registry.changes.model import Change

TEMPORARY = (
    """
    create temporary table if not exists s_change (
        record_id bigint, programme_id integer, kind text, happened_at timestamptz,
        delivery_id bigint
    ) on commit delete rows
    """,
)


async def append(connection: Connection, changes: Sequence[Change]) -> None:
    await stage(connection, "s_change", changes)
    await connection.execute(
        """
        insert into change (record_id, programme_id, kind, happened_at, delivery_id)
        select * from s_change order by happened_at, record_id
        """
    )


async def append_benefits_given(connection: Connection) -> None:
    """One change for every record with a new benefit (s_given, registry/benefits/store.py)."""
    await connection.execute(
        """
        insert into change (record_id, programme_id, kind, happened_at, delivery_id)
        select record_id, programme_id, 'benefit_given', max(given_at), delivery_id
        from s_given group by record_id, programme_id, delivery_id order by 4, 1
        """
    )
