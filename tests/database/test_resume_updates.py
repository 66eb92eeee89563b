"""Deliveries that were cut in the middle are finished once, by whoever comes, with one answer."""

from __future__ import annotations

import asyncio
import json
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ibr.access.partners import add_partner, suspend_partner
from ibr.app import build_services
from ibr.cli.db import prepare
from ibr.db.locks import release_delivery, try_delivery
from ibr.db.pool import owner_transaction
from ibr.errors import NotAllowed, RegistryError, Unavailable
from ibr.interop.dci import merge_delivery, read_updates
from ibr.interop.dci.answers import Answer
from ibr.interop.dci.enrollment_updates import take_updates
from ibr.interop.dci.envelope import Caller
from ibr.interop.dci.outcomes import decompressed
from ibr.interop.dci.resume_updates import resume, to_resume
from ibr.interop.dci.services import Services
from ibr.settings import Settings
from tests.conftest import scratch_folder
from tests.registry_process import person_record

BLOCK = 10
RECORDS = 35
_PROGRAMMES = ("CCT", "SNAP")


class Desk:
    """Services over a database, a partner, and a delivery of four blocks with one bad record."""

    def __init__(self, services: Services, dsn: str, sender: str, client_id: str) -> None:
        self.services = services
        self.dsn = dsn
        self.sender = sender
        self.client_id = client_id
        self.body = self._body()

    def _body(self) -> bytes:
        start = uuid.uuid4().hex[:10].upper()
        records: list[Any] = [
            person_record(f"{start}{number}", _PROGRAMMES[number % 2], [1000 + number])
            for number in range(RECORDS)
        ]
        records[13]["programme_identifier"][0]["programme_identifier"] = "NOT_OURS"
        header = {
            "version": "1.0.0",
            "message_id": uuid.uuid4().hex,
            "message_ts": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "action": "notify",
            "sender_id": self.sender,
            "receiver_id": "ibr",
            "total_count": RECORDS,
        }
        message = {"transaction_id": "t", "enrolled_updates": {"beneficiaries": records}}
        return json.dumps({"header": header, "message": message}).encode()

    async def send(self) -> Answer:
        await self.services.book.refresh(0)
        partner = await self.services.book.by_client(self.client_id)
        assert partner is not None
        return await take_updates(self.services, [self.body], Caller(partner, partner.scopes))

    async def resume(self) -> None:
        await self.services.book.refresh(0)
        await resume(self.services, (await self.delivery())["delivery_id"])

    async def rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def delivery(self) -> asyncpg.Record:
        """What became of the delivery; there is one."""
        [row] = await self.rows(
            "select * from ibr.delivery natural join ibr.partner where sender_id = $1", self.sender
        )
        return row

    async def check_once(self) -> None:
        """Everything had its effect, and is counted, exactly once."""
        row = await self.delivery()
        assert (row["state"], row["next_item"]) == ("done", RECORDS)
        assert (row["records"], row["stored"], row["refused"]) == (RECORDS, RECORDS - 1, 1)
        number = row["delivery_id"]
        [counts] = await self.rows(
            """
            select (select count(*) from ibr.enrolment where delivery_id = $1) as enrolments,
                   (select count(*) from ibr.benefit where delivery_id = $1) as benefits,
                   (select count(*) from ibr.change
                    where delivery_id = $1 and kind = 'enrolled') as changes,
                   (select count(*) from ibr.refused_record where delivery_id = $1) as refused,
                   (select count(*) from ibr.audit_event where kind = 'delivery.done'
                    and (details ->> 'delivery')::bigint = $1) as events
            """,
            number,
        )
        new = RECORDS - 1
        assert tuple(counts) == (new, new, new, 1, 1)


def _read(answer: Answer) -> dict[str, Any]:
    pieces = answer.pieces
    document: dict[str, Any] = json.loads(
        b"".join(decompressed(pieces)) if pieces is not None else answer.body
    )
    return document


def _statuses(answer: Answer) -> list[str]:
    return [each["status"] for each in _read(answer)["message"]["enrolled_response"]]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_updates, "BLOCK_RECORDS", BLOCK)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = scratch_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
async def desk(dsn: str, folder: Path) -> AsyncIterator[Desk]:
    settings = Settings(data_dir=folder, database_url=dsn)
    async with owner_transaction(dsn) as connection:
        # A keyring of its own, so the registry's keys of the test before cannot be opened.
        await connection.execute("delete from registry_key")
        for code in _PROGRAMMES:
            await connection.execute(
                "insert into programme (code, names, currency) values ($1, '{}', 'USD') "
                "on conflict do nothing",
                code,
            )
    await prepare(settings, dsn)
    sender = f"{uuid.uuid4().hex}.example.org"
    async with owner_transaction(dsn) as connection:
        partner = await add_partner(
            connection,
            sender_id=sender,
            name=None,
            report=list(_PROGRAMMES),
            ask=[],
            scopes=["all"],
            signature_policy="off",
            keys=[],
            jwks_url=None,
            callback_urls=[],
        )
    services = await build_services(settings, dsn, "ibr_worker", 8)
    await services.book.refresh(0)
    yield Desk(services, dsn, sender, partner["client_id"])
    await services.database.close()
    await services.questions.close()


class _Killed(Exception):
    """Stands for the death of the process."""


async def _send_and_die(desk: Desk, monkeypatch: pytest.MonkeyPatch, blocks: int) -> None:
    """Sends the delivery to a process that dies when so many blocks are committed."""
    merge = merge_delivery._merge
    merged = 0

    async def merge_some(*arguments: Any) -> None:
        nonlocal merged
        if merged == blocks:
            raise _Killed
        merged += 1
        await merge(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(merge_delivery, "_merge", merge_some)
        with pytest.raises(_Killed):
            await desk.send()
    row = await desk.delivery()
    assert (row["state"], row["next_item"]) == ("received", min(blocks * BLOCK, RECORDS))


async def test_an_undisturbed_delivery_counts_right(desk: Desk) -> None:
    answer = await desk.send()
    await desk.check_once()
    assert _statuses(answer) == ["rjct" if item == 13 else "succ" for item in range(RECORDS)]


@pytest.mark.parametrize("blocks", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("by", ["worker", "sender"])
async def test_it_is_finished_from_where_it_stands(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, blocks: int, by: str
) -> None:
    if blocks == 4:
        with monkeypatch.context() as patched:
            patched.setattr(merge_delivery, "finish", _die)
            with pytest.raises(_Killed):
                await desk.send()
    else:
        await _send_and_die(desk, monkeypatch, blocks)
    if by == "worker":
        await desk.resume()
        await desk.check_once()
        await desk.resume()
    answer = await desk.send()
    await desk.check_once()
    assert _statuses(answer) == ["rjct" if item == 13 else "succ" for item in range(RECORDS)]
    assert _read(await desk.send()) == _read(answer)
    [row] = await desk.rows(
        "select correlation_id from ibr.message_received where message_key = $1",
        (await desk.delivery())["message_key"],
    )
    assert _read(answer)["message"]["correlation_id"] == row["correlation_id"]


async def _die(*_: Any) -> None:
    raise _Killed


async def test_blocks_cut_otherwise_than_before_lose_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _send_and_die(desk, monkeypatch, 2)
    monkeypatch.setattr(read_updates, "BLOCK_RECORDS", 7)
    await desk.resume()
    await desk.check_once()
    assert len(_statuses(await desk.send())) == RECORDS


async def test_a_partner_shut_out_since_changes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _send_and_die(desk, monkeypatch, 1)
    async with owner_transaction(desk.dsn) as connection:
        await suspend_partner(connection, desk.sender, suspended=True)
    await desk.resume()
    await desk.check_once()


async def test_a_right_lost_in_the_middle_holds_from_there_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _send_and_die(desk, monkeypatch, 2)
    await desk.rows(
        "update ibr.agreement_clause set programmes = array_remove(programmes, "
        "(select programme_id from ibr.programme where code = 'SNAP')) where 'report' = any (acts) "
        "and agreement_no in (select agreement_no from ibr.agreement join ibr.partner "
        "using (partner_id) where sender_id = $1)",
        desk.sender,
    )
    await desk.resume()
    row = await desk.delivery()
    assert (row["state"], row["records"], len(row["programme_ids"])) == ("done", RECORDS, 2)
    # Odd records are SNAP's: those of the first two blocks stay, those after are refused.
    refused = [item == 13 or (item >= 20 and item % 2 == 1) for item in range(RECORDS)]
    assert row["refused"] == sum(refused)
    assert _statuses(await desk.send()) == ["rjct" if each else "succ" for each in refused]


async def test_all_rights_lost_in_the_middle_ends_it_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _send_and_die(desk, monkeypatch, 2)
    await desk.rows(
        "update ibr.agreement_clause set programmes = '{}' where 'report' = any (acts) "
        "and agreement_no in (select agreement_no from ibr.agreement join ibr.partner "
        "using (partner_id) where sender_id = $1)",
        desk.sender,
    )
    # The sender may not report any more; what was accepted before is brought to its end.
    with pytest.raises(NotAllowed):
        await desk.send()
    await desk.resume()
    row = await desk.delivery()
    assert (row["state"], row["records"]) == ("done", RECORDS)
    assert row["refused"] == 1 + 15


async def _result(work: Any) -> Answer | None:
    try:
        return await work  # type: ignore[no-any-return]  # an answer, or nothing from a resume
    except RegistryError as refused:
        # Whoever comes second may be told to come again, and nothing else.
        if refused.code != "delivery.busy":
            raise
        return None


async def test_the_worker_and_senders_at_once_have_one_effect_and_one_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _send_and_die(desk, monkeypatch, 1)
    results = await asyncio.gather(
        _result(desk.resume()), *(_result(desk.send()) for _ in range(3)), _result(desk.resume())
    )
    await desk.check_once()
    kept = _read(await desk.send())
    assert all(_read(each) == kept for each in results if each is not None)


async def test_first_senders_at_once_have_one_effect_and_one_answer(desk: Desk) -> None:
    results = await asyncio.gather(*(_result(desk.send()) for _ in range(4)))
    await desk.check_once()
    kept = _read(await desk.send())
    answers = [_read(each) for each in results if each is not None]
    assert answers
    assert all(each == kept for each in answers)


async def test_without_the_lock_the_place_in_the_delivery_still_fences(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock ends with its connection, and its holder may not know that yet."""
    await _send_and_die(desk, monkeypatch, 1)

    async def held(*_: Any) -> bool:
        return True

    monkeypatch.setattr(merge_delivery, "try_delivery", held)
    await asyncio.gather(*(_result(desk.resume()) for _ in range(3)))
    if (await desk.delivery())["state"] != "done":
        await desk.resume()
    await desk.check_once()


async def test_who_waited_for_the_lock_sees_what_was_done_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _send_and_die(desk, monkeypatch, 1)
    first = True

    async def held_by_another_before(connection: Any, delivery_id: int) -> bool:
        nonlocal first
        if first:
            first = False
            await desk.resume()
        return await try_delivery(connection, delivery_id)

    monkeypatch.setattr(merge_delivery, "try_delivery", held_by_another_before)
    answer = await desk.send()
    await desk.check_once()
    assert _read(answer) == _read(await desk.send())


async def test_only_old_deliveries_that_nobody_is_at_are_looked_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _send_and_die(desk, monkeypatch, 1)
    number = (await desk.delivery())["delivery_id"]
    assert number not in await to_resume(desk.services)
    await desk.rows(
        "update ibr.delivery set received_at = received_at - interval '31 seconds' "
        "where delivery_id = $1",
        number,
    )
    assert number in await to_resume(desk.services)
    async with desk.services.database.session() as guard:
        assert await try_delivery(guard, number)
        assert number not in await to_resume(desk.services)
        with pytest.raises(Unavailable):
            await desk.resume()
        await release_delivery(guard, number)
    await desk.resume()
    await desk.check_once()
