"""Reminders of reports: steps by the registry's day, letters as often as they must be tried."""

from __future__ import annotations

from functools import partial

from ibr.clock import now
from ibr.interop.dci.services import Services
from ibr.interop.dci.tell_due import tell_partners
from ibr.jobs.model import Job
from ibr.reporting.reminders.remind import Post, send_letters, take_steps


async def remind(services: Services, _job: Job) -> None:
    """Takes the steps that are due today, each once, and sends the letters that wait."""
    await services.book.refresh()
    programmes = sorted(services.book.programmes)
    post = Post(
        server=services.mail, registry_id=services.registry_id, reached_at=services.reached_at
    )
    tell = partial(tell_partners, services, await services.book.everyone(), now())
    await take_steps(services.database, programmes, post, now(), tell)
    await send_letters(services.database, programmes, post, now)
