"""What happens after the ACK: the worker's part, and what it promised to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ibr.app import build_services
from ibr.clock import now, written
from ibr.ids import new_token
from ibr.interop.dci.accept import ANSWER_REQUEST
from ibr.interop.dci.services import Services
from ibr.jobs import store
from ibr.jobs.answering import ANSWER_SLOW_REQUEST, answer_at_leisure, answer_at_once
from ibr.jobs.model import Job
from ibr.outbox.put import opened
from tests.door import Door, Json, System

HOST = "https://mis.example.org"
CALLBACKS = f"{HOST}/dci/registry"


class Callback(msgspec.Struct):
    """One promised message."""

    address: str
    kind: str
    programmes: list[int]
    header: Json
    message: Json

    @property
    def items(self) -> list[Json]:
        for name in ("search_response", "subscribe_response"):
            if name in self.message:
                return self.message[name]
        return self.message["txnstatus_response"]["txn_status"]["search_response"]

    @property
    def outcomes(self) -> list[str]:
        return [item["status"] for item in self.items]


class Worker:
    """The jobs that answer, done when a test says so, with the rights of the worker's role."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.services: Services = door.run(build_services(door.settings, door.dsn, "ibr_worker", 4))

    def close(self) -> None:
        self.door.run(self.services.database.close())
        self.door.run(self.services.questions.close())

    def answer(self) -> int:
        """Answers everything that waits; how many attempts that took."""
        return self.door.run(self._answer())

    async def _answer(self) -> int:
        done = 0
        while jobs := await self.claim():
            for job in jobs:
                await self.attempt(job)
                done += 1
        return done

    async def claim(self, most: int = 20) -> list[Job]:
        """Claims what is due, with the partners as they are at this moment."""
        await self.services.book.refresh(0)
        async with self.services.database.transaction(()) as connection:
            return await store.claim(connection, [ANSWER_REQUEST, ANSWER_SLOW_REQUEST], most)

    async def attempt(self, job: Job) -> bool:
        work = answer_at_once if job.kind == ANSWER_REQUEST else answer_at_leisure
        return await work(self.services, job)

    def callbacks(self, system: System) -> list[Callback]:
        """What was promised to a partner, in order."""
        rows = self.door.owner(
            "select o.message_id, o.address, o.kind, o.programme_ids, o.content "
            "from outgoing_message o join partner p using (partner_id) "
            "where p.sender_id = $1 order by o.message_no",
            system.sender_id,
        )
        return [
            Callback(
                row["address"],
                row["kind"],
                list(row["programme_ids"]),
                **msgspec.json.decode(
                    opened(self.services.sealer, row["content"], row["message_id"])
                ),
            )
            for row in rows
        ]

    def answered(self, system: System) -> Callback:
        """Answers what waits; the one message that is then promised last."""
        self.answer()
        return self.callbacks(system)[-1]


def searching(
    system: System,
    *who: str,
    transaction_id: str | None = None,
    query: Json | None = None,
    references: Sequence[str] | None = None,
    **changes: Any,
) -> bytes:
    """A search with one item for each of these people."""
    items = [
        {
            "reference_id": references[number] if references else f"ref-{number}",
            "timestamp": written(now()),
            "search_criteria": {
                "query_type": "idtype-value",
                "query": query or {"type": "UIN", "value": each},
            },
        }
        for number, each in enumerate(who)
    ]
    message = {"transaction_id": transaction_id or new_token("txn-"), "search_request": items}
    return system.sealed(system.header("search", len(items)) | changes, message)


def status_of(
    system: System,
    value: str | list[str],
    by: str = "transaction_id",
    of: str = "search",
    **changes: Any,
) -> bytes:
    """A question what became of earlier messages."""
    message = {
        "transaction_id": new_token("txn-"),
        "txnstatus_request": {
            "reference_id": "status-1",
            "txn_type": of,
            "attribute_type": by,
            "attribute_value": value,
        },
    }
    return system.sealed(system.header("txn-status", 1) | changes, message)
