"""The standard's door without a network: partners with keys, posting to the application itself.

Everything runs on one event loop of the fixture's own, so that tests are plain sentences.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
import httpx
import msgspec
from nacl.signing import SigningKey

from ibr.access.partners import add_partner
from ibr.app import build_services
from ibr.clock import now, written
from ibr.db.pool import owner_transaction
from ibr.ids import new_token
from ibr.interop.dci import bulk
from ibr.interop.dci.envelope import raw_digest
from ibr.interop.dci.keys import make_missing_keys
from ibr.interop.dci.routes import StandardDoor
from ibr.interop.dci.services import Services
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.registry.programmes.model import Programme
from ibr.registry.programmes.register_programme import register
from ibr.settings import Settings
from ibr_messages.jwk import check_partner_jwk, public_jwk
from ibr_messages.signature import Signer
from ibr_messages.strict_json import canonical

T = TypeVar("T")
Json = dict[str, Any]

ENROLLED: Final = "/registry/sync/enrolled"
SEARCH: Final = "/registry/sync/search"
UPDATES: Final = "/registry/sync/enrollment/updates"
STATUS: Final = "/registry/sync/txn/status"
SEARCH_LATER: Final = "/registry/search"
SUBSCRIBE: Final = "/registry/subscribe"
UNSUBSCRIBE: Final = "/registry/unsubscribe"
STATUS_LATER: Final = "/registry/txn/status"
TOKEN: Final = "/oauth2/client/token"
JWKS: Final = "/.well-known/jwks.json"
MESSAGES: Final = (ENROLLED, SEARCH, UPDATES, STATUS)
LATER: Final = (SEARCH_LATER, SUBSCRIBE, UNSUBSCRIBE, STATUS_LATER)
REGISTRY: Final = "ibr.example.org"


class Reply(msgspec.Struct):
    """What came back."""

    status: int
    raw: bytes
    headers: Mapping[str, str]

    @property
    def body(self) -> Json:
        return msgspec.json.decode(self.raw)

    @property
    def message(self) -> Json:
        return self.body["message"]

    @property
    def error(self) -> str | None:
        return self.message.get("error", {}).get("code")

    @property
    def text(self) -> str:
        return self.message["error"]["message"]

    @property
    def items(self) -> list[Json]:
        return self.message["enrolled_response"]

    @property
    def says(self) -> list[str]:
        """The answers to a yes/no question."""
        return [item["enrolled_status"] for item in self.items]

    @property
    def outcomes(self) -> list[str]:
        return [item["status"] for item in self.items]


async def _nothing_else(scope: Json, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Door:
    """The door over one database, and what a test needs to walk through it."""

    def __init__(
        self, dsn: str, folder: Path, programmes: Sequence[Programme], **settings: Any
    ) -> None:
        self.dsn = dsn
        self.settings = Settings(data_dir=folder, requests_per_minute=10_000_000, **settings)
        self.runner = asyncio.Runner()
        self.services: Services
        self.run(self._start(programmes))

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    async def _start(self, programmes: Sequence[Programme]) -> None:
        keyring = open_keyring(self.settings.data_dir / "keys", create=True)
        async with owner_transaction(self.dsn) as owner:
            # Nothing here pulls the plug; tests/faults does, on a database of its own.
            await owner.execute(
                "do $$ begin execute format('alter database %I set synchronous_commit = off', "
                "current_database()); end $$"
            )
            await make_missing_keys(owner, Sealer(keyring), now())
            for programme in programmes:
                await register(owner, programme)
        self.services = await build_services(self.settings, self.dsn, "ibr_app", 4)
        await self.services.book.refresh()
        self.bulk = bulk.Bulk(self.services, 64 * 1024 * 1024, self._lane)
        self.app = StandardDoor(
            self.services, self.bulk, _nothing_else, self.settings.max_message_bytes
        )
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=True),
            base_url="http://registry.test",
        )

    def _lane(self, number: int) -> Executor:
        """A thread instead of a process: the same code, no second interpreter to start."""
        return ThreadPoolExecutor(1, initializer=self._start_lane)

    def _start_lane(self) -> None:
        here = bulk._Here
        here.loop = asyncio.new_event_loop()
        here.services = here.loop.run_until_complete(
            build_services(self.settings, self.dsn, "ibr_worker", 3)
        )
        here.loop.run_until_complete(here.services.book.refresh())

    def close(self) -> None:
        for lane in self.bulk._lanes.values():
            lane.submit(_close_lane).result()
            lane.shutdown()
        self.run(self.client.aclose())
        self.run(self.services.database.close())
        self.run(self.services.questions.close())
        self.runner.close()

    def partner(self, sender_id: str | None = None, **rights: Any) -> System:
        """A partner with a key of its own; without further words it may do everything."""
        return self.run(self._partner(sender_id or f"spmis-{new_token()[:8]}", **rights))

    async def _partner(
        self,
        sender_id: str,
        *,
        report: Sequence[str] = ("all",),
        ask: Sequence[str] = ("all",),
        scopes: Sequence[str] = ("all",),
        signature: str = "required",
        profile: str = "canonical",
        callback_urls: Sequence[str] = (),
    ) -> System:
        key = SigningKey.generate()
        async with owner_transaction(self.dsn) as owner:
            made = await add_partner(
                owner,
                sender_id=sender_id,
                name=None,
                report=list(report),
                ask=list(ask),
                scopes=list(scopes),
                signature_policy=signature,
                keys=[check_partner_jwk(public_jwk(key.verify_key))],
                jwks_url=None,
                callback_urls=list(callback_urls),
            )
            await owner.execute(
                "update ibr.partner set signature_profile = $2 where sender_id = $1",
                sender_id,
                profile,
            )
        await self.services.book.refresh(0)
        partner = await self.services.book.by_client(made["client_id"])
        assert partner is not None
        token = self.services.tokens.make(partner.client_id, partner.scopes)
        return System(self, sender_id, made, key, token, signature, profile)

    def owner(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """A statement as the owner of the database; its rows."""
        return self.run(self._owner(statement, values))

    async def _owner(self, statement: str, values: Sequence[Any]) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn, server_settings={"search_path": "ibr"})
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    def count(self, table: str) -> int:
        return self.owner(f"select count(*) from {table}")[0][0]

    def request(self, method: str, path: str, **what: Any) -> Reply:
        return self.run(self.requested(method, path, **what))

    async def requested(self, method: str, path: str, **what: Any) -> Reply:
        answer = await self.client.request(method, path, **what)
        return Reply(answer.status_code, answer.content, answer.headers)


def _close_lane() -> None:
    here = bulk._Here
    assert here.loop is not None
    assert here.services is not None
    here.loop.run_until_complete(here.services.database.close())
    here.loop.run_until_complete(here.services.questions.close())
    here.loop.close()
    here.loop = here.services = None


class System:
    """One partner's system."""

    def __init__(
        self,
        door: Door,
        sender_id: str,
        credentials: Mapping[str, str],
        key: SigningKey,
        token: str,
        signature: str,
        profile: str,
    ) -> None:
        self.door = door
        self.sender_id = sender_id
        self.credentials = credentials
        self.key = key
        self.kid = public_jwk(key.verify_key)["kid"]
        self.signer = Signer(sender_id, self.kid, key)
        self.token = token
        self.signs = signature == "required"
        self.profile = profile

    def header(self, action: str, count: int, **changes: Any) -> Json:
        return {
            "version": "1.0.0",
            "message_id": new_token(),
            "message_ts": written(datetime.now(UTC)),
            "action": action,
            "sender_id": self.sender_id,
            "receiver_id": REGISTRY,
            "total_count": count,
            "is_msg_encrypted": False,
            **changes,
        }

    def sealed(self, header: Any, message: Any) -> bytes:
        """The body, signed in the partner's own profile."""
        content = canonical({"header": header, "message": message})
        if not self.signs:
            return content
        if self.profile == "raw":
            signature = self.signer.sign_digest(raw_digest(content), time.time())
        else:
            signature = self.signer.sign(content, time.time())
        return b'{"signature":' + canonical(signature) + b"," + content[1:]

    def updates(self, records: Sequence[Json], **changes: Any) -> bytes:
        header = self.header("notify", len(records)) | {"status": "succ", **changes}
        message = {
            "transaction_id": new_token("txn-"),
            "enrolled_updates": {"beneficiaries": list(records)},
        }
        return self.sealed(header, message)

    def question(
        self,
        who: str | Json,
        programme: str,
        entity: str | None = "Member",
        by: str = "person_identifier",
        **changes: Any,
    ) -> bytes:
        condition = who if isinstance(who, dict) else {"eq": who}
        criteria = {
            "query_type": "expression",
            "query": {
                by: condition,
                "programme_identifier.programme_identifier": {"eq": programme},
            },
        }
        if entity:
            criteria["response_entity"] = entity
        message = {"transaction_id": new_token("txn-"), "enrolled_criteria": criteria}
        return self.sealed(self.header("search", 1) | changes, message)

    def post(self, path: str, body: bytes, **headers: str | None) -> Reply:
        return self.door.run(self.posted(path, body, **headers))

    async def posted(self, path: str, body: bytes, **headers: str | None) -> Reply:
        """Posts with the partner's token; a header given as None is left out."""
        sent = {
            "authorization": f"Bearer {self.token}",
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        kept = {name: value for name, value in sent.items() if value is not None}
        return await self.door.requested("POST", path, content=body, headers=kept)

    def report(self, *records: Json, **changes: Any) -> Reply:
        return self.post(UPDATES, self.updates(records, **changes))

    def ask(
        self, who: str | Json, programme: str, entity: str | None = "Member", **more: Any
    ) -> Reply:
        return self.post(ENROLLED, self.question(who, programme, entity, **more))
