"""Callbacks a second: from rows of the outbox to a receiver's Ack, signed one by one.

The rows are there before the worker starts. What is timed lies between the first twentieth of
them and the last, so the worker's start is not in it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
from nacl.signing import SigningKey

from benchmarks import cpu
from benchmarks.cluster import free_port
from benchmarks.ours import Registry
from benchmarks.variants import Measured, Scene, Variants
from ibr.access.partners import add_partner
from ibr.app import build_services
from ibr.clock import now, written
from ibr.db.pool import owner_transaction
from ibr.ids import new_token
from ibr.interop.dci.outgoing import Outgoing, promise
from ibr.settings import Settings
from ibr_messages.jwk import check_partner_jwk, public_jwk

_BLOCK = 500
_PATIENCE = 120.0


def _record(number: int) -> dict[str, object]:
    """Of the size of a record that a search shows."""
    return {
        "@type": "Beneficiary",
        "assistance_unit": "1",
        "member": {
            "@type": "Member",
            "member_identifier": [
                {"identifier_type": "UIN", "identifier_value": f"{number:012d}"},
                {"identifier_type": "NATIONAL_ID", "identifier_value": f"{number:010d}"},
            ],
            "demographic_info": {
                "name": {"surname": f"Surname {number}", "given_name": f"Name {number}"},
                "sex": "female",
                "birth_date": "1980-02-03",
                "address": [{"address_line1": f"House {number}", "region_code": "R1"}],
            },
        },
        "programme_identifier": [{"programme_identifier": "DCI001"}],
        "enrollment_date": "2026-01-15T00:00:00+00:00",
        "enrollment_status": "1",
        "benefits": [
            {"benefit_type": "1", "benefit_date": "2026-03-01T00:00:00Z", "benefit_value": "USD 5"}
            for _ in range(3)
        ],
    }


class Callbacks:
    """Signed callbacks to so many receivers, each a partner of its own."""

    receivers = 1

    def start(self, scene: Scene) -> None:
        self._scene = scene
        name = f"callbacks_{self.receivers}"
        self._registry = Registry(scene, name)
        self._folder = scene.folder / name
        self._ports = [free_port() for _ in range(self.receivers)]
        self._receiver = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.ack_receiver", *map(str, self._ports)],
            stdout=subprocess.PIPE,
        )
        assert self._receiver.stdout is not None
        self._receiver.stdout.readline()
        self._senders = asyncio.run(self._add_partners())

    async def _add_partners(self) -> list[str]:
        senders = []
        async with owner_transaction(self._registry.dsn) as connection:
            for number, port in enumerate(self._ports):
                key = SigningKey.generate()
                made = await add_partner(
                    connection,
                    sender_id=f"receiver-{number}",
                    name=None,
                    report=["all"],
                    ask=["all"],
                    scopes=["all"],
                    signature_policy="required",
                    keys=[check_partner_jwk(public_jwk(key.verify_key))],
                    jwks_url=None,
                    callback_urls=[f"http://127.0.0.1:{port}/callback"],
                )
                senders.append(made["sender_id"])
        return senders

    async def _promise(self, count: int) -> None:
        """Promises so many messages, spread over the receivers."""
        settings = Settings(data_dir=self._folder, database_url=self._registry.dsn)
        services = await build_services(settings, self._registry.dsn, "ibr_app", 2)
        everyone = {each.sender_id: each for each in await services.book.everyone()}
        partners = [everyone[each] for each in self._senders]
        for first in range(0, count, _BLOCK):
            at = now()
            messages = []
            for number in range(first, min(first + _BLOCK, count)):
                partner = partners[number % len(partners)]
                item = {
                    "reference_id": f"r-{number}",
                    "timestamp": written(at),
                    "status": "succ",
                    "data": {"reg_records": [_record(number)]},
                }
                ids = {"transaction_id": new_token(), "correlation_id": new_token()}
                messages.append(
                    Outgoing(
                        partner=partner,
                        kind="on-search",
                        address=partner.callback_urls[0],
                        header=services.writer.header(
                            "on-search",
                            partner.sender_id,
                            status="succ",
                            total=1,
                            completed=1,
                            at=at,
                        ),
                        message={**ids, "search_response": [item]},
                        correlation_id=ids["correlation_id"],
                        at=at,
                    )
                )
            async with services.database.transaction(()) as connection:
                await promise(services, connection, messages)
        await services.calls.close()
        await services.database.close()
        await services.questions.close()

    def measure(self, turn: int) -> Measured:
        count = self._scene.callbacks
        asyncio.run(self._promise(count))
        environment = os.environ | {
            "IBR_DATA_DIR": str(self._folder),
            "IBR_DATABASE_URL": self._registry.dsn,
        }
        log = (self._folder / f"worker-{turn}.log").open("wb")
        worker = subprocess.Popen(
            [sys.executable, "-m", "ibr", "serve", "--role", "worker"],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            return asyncio.run(self._timed(worker, count, Path(log.name)))
        finally:
            worker.terminate()
            worker.wait(60)
            log.close()

    async def _timed(self, worker: subprocess.Popen[bytes], count: int, log: Path) -> Measured:
        connection = await asyncpg.connect(self._registry.dsn)
        begun = time.monotonic()
        first, at, memory, before = 0, 0.0, 0.0, None
        try:
            while True:
                left = await connection.fetchval(
                    "select count(*) from ibr.outgoing_message where state = 'waiting'"
                )
                done, moment = count - left, time.monotonic()
                if before is None and done >= count / 20:
                    first, at = done, moment
                    before = cpu.spent([worker.pid], self._scene.cluster.postmaster)
                    memory = cpu.memory_mb([worker.pid])
                if not left or moment - begun > _PATIENCE or worker.poll() is not None:
                    break
                await asyncio.sleep(0.1)
            tries = await connection.fetchval(
                "select sum(attempts) from ibr.outgoing_message where state = 'delivered'"
            )
            await connection.execute("truncate ibr.outgoing_message")
        finally:
            await connection.close()
        if before is None or left:
            return Measured(trouble=f"{left} of {count} left; {log.read_text()[-300:]}")
        spent = cpu.spent([worker.pid], self._scene.cluster.postmaster).since(before)
        timed = count - first
        return Measured(
            done=timed,
            seconds=moment - at,
            app_us=spent.app / timed * 1e6,
            postgres_us=spent.postgres / timed * 1e6,
            memory_mb=cpu.memory_mb([worker.pid]) - memory,
            trouble="" if tries == count else f"{tries} tries of {count}",
        )

    def stop(self) -> None:
        if hasattr(self, "_receiver"):
            self._receiver.terminate()
            self._receiver.wait(20)


class ManyReceivers(Callbacks):
    """The same to eight receivers."""

    receivers = 8


CALLBACKS: Variants = {"one_receiver": Callbacks, "eight_receivers": ManyReceivers}
