"""A programme's own system is told that its report is late, by a notification without events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial

import pytest

from ibr.clock import now, today
from ibr.interop.dci.keys import published_keys
from ibr.interop.dci.tell_due import tell_partners
from ibr.periods import month_of
from ibr.reporting.enter import set_rule
from ibr.reporting.reminders.remind import Post, take_steps
from tests.door import REGISTRY, Door
from tests.post_office import PostOffice, post_office
from tests.right_receiver import Receiver, served


class Listening(Receiver):
    """Keeps the messages that it found in order."""

    def parsed(self, body: bytes) -> dict[str, object]:
        document = super().parsed(body)
        self.heard = [*getattr(self, "heard", []), document]
        return document


@pytest.fixture
async def office(door: Door) -> AsyncIterator[PostOffice]:
    async with post_office(door.dsn, door.settings) as office:
        yield office


async def test_who_reports_for_it_hears_once_and_nobody_else(
    door: Door, office: PostOffice
) -> None:
    receiver = Listening(REGISTRY, {"keys": []})
    async with served(receiver) as url:
        system = await asyncio.to_thread(
            lambda: door.partner(report=["DCI001"], callback_urls=[url])
        )
        # Another programme's system, and one without an address.
        await asyncio.to_thread(lambda: door.partner(report=["DCI002"], callback_urls=[url]))
        await asyncio.to_thread(lambda: door.partner(report=["DCI001"]))
        receiver.receiver_id = system.sender_id
        await office.services.book.refresh(0)
        number = office.services.book.programmes_by_code["dci001"].programme_id
        last = month_of(today()).plus(-1)
        async with office.database.transaction([number]) as connection:
            receiver.trust(await published_keys(connection, now()))
            await set_rule(connection, number, str(last), 1, 0, now())
        partners = await office.services.book.everyone()
        tell = partial(tell_partners, office.services, partners, now())
        post = Post(server=None, registry_id="registry.example")
        taken = [await take_steps(office.database, [number], post, now(), tell) for _ in range(2)]
        assert taken == [1, 0]
        async with office.delivering():
            await office.settled()
    [document] = receiver.heard
    reporting = document["header"]["meta"]["reporting"]  # type: ignore[index]
    assert (reporting["programme"], reporting["cycle"]) == ("DCI001", str(last))
    assert reporting["step"] in ("late", "escalation")
    assert document["message"]["notify_event"] == []  # type: ignore[index]
    assert "reg_records" not in json.dumps(document)
    [row] = await asyncio.to_thread(
        door.owner, f"select told, mail from report_reminder where programme_id = {number}"
    )
    assert (row["told"], row["mail"]) == (1, "none")
    [sent] = await asyncio.to_thread(
        door.owner,
        "select state from outgoing_message m join partner p using (partner_id) "
        "where p.sender_id = $1",
        system.sender_id,
    )
    assert sent["state"] == "delivered"
