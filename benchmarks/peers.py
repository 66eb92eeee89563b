"""The peers as variants: the ordinary stack's two endpoints, and the bare COPY."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks import bare_copy, cpu, load, records
from benchmarks.cluster import free_port
from benchmarks.peer_models import Base
from benchmarks.variants import (
    Delivery,
    Measured,
    Scene,
    Served,
    Variants,
    measure_deliveries,
    measure_questions,
)

STAMP = "2026-01-15T09:30:00+00:00"
_QUESTIONS = 20_000
_PER_MESSAGE = 1_000


class _PeerProgram:
    """The peer's process over its own database."""

    def __init__(self, scene: Scene, database: str) -> None:
        self.url = scene.cluster.url(database)
        asyncio.run(_make_database(scene.cluster.url("postgres"), database, self.url))
        self.port = free_port()
        self._postmaster = scene.cluster.postmaster

    def start(self) -> Served:
        """Start the program and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peer_app", str(self.port), self.url]
        )
        wait_for(self.port, self._process)
        return Served(self.port, [self._process.pid], self._postmaster)

    def stop(self) -> None:
        """End the program."""
        if hasattr(self, "_process"):
            self._process.terminate()
            self._process.wait(20)


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait until somebody listens on this port; fail at once if the process ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the program ended with {process.returncode} before it listened")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on port {port} after {seconds} seconds")


async def _make_database(admin: str, name: str, url: str) -> None:
    connection = await asyncpg.connect(admin)
    await connection.execute(f"drop database if exists {name}")
    await connection.execute(f"create database {name}")
    await connection.close()
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as made:
        await made.run_sync(Base.metadata.create_all)
    await engine.dispose()


async def _fill(url: str, people: int) -> None:
    """Put people there by COPY and gather statistics, as in a registry that has run for a while.

    An empty start would be unfair to the peer's ingest too: the statements prepared while the
    tables are tiny keep plans that read whole tables later on.
    """
    connection = await asyncpg.connect(url)
    people_columns = ["id", "surname", "given_name", "sex", "birth_date", "region_code"]
    for rows in bare_copy.chunks(0, people):
        await connection.copy_records_to_table(
            "person",
            columns=[*people_columns, "address_line"],
            records=[(row[0] + 1, *row[1:]) for row in rows["person"]],
        )
        await connection.copy_records_to_table(
            "identifier",
            columns=["identifier_type", "identifier_value", "person_id"],
            records=[(*row[:2], row[2] + 1) for row in rows["identifier"]],
        )
        await connection.copy_records_to_table(
            "enrolment", records=[(row[0] + 1, *row[1:]) for row in rows["enrolment"]]
        )
        await connection.copy_records_to_table(
            "benefit",
            records=[
                (row[0] + 1, *row[1:4], Decimal(row[4]) / 100, *row[5:]) for row in rows["benefit"]
            ],
        )
    await connection.execute(
        "select setval('person_id_seq', max(id)) from person;"
        "select setval('identifier_id_seq', max(id)) from identifier"
    )
    await connection.execute("vacuum analyze")
    await connection.execute("checkpoint")
    await connection.close()


class PeerEnrolled:
    """FastAPI, pydantic and the ORM: the lookup and nothing else."""

    def start(self, scene: Scene) -> None:
        self._scene = scene
        self._program = _PeerProgram(scene, "peer_enrolled")
        asyncio.run(_fill(self._program.url, scene.people))
        self._requests = scene.folder / "peer_questions"
        load.write_requests(self._requests, self._questions())
        self._served = self._program.start()
        warm = load.Plan(self._served.port, str(self._requests), scene.connections, seconds=2)
        load.run(warm)

    def _questions(self) -> Iterator[tuple[bytes, bytes]]:
        for turn in range(_QUESTIONS):
            asked = records.question(turn, self._scene.people)
            content = records.enrolled_content(asked.uin, asked.programme, f"m-{turn:032d}", STAMP)
            body = b"".join(records.envelope(iter([content]), _SIGNATURE))
            expected = load.YES if asked.enrolled else load.NO
            yield expected, load.http_request("/registry/sync/enrolled", body)

    def measure(self, turn: int) -> Measured:
        # The peer keeps no message ids, so the same questions may be asked again.
        measured, _ = measure_questions(
            self._scene, self._served, self._requests, first=turn * 997, repeat=True
        )
        return measured

    def stop(self) -> None:
        if hasattr(self, "_program"):
            self._program.stop()


# As long as a real one, which the peer does not look at.
_SIGNATURE = (
    'namespace="dci", kidId="spmis.example.org|key-1|ed25519", algorithm="ed25519", '
    'created="1768469400", expires="1768469700", headers="(created) (expires) digest", '
    f'signature="{"A" * 86}=="'
)


def write_delivery(file: Path, first: int, count: int, message_id: str) -> Delivery:
    """Write one unsigned EnrollmentUpdates message of these records."""
    content = records.updates_content(first, count, message_id, STAMP)
    with file.open("wb") as out:
        out.writelines(records.envelope(content, _SIGNATURE))
    return Delivery(file, count, {})


class PeerIngest:
    """FastAPI, pydantic and the ORM, record by record."""

    def start(self, scene: Scene) -> None:
        self._scene = scene
        self._program = _PeerProgram(scene, "peer_ingest")
        asyncio.run(_fill(self._program.url, scene.people))
        self._served = self._program.start()
        warm = write_delivery(scene.folder / "peer_warm", 90_000_000, 100, "warm")
        measure_deliveries(self._served, "/registry/sync/enrollment/updates", [warm])

    def measure(self, turn: int) -> Measured:
        first = self._scene.people + turn * self._scene.peer_records
        deliveries = [
            write_delivery(
                self._scene.folder / f"peer_{start}",
                start,
                min(_PER_MESSAGE, first + self._scene.peer_records - start),
                f"d-{start}",
            )
            for start in range(first, first + self._scene.peer_records, _PER_MESSAGE)
        ]
        return measure_deliveries(self._served, "/registry/sync/enrollment/updates", deliveries)

    def stop(self) -> None:
        if hasattr(self, "_program"):
            self._program.stop()


class BareCopy:
    """COPY of rows that are already tuples: no variant can be faster over one connection."""

    def start(self, scene: Scene) -> None:
        self._scene = scene
        self._url = scene.cluster.url("postgres")

    def measure(self, turn: int) -> Measured:
        count = self._scene.records
        asyncio.run(bare_copy.empty_tables(self._url))
        before = cpu.tree_seconds([self._scene.cluster.postmaster])
        seconds = asyncio.run(bare_copy.copy(self._url, turn * count, count))
        spent = cpu.tree_seconds([self._scene.cluster.postmaster]) - before
        # The client's CPU also makes the rows, so only PostgreSQL's is a figure worth keeping.
        return Measured(done=count, seconds=seconds, postgres_us=spent * 1e6 / count)

    def stop(self) -> None:
        """Nothing runs between rounds."""


ENROLLED: Variants = {"peer": PeerEnrolled}
INGEST: Variants = {"peer": PeerIngest, "bare_copy": BareCopy}
