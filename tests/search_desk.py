"""A small registry for the tests of search: seeded through the intake, asked through the door."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import asyncpg
from msgspec.structs import replace
from nacl.signing import SigningKey

from ibr.access.limits import RequestLimit
from ibr.access.model import Partner
from ibr.access.partners import PartnerBook
from ibr.access.scopes import SCOPES
from ibr.calls.caller import Caller as Calls
from ibr.calls.rules import AddressRules
from ibr.db.pool import open_database
from ibr.deliveries.model import Tally
from ibr.ids import new_token
from ibr.intake.enrolment_updates import Merger, merge_chunk, source_of
from ibr.intake.prepare import Preparer
from ibr.interop.dci.answers import Writer
from ibr.interop.dci.envelope import Caller, Envelopes
from ibr.interop.dci.messages.read_beneficiary import read_beneficiary
from ibr.interop.dci.search import search
from ibr.interop.dci.services import Services
from ibr.interop.dci.txn_status import txn_status
from ibr.jobs.queue import Jobs
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import new_keyring
from ibr.protection.seal import Sealer
from ibr.reported.beneficiary import Refusal
from ibr_messages.signature import Signer

T = TypeVar("T")
AS_OF = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
SENDER = "spmis.example.org"
REGISTRY = "ibr.example.org"
GOLDEN = Path(__file__).parent / "standard" / "golden"


def golden(name: str) -> dict[str, Any]:
    """A golden message of the standard by its file name."""
    return cast(dict[str, Any], json.loads((GOLDEN / f"{name}.json").read_text()))


class Desk:
    """Services over one database, and a partner that asks."""

    def __init__(self, dsn: str, programmes: dict[str, str], hidden: Sequence[str] = ()) -> None:
        self.runner = asyncio.Runner()
        self.dsn = dsn
        self.services: Services
        self.ids = self.run(self._start(programmes))
        reach = frozenset(number for code, number in self.ids.items() if code not in hidden)
        self.partner = self.partner_with(1, SENDER, reach)

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    def close(self) -> None:
        self.run(self.services.database.close())
        self.runner.close()

    async def _start(self, programmes: dict[str, str]) -> dict[str, int]:
        owner = await asyncpg.connect(self.dsn)
        for code, name in programmes.items():
            await owner.execute(
                "insert into ibr.programme (code, names, currency) values ($1, $2, 'USD') "
                "on conflict do nothing",
                code,
                json.dumps({"en": name}),
            )
        rows = await owner.fetch("select code, programme_id from ibr.programme")
        await owner.close()
        keyring = new_keyring()
        database = await open_database(self.dsn, "ibr_app", size=3, name="search tests")
        book = PartnerBook(database)
        await book.refresh()
        own = frozenset({REGISTRY})
        no_tokens = cast(Any, None)
        self.services = Services(
            database=database,
            questions=database,
            book=book,
            envelopes=Envelopes(
                book,
                no_tokens,
                own,
                RequestLimit(1_000_000),
                own_keys=no_tokens,
                partner_keys=no_tokens,
                largest_message=1_000_000,
                always_signed=False,
            ),
            partner_keys=no_tokens,
            tokens=no_tokens,
            writer=Writer(REGISTRY, Signer(REGISTRY, "k", SigningKey.generate()), 200),
            sealer=Sealer(keyring),
            blind_index=BlindIndex(keyring.index),
            spool_folder=Path("/tmp"),
            recorder=no_tokens,
            calls=Calls(AddressRules()),
            enqueue=Jobs.enqueue,
        )
        return {row["code"]: row["programme_id"] for row in rows}

    def partner_with(self, number: int, sender: str, reach: frozenset[int]) -> Partner:
        """A partner that may ask about these programmes; its messages need no signature."""
        return Partner(
            partner_id=number,
            sender_id=sender,
            name=sender,
            client_id=sender,
            secret_hash="",
            signature_policy="off",
            signature_profile="canonical",
            scopes=frozenset(SCOPES),
            ask=reach,
            report=frozenset(),
            purpose_code="enrolment_check",
            suspended=False,
        )

    def seed(self, documents: Sequence[dict[str, Any]]) -> None:
        """Takes beneficiaries in as a programme's system reports them."""
        self.run(self._seed(documents))

    async def _seed(self, documents: Sequence[dict[str, Any]]) -> None:
        services = self.services
        every = frozenset(self.ids.values())
        asker = replace(self.partner, report=every).asker(frozenset(SCOPES))
        preparer = Preparer(asker, services.book.programmes_by_code, services.blind_index)
        items = []
        for number, document in enumerate(documents):
            read = read_beneficiary(json.dumps(document).encode(), number, AS_OF, lambda _: "USD")
            assert not isinstance(read, Refusal), read
            items.append(preparer.prepare(read))
        tally = Tally()
        async with services.database.transaction(asker.reach) as connection:
            await merge_chunk(
                connection,
                Merger(services.sealer, services.blind_index),
                source_of(1, AS_OF, AS_OF),
                items,
                tally,
            )
        assert tally.refused == 0, items

    def send(
        self,
        envelope: dict[str, Any],
        partner: Partner | None = None,
        scopes: Sequence[str] = tuple(SCOPES),
    ) -> bytes:
        """The answer's bytes to a whole envelope."""
        caller = Caller(partner or self.partner, frozenset(scopes))
        action = envelope["header"]["action"]
        opened = self.services.envelopes.open(
            json.dumps(envelope).encode(), caller, frozenset({"search", "txn-status"})
        )
        operation = search if action == "search" else txn_status
        return self.run(operation(self.services, opened)).body

    def ask(
        self,
        *items: dict[str, Any],
        partner: Partner | None = None,
        transaction_id: str = "txn-1",
    ) -> list[dict[str, Any]]:
        """The items of the answer to these items of one search."""
        answer = json.loads(self.send(search_of(*items, transaction_id=transaction_id), partner))
        return cast(list[dict[str, Any]], answer["message"]["search_response"])

    def find(self, query: Any, query_type: str = "expression", **criteria: Any) -> dict[str, Any]:
        """The one item of the answer to one query."""
        if query_type == "expression":
            query = {"type": "x", "value": {"expression": {"query": query}}}
        return self.ask(item_of(query, query_type, **criteria))[0]

    def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """Rows as the owner of the database sees them."""

        async def fetched() -> list[asyncpg.Record]:
            owner = await asyncpg.connect(self.dsn, server_settings={"search_path": "ibr"})
            try:
                return list(await owner.fetch(sql, *values))
            finally:
                await owner.close()

        return self.run(fetched())


def item_of(
    query: Any, query_type: str, reference_id: str = "r1", **criteria: Any
) -> dict[str, Any]:
    """One item of a search."""
    return {
        "reference_id": reference_id,
        "timestamp": "2026-01-15T09:30:00+00:00",
        "search_criteria": {"query_type": query_type, "query": query, **criteria},
    }


def search_of(*items: dict[str, Any], transaction_id: str = "txn-1") -> dict[str, Any]:
    """A whole search with these items."""
    return envelope_of(
        "search",
        {"transaction_id": transaction_id, "search_request": list(items)},
        total_count=len(items),
    )


def envelope_of(
    action: str, message: dict[str, Any], total_count: int = 1, sender: str = SENDER
) -> dict[str, Any]:
    return {
        "header": {
            "version": "1.0.0",
            "message_id": new_token(),
            "message_ts": "2026-01-15T09:30:00+00:00",
            "action": action,
            "sender_id": sender,
            "receiver_id": REGISTRY,
            "total_count": total_count,
        },
        "message": message,
    }
