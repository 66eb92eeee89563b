"""A help desk that begins, asks, hands out and ends, over and over, until it is killed.

Said `careless`, it writes down what it did only afterwards, in a transaction of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Any

from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import Conflict
from ibr.subject.requests import ask as asking
from ibr.subject.requests.model import Wish
from ibr.subject.statements import give
from ibr.subject.visits import begin, during
from tests import visitors
from tests.web_country import WebCountry

LATER: list[dict[str, Any]] = []


async def later(_: Connection, **event: Any) -> None:
    """Puts off writing down."""
    LATER.append(event)


async def work(dsn: str, kind: str) -> None:
    country = WebCountry(dsn)
    if kind == "careless":
        for module in (begin, asking, give):
            module.record_event = later  # type: ignore[attr-defined]  # the control's very fault
    asker = await visitors.officer(country)
    async with visitors.desk(country) as services:
        print("begun", flush=True)
        while True:
            visit = await visitors.served(services, asker, visitors.MOTHER, visitors.MOTHER_BORN)
            wish = Wish(record_id=visit.own[0], kind="objection", about="processing")
            with contextlib.suppress(Conflict):
                await asking.ask(
                    *(services.database, services.sealer, services.blind_index),
                    *(asker, visit, wish, visitors.now()),
                )
            await give.give_statement(
                services.database,
                asker,
                visit,
                form="json",
                language="en",
                sums="",
                draw=str.encode,
                at=visitors.now(),
            )
            if LATER:
                async with services.database.transaction(()) as connection:
                    for event in LATER:
                        await record_event(connection, **event)
                LATER.clear()
            await during.end_visit(services.database, asker, visit.visit_no, visitors.now())
            print("ended", flush=True)


asyncio.run(work(sys.argv[1], sys.argv[2]))
