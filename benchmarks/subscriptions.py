"""Many changes against many subscriptions: how long until everybody's news are known.

Records are put straight into the tables, because what is measured begins at the feed of changes.
Each mix of subscriptions is matched with the same changes; beside it stands what one statement
for each subscription and block would take, measured on a few of them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import asyncpg

from benchmarks.cluster import Cluster
from benchmarks.report import machine, markdown
from ibr.access.partners import PartnerBook, add_partner
from ibr.access.scopes import SUBSCRIBE
from ibr.asker import Asker, Purpose
from ibr.clock import now
from ibr.db.migrate import upgrade
from ibr.db.pool import Connection, Database, open_database, owner_transaction
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import new_keyring
from ibr.protection.seal import Sealer
from ibr.questions.filters import compare, compare_identifier
from ibr.registry.programmes.model import Programme
from ibr.registry.programmes.register_programme import register
from ibr.registry.search.matching.model import Asked
from ibr.registry.search.matching.store import shapes
from ibr.registry.search.model import And, Filter, Not, Or
from ibr.registry.search.store import FROM, Compiled
from ibr.subscriptions import store
from ibr.subscriptions.feed.match import Matcher
from ibr.subscriptions.model import Frequency, Wish
from ibr.subscriptions.subscribe import Subscriber

PROGRAMMES = tuple(f"P{number:02d}" for number in range(12))
REGIONS = tuple(f"R{number:02d}" for number in range(47))
DISTRICTS = 500
BLOCK = 5_000
SAMPLE = 30


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    people: int
    changes: int
    subscriptions: int


def uin(number: int) -> str:
    return f"U{number:010d}"


def one_person(chance: random.Random, size: Size) -> Filter:
    return compare_identifier("eq", uin(chance.randrange(size.people)), "UIN", kind="UIN")


def a_case_load(chance: random.Random, size: Size) -> Filter:
    """Fifty people by name, as an officer's list."""
    listed = [uin(chance.randrange(size.people)) for _ in range(50)]
    return compare_identifier("in", listed, "UIN", kind="UIN")


def a_district(chance: random.Random, _size: Size) -> Filter:
    """Who left one programme or was suspended, in one district."""
    return And(
        (
            compare("programme", "eq", chance.choice(PROGRAMMES), "programme"),
            compare("status", "in", ["2", "3", "4"], "status"),
            compare("sub_region", "eq", f"D{chance.randrange(DISTRICTS):03d}", "district"),
        )
    )


def programme_and_status(chance: random.Random, _size: Size) -> Filter:
    return And(
        (
            compare("programme", "eq", chance.choice(PROGRAMMES), "programme"),
            compare("status", "eq", chance.choice("1234567"), "status"),
        )
    )


def a_region(chance: random.Random, _size: Size) -> Filter:
    return compare("region", "in", chance.sample(REGIONS, chance.randint(1, 3)), "region")


def a_tree(chance: random.Random, _size: Size) -> Filter:
    """Old people of some regions or disabled ones, with a recent benefit, not graduated."""
    return And(
        (
            Or(
                (
                    And(
                        (
                            compare("born_on", "lt", f"19{chance.randint(41, 45)}", "born"),
                            compare("region", "in", chance.sample(REGIONS, 3), "region"),
                        )
                    ),
                    And(
                        (
                            compare("disabled", "eq", "true", "disabled"),
                            compare("sub_region", "eq", f"D{chance.randrange(DISTRICTS):03d}", "d"),
                        )
                    ),
                )
            ),
            Not(compare("status", "eq", "3", "status")),
            compare("enrolled_on", "ge", "2025-06", "enrolled"),
        )
    )


Mix = Callable[[random.Random, Size], Filter]
MIXES: dict[str, tuple[Mix, ...]] = {
    "one person each": (one_person,),
    "fifty people each": (a_case_load,),
    "programme, status and district": (a_district,),
    "programme and status": (programme_and_status,),
    "one to three regions": (a_region,),
    "trees of conditions": (a_tree,),
    "a quarter each of persons, districts, trees and lists": (
        one_person,
        a_district,
        a_tree,
        a_case_load,
    ),
}


class Bench:
    """A registry's tables, and a matcher over them."""

    def __init__(self, cluster: Cluster, size: Size) -> None:
        self._size = size
        self._dsn = cluster.url("subscriptions")
        self._admin = cluster.url("postgres")
        self._keyring = new_keyring()
        self._index = BlindIndex(self._keyring.index)
        self._sealer = Sealer(self._keyring)

    async def prepare(self) -> None:
        admin = await asyncpg.connect(self._admin)
        await admin.execute("drop database if exists subscriptions")
        await admin.execute("create database subscriptions")
        await admin.close()
        await upgrade(self._dsn, now().date())
        async with owner_transaction(self._dsn) as owner:
            for code in PROGRAMMES:
                await register(owner, Programme(code=code, names={"en": code}, currency="USD"))
            for number in range(10):
                await add_partner(
                    owner,
                    sender_id=f"subscriber-{number}",
                    name=None,
                    report=[],
                    ask=["all"],
                    scopes=["all"],
                    signature_policy="required",
                    keys=[],
                    jwks_url=None,
                    callback_urls=["https://subscriber.example.org/notify"],
                )
            await _load(owner, self._size, self._index)
        connection = await asyncpg.connect(self._dsn)
        await connection.execute("vacuum analyze")
        await connection.close()
        self.database: Database = await open_database(self._dsn, "ibr_worker", size=4, name="bench")
        self.book = PartnerBook(self.database)
        await self.book.refresh()

    async def subscribe(self, mix: str) -> None:
        """Takes the subscriptions of the mix before away and makes these."""
        async with owner_transaction(self._dsn) as owner:
            await owner.execute(
                "delete from notification; delete from subscription; delete from change"
            )
        await self._matcher().run()
        chance = random.Random(mix)
        kinds = MIXES[mix]
        async with self.database.transaction(()) as connection:
            for number in range(self._size.subscriptions):
                asker = Asker(
                    kind="partner",
                    id=1 + number % 10,
                    name="",
                    purpose=Purpose("bench"),
                    ask=frozenset(range(1, 13)),
                    scopes=frozenset({SUBSCRIBE}),
                )
                subscriber = Subscriber(connection, self._sealer, self._index, asker, now())
                await subscriber.subscribe(
                    Wish(
                        event="status_changed",
                        filter=kinds[number % len(kinds)](chance, self._size),
                        # Two subscribers may ask the same; nobody asks the same twice.
                        frequency=Frequency(end_at=now() + timedelta(days=365, seconds=number)),
                        criteria={},
                        reg_type=None,
                        purpose=Purpose("bench"),
                        notify_address=None,
                    )
                )

    async def change(self) -> None:
        """As many changes of status as are to be matched, in deliveries of 5,000."""
        for first in range(0, self._size.changes, BLOCK):
            async with owner_transaction(self._dsn) as owner:
                await owner.execute(
                    """
                    insert into change (record_id, programme_id, kind, happened_at, delivery_id)
                    select record_id, programme_id, 'status_changed', now(), 1
                    from beneficiary_record
                    where record_id > $1::bigint * 7919 % $2::bigint
                    order by record_id limit $3
                    """,
                    first,
                    self._size.people,
                    min(BLOCK, self._size.changes - first),
                )

    def _matcher(self) -> Matcher:
        return Matcher(self.database, self.book, self._sealer, self._index, block=BLOCK)

    async def match(self) -> tuple[float, int, int, int]:
        """Seconds, changes read, notifications that stand afterwards, statements of a block."""
        matcher = self._matcher()
        begun = time.perf_counter()
        done = await matcher.run()
        seconds = time.perf_counter() - begun
        async with self.database.transaction(self.book.programmes) as connection:
            waiting = await connection.fetchval("select count(*) from notification")
            active = await store.active(connection, list(await store.active_numbers(connection)))
        every = frozenset(self.book.programmes)
        asked = [
            Asked(number=each.number, topic=2, programmes=every, filter=each.filter)
            for each in active
        ]
        statements = len(list(shapes(asked, {code.casefold(): 1 for code in PROGRAMMES})))
        return seconds, done.changes, waiting, statements

    async def one_by_one(self) -> float:
        """What a statement for each subscription and block would take in all."""
        async with self.database.transaction(self.book.programmes) as connection:
            numbers = list(await store.active_numbers(connection))[:SAMPLE]
            block = await connection.fetch("select record_id from change limit $1", BLOCK)
            records = [row["record_id"] for row in block]
            begun = time.perf_counter()
            for each in await store.active(connection, numbers):
                compiled = Compiled(self.book.programmes, each.filter)
                await connection.fetch(
                    f"select r.record_id {FROM} where {compiled.condition} "
                    f"and r.record_id = any ({compiled.bind(records, 'bigint[]')})",
                    *compiled.values,
                )
            seconds = time.perf_counter() - begun
        blocks = -(-self._size.changes // BLOCK)
        return seconds / len(numbers) * self._size.subscriptions * blocks

    async def close(self) -> None:
        await self.database.close()


async def _load(owner: Connection, size: Size, index: BlindIndex) -> None:
    """People with an identifier, a status, two changes of it and two benefits."""
    chance = random.Random(7)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    await owner.execute("set local synchronous_commit = off")
    records, enrolments, identifiers, statuses = [], [], [], []
    for number in range(1, size.people + 1):
        programme = 1 + number % len(PROGRAMMES)
        enrolled = start + timedelta(days=chance.randrange(600))
        blind = index.of("UIN", uin(number - 1))
        status = chance.choice((1, 1, 1, 1, 2, 3, 4, 4, 5, 6, 7))
        district = chance.randrange(DISTRICTS)
        records.append(
            (
                number, programme, 1, 1 + number % 2,
                date(1940, 1, 1) + timedelta(days=chance.randrange(28_000)), 3,
                REGIONS[district % 47], f"D{district:03d}", chance.random() < 0.1, None,
                blind, b"", b"", start, start, 1,
            )
        )  # fmt: skip
        enrolments.append((number, programme, enrolled, status, enrolled, 1, start, start, 1))
        identifiers.append((number, blind, 0, programme, 1, b"", start))
        statuses.append((number, enrolled, 1, programme, start, 1))
    await owner.copy_records_to_table(
        "beneficiary_record",
        schema_name="ibr",
        records=records,
        columns=[
            "record_id", "programme_id", "assistance_unit", "sex", "birth_date",
            "birth_precision", "region_code", "sub_region_code", "is_disabled", "group_size",
            "subject_index", "personal", "content_digest", "as_of", "known_at", "delivery_id",
        ],
    )  # fmt: skip
    await owner.copy_records_to_table(
        "enrolment",
        schema_name="ibr",
        records=enrolments,
        columns=[
            "record_id", "programme_id", "enrolled_at", "status", "status_at", "status_rank",
            "as_of", "known_at", "delivery_id",
        ],
    )  # fmt: skip
    await owner.copy_records_to_table(
        "identifier",
        schema_name="ibr",
        records=identifiers,
        columns=[
            "record_id", "blind_index", "role", "programme_id", "type_id", "value_sealed", "as_of",
        ],
    )  # fmt: skip
    await owner.copy_records_to_table(
        "status_change",
        schema_name="ibr",
        records=statuses,
        columns=[
            "record_id", "changed_at", "status", "programme_id", "known_at", "delivery_id",
        ],
    )  # fmt: skip


async def _measure(cluster: Cluster, size: Size, only: list[str]) -> list[list[str]]:
    bench = Bench(cluster, size)
    await bench.prepare()
    rows = [
        [
            "subscriptions",
            "seconds",
            "changes/s",
            "notifications",
            "statements",
            "seconds by a statement each, estimated",
        ]
    ]
    for mix in MIXES:
        if only and mix not in only:
            continue
        await bench.subscribe(mix)
        await bench.change()
        alone = await bench.one_by_one()
        seconds, changes, waiting, statements = await bench.match()
        rows.append(
            [
                mix,
                f"{seconds:.1f}",
                f"{changes / seconds:,.0f}",
                f"{waiting:,}",
                f"{statements:,}",
                f"{alone:,.0f}",
            ]
        )
        print(" | ".join(rows[-1]), flush=True)
    await bench.close()
    return rows


def run(cluster: Cluster, size: Size, only: list[str]) -> str:
    """The section of docs/performance.md: one row for each mix."""
    rows = asyncio.run(_measure(cluster, size, only))
    said = (
        f"{size.changes:,} changes of status of {size.people:,} people in deliveries of {BLOCK:,}, "
        f"against {size.subscriptions:,} subscriptions of ten partners; from the feed to the rows "
        "that wait to be written out. The last column is what a statement for each subscription "
        f"and block would take, from {SAMPLE} of them."
    )
    return f"{machine(cluster.version)}\n{said}\n\n{markdown(rows)}\n"
