"""The outbox table: in with the caller's transaction, held by one process, in order, sealed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from ibr.clock import now
from ibr.db.pool import Database, open_database
from ibr.errors import Conflict, NotFound, Unavailable
from ibr.ids import new_token
from ibr.outbox import store
from ibr.outbox.desk import look
from ibr.outbox.desk.send_again import replay, send_all_again, send_one_again
from ibr.outbox.desk.tidy import tidy
from ibr.outbox.model import InHand, Promise, Settled, State
from ibr.outbox.put import numbers, opened, put
from ibr.outbox.rules import MOST_DEATHS
from ibr.protection.keyring import new_keyring
from ibr.protection.seal import Sealer

SEALER = Sealer(new_keyring())
MINE, OTHERS = str(uuid.uuid4()), str(uuid.uuid4())
A, B = 1, 2
HOST = {A: "https://a.example", B: "https://b.example"}


@pytest.fixture
async def worker(dsn: str) -> AsyncIterator[Database]:
    database = await open_database(dsn, "ibr_worker", size=6, name="outbox tests")
    owner = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    for number in (A, B):
        await owner.execute(
            """
            insert into partner (partner_id, sender_id, name, client_id, secret_hash,
                                 signature_policy, signature_profile, scopes, purpose_code)
            overriding system value
            values ($1, $2, $2, $2, '', 'required', 'canonical', '{}', 'x') on conflict do nothing
            """,
            number,
            f"spmis-{number}",
        )
    yield database
    await owner.execute("truncate outgoing_message; truncate audit_event")
    await owner.close()
    await database.close()


@pytest.fixture
async def app(dsn: str, worker: Database) -> AsyncIterator[Database]:
    database = await open_database(dsn, "ibr_app", size=2, name="outbox tests")
    yield database
    await database.close()


async def promised(
    database: Database,
    count: int = 1,
    *,
    to: int = A,
    stream: bytes | None = None,
    path: str = "/callback",
    content: bytes = b'{"header":{},"message":{"name":"Sudarat"}}',
    then: type[Exception] | None = None,
) -> list[int]:
    async with database.transaction(()) as connection:
        taken = await numbers(connection, count)
        await put(
            connection,
            SEALER,
            [
                Promise(
                    message_no=number,
                    partner_id=to,
                    kind="notify",
                    address=HOST[to] + path,
                    message_id=f"m-{number}",
                    transaction_id="t",
                    correlation_id="c",
                    content=content,
                    programmes=(3, 1),
                    stream=stream,
                    made_at=now(),
                )
                for number in taken
            ],
        )
        if then is not None:
            raise then
    return taken


async def claim(
    database: Database,
    token: str = MINE,
    *,
    rooms: dict[Any, int] | None = None,
    held_back: Iterable[int] = (),
    in_hand: Iterable[int] = (),
    most: int = 100,
    each: int = 100,
) -> list[InHand]:
    async with database.transaction(()) as connection:
        return await store.claim(
            connection,
            token=token,
            in_hand=list(in_hand),
            rooms=rooms or {},
            otherwise=each,
            held_back=list(held_back),
            most=most,
        )


async def settle(
    database: Database,
    messages: Sequence[InHand],
    state: State = "delivered",
    *,
    token: str = MINE,
    wait: timedelta | None = None,
    outcome: str = "ack",
    counts: bool = True,
) -> set[int]:
    results = [
        Settled(message=each, state=state, outcome=outcome, wait=wait, counts=counts)
        for each in messages
    ]
    async with database.transaction(()) as connection:
        return await store.settle(connection, token, results)


async def numbers_of(claimed: list[InHand]) -> list[int]:
    return [each.message_no for each in claimed]


async def rows(database: Database) -> list[asyncpg.Record]:
    async with database.transaction(()) as connection:
        return list(await connection.fetch("select * from outgoing_message order by message_no"))


async def changed(database: Database, statement: str) -> None:
    async with database.transaction(()) as connection:
        await connection.execute(statement)


async def lease_over(database: Database) -> None:
    await changed(
        database,
        "update outgoing_message set leased_until = now() - interval '1 second' "
        "where leased_until is not null",
    )


async def test_a_promise_is_there_if_and_only_if_the_transaction_commits(worker: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await promised(worker, then=ZeroDivisionError)
    assert await claim(worker) == []
    [number] = await promised(worker)
    [message] = await claim(worker)
    assert message.message_no == number
    assert (message.origin, message.programmes, message.attempts) == (HOST[A], (1, 3), 1)


async def test_what_a_message_says_is_sealed_and_opens_only_where_it_stands(
    worker: Database,
) -> None:
    await promised(worker, 2)
    one, two = await claim(worker)
    assert one.sealed is not None
    assert b"Sudarat" not in one.sealed
    assert b"Sudarat" in opened(SEALER, one.sealed, one.message_id)
    with pytest.raises(Unavailable):
        opened(SEALER, one.sealed, two.message_id)


async def test_numbers_go_up_in_the_order_of_the_promises(worker: Database) -> None:
    first = await promised(worker, 50)
    second = await promised(worker, 3)
    assert first == sorted(first)
    assert second[0] > first[-1]


async def test_many_claim_at_once_and_each_message_is_held_by_one(worker: Database) -> None:
    await promised(worker, 30)
    await promised(worker, 30, to=B)
    tokens = [str(uuid.uuid4()) for _ in range(5)]
    claims = await asyncio.gather(*(claim(worker, token, each=20) for token in tokens))
    taken = [message.message_no for claimed in claims for message in claimed]
    assert len(taken) == len(set(taken)) == 40


async def test_a_receiver_is_served_by_one_process_at_a_time(worker: Database) -> None:
    await promised(worker, 3)
    await promised(worker, 3, to=B)
    assert len(await claim(worker, MINE, rooms={(A, HOST[A]): 2, (B, HOST[B]): 0})) == 2
    others = await claim(worker, OTHERS)
    assert {message.partner_id for message in others} == {B}


async def test_no_receiver_gets_more_than_its_room(worker: Database) -> None:
    await promised(worker, 10)
    await promised(worker, 10, to=B)
    claimed = await claim(worker, rooms={(A, HOST[A]): 0}, each=4)
    assert [message.partner_id for message in claimed] == [B] * 4


async def test_where_not_all_can_be_claimed_every_receiver_gets_some(worker: Database) -> None:
    await promised(worker, 10)
    await promised(worker, 10, to=B)
    claimed = await claim(worker, most=6)
    assert sorted(message.partner_id for message in claimed) == [A, A, A, B, B, B]


async def test_two_servers_of_one_partner_are_two_receivers(worker: Database) -> None:
    await promised(worker, 2)
    await changed(
        worker,
        "update outgoing_message set address = 'https://elsewhere.example:8443/x?y=1' "
        "where message_no = (select min(message_no) from outgoing_message)",
    )
    claimed = await claim(worker, rooms={(A, HOST[A]): 0})
    assert [message.origin for message in claimed] == ["https://elsewhere.example:8443"]


async def test_a_partner_that_is_held_back_gets_nothing(worker: Database) -> None:
    await promised(worker, 2)
    await promised(worker, 2, to=B)
    claimed = await claim(worker, held_back=[A])
    assert {message.partner_id for message in claimed} == {B}
    assert len(await claim(worker)) == 2


async def test_a_message_is_not_claimed_before_it_is_due(worker: Database) -> None:
    await promised(worker)
    claimed = await claim(worker)
    await settle(worker, claimed, "waiting", wait=timedelta(seconds=30), outcome="http_503")
    assert await claim(worker) == []
    async with worker.transaction(()) as connection:
        seconds = await store.seconds_to_next(connection)
    assert seconds is not None
    assert 25 < seconds <= 30


async def test_a_dead_processs_message_goes_to_another_and_the_dead_one_is_fenced_off(
    worker: Database,
) -> None:
    await promised(worker)
    first = await claim(worker, OTHERS)
    assert await claim(worker) == []
    await lease_over(worker)
    [again] = await claim(worker)
    assert again.attempts == 1
    assert [row["deaths"] for row in await rows(worker)] == [1]
    assert await settle(worker, first, token=OTHERS) == set()
    assert [row["state"] for row in await rows(worker)] == ["waiting"]
    assert await settle(worker, [again]) == {again.message_no}
    assert [row["state"] for row in await rows(worker)] == ["delivered"]


async def test_control_without_its_lease_the_dead_one_would_settle(worker: Database) -> None:
    await promised(worker)
    first = await claim(worker, OTHERS)
    await lease_over(worker)
    await claim(worker)
    assert await settle(worker, first, token=MINE) != set()


async def test_a_lease_that_is_kept_alive_is_nobody_elses(worker: Database) -> None:
    await promised(worker)
    held = await claim(worker)
    await lease_over(worker)
    async with worker.transaction(()) as connection:
        await store.renew(connection, MINE, [held[0].message_no])
    assert await claim(worker, OTHERS) == []


async def test_a_process_does_not_claim_what_it_has_in_hand(worker: Database) -> None:
    await promised(worker)
    [held] = await claim(worker)
    await lease_over(worker)
    assert await claim(worker, in_hand=[held.message_no]) == []


async def test_a_stream_is_delivered_one_by_one_in_its_order(worker: Database) -> None:
    stream = await promised(worker, 3, stream=b"person 1")
    other = await promised(worker, 1, stream=b"person 2")
    alone = await promised(worker, 1)
    first = await claim(worker)
    assert await numbers_of(first) == [stream[0], other[0], alone[0]]
    assert await claim(worker) == []
    await settle(worker, first)
    assert await numbers_of(await claim(worker)) == [stream[1]]


async def test_what_fails_holds_up_its_stream_and_nothing_else(worker: Database) -> None:
    stream = await promised(worker, 2, stream=b"person 1")
    first = await claim(worker)
    await settle(worker, first, "waiting", wait=timedelta(hours=2), outcome="http_503")
    alone = await promised(worker)
    assert await numbers_of(await claim(worker)) == alone
    assert [row["due_at"] > now() + timedelta(hours=1) for row in await rows(worker)] == [
        True,
        True,
        False,
    ]
    await changed(worker, "update outgoing_message set due_at = now() where stream is not null")
    assert await numbers_of(await claim(worker)) == [stream[0]]


@pytest.mark.parametrize("end", ["delivered", "dead", "withdrawn"])
async def test_what_is_settled_lets_the_next_go_at_once(worker: Database, end: State) -> None:
    stream = await promised(worker, 2, stream=b"person 1")
    first = await claim(worker)
    await settle(worker, first, "waiting", wait=timedelta(hours=2), outcome="http_503")
    await changed(
        worker, f"update outgoing_message set due_at = now() where message_no = {stream[0]}"
    )
    again = await claim(worker)
    await settle(worker, again, end)
    assert await numbers_of(await claim(worker)) == [stream[1]]


async def test_a_stream_of_one_partner_holds_up_no_other(worker: Database) -> None:
    await promised(worker, 1, stream=b"same")
    await promised(worker, 1, to=B, stream=b"same")
    assert {message.partner_id for message in await claim(worker)} == {A, B}


async def test_a_try_that_was_not_made_does_not_count(worker: Database) -> None:
    await promised(worker)
    held = await claim(worker)
    await settle(worker, held, "waiting", wait=timedelta(0), counts=False, outcome="no_signature")
    [row] = await rows(worker)
    assert (row["attempts"], row["last_outcome"], row["leased_until"]) == (0, "no_signature", None)


async def test_a_message_that_many_processes_died_with_is_given_up(worker: Database) -> None:
    await promised(worker, 2)
    await claim(worker)
    await lease_over(worker)
    await changed(
        worker,
        f"update outgoing_message set deaths = {MOST_DEATHS} "
        "where message_no = (select min(message_no) from outgoing_message)",
    )
    async with worker.transaction(()) as connection:
        assert await store.give_up_orphans(connection) == 1
    dead, waiting = await rows(worker)
    assert (dead["state"], dead["last_outcome"]) == ("dead", "worker_died")
    assert waiting["state"] == "waiting"


async def test_a_large_content_is_read_when_it_is_its_turn(worker: Database) -> None:
    content = b'{"message":"' + new_token().encode() * 3_000 + b'"}'
    content += b"".join(new_token().encode() for _ in range(3_000))
    [number] = await promised(worker, content=content)
    [message] = await claim(worker)
    assert message.sealed is None
    async with worker.transaction(()) as connection:
        sealed = await store.content(connection, number)
    assert opened(SEALER, sealed, message.message_id) == content


async def test_the_app_may_promise_and_send_again_and_never_rewrite(app: Database) -> None:
    await promised(app)
    for statement in (
        "update outgoing_message set content = ''",
        "update outgoing_message set address = 'https://evil.example'",
        "update outgoing_message set partner_id = 2",
        "update outgoing_message set programme_ids = '{}'",
        "delete from outgoing_message",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await changed(app, statement)
    async with app.transaction(()) as connection:
        assert await send_all_again(connection, None, "spmis-1") == 0


async def give_up(database: Database, count: int, **how: Any) -> list[int]:
    taken = await promised(database, count, **how)
    await settle(database, await claim(database), "dead", outcome="http_404")
    return taken


async def events(dsn: str) -> list[tuple[str, str]]:
    owner = await asyncpg.connect(dsn)
    try:
        found = await owner.fetch("select kind, details::text from ibr.audit_event order by at")
    finally:
        await owner.close()
    return [(row["kind"], row["details"]) for row in found]


async def test_a_dead_message_is_sent_again_as_if_it_were_new(
    worker: Database, app: Database, dsn: str
) -> None:
    [number, other] = await give_up(worker, 2)
    async with app.transaction(()) as connection:
        assert await send_one_again(connection, None, f"m-{number}") == number
    [again] = await claim(worker)
    assert (again.message_no, again.message_id, again.attempts) == (number, f"m-{number}", 1)
    async with app.transaction(()) as connection:
        with pytest.raises(Conflict):
            await send_one_again(connection, None, str(number))
        with pytest.raises(NotFound):
            await send_one_again(connection, None, "no such message")
    [(kind, details)] = await events(dsn)
    assert kind == "callback.sent_again"
    assert str(number) in details
    assert [row["state"] for row in await rows(worker)] == ["waiting", "dead"]
    assert other


async def test_all_dead_messages_of_a_partner_are_sent_again(worker: Database) -> None:
    await give_up(worker, 3)
    await give_up(worker, 2, to=B)
    async with worker.transaction(()) as connection:
        assert await send_all_again(connection, None, "spmis-1") == 3
        with pytest.raises(NotFound):
            await send_all_again(connection, None, "nobody")
    assert {message.partner_id for message in await claim(worker)} == {A}


async def test_a_replay_sends_what_was_delivered_beyond_a_number(
    worker: Database, dsn: str
) -> None:
    taken = await promised(worker, 5)
    await settle(worker, await claim(worker))
    await promised(worker, 1, to=B)
    await settle(worker, await claim(worker))
    async with worker.transaction(()) as connection:
        replayed = await replay(connection, None, "spmis-1", after=f"m-{taken[2]}")
        assert (replayed.again, replayed.dropped) == (2, 0)
    assert [kind for kind, _ in await events(dsn)] == ["callback.replayed"]
    assert await numbers_of(await claim(worker)) == taken[3:]


async def test_content_is_dropped_in_time_and_then_cannot_be_replayed(worker: Database) -> None:
    taken = await promised(worker, 3)
    await settle(worker, await claim(worker))
    await give_up(worker, 1)
    waiting = await promised(worker)
    assert await tidy(worker, now() + timedelta(days=29), 30) == 0
    await changed(
        worker,
        f"update outgoing_message set settled_at = now() - interval '31 days' "
        f"where message_no in ({taken[0]}, {taken[1]}) or state = 'dead'",
    )
    assert await tidy(worker, now(), 30) == 2
    assert [len(row["content"]) > 0 for row in await rows(worker)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert await tidy(worker, now() + timedelta(days=366), 30) == 2
    assert len((await rows(worker))[-1]["content"]) > 0
    async with worker.transaction(()) as connection:
        replayed = await replay(connection, None, "spmis-1", after="0")
        assert (replayed.again, replayed.dropped) == (0, 3)
        assert await send_all_again(connection, None, "spmis-1") == 0
    assert await numbers_of(await claim(worker)) == waiting


async def test_people_see_everything_but_what_a_message_says(worker: Database) -> None:
    await give_up(worker, 2)
    await promised(worker, 3, to=B)
    async with worker.transaction(()) as connection:
        dead = await look.listed(connection, states=["dead"])
        assert [(each.partner, each.last_outcome) for each in dead] == [("spmis-1", "http_404")] * 2
        assert await look.count(connection, states=["waiting"], partner="spmis-2") == 3
        assert await look.listed(connection, states=["dead"], partner="spmis-2") == []
        seen = await look.receivers(connection)
        assert [(each.partner, each.waiting, each.dead) for each in seen] == [
            ("spmis-1", 0, 2),
            ("spmis-2", 3, 0),
        ]
        backlog = await look.backlog(connection)
        assert (backlog.waiting, backlog.dead) == (3, 2)
        assert backlog.oldest is not None
        assert (await look.one(connection, str(dead[0].message_no))) == dead[0]


async def test_a_claim_stays_cheap_with_many_waiting(worker: Database) -> None:
    """With 40,000 messages waiting for one receiver that rests, another's claim reads a few."""
    await promised(worker, 1)
    await changed(
        worker,
        """
        insert into outgoing_message (partner_id, kind, address, message_id, transaction_id,
                                      content, due_at, made_at, stream)
        select 1, 'notify', 'https://a.example/callback', 'x' || n, 't', 'x', now(), now(),
               case when n % 2 = 0 then 'same'::bytea end
        from generate_series(1, 40000) n
        """,
    )
    await promised(worker, 2, to=B)
    await changed(worker, "set local enable_seqscan = on")
    async with worker.transaction(()) as connection:
        before = await connection.fetchval("select clock_timestamp()")
        claimed = await store.claim(
            connection,
            token=MINE,
            in_hand=[],
            rooms={(A, HOST[A]): 0},
            otherwise=4,
            held_back=[],
            most=100,
        )
        seconds = await store.seconds_to_next(connection)
        after = await connection.fetchval("select clock_timestamp()")
    assert [message.partner_id for message in claimed] == [B, B]
    assert seconds is None
    assert after - before < timedelta(milliseconds=150)
