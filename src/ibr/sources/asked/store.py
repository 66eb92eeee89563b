"""SQL of orders, of the registry's own questions and of its own subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.sources.asked.model import (
    Chosen,
    ItemState,
    Order,
    OrderKind,
    OwnTransaction,
    Question,
)


async def add_order(
    connection: Connection, source_id: int, kind: OrderKind, chosen: Chosen, at: datetime
) -> int:
    return int(
        await connection.fetchval(
            """
            insert into source_order (source_id, kind, chosen, ordered_at)
            values ($1, $2, $3, $4) returning order_no
            """,
            source_id,
            kind,
            msgspec.json.encode(chosen).decode(),
            at,
        )
    )


async def lock_order(connection: Connection, order_no: int) -> Order | None:
    """The order, for this transaction alone: two workers never ask about the same block."""
    row = await connection.fetchrow(
        """
        select order_no, source_id, kind, chosen, reached, people, done_at is not null as done
        from source_order where order_no = $1 for update
        """,
        order_no,
    )
    if row is None:
        return None
    return Order(**{**dict(row), "chosen": msgspec.json.decode(row["chosen"], type=Chosen)})


async def advance(connection: Connection, order_no: int, reached: bytes, people: int) -> None:
    await connection.execute(
        "update source_order set reached = $2, people = people + $3 where order_no = $1",
        order_no,
        reached,
        people,
    )


async def finish_order(connection: Connection, order_no: int, at: datetime) -> None:
    await connection.execute(
        "update source_order set done_at = $2 where order_no = $1", order_no, at
    )


async def open_questions(connection: Connection, source_id: int) -> int:
    """How many messages to a source wait for an answer; questions about those not counted."""
    number: int = await connection.fetchval(
        """
        select count(*) from own_transaction
        where source_id = $1 and state = 'open' and kind <> 'txn-status'
        """,
        source_id,
    )
    return number


async def open_orders(connection: Connection) -> list[int]:
    rows = await connection.fetch(
        "select order_no from source_order where done_at is null order by order_no"
    )
    return [row["order_no"] for row in rows]


async def wishes(connection: Connection) -> dict[int, tuple[OrderKind, Chosen]]:
    """The last word about listening to each source that may still be asked."""
    rows = await connection.fetch(
        """
        select distinct on (o.source_id) o.source_id, o.kind, o.chosen
        from source_order o join source_registry s using (source_id)
        where o.kind in ('subscribe', 'unsubscribe') and s.ended_at is null
          and not exists (select from source_order b where b.source_id = o.source_id
                          and b.kind in ('subscribe', 'unsubscribe') and b.done_at is null)
        order by o.source_id, o.order_no desc
        """
    )
    return {
        row["source_id"]: (row["kind"], msgspec.json.decode(row["chosen"], type=Chosen))
        for row in rows
    }


async def begin(connection: Connection, question: Question, subjects: Sequence[bytes]) -> int:
    """Keeps a question with those it is about, in their order; returns its number."""
    number: int = await connection.fetchval(
        """
        insert into own_transaction (source_id, order_no, kind, transaction_id, message_id,
                                     about_no, items, started_at, due_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning transaction_no
        """,
        question.source_id,
        question.order_no,
        question.kind,
        question.transaction_id,
        question.message_id,
        question.about_no,
        question.items,
        question.at,
        question.due_at,
    )
    await connection.execute(
        """
        insert into own_question (transaction_no, item_no, subject_index)
        select $1, s.place, s.subject
        from unnest($2::bytea[]) with ordinality as s (subject, place)
        """,
        number,
        list(subjects),
    )
    return number


async def lock_transaction(
    connection: Connection, source_id: int, transaction_id: str
) -> OwnTransaction | None:
    """A question that was put to this very source, for this transaction alone."""
    row = await connection.fetchrow(
        """
        select transaction_no, source_id, kind, transaction_id, correlation_id, about_no, state
        from own_transaction where source_id = $1 and transaction_id = $2 for update
        """,
        source_id,
        transaction_id,
    )
    return None if row is None else OwnTransaction(**dict(row))


async def lock_number(connection: Connection, transaction_no: int) -> OwnTransaction:
    row = await connection.fetchrow(
        """
        select transaction_no, source_id, kind, transaction_id, correlation_id, about_no, state
        from own_transaction where transaction_no = $1 for update
        """,
        transaction_no,
    )
    assert row is not None
    return OwnTransaction(**dict(row))


async def subjects_of(
    connection: Connection, transaction_no: int, items: Sequence[int]
) -> dict[int, bytes]:
    rows = await connection.fetch(
        """
        select item_no, subject_index from own_question
        where transaction_no = $1 and item_no = any ($2::integer[])
        """,
        transaction_no,
        list(items),
    )
    return {row["item_no"]: row["subject_index"] for row in rows}


async def settle_items(
    connection: Connection,
    transaction_no: int,
    items: Sequence[tuple[int, ItemState, str | None]],
) -> None:
    """Says what became of items. What was answered once stays answered."""
    await connection.execute(
        """
        update own_question q set state = i.state, reason = i.reason
        from unnest($2::integer[], $3::text[], $4::text[]) as i (item_no, state, reason)
        where q.transaction_no = $1 and q.item_no = i.item_no and q.state <> 'answered'
        """,
        transaction_no,
        [number for number, _, _ in items],
        [state for _, state, _ in items],
        [reason for _, _, reason in items],
    )


async def settle(
    connection: Connection, transaction_no: int, correlation_id: str | None, at: datetime
) -> None:
    """Counts the answers; with the last one the question is answered, however late it comes."""
    await connection.execute(
        """
        update own_transaction t
        set correlation_id = coalesce(t.correlation_id, $2), answered = c.answered,
            state = case when c.answered >= t.items then 'answered' else t.state end,
            settled_at = case when c.answered >= t.items then coalesce(t.settled_at, $3)
                              else t.settled_at end
        from (select count(*)::integer as answered from own_question
              where transaction_no = $1 and state <> 'open') as c
        where t.transaction_no = $1
        """,
        transaction_no,
        correlation_id,
        at,
    )


async def close(
    connection: Connection,
    transaction_no: int,
    state: str,
    *,
    reason: str | None,
    correlation_id: str | None,
    answered: int | None,
    at: datetime,
) -> None:
    """Says what became of a whole question; one that was answered stays answered."""
    await connection.execute(
        """
        update own_transaction
        set state = $2, reason = $3, settled_at = $6, answered = coalesce($5, answered),
            correlation_id = coalesce(correlation_id, $4)
        where transaction_no = $1 and state <> 'answered'
        """,
        transaction_no,
        state,
        reason,
        correlation_id,
        answered,
        at,
    )


async def acknowledge(
    connection: Connection, message_id: str, correlation_id: str | None, at: datetime | None
) -> Record | None:
    """Notes the first answer to a message of ours, without a time where it was no ACK; None for
    a message of another kind."""
    return await connection.fetchrow(
        """
        update own_transaction
        set acknowledged_at = coalesce(acknowledged_at, $3),
            correlation_id = coalesce(correlation_id, $2)
        where message_id = $1
        returning transaction_no, source_id, kind
        """,
        message_id,
        correlation_id,
        at,
    )


async def take_due(connection: Connection, at: datetime, most: int) -> list[Record]:
    """Questions whose answer should be there, for this transaction alone."""
    return await connection.fetch(
        """
        select transaction_no, source_id, kind, transaction_id, acknowledged_at, polled_at
        from own_transaction where state = 'open' and due_at <= $1
        order by due_at limit $2 for update skip locked
        """,
        at,
        most,
    )


async def polled(
    connection: Connection, transaction_no: int, at: datetime, due_at: datetime
) -> None:
    await connection.execute(
        "update own_transaction set polled_at = $2, due_at = $3 where transaction_no = $1",
        transaction_no,
        at,
        due_at,
    )
