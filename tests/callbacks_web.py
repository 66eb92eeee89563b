"""Messages to a partner that did not arrive, for the tests of their page."""

from __future__ import annotations

import asyncpg

from ibr.db.pool import open_database
from ibr.outbox import store
from ibr.outbox.model import InHand, Promise, Settled
from ibr.outbox.put import numbers, put
from ibr.protection.seal import Sealer
from tests import people_web
from tests.web_country import KEYRING

MINE = "00000000-0000-0000-0000-000000000001"


async def promised(dsn: str, sender: str | None = None) -> list[int]:
    """Two messages that were given up and one that waits, for one partner (the first where none is
    named); their numbers."""
    database = await open_database(dsn, "ibr_worker", size=2, name="callback pages")
    async with database.transaction(()) as connection:
        partner_id = await connection.fetchval(
            "select min(partner_id) from partner where $1::text is null or sender_id = $1", sender
        )
        taken = await numbers(connection, 3)
        await put(
            connection,
            Sealer(KEYRING),
            [
                Promise(
                    message_no=number,
                    partner_id=partner_id,
                    kind="on-search",
                    address="https://spmis.example.org/callback",
                    message_id=f"page-{number}",
                    transaction_id="t",
                    correlation_id=None,
                    content=b"{}",
                    made_at=people_web.NOW,
                )
                for number in taken
            ],
        )
    async with database.transaction(()) as connection:
        held: list[InHand] = await store.claim(
            connection, token=MINE, in_hand=[], rooms={}, otherwise=2, held_back=[], most=2
        )
    outcomes = ("http_301", "err.signature.invalid")
    async with database.transaction(()) as connection:
        await store.settle(
            connection,
            MINE,
            [
                Settled(message=message, state="dead", outcome=outcome)
                for message, outcome in zip(held, outcomes, strict=True)
            ],
        )
    await database.close()
    return taken


async def emptied(dsn: str) -> None:
    """Takes them away again."""
    owner = await asyncpg.connect(dsn)
    await owner.execute("truncate ibr.outgoing_message; delete from ibr.audit_event")
    await owner.close()
