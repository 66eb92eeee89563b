"""The registry as variants: everything on, during a merge, and the bare lookup in our shape."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncpg
import httpx
from nacl.signing import SigningKey

from benchmarks import load, records
from benchmarks.cluster import free_port
from benchmarks.peers import wait_for
from benchmarks.variants import (
    Delivery,
    Measured,
    Scene,
    Served,
    Variants,
    measure_deliveries,
    measure_questions,
    send,
    trouble_of,
)
from ibr.access.partners import add_partner
from ibr.cli.db import prepare
from ibr.clock import now, written
from ibr.db.pool import owner_transaction
from ibr.registry.programmes.model import Programme
from ibr.registry.programmes.register_programme import register
from ibr.settings import Settings
from ibr_messages.jwk import check_partner_jwk, public_jwk
from ibr_messages.signature import Signer

UPDATES = "/registry/sync/enrollment/updates"
ENROLLED_PATH = "/registry/sync/enrolled"
_PRELOAD = 50_000


class Registry:
    """A registry process over a database of its own, with one partner that may do everything."""

    def __init__(self, scene: Scene, name: str, callback_urls: Sequence[str] = ()) -> None:
        self._scene = scene
        self._callback_urls = list(callback_urls)
        self.dsn = scene.cluster.url(name)
        self._folder = scene.folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._key = SigningKey.generate()
        asyncio.run(_make_database(scene.cluster.url("postgres"), name))
        settings = Settings(data_dir=self._folder, database_url=self.dsn)
        asyncio.run(prepare(settings, self.dsn))
        self._partner = asyncio.run(self._register())

    async def _register(self) -> dict[str, str]:
        async with owner_transaction(self.dsn) as connection:
            for code in records.PROGRAMMES:
                await register(connection, Programme(code=code, names={"en": code}, currency="USD"))
            return await add_partner(
                connection,
                sender_id=records.SENDER,
                name=None,
                report=["all"],
                ask=["all"],
                scopes=["all"],
                signature_policy="required",
                keys=[check_partner_jwk(public_jwk(self._key.verify_key))],
                jwks_url=None,
                callback_urls=self._callback_urls,
            )

    def start(self, role: str = "api") -> None:
        """Start it and wait until it is ready; `all` is with the worker."""
        environment = os.environ | {
            "IBR_DATA_DIR": str(self._folder),
            "IBR_DATABASE_URL": self.dsn,
            "IBR_PORT": str(self.port),
            "IBR_TOKEN_SECONDS": "3600",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ibr", "serve", "--role", role],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        wait_for(self.port, self.process)
        self.token = self._new_token()

    def _new_token(self) -> str:
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/oauth2/client/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self._partner["client_id"],
                "client_secret": self._partner["client_secret"],
            },
            trust_env=False,
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    def served(self) -> Served:
        """The process with the lanes it has started so far."""
        return Served(self.port, _tree(self.process.pid), self._scene.cluster.postmaster)

    def signer(self) -> Signer:
        kid = public_jwk(self._key.verify_key)["kid"]
        return Signer(records.SENDER, kid, self._key)

    def delivery(self, file: Path, first: int, count: int) -> Delivery:
        """Writes one signed delivery of these records, never whole in memory."""
        message_id, stamp = f"d-{first}-{count}-{time.time_ns()}", written(now())
        hasher = hashlib.sha256()
        for piece in records.updates_content(first, count, message_id, stamp):
            hasher.update(piece)
        signature = self.signer().sign_digest(hasher.digest(), time.time())
        with file.open("wb") as out:
            content = records.updates_content(first, count, message_id, stamp)
            out.writelines(records.envelope(content, signature))
        return Delivery(file, count, {"Authorization": f"Bearer {self.token}"})

    def load(self, people: int) -> None:
        """Fills the registry with the people that questions are about."""
        for first in range(0, people, _PRELOAD):
            count = min(_PRELOAD, people - first)
            delivery = self.delivery(self._scene.folder / "preload", first, count)
            if trouble := send(self.port, UPDATES, delivery):
                raise RuntimeError(trouble)
            delivery.file.unlink()
        asyncio.run(_analyse(self.dsn))

    def questions(self, file: Path, turn: int, count: int) -> None:
        """Writes signed questions, each with an id of its own."""
        signer, stamp = self.signer(), written(now())
        headers = {"Authorization": f"Bearer {self.token}"}

        def each() -> Iterator[tuple[bytes, bytes]]:
            for number in range(count):
                asked = records.question(number + turn * count, self._scene.people)
                message_id = f"q-{turn}-{number}-{time.time_ns()}"
                content = records.enrolled_content(asked.uin, asked.programme, message_id, stamp)
                signature = signer.sign(content, time.time())
                body = b"".join(records.envelope(iter([content]), signature))
                expected = load.YES if asked.enrolled else load.NO
                yield expected, load.http_request(ENROLLED_PATH, body, headers)

        load.write_requests(file, each())

    def stop(self) -> None:
        """Ends it."""
        if hasattr(self, "process"):
            self.process.terminate()
            self.process.wait(60)


async def _make_database(admin: str, name: str) -> None:
    connection = await asyncpg.connect(admin)
    await connection.execute(f"drop database if exists {name}")
    await connection.execute(f"create database {name}")
    await connection.close()


async def _analyse(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("vacuum analyze")
    await connection.execute("checkpoint")
    await connection.close()


def _tree(root: int) -> list[int]:
    children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    return [root, *(pid for child in children for pid in _tree(int(child)))]


def _enough(scene: Scene) -> int:
    """Questions for one round: both phases, at more than the rate we have seen."""
    return int(scene.seconds * (4_000 + scene.rate)) + 2_000


class OursEnrolled:
    """Token, signature, look-up, ledger, audit, commit, signed answer."""

    def start(self, scene: Scene) -> None:
        self._scene = scene
        self._registry = Registry(scene, "ours_enrolled")
        self._registry.start()
        self._registry.load(scene.people)
        self._file = scene.folder / "ours_questions"
        self._registry.questions(self._file, 99, 4_000)
        load.run(load.Plan(self._registry.port, str(self._file), scene.connections, seconds=2))

    def measure(self, turn: int) -> Measured:
        self._registry.questions(self._file, turn, _enough(self._scene))
        served = Served(
            self._registry.port, [self._registry.process.pid], self._scene.cluster.postmaster
        )
        measured, _ = measure_questions(self._scene, served, self._file)
        return measured

    def stop(self) -> None:
        if hasattr(self, "_registry"):
            self._registry.stop()


class OursDuringMerge(OursEnrolled):
    """The same at a steady rate while a large delivery is being merged."""

    def start(self, scene: Scene) -> None:
        self._scene = scene
        self._registry = Registry(scene, "ours_during_merge")
        self._registry.start()
        self._registry.load(scene.people)
        self._file = scene.folder / "ours_merge_questions"

    def measure(self, turn: int) -> Measured:
        registry, scene = self._registry, self._scene
        first = scene.people + turn * scene.records
        delivery = registry.delivery(scene.folder / "merge_delivery", first, scene.records)
        registry.questions(self._file, turn, int(scene.rate * scene.seconds) + 2_000)
        troubles: list[str] = []
        sending = threading.Thread(
            target=lambda: troubles.append(send(registry.port, UPDATES, delivery))
        )
        sending.start()
        # The body arrives and is read first; what is measured is the merge.
        time.sleep(2)
        steady = load.run(
            load.Plan(
                registry.port,
                str(self._file),
                scene.connections,
                seconds=scene.seconds,
                rate=scene.rate,
            )
        )
        still_merging = sending.is_alive()
        sending.join()
        trouble = "; ".join(filter(None, [*troubles, trouble_of(steady)]))
        if not still_merging:
            trouble = f"the delivery was merged before the questions ended; {trouble}"
        return Measured(
            done=steady.done,
            seconds=steady.seconds,
            p50_ms=steady.p50_ms,
            p95_ms=steady.p95_ms,
            p99_ms=steady.p99_ms,
            trouble=trouble,
        )


class OursLookup:
    """The bare lookup in our shape: no token, no signature, no ledger."""

    def start(self, scene: Scene) -> None:
        self._scene = scene
        registry = Registry(scene, "ours_lookup")
        registry.start()
        registry.load(scene.people)
        registry.stop()
        self._port = free_port()
        keyring = scene.folder / "ours_lookup" / "keys"
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "benchmarks.lookup_app",
                str(self._port),
                registry.dsn,
                str(keyring),
            ]
        )
        wait_for(self._port, self._process)
        self._file = scene.folder / "lookup_questions"
        load.write_requests(self._file, self._questions())
        load.run(load.Plan(self._port, str(self._file), scene.connections, seconds=2, repeat=True))

    def _questions(self) -> Iterator[tuple[bytes, bytes]]:
        for turn in range(20_000):
            asked = records.question(turn, self._scene.people)
            content = records.enrolled_content(
                asked.uin, asked.programme, f"m-{turn:032d}", "2026-01-15T09:30:00+00:00"
            )
            body = b"".join(records.envelope(iter([content]), "A" * 230))
            expected = load.YES if asked.enrolled else load.NO
            yield expected, load.http_request(ENROLLED_PATH, body)

    def measure(self, turn: int) -> Measured:
        served = Served(self._port, [self._process.pid], self._scene.cluster.postmaster)
        measured, _ = measure_questions(
            self._scene, served, self._file, first=turn * 997, repeat=True
        )
        return measured

    def stop(self) -> None:
        if hasattr(self, "_process"):
            self._process.terminate()
            self._process.wait(20)


class OursIngest:
    """One delivery from JSON bytes to commit, identifiers sealed and history kept."""

    def start(self, scene: Scene) -> None:
        self._scene = scene
        self._registry = Registry(scene, "ours_ingest")
        self._registry.start()
        self._registry.load(scene.people)

    def measure(self, turn: int) -> Measured:
        scene = self._scene
        first = scene.people + turn * scene.records
        delivery = self._registry.delivery(scene.folder / "ours_delivery", first, scene.records)
        return measure_deliveries(self._registry.served(), UPDATES, [delivery])

    def stop(self) -> None:
        if hasattr(self, "_registry"):
            self._registry.stop()


ENROLLED: Variants = {
    "ours": OursEnrolled,
    "ours_lookup": OursLookup,
    "ours_during_merge": OursDuringMerge,
}
INGEST: Variants = {"ours": OursIngest}
