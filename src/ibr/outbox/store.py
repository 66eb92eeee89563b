"""SQL of promised messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from ibr.db.pool import Connection
from ibr.outbox.model import Promise

CHANNEL: Final = "ibr_outbox"


async def put(connection: Connection, promises: Sequence[Promise], sealed: Sequence[bytes]) -> None:
    """Keeps promises in their order, with the caller's transaction; wakes the deliverers."""
    await connection.execute(
        """
        insert into outgoing_message (partner_id, kind, address, message_id, transaction_id,
                                      correlation_id, programme_ids, stream, content, due_at,
                                      made_at)
        select p.partner_id, p.kind, p.address, p.message_id, p.transaction_id, p.correlation_id,
               array(select jsonb_array_elements_text(p.programmes::jsonb)::integer), p.stream,
               p.content, p.made_at, p.made_at
        from unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                    $7::text[], $8::bytea[], $9::bytea[], $10::timestamptz[]) with ordinality
             as p (partner_id, kind, address, message_id, transaction_id, correlation_id,
                   programmes, stream, content, made_at, place)
        order by p.place
        """,
        [each.partner_id for each in promises],
        [each.kind for each in promises],
        [each.address for each in promises],
        [each.message_id for each in promises],
        [each.transaction_id for each in promises],
        [each.correlation_id for each in promises],
        [msgspec.json.encode(sorted(each.programmes)).decode() for each in promises],
        [each.stream for each in promises],
        list(sealed),
        [each.made_at for each in promises],
    )
    await connection.execute("select pg_notify($1, '')", CHANNEL)
