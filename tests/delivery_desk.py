"""Deliveries decided about as officers do, and the worker's part of it done at once."""

from __future__ import annotations

from typing import Any

from ibr.app import build_services
from ibr.clock import now
from ibr.deliveries.acts import decide
from ibr.deliveries.acts.model import By
from ibr.interop.dci.resume_updates import resume
from ibr.interop.dci.services import Services
from ibr.jobs.model import Job
from ibr.jobs.undoing import undo_deliveries
from tests.door import Door

OFFICER = By("officer", 1, "Amina")
REASON = "The sender explained it."


class DeliveryDesk:
    """Decides about deliveries of one registry, and does what the worker would do then."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.worker: Services = door.run(self._start())

    async def _start(self) -> Services:
        return await build_services(self.door.settings, self.door.dsn, "ibr_worker", 4)

    def close(self) -> None:
        async def close() -> None:
            await self.worker.database.close()
            await self.worker.questions.close()
            await self.worker.calls.close()

        self.door.run(close())

    def act(self, what: Any, delivery_id: int) -> None:
        self.door.run(self._act(what, delivery_id))

    async def _act(self, what: Any, delivery_id: int) -> None:
        await self.worker.book.refresh(0)
        async with self.worker.database.transaction(self.worker.book.programmes) as connection:
            await what(connection, delivery_id, OFFICER, REASON, now())

    def release(self, delivery_id: int) -> None:
        self.act(decide.release, delivery_id)
        self.door.run(resume(self.worker, delivery_id))

    def refuse(self, delivery_id: int) -> None:
        self.act(decide.refuse, delivery_id)
        self.door.run(resume(self.worker, delivery_id))

    def void(self, delivery_id: int) -> None:
        self.act(decide.ask_void, delivery_id)
        self.work()

    def reinstate(self, delivery_id: int) -> None:
        self.act(decide.ask_reinstate, delivery_id)
        self.work()

    def work(self) -> None:
        self.door.run(undo_deliveries(self.worker, a_job()))

    def newest(self) -> int:
        return int(self.door.owner("select max(delivery_id) from delivery")[0][0])

    def state(self, delivery_id: int) -> str:
        return str(
            self.door.owner("select state from delivery where delivery_id = $1", delivery_id)[0][0]
        )

    def anomalies(self, delivery_id: int) -> str:
        return str(
            self.door.owner(
                "select anomalies::text from delivery where delivery_id = $1", delivery_id
            )[0][0]
        )


def a_job() -> Job:
    return Job(
        job_id=0,
        kind="undo_deliveries",
        arguments={},
        attempts=1,
        every_seconds=2,
        lease_token="",
    )


__all__ = ["OFFICER", "REASON", "DeliveryDesk"]
