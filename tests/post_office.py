"""Promises and their delivery over a real database, in the test's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from msgspec.structs import replace

from ibr.app import build_services
from ibr.calls.caller import Caller
from ibr.clock import now, written
from ibr.db.pool import Database, open_database
from ibr.interop.dci.deliver import Deliverer
from ibr.interop.dci.outgoing import Outgoing, promise
from ibr.interop.dci.services import Services
from ibr.outbox.deliver_due import Deliveries
from ibr.outbox.model import Kind
from ibr.settings import Settings

_HURRY = """
    update outgoing_message set due_at = now()
    where state = 'waiting' and due_at > now() and leased_until is null
"""


class PostOffice:
    """Services as the worker has them, and the messages they promise."""

    def __init__(self, dsn: str, services: Services, database: Database) -> None:
        self.dsn = dsn
        self.services = services
        self.database = database

    async def partner(self, sender_id: str):
        await self.services.book.refresh(0)
        [found] = [p for p in await self.services.book.everyone() if p.sender_id == sender_id]
        return found

    async def promise(
        self,
        sender_id: str,
        address: str,
        count: int = 1,
        *,
        kind: Kind = "on-search",
        programmes: Iterable[int] = (),
        streams: Sequence[bytes | None] = (None,),
        words: str = "",
        **how: Any,
    ) -> list[str]:
        """Promises messages in one transaction; returns their ids, in order."""
        partner = await self.partner(sender_id)
        at = now()
        messages = []
        for number in range(count):
            header = self.services.writer.header(
                kind, sender_id, status="succ", total=1, completed=1, at=at
            )
            item = {
                "reference_id": f"r-{number}",
                "timestamp": written(at),
                "status": "succ",
                "data": {"reg_records": [{"surname": words}]},
            }
            ids = {"transaction_id": f"t-{number}", "correlation_id": f"c-{number}"}
            messages.append(
                Outgoing(
                    partner=partner,
                    kind=kind,
                    address=address,
                    header=header,
                    message={**ids, "search_response": [item]},
                    correlation_id=ids["correlation_id"],
                    programmes=programmes,
                    stream=streams[number % len(streams)],
                    at=at,
                    **how,
                )
            )
        async with self.database.transaction(()) as connection:
            await promise(self.services, connection, messages)
        return [each.header["message_id"] for each in messages]

    @asynccontextmanager
    async def delivering(
        self, *, hurry: bool = False, deliverer: Deliverer | None = None, **how: Any
    ) -> AsyncIterator[Deliveries]:
        """A deliverer at work; with `hurry` no message waits for its next try."""
        stop = asyncio.Event()
        deliverer = deliverer or Deliverer(self.services)
        deliveries = Deliveries(
            self.database,
            deliverer.deliver,
            held_back=deliverer.held_back,
            withdraw=deliverer.withdraw,
            **how,
        )
        work = [asyncio.create_task(deliveries.run(stop, patience=0.5))]
        if hurry:
            work.append(asyncio.create_task(self._hurry(stop, deliveries)))
        try:
            yield deliveries
        finally:
            stop.set()
            await asyncio.gather(*work)

    async def _hurry(self, stop: asyncio.Event, deliveries: Deliveries) -> None:
        while not stop.is_set():
            async with self.database.transaction(()) as connection:
                await connection.execute(_HURRY)
            deliveries._woken()
            await asyncio.sleep(0.02)

    async def rows(self) -> list[asyncpg.Record]:
        async with self.database.transaction(()) as connection:
            return list(
                await connection.fetch("select * from outgoing_message order by message_no")
            )

    async def owner(self, statement: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn, server_settings={"search_path": "ibr"})
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def until(self, true: Callable[[list[asyncpg.Record]], bool], patience: float) -> None:
        """Waits until this is true of the messages."""
        async with asyncio.timeout(patience):
            while not true(await self.rows()):
                await asyncio.sleep(0.05)

    async def settled(self, patience: float = 20) -> list[asyncpg.Record]:
        """Waits until no message waits; returns them all."""
        await self.until(lambda rows: all(row["state"] != "waiting" for row in rows), patience)
        return await self.rows()


@asynccontextmanager
async def post_office(
    dsn: str, settings: Settings, calls: Caller | None = None
) -> AsyncIterator[PostOffice]:
    """A post office over a database that has the registry's keys; empty at the beginning."""
    services = await build_services(settings, dsn, "ibr_worker", 4)
    if calls is not None:
        services = replace(services, calls=calls)
    database = await open_database(dsn, "ibr_worker", size=6, name="post office")
    office = PostOffice(dsn, services, database)
    await office.owner("truncate outgoing_message")
    try:
        yield office
    finally:
        await services.calls.close()
        for each in (database, services.database, services.questions):
            await each.close()
