"""Another registry, made up: what the registry asks of it, and what it answers and tells."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import uvicorn

from ibr.app import build_services
from ibr.calls.rules import AddressRules
from ibr.clock import now, written
from ibr.db.pool import owner_transaction
from ibr.ids import new_token
from ibr.interop.dci.services import Services
from ibr.interop.dci.source_requests import carry_out
from ibr.interop.dci.source_watch import keep_listening, watch
from ibr.outbox.put import opened
from ibr.protection.keyring import open_keyring
from ibr.protection.seal import Sealer
from ibr.sources.asked.model import Chosen
from ibr.sources.asked.orders import order
from ibr.sources.register_source import Agreement, add_source, end_source, find_source
from ibr.sources.told.learn import told_about
from tests.door import Door, Json, Reply, System
from tests.people import an_identifier

SCOPES = (
    "registry.on-search",
    "registry.on-subscribe",
    "registry.on-unsubscribe",
    "registry.txn.on-status",
    "registry.notify",
)
ADDRESS = "https://other.example.org/dci"


class Sent(msgspec.Struct):
    """One message that the registry promised to another one."""

    address: str
    kind: str
    header: Json
    message: Json

    @property
    def transaction_id(self) -> str:
        return self.message["transaction_id"]

    @property
    def items(self) -> list[Json]:
        return self.message.get("search_request") or self.message["subscribe_request"]

    @property
    def values(self) -> list[str]:
        """The identifiers asked about."""
        return [
            (
                each["search_criteria"]["query"]
                if "search_criteria" in each
                else each["subscribe_criteria"]["filter"]
            )["value"]
            for each in self.items
        ]

    def reference_of(self, value: str) -> str:
        return self.items[self.values.index(value)]["reference_id"]


@asynccontextmanager
async def served(application: Any) -> AsyncIterator[str]:
    """The address of an ASGI application that listens on 127.0.0.1."""
    # Named as TCP, or asyncio leaves out TCP_NODELAY and every answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            application, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
        )
    )
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()


@contextmanager
def worker_of(door: Door) -> Iterator[Services]:
    """What the worker's jobs work with, with the rights of its role."""
    services = door.run(build_services(door.settings, door.dsn, "ibr_worker", 4))
    try:
        yield services
    finally:
        for each in (services.database, services.questions, services.calls):
            door.run(each.close())


class OtherRegistry:
    """A source over the door of a test; nothing of it is on any network."""

    def __init__(
        self, door: Door, services: Services, kind: str, *, address: str = ADDRESS, **agreement: Any
    ) -> None:
        """`services` are the worker's."""
        self.door = door
        self.system: System = door.partner(scopes=SCOPES, report=(), ask=())
        self.services = services
        door.run(services.book.refresh(0))
        self._seen = 0
        given = Agreement(
            **{
                "sender_id": self.system.sender_id,
                "kind": kind,
                "address": address,
                "token_address": f"{address}/oauth2/client/token",
                "client_id": "ibr-there",
                "client_secret": "a secret of ours",
                "purpose_code": "coverage_analysis",
                "purpose_text": "Coverage of people with disabilities",
                "legal_basis": "Data sharing agreement 7/2026",
                **agreement,
            }
        )
        door.run(self._add(given))

    async def _add(self, given: Agreement) -> None:
        sealer = Sealer(open_keyring(self.door.settings.data_dir / "keys", create=False))
        async with owner_transaction(self.door.dsn) as owner:
            await add_source(owner, sealer, AddressRules(local=True), given, now())

    @property
    def source_id(self) -> int:
        return self.door.owner(
            "select source_id from source_registry s join partner p using (partner_id) "
            "where sender_id = $1",
            self.system.sender_id,
        )[0][0]

    def order(self, kind: Any, **chosen: Any) -> list[Sent]:
        """Orders something and carries it out; what was promised."""
        number = self.door.run(self._order(kind, Chosen(**chosen)))
        self.door.run(carry_out(self.services, number))
        return self.sent()

    async def _order(self, kind: Any, chosen: Chosen) -> int:
        async with owner_transaction(self.door.dsn) as owner:
            source = await find_source(owner, self.system.sender_id)
            return await order(owner, source, kind, chosen, now())

    def end(self) -> None:
        self.door.run(self._end())

    async def _end(self) -> None:
        async with owner_transaction(self.door.dsn) as owner:
            await end_source(owner, self.system.sender_id, now())

    def sent(self) -> list[Sent]:
        """What was promised to it since it was last looked at."""
        rows = self.door.owner(
            "select message_no, address, kind, message_id, content from outgoing_message "
            "join partner using (partner_id) where sender_id = $1 and message_no > $2 order by 1",
            self.system.sender_id,
            self._seen,
        )
        self._seen = rows[-1]["message_no"] if rows else self._seen
        found = []
        for row in rows:
            content = msgspec.json.decode(
                opened(self.door.services.sealer, row["content"], row["message_id"])
            )
            found.append(Sent(row["address"], row["kind"], content["header"], content["message"]))
        return found

    def tell(self, path: str, message: Json | None, action: str, **header: Any) -> Reply:
        """Posts a message to one of the registry's own addresses."""
        return self.system.post(path, self.written(message, action, **header))

    def written(self, message: Json | None, action: str, **header: Any) -> bytes:
        head = self.system.header(action, 1) | {"status": "succ", **header}
        return self.system.sealed(head, message)

    def answer(
        self, sent: Sent, found: Mapping[str, Any], *, at: str | None = None, **changes: Any
    ) -> Reply:
        """The answer to a search: the records found by the value asked for."""
        return self.tell(ON_SEARCH, self.answered(sent, found, at=at, **changes), "on-search")

    def answered(
        self, sent: Sent, found: Mapping[str, Any], *, at: str | None = None, **changes: Any
    ) -> Json:
        return {
            "transaction_id": sent.transaction_id,
            "correlation_id": "corr-1",
            "search_response": [
                {
                    "reference_id": sent.reference_of(value),
                    "timestamp": at or written(now()),
                    "status": "succ",
                    "data": {"reg_record_type": "Person", "reg_records": records},
                }
                for value, records in found.items()
            ],
            **changes,
        }

    def subscribed(self, sent: Sent, **changes: Any) -> Reply:
        """Gives every subscription asked for a code of its own."""
        items = [
            {
                "reference_id": each["reference_id"],
                "timestamp": written(now()),
                "status": "succ",
                "subscriptions": [{"code": code_of(each), "status": "subscribe"}],
            }
            for each in sent.items
        ]
        message = {
            "transaction_id": sent.transaction_id,
            "correlation_id": "corr-2",
            "subscribe_response": items,
            **changes,
        }
        return self.tell(ON_SUBSCRIBE, message, "on-subscribe")

    def notify(
        self, *records: Json, code: str | None, event: str | None = None, at: str | None = None
    ) -> Reply:
        """News under a subscription's code, one event a record."""
        return self.tell(NOTIFY, self.news(*records, code=code, event=event, at=at), "notify")

    def news(
        self, *records: Json, code: str | None, event: str | None = None, at: str | None = None
    ) -> Json:
        data: Json = {"reg_record_type": "Person"}
        if event:
            data["reg_event_type"] = event
        if code:
            data["subscription_code"] = code
        return {
            "transaction_id": new_token(),
            "notify_event": [
                {
                    "reference_id": str(number),
                    "timestamp": at or written(now()),
                    "data": {**data, "reg_records": record},
                }
                for number, record in enumerate(records)
            ],
        }

    def watch(self, *, late: bool = False) -> list[Sent]:
        """What the registry does by itself every minute; `late` lets every answer be overdue."""
        if late:
            self.door.owner("update own_transaction set due_at = now() - interval '1 second'")
        self.door.run(watch(self.services))
        return self.sent()

    def next_day(self) -> list[Sent]:
        """What the registry does by itself every day, with the orders that follow."""
        self.door.run(keep_listening(self.services))
        for row in self.door.owner(
            "select order_no from source_order where done_at is null order by 1"
        ):
            self.door.run(carry_out(self.services, row["order_no"]))
        return self.sent()

    def known(self) -> list[tuple[str, Any, str]]:
        """What it told: attribute, as of, and which subject, in no order that matters."""
        return [
            (row["attribute"], row["as_of"], row["subject_index"].hex())
            for row in self.door.owner(
                "select attribute, as_of, subject_index from known_attribute "
                "where source_id = $1 order by 1, 2, 3",
                self.source_id,
            )
        ]

    def dropped(self) -> dict[str, int]:
        """What the last message was told to have left out."""
        row = self.door.owner(
            "select details from audit_event where kind = 'source.told' "
            "order by event_id desc limit 1"
        )[0]
        return msgspec.json.decode(row["details"]).get("dropped", {})


ON_SEARCH = "/callbacks/registry/on-search"
ON_SUBSCRIBE = "/callbacks/registry/on-subscribe"
ON_UNSUBSCRIBE = "/callbacks/registry/on-unsubscribe"
NOTIFY = "/callbacks/registry/notify"
ON_STATUS = "/callbacks/registry/txn/on-status"


def code_of(item: Json) -> str:
    """The code that the made-up registry gives: the value it is about, or that it is about all."""
    narrowed = item["subscribe_criteria"]["filter"]
    return f"sub-{narrowed['value']}" if isinstance(narrowed["value"], str) else "sub-all"


def disabled_person(uin: str, *, severity: str = "3", **further: Any) -> Json:
    """A record of a disability registry."""
    return {
        "@type": "DisabledPerson",
        "member_identifier": [an_identifier(uin)],
        "is_disabled": True,
        "disability_info": [
            {"functional_limitation_type": "MOB_SS", "functional_severity": severity}
        ],
        **further,
    }


def household(number: str, *uins: str, score: float, **further: Any) -> Json:
    """A record of a social registry: a group with its head and members."""
    people = [{"member_identifier": [an_identifier(uin)]} for uin in uins]
    return {
        "@type": "Group",
        "group_identifier": [an_identifier(number, "HOUSEHOLD")],
        "group_head_info": people[0],
        "member_list": people,
        "poverty_score": score,
        "group_size": len(uins),
        **further,
    }


def dead_person(uin: str, day: str | None, **further: Any) -> Json:
    """A record of a civil registry."""
    return {
        "@type": "CRVS_Person",
        "identifier": an_identifier(uin),
        "name": {"surname": "Phumchai"},
        "death_date": day or "",
        **further,
    }


def day(number: int) -> str:
    return written(datetime(2026, 3, number, tzinfo=UTC))


def values_of(registry: OtherRegistry, uin: str) -> dict[str, Sequence[Any]]:
    """What the registry now knows from this source about somebody: value, and history below."""
    door = registry.door
    return door.run(_values(registry, registry.source_id, door.services.blind_index.of("UIN", uin)))


async def _values(
    registry: OtherRegistry, source_id: int, subject: bytes
) -> dict[str, Sequence[Any]]:
    services = registry.door.services
    async with services.database.transaction(()) as connection:
        sayings = await told_about(connection, services.sealer, [subject])
    return {
        name: [each.now.value, *(before.value for before in each.before)]
        for saying in sayings
        if saying.source_id == source_id
        for name, each in saying.known.items()
    }
