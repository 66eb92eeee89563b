"""A registry in a process of its own, over a database of its own, and a partner that signs.

Used where a test needs the real thing: real HTTP on 127.0.0.1, real processes that can be killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
from nacl.signing import SigningKey

from ibr.access.partners import add_partner
from ibr.cli.db import prepare
from ibr.db import embedded
from ibr.db.pool import owner_transaction
from ibr.settings import Settings
from ibr_messages.jwk import check_partner_jwk, public_jwk
from ibr_messages.signature import Signer
from ibr_messages.strict_json import canonical

UPDATES = "/registry/sync/enrollment/updates"
ENROLLED = "/registry/sync/enrolled"
SERVE = ("-m", "ibr", "serve")
# For the owner's connection, which adds programmes: `ibr programmes add` would start a process.
_ADD_PROGRAMME = """
    insert into ibr.programme (code, names, currency)
    values ($1, jsonb_build_object('en', $1::text), 'USD') on conflict do nothing
"""

Record = dict[str, Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def processes_below(pid: int) -> list[int]:
    """The direct children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                    found.append(int(entry.name))
    return found


class RegistryProcess:
    """Starts, kills and restarts one registry; `stop` takes everything away again."""

    def __init__(self, program: Sequence[str] = SERVE) -> None:
        # Not pytest's tmp_path: as root, the database's own user must be able to pass through.
        self.folder = Path(tempfile.mkdtemp(prefix="ibr-", dir="/tmp"))
        self.folder.chmod(0o711)
        self.settings = Settings(data_dir=self.folder)
        self.dsn = embedded.find_or_start(self.settings).dsn
        asyncio.run(prepare(self.settings, self.dsn))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.program = tuple(program)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str, patience: float = 30) -> None:
        """Starts it in a process group of its own and waits until it is ready."""
        self.launch("--port", str(self.port), *arguments)
        self.wait_until_ready(patience)

    def launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts it without waiting."""
        environment = {**os.environ, "IBR_DATA_DIR": str(self.folder)}
        command = [sys.executable, *self.program, *arguments]
        with (self.folder / "registry.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=log, start_new_session=True
            )
        return self.process

    def wait_until_ready(self, patience: float = 30) -> None:
        deadline = time.monotonic() + patience
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/health/ready", timeout=5).status_code == 200:
                    return
            if time.monotonic() > deadline or self.process is None or self.process.poll():
                raise AssertionError(f"the registry did not become ready:\n{self.log()}")
            time.sleep(0.05)

    def log(self) -> str:
        return (self.folder / "registry.log").read_text()[-4000:]

    def kill(self) -> None:
        """kill -9 of the registry and all it started; the database lives on."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def kill_database(self) -> None:
        """kill -9 of this registry's PostgreSQL: the postmaster and its children, by number."""
        data = embedded._cluster(self.settings.data_dir).data
        postmaster = int((data / "postmaster.pid").read_text().split()[0])
        # Stopped first, so that it can start no child between the look and the kill.
        os.kill(postmaster, signal.SIGSTOP)
        for pid in [*processes_below(postmaster), postmaster]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start_database(self) -> None:
        embedded.find_or_start(self.settings)

    def rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Asks the database as its owner."""

        async def ask() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.dsn)
            try:
                return list(await connection.fetch(statement, *values))
            finally:
                await connection.close()

        return asyncio.run(ask())

    def add_programmes(self, *codes: str) -> None:
        for code in codes:
            self.rows(_ADD_PROGRAMME, code)

    def add_partner(
        self, sender_id: str, programmes: Sequence[str], callback_urls: Sequence[str] = ()
    ) -> Partner:
        """A partner with a key that may report for and ask about these programmes."""
        key = SigningKey.generate()
        jwk = check_partner_jwk(public_jwk(key.verify_key))

        async def work() -> dict[str, str]:
            async with owner_transaction(self.dsn) as connection:
                return await add_partner(
                    connection,
                    sender_id=sender_id,
                    name=None,
                    report=list(programmes),
                    ask=list(programmes),
                    scopes=["all"],
                    signature_policy="required",
                    keys=[jwk],
                    jwks_url=None,
                    callback_urls=list(callback_urls),
                )

        return Partner(self, asyncio.run(work()), Signer(sender_id, jwk["kid"], key))

    def stop(self) -> None:
        """Ends the registry and its database, and removes their folders."""
        self.kill()
        cluster = embedded._cluster(self.settings.data_dir)
        embedded.stop(self.settings)
        for folder in (cluster.home, cluster.sockets, self.folder):
            shutil.rmtree(folder, ignore_errors=True)


class Partner:
    """A programme's system: makes signed messages and sends them."""

    def __init__(
        self, registry: RegistryProcess, credentials: dict[str, str], signer: Signer
    ) -> None:
        self.registry = registry
        self.credentials = credentials
        self.signer = signer
        self._token = ""

    def token(self) -> str:
        """A bearer token; it stays good when the registry is started again."""
        if not self._token:
            answer = httpx.post(
                f"{self.registry.url}/oauth2/client/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": self.credentials["client_id"],
                    "client_secret": self.credentials["client_secret"],
                },
            )
            answer.raise_for_status()
            self._token = answer.json()["access_token"]
        return self._token

    def message(self, action: str, message: dict[str, Any], count: int) -> bytes:
        """A signed message with an id of its own."""
        content = {
            "header": {
                "version": "1.0.0",
                "message_id": uuid.uuid4().hex,
                "message_ts": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "action": action,
                "sender_id": self.credentials["sender_id"],
                "receiver_id": "ibr",
                "total_count": count,
            },
            "message": {"transaction_id": uuid.uuid4().hex, **message},
        }
        signature = self.signer.sign(canonical(content), time.time())
        return msgspec.json.encode({"signature": signature, **content})

    def updates(self, records: Sequence[Record]) -> bytes:
        """An enrolment update with these beneficiaries."""
        return self.message(
            "notify", {"enrolled_updates": {"beneficiaries": list(records)}}, len(records)
        )

    def question(self, uin: str, programme: str) -> bytes:
        """Is this person enrolled in this programme?"""
        criteria = {
            "query_type": "expression",
            "query": {
                "person_identifier": {"eq": uin},
                "programme_identifier.program.programme_identifier": {"eq": programme},
            },
            "response_entity": "Member",
        }
        return self.message("search", {"enrolled_criteria": criteria}, 1)

    def post(self, client: httpx.Client, path: str, body: bytes) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self.token()}",
            "Content-Type": "application/json",
        }
        return client.post(f"{self.registry.url}{path}", content=body, headers=headers)


def person_record(uin: str, programme: str, cents: Sequence[int]) -> Record:
    """One enrolled person with a benefit of each of these values, all in March 2026."""
    return {
        "@id": f"urn:test:{programme}:{uin}",
        "@type": "Beneficiary",
        "assistance_unit": "1",
        "programme_identifier": [{"@type": "Programme", "programme_identifier": programme}],
        "enrollment_date": "2026-01-15T00:00:00+00:00",
        "enrollment_status": "1",
        "status_change_date": ["2026-01-15T00:00:00+00:00"],
        "member": {
            "@type": "Member",
            "member_identifier": [
                {"@type": "Identifier", "identifier_type": "UIN", "identifier_value": uin}
            ],
            "demographic_info": {
                "@type": "IBRPerson",
                "name": {"@type": "Name", "surname": "Haddad", "given_name": "Amina"},
                "sex": "female",
                "birth_date": "1980-02-03",
            },
        },
        "benefits": [
            {
                "@type": "Benefit",
                "benefit_type": "1",
                "benefit_date": f"2026-03-{1 + number % 28:02d}T00:00:00+00:00",
                "benefit_value": f"USD {value // 100}.{value % 100:02d}",
            }
            for number, value in enumerate(cents)
        ],
    }
