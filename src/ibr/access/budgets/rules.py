"""Whose budget is how large, when it begins anew, and what is left of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from ibr.access.budgets.model import EVERY_PURPOSE, Account, Left, Limit, Used
from ibr.asker import Asker

# An officer meets so many people in an hour and a day at most. While an applicant's number and
# name are typed, everybody near is compared and counts, so that purpose has more.
OFFICERS: Final[dict[str, Limit]] = {
    "enrolment_check": Limit(600, 3_000),
    "identity_review": Limit(600, 4_000),
    "case_work": Limit(150, 800),
    "audit": Limit(100, 500),
    "complaint": Limit(60, 300),
    "data_correction": Limit(60, 300),
    "help_desk_request": Limit(60, 300),
}
OTHERWISE: Final = Limit(60, 300)
# A role whose work is not with people.
SELDOM: Final[Mapping[str, Limit]] = {"administrator": Limit(30, 100)}
# A partner that was given none, where the settings say nothing: made-up people of development.
PARTNER: Final = Limit(1_000_000, 5_000_000)
# What is left to whoever was found guessing numbers, until somebody has looked at the alarm.
GUESSING_PARTNER: Final = Limit(1_000, 2_000)
GUESSING_OFFICER: Final = Limit(20, 60)

# Between these hours (UTC) an officer's look-up is one at night.
NIGHT: Final = frozenset({22, 23, 0, 1, 2, 3, 4})

Own = Mapping[tuple[str, int, str], Limit]
"""Budgets of askers' own: by kind, number and purpose."""


def purpose_of(asker: Asker, own: Own) -> str:
    """Which of its budgets a question counts against.

    An officer's purposes are a short list that the role allows. A partner writes its purpose
    itself: only one that was given a budget has one, or each new word would bring a new budget.
    """
    if asker.kind == "officer" or (asker.kind, asker.id, asker.purpose.code) in own:
        return asker.purpose.code
    return EVERY_PURPOSE


def limit_of(asker: Asker, own: Own, partner: Limit, *, guessing: bool) -> Limit:
    """What the asker may: its own budget, else that of role and purpose, less when guessing."""
    limit = own.get((asker.kind, asker.id, purpose_of(asker, own)))
    if limit is None:
        limit = own.get((asker.kind, asker.id, EVERY_PURPOSE))
    if limit is None:
        limit = partner if asker.kind == "partner" else _of_role(asker)
    if not guessing:
        return limit
    less = GUESSING_PARTNER if asker.kind == "partner" else GUESSING_OFFICER
    return Limit(min(limit.an_hour, less.an_hour), min(limit.a_day, less.a_day))


def _of_role(asker: Asker) -> Limit:
    usual = OFFICERS.get(asker.purpose.code, OTHERWISE)
    most = SELDOM.get(asker.role or "", usual)
    return Limit(min(usual.an_hour, most.an_hour), min(usual.a_day, most.a_day))


def account_of(asker: Asker, own: Own, at: datetime) -> Account:
    return Account(at.date(), asker.kind, asker.id, purpose_of(asker, own))


def is_over(used: Used, limit: Limit) -> bool:
    return used.people > limit.a_day or used.hour_people > limit.an_hour


def left_of(used: Used | None, limit: Limit, at: datetime) -> Left:
    """What remains; an hour that has passed since the last count begins anew."""
    if used is None:
        return Left(limit, limit.an_hour, limit.a_day)
    this_hour = used.hour_people if used.hour >= at.hour else 0
    return Left(limit, max(0, limit.an_hour - this_hour), max(0, limit.a_day - used.people))


def wait_for(at: datetime, *, a_day: bool) -> int:
    """Seconds until there is something left again: the next hour, or the next day."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    begins = hour.replace(hour=0) + timedelta(days=1) if a_day else hour + timedelta(hours=1)
    return int((begins - at).total_seconds()) + 1
