"""The bare lookup in our shape: a plain ASGI application over the registry's own index.

`python -m benchmarks.lookup_app PORT DSN KEYRING_FOLDER`. It reads the same envelope as the peer
and answers with the same response; it proves nobody, records nothing and signs nothing, so it is
never part of the registry.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from ibr.codelists.enrolment_status import counts_as_enrolled
from ibr.db.pool import Database, open_database
from ibr.protection.blind_index import BlindIndex, canonical_value
from ibr.protection.keyring import open_keyring
from ibr.registry.enrolment.find_enrolled import Probe, find_enrolled

Send = Callable[[dict[str, Any]], Awaitable[None]]

_LANES = 2
_LARGEST = 256
_HEAD = [(b"content-type", b"application/json")]


class _Operand(msgspec.Struct):
    eq: str


class _Query(msgspec.Struct):
    person: _Operand = msgspec.field(name="person_identifier")
    programme: _Operand = msgspec.field(name="programme_identifier.program.programme_identifier")


class _Criteria(msgspec.Struct):
    query: _Query


class _Message(msgspec.Struct):
    transaction_id: str
    enrolled_criteria: _Criteria


class _Header(msgspec.Struct):
    message_id: str
    message_ts: str
    sender_id: str


class _Envelope(msgspec.Struct):
    header: _Header
    message: _Message


class _Item(msgspec.Struct):
    reference_id: str
    timestamp: str
    status: str
    enrolled_status: str


class _Response(msgspec.Struct):
    transaction_id: str
    correlation_id: str
    enrolled_response: list[_Item]


class Lookup:
    """Look-ups that arrive while others are under way go together in one statement."""

    def __init__(self, dsn: str, keyring: Path) -> None:
        self._dsn = dsn
        self._index = BlindIndex(open_keyring(keyring, create=False).index)
        self._read = msgspec.json.Decoder(_Envelope)
        self._write = msgspec.json.Encoder()
        self._waiting: list[tuple[Probe, asyncio.Future[bool]]] = []
        self._lanes: set[asyncio.Task[None]] = set()
        self._database: Database | None = None
        self._programmes: dict[str, int] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await self._open()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = (await receive())["body"]
        asked = self._read.decode(body)
        query = asked.message.enrolled_criteria.query
        probe = Probe(
            self._index.of("UIN", canonical_value(query.person.eq)),
            self._programmes[query.programme.eq],
        )
        yes = await self._ask(probe)
        header = asked.header
        item = _Item(header.message_id, header.message_ts, "succ", "yes" if yes else "no")
        answer = {
            "signature": "",
            "header": {
                "version": "1.0.0",
                "message_id": header.message_id,
                "message_ts": header.message_ts,
                "action": "on-search",
                "status": "succ",
                "receiver_id": header.sender_id,
            },
            "message": _Response(asked.message.transaction_id, header.message_id, [item]),
        }
        await send({"type": "http.response.start", "status": 200, "headers": _HEAD})
        await send({"type": "http.response.body", "body": self._write.encode(answer)})

    async def _open(self) -> None:
        self._database = await open_database(self._dsn, "ibr_app", size=3, name="bare lookup")
        async with self._database.session() as connection:
            rows = await connection.fetch("select code, programme_id from programme")
            self._programmes = {row["code"]: row["programme_id"] for row in rows}

    async def _ask(self, probe: Probe) -> bool:
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((probe, answered))
        if len(self._lanes) < _LANES:
            self._lanes.add(asyncio.create_task(self._serve()))
        return await answered

    async def _serve(self) -> None:
        assert self._database is not None
        async with self._database.session() as connection:
            # One setting for the connection instead of one a transaction: nothing is written.
            reach = ",".join(map(str, self._programmes.values()))
            await connection.execute(f"select set_config('ibr.programmes', '{reach}', false)")
            while self._waiting:
                batch = self._waiting[:_LARGEST]
                del self._waiting[:_LARGEST]
                found = await find_enrolled(connection, [probe for probe, _ in batch])
                yes = {
                    number
                    for number, standing in found
                    if counts_as_enrolled(standing.status, suspended_counts=False)
                }
                for number, (_, answered) in enumerate(batch):
                    if not answered.done():
                        answered.set_result(number in yes)
            # Before the connection is given back, which waits: a question that comes in then
            # must find that this lane has looked for the last time.
            lane = asyncio.current_task()
            assert lane is not None
            self._lanes.discard(lane)


def main() -> None:
    """Serve until terminated."""
    port, dsn, keyring = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    uvicorn.run(
        Lookup(dsn, keyring),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
    )


if __name__ == "__main__":
    main()
