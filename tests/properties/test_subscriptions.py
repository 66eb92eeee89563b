"""Random populations, changes and filters: exactly those are told whom a plain reading names."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibr.asker import Purpose
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.deliveries.model import Tally
from ibr.intake.enrolment_updates import Merger, merge_chunk, source_of
from ibr.intake.prepare import Preparer
from ibr.interop.dci.messages.read_beneficiary import read_beneficiary
from ibr.interop.dci.query.criteria import read_query
from ibr.registry.programmes.model import Programme
from ibr.registry.search.matching.store import Together
from ibr.registry.search.model import Not
from ibr.registry.search.store import Conditions
from ibr.reported.beneficiary import Refusal
from ibr.subscriptions.feed import match
from ibr.subscriptions.feed.match import Matcher
from ibr.subscriptions.model import Frequency, Wish
from ibr.subscriptions.subscribe import Subscriber
from tests.conftest import scratch_folder
from tests.door import Door
from tests.later import Worker
from tests.plain_filters import DAYS, PROGRAMMES, REGIONS, queries, somebody
from tests.plain_subscriptions import PlainRegistry, Wanting
from tests.properties.merged import TABLES
from tests.search_desk import AS_OF
from tests.subscribing import by_query

PEOPLE = 25
EVENTS = ("enrolled", "status_changed", "ended")
# Who may see what at first; the last one is shut out for a while.
# The clause by which a partner asks and hears of changes.
ASKED_OF = (
    "'changes' = any (acts) and agreement_no in (select agreement_no from agreement "
    "join partner using (partner_id) where sender_id = $1)"
)
REACH = {"all": ["all"], "cash": ["CASH"], "two": ["FOOD", "WORK"]}
Json = dict[str, Any]


class World:
    """The registry and its plain copy, changed together."""

    def __init__(self, dsn: str) -> None:
        codes = [Programme(code=code, names={"en": code}, currency="USD") for code in PROGRAMMES]
        self.door = Door(dsn, scratch_folder(), codes)
        self.worker = Worker(self.door)
        self.systems = {
            name: self.door.partner(f"{name}.example.org", ask=ask, report=[])
            for name, ask in REACH.items()
        }
        self.feeding = self.door.partner("feeding.example.org")
        self.run = self.door.run

    def close(self) -> None:
        self.worker.close()
        self.door.close()

    def begin(self, seed: int, block: int) -> None:
        """An empty registry, and a matcher that has read everything so far."""
        services = self.worker.services
        self.run(self._empty())
        self.chance = random.Random(seed)
        self.plain = PlainRegistry(
            reach={
                name: set(PROGRAMMES) if ask == ["all"] else set(ask) for name, ask in REACH.items()
            }
        )
        self.numbers: list[int] = []
        self.delivery = 0
        self.matcher = Matcher(
            services.database, services.book, services.sealer, services.blind_index, block=block
        )
        self.run(services.book.refresh(0))
        self.run(self.matcher.run())

    async def _empty(self) -> None:
        async with owner_transaction(self.door.dsn) as owner:
            tables = [*TABLES, "notification", "subscription"]
            await owner.execute(";".join(f"delete from {table}" for table in tables))
            for name, ask in REACH.items():
                if ask != ["all"]:
                    await owner.execute(
                        "update agreement_clause set programmes = (select "
                        "coalesce(array_agg(programme_id), '{}') from programme "
                        f"where code = any ($2::text[])) where {ASKED_OF}",
                        f"{name}.example.org",
                        ask,
                    )

    def subscribe(self, wishes: list[tuple[str, str, Json]]) -> None:
        """Subscriptions; one that stands already is no second one."""
        self.run(self._subscribe(wishes))

    async def _subscribe(self, wishes: list[tuple[str, str, Json]]) -> None:
        services = self.worker.services
        async with services.database.transaction(()) as connection:
            for name, event, query in wishes:
                partner = await services.book.by_client(self.systems[name].credentials["client_id"])
                assert partner is not None
                subscriber = Subscriber(
                    connection,
                    services.sealer,
                    services.blind_index,
                    partner.asker(partner.scopes),
                    now(),
                )
                made = await subscriber.subscribe(wish_of(event, query))
                if made.fresh:
                    self.plain.wanting.append(Wanting(name, event, query))
                    self.numbers.append(
                        await connection.fetchval(
                            "select subscription_no from subscription where code = $1", made.code
                        )
                    )

    def cancel(self, place: int) -> None:
        if self.numbers:
            place %= len(self.numbers)
            self.door.owner(
                "update subscription set state = 'cancelled' where subscription_no = $1",
                self.numbers[place],
            )
            self.plain.wanting[place].active = False

    def allow(self, name: str, code: str, allowed: bool) -> None:
        """Gives or takes the right to ask about a programme."""
        if name == "all":
            return
        self.door.owner(
            "update agreement_clause set programmes = array_remove(programmes, r.programme_id) "
            "|| case when $3 then array[r.programme_id] else '{}' end "
            f"from programme r where r.code = $2 and {ASKED_OF}",
            f"{name}.example.org",
            code,
            allowed,
        )
        change = self.plain.reach[name].add if allowed else self.plain.reach[name].discard
        change(code)

    def report(self, people: list[int]) -> None:
        """One delivery with news of these people."""
        self.delivery += 1
        records = {f"P{number}": self._news_of(f"P{number}", number) for number in people}
        self.run(self._merge(list(records.values())))
        for who, record in records.items():
            self.plain.report(who, record)

    def _news_of(self, who: str, number: int) -> Json:
        """Somebody new, or the same record with a few things different."""
        chance = self.chance
        record = self.plain.people.get(who)
        day = (AS_OF + timedelta(days=self.delivery)).date().isoformat()
        if record is None:
            record = somebody(number, chance)
            if "enrollment_status" in record:
                record.setdefault("status_change_date", [chance.choice(DAYS)])
            else:
                record.pop("status_change_date", None)
            return record
        record = json.loads(json.dumps(record))
        if chance.random() < 0.8:
            record["enrollment_status"] = chance.choice("1234")
            record["status_change_date"] = [*record.get("status_change_date", []), day]
        if chance.random() < 0.5:
            person = record["member"]["demographic_info"]
            person["address"] = [{"region_code": chance.choice(REGIONS)}]
        if chance.random() < 0.5:
            record["member"]["is_disabled"] = chance.random() < 0.5
        if chance.random() < 0.3:
            record["benefits"].append({"benefit_type": chance.choice("123"), "benefit_date": day})
        return record

    async def _merge(self, records: list[Json]) -> None:
        services = self.worker.services
        partner = await services.book.by_client(self.feeding.credentials["client_id"])
        assert partner is not None
        asker = partner.asker(partner.scopes)
        preparer = Preparer(asker, services.book.programmes_by_code, services.blind_index)
        at = AS_OF + timedelta(days=self.delivery)
        items = []
        for number, record in enumerate(records):
            read = read_beneficiary(json.dumps(record).encode(), number, at, lambda _: "USD")
            assert not isinstance(read, Refusal), read
            items.append(preparer.prepare(read))
        async with services.database.transaction(asker.reach) as connection:
            await merge_chunk(
                connection,
                Merger(services.sealer, services.blind_index),
                source_of(self.delivery, at, now()),
                items,
                Tally(),
            )

    def look(self) -> None:
        self.run(self.worker.services.book.refresh(0))
        self.run(self.matcher.run())
        self.plain.look()

    def told(self) -> set[tuple[int, str]]:
        """Which subscription is to be told of whom, as the registry found it."""
        places = {number: place for place, number in enumerate(self.numbers)}
        index = self.worker.services.blind_index
        names = {index.of("UIN", f"P{number}"): f"P{number}" for number in range(PEOPLE)}
        rows = self.door.owner(
            "select n.subscription_no, r.subject_index from notification n "
            "join beneficiary_record r using (record_id)"
        )
        return {(places[row["subscription_no"]], names[row["subject_index"]]) for row in rows}


def wish_of(event: str, query: Json) -> Wish:
    return Wish(
        event=event,  # type: ignore[arg-type]
        filter=read_query("expression", by_query(query)["filter"]),
        frequency=Frequency(),
        criteria={},
        reg_type=None,
        purpose=Purpose("x"),
        notify_address="https://x.example.org",
    )


def depth(query: Json) -> int:
    if "$not" in query:
        return 1 + depth(query["$not"])
    parts = query.get("$and") or query.get("$or")
    return 1 + max(map(depth, parts)) if parts else 0


@pytest.fixture(scope="module")
def world(dsn: str) -> Iterator[World]:
    world = World(dsn)
    yield world
    world.close()


names = st.sampled_from(list(REACH))
wishes = st.tuples(names, st.sampled_from(EVENTS), queries.filter(lambda query: depth(query) <= 5))
rounds = st.fixed_dictionaries(
    {
        "subscribe": st.lists(wishes, min_size=2, max_size=8),
        "cancel": st.lists(st.integers(0, 30), max_size=2),
        "allow": st.lists(
            st.tuples(names, st.sampled_from(list(PROGRAMMES)), st.booleans()), max_size=2
        ),
        "report": st.lists(
            st.lists(st.integers(0, PEOPLE - 1), min_size=3, max_size=PEOPLE, unique=True),
            min_size=1,
            max_size=2,
        ),
        "look": st.booleans(),
    }
)


def play(world: World, plan: list[Json]) -> None:
    """Everything that happens, round by round."""
    for each in plan:
        world.subscribe(each["subscribe"])
        for place in each["cancel"]:
            world.cancel(place)
        for people in each["report"]:
            world.report(people)
        for right in each["allow"]:
            world.allow(*right)
        if each["look"]:
            world.look()
    world.look()


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 10_000),
    block=st.sampled_from([11, 5_000, 5_000]),
    plan=st.lists(rounds, min_size=2, max_size=4),
)
def test_exactly_those_are_told_whom_a_plain_reading_names(
    world: World, seed: int, block: int, plan: list[Json]
) -> None:
    world.begin(seed, block)
    play(world, plan)
    assert world.told() == world.plain.told


QUERIES: list[Json] = [
    {"UIN": {"in": [f"P{number}" for number in range(0, PEOPLE, 2)]}},
    {"$not": {"member.is_disabled": {"eq": True}}},
    {"member.demographic_info.birth_date": {"in": ["1960-05-17", "1960-01-01"]}},
    {"benefits.benefit_type": {"ne": "1"}},
    {
        "$or": [
            {"member.demographic_info.address.region_code": {"eq": "N"}},
            {"status_change_date": {"gt": "2026"}},
        ]
    },
]
PLAN: list[Json] = [
    {
        "subscribe": [
            (name, event, query) for name in REACH for event in EVENTS for query in QUERIES
        ],
        "cancel": [3],
        "allow": [],
        "report": [list(range(PEOPLE))],
        "look": number == 1,
    }
    for number in range(3)
]


def test_the_judge_agrees_with_the_plan_that_shows_its_faults(world: World) -> None:
    world.begin(7, 5_000)
    play(world, PLAN)
    assert len(world.plain.told) > 100
    assert world.told() == world.plain.told


def no_rights(patch: pytest.MonkeyPatch, world: World) -> None:
    every = frozenset(world.worker.services.book.programmes)
    patch.setattr(match, "reach_of", lambda _: every)


def no_beginning(patch: pytest.MonkeyPatch, world: World) -> None:
    honest = world.look

    def look() -> None:
        world.door.owner("update subscription set made_in = null")
        honest()

    patch.setattr(world, "look", look)


def any_end(patch: pytest.MonkeyPatch, world: World) -> None:
    patch.setattr(match, "FINAL", (1, 2, 3, 4))


def unknown_is_not_false(patch: pytest.MonkeyPatch, world: World) -> None:
    honest = Conditions.of

    def of(self: Conditions, node: Any) -> str:
        return f"not ({self.of(node.part)})" if isinstance(node, Not) else honest(self, node)

    patch.setattr(Conditions, "of", of)


def any_precision(patch: pytest.MonkeyPatch, world: World) -> None:
    honest = Together._born
    patch.setattr(
        Together, "_born", lambda *given: honest(*given).replace("b.birth_precision >= 3", "true")
    )


@pytest.mark.parametrize(
    "fault", [no_rights, no_beginning, any_end, unknown_is_not_false, any_precision]
)
def test_control_the_judge_sees_a_fault(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    world.begin(7, 5_000)
    with monkeypatch.context() as patched:
        fault(patched, world)
        play(world, PLAN)
    assert world.told() != world.plain.told
