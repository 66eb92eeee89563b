"""Who may hear of what, where notifications go, when they are due, a filter in words; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ibr.access.agreements.rules import programmes_of
from ibr.access.model import Partner
from ibr.access.scopes import SUBSCRIBE
from ibr.calls.rules import within
from ibr.codelists.enrolment_status import ENROLMENT_STATUS
from ibr.codelists.people import SEX, SEX_NUMBER
from ibr.codelists.programme_kinds import ASSISTANCE_UNIT, BENEFIT_TYPE
from ibr.registry.search.model import And, Compare, Filter, Not, One, Or, Span
from ibr.subscriptions.model import Frequency
from ibr.subscriptions.schedule import Schedule

_ON_SUBSCRIBE: Final = "/on-subscribe"
_NOTIFY: Final = "/notify"
_WORDS: Final = {
    "gt": "is after",
    "ge": "is from",
    "lt": "is before",
    "le": "is until",
}
_MOST_SHOWN: Final = 5
_SEXES: Final = {number: code for code, number in SEX_NUMBER.items()}
_LABELS: Final[dict[str, Callable[[int], str]]] = {
    "status": ENROLMENT_STATUS.label,
    "unit": ASSISTANCE_UNIT.label,
    "benefit_type": BENEFIT_TYPE.label,
    "sex": lambda number: SEX.label(_SEXES[number]),
}


def reach_of(partner: Partner | None) -> frozenset[int]:
    """The programmes whose changes a partner may hear of now."""
    if partner is None or partner.suspended or SUBSCRIBE not in partner.scopes:
        return frozenset()
    if partner.terms is None:
        return partner.ask | partner.report
    return programmes_of(partner.terms, "changes") | partner.report


def address_from(asked_from: str | None, registered: Iterable[str]) -> str | None:
    """Where notifications go by the address that a subscription came with (behaviour.md 13).

    It is that address as it stands, but for a last on-subscribe, which becomes notify where that
    is an address the registry may call too.
    """
    if asked_from is None or not asked_from.endswith(_ON_SUBSCRIBE):
        return asked_from
    notify = asked_from.removesuffix(_ON_SUBSCRIBE) + _NOTIFY
    return notify if within(notify, registered) else asked_from


def notify_address(registered: Sequence[str], kept: str | None) -> str | None:
    """Where notifications go now: a registered address for them, else the one kept with the
    subscription, else the only registered one; None where nobody can know."""
    for address in registered:
        if _last_segment(address) == _NOTIFY:
            return address
    if kept is not None:
        return kept
    fitting = [each for each in registered if _last_segment(each) == _ON_SUBSCRIBE]
    chosen = fitting or registered
    return address_from(chosen[0], registered) if len(chosen) == 1 else None


def _last_segment(address: str) -> str:
    return "/" + address.partition("?")[0].rstrip("/").rsplit("/", 1)[-1]


class Moments(msgspec.Struct, frozen=True):
    """The scheduled moments around now: what was learned before `last` is late, what was learned
    since waits for `next`; None where no moment is left."""

    last: datetime
    next: datetime | None


def moments(frequency: Frequency, made_at: datetime, now: datetime) -> Moments | None:
    """The moments around `now`; None for a subscription that is told at once."""
    schedule, end_at = frequency.schedule, frequency.end_at
    if schedule is None:
        return None
    until = min(now, end_at) if end_at else now
    following = schedule.next_after(until, frequency.offset)
    if following is not None and end_at is not None and following > end_at:
        following = None
    return Moments(_last_until(frequency, schedule, made_at, until), following)


def _last_until(
    frequency: Frequency, schedule: Schedule, made_at: datetime, until: datetime
) -> datetime:
    """The last scheduled moment that is not after `until`, `made_at` where there was none yet.

    Found by halving the time between: a moment has a later one before `until` or has not.
    """
    if not _comes(schedule, made_at, until, frequency.offset):
        return made_at
    early, late = made_at, until
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if _comes(schedule, middle, until, frequency.offset):
            early = middle
        else:
            late = middle
    # Between the two lies one moment, and none after it.
    return schedule.next_after(early, frequency.offset) or late


def _comes(schedule: Schedule, after: datetime, until: datetime, offset: timedelta) -> bool:
    found = schedule.next_after(after, offset)
    return found is not None and found <= until


def in_words(wanted: Filter) -> str:
    """A filter for somebody to read; identifiers are counted and never shown."""
    if isinstance(wanted, Compare):
        return _comparison(wanted)
    if isinstance(wanted, Not):
        return f"not ({in_words(wanted.part)})"
    word = " and " if isinstance(wanted, And) else " or "
    return word.join(
        f"({in_words(part)})" if isinstance(part, (And, Or)) else in_words(part)
        for part in wanted.parts
    )


def _comparison(wanted: Compare) -> str:
    name = wanted.attribute.replace("_", " ")
    values = wanted.values
    if wanted.attribute == "identifier":
        return f"{name} is one of {len(values)} hidden ones"
    shown = [_shown(wanted.attribute, each) for each in values[:_MOST_SHOWN]]
    if len(values) > _MOST_SHOWN:
        shown.append(f"{len(values) - _MOST_SHOWN} more")
    several = "one of " if len(values) > 1 else ""
    return f"{name} {_WORDS.get(wanted.operator, 'is')} {several}{', '.join(shown)}"


def _shown(attribute: str, value: One) -> str:
    if isinstance(value, Span):
        text = value.first.date().isoformat()
        return text[: {1: 4, 2: 7}.get(value.precision, 10)]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and attribute in _LABELS:
        return _LABELS[attribute](value)
    return f"{value:g}" if isinstance(value, float) else str(value)
