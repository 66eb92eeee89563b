"""Orders: ask a source about people, listen for people, stop listening; and the questions of them.

An order is carried out block by block, each in a transaction of its own that holds the order, so
that whichever process goes on with it after a crash goes on behind the last block.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.ids import new_token
from ibr.sources.asked import store
from ibr.sources.asked.model import Chosen, Kind, Order, OrderKind, Question
from ibr.sources.model import Source

# More messages than this never wait at one source: it is asked on as it answers.
MOST_OPEN: Final = 20
# The subject of a question that names nobody.
NOBODY: Final = b"\x00" * 16


async def order(
    connection: Connection, source: Source, kind: OrderKind, chosen: Chosen, at: datetime
) -> int:
    """Takes an order in; its number. NotUnderstood where the agreement does not allow it."""
    if source.ended:
        raise NotUnderstood(
            "source.ended", f"The agreement with {source.sender_id} has ended; ask nothing more."
        )
    if chosen.everyone and source.kind != "civil":
        raise NotUnderstood(
            "source.everyone",
            "Only a civil registry may be asked to tell of everybody: its events are few. At other "
            "registries choose beneficiaries.",
        )
    return await store.add_order(connection, source.source_id, kind, chosen, at)


async def held(connection: Connection, order_no: int) -> Order | None:
    """The order for this transaction alone; None when nothing is left to do."""
    found = await store.lock_order(connection, order_no)
    return None if found is None or found.done else found


async def advance(connection: Connection, order: Order, reached: bytes, people: int) -> None:
    """The order has got this far."""
    await store.advance(connection, order.order_no, reached, people)


async def finish(connection: Connection, order: Order, at: datetime) -> None:
    """Everything of the order was promised."""
    await store.finish_order(connection, order.order_no, at)


async def waits(connection: Connection, source: Source) -> bool:
    """Whether the source has enough to answer for now."""
    return await store.open_questions(connection, source.source_id) >= MOST_OPEN


async def unfinished(connection: Connection) -> list[int]:
    """Orders that something is left to do of."""
    return await store.open_orders(connection)


async def wishes(connection: Connection) -> dict[int, tuple[OrderKind, Chosen]]:
    """The last word about listening to each source, unless it is still being carried out."""
    return await store.wishes(connection)


def question(
    source: Source,
    kind: Kind,
    items: int,
    message_id: str,
    at: datetime,
    *,
    order_no: int | None = None,
    about_no: int | None = None,
) -> Question:
    """A question with a transaction_id that nobody else knows and that names nobody."""
    return Question(
        source_id=source.source_id,
        order_no=order_no,
        kind=kind,
        transaction_id=new_token(),
        message_id=message_id,
        items=items,
        about_no=about_no,
        at=at,
        due_at=at + timedelta(seconds=source.answer_seconds),
    )


async def begin(connection: Connection, asked: Question, subjects: Sequence[bytes]) -> int:
    """Keeps a question with those it is about, in the order of its items; its number."""
    return await store.begin(connection, asked, subjects)
