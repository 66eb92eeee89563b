"""The criteria of one subscription: event, filter, frequency and record type, read and checked."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from ibr.errors import NotUnderstood
from ibr.interop.dci.messages.events import EVENT_WORDS, read_event
from ibr.interop.dci.messages.header import read_moment_with_zone
from ibr.interop.dci.query.criteria import FORMS, check_registry, narrowed, read_query
from ibr.questions.filters import Filter
from ibr.subscriptions.model import Event, Frequency
from ibr.subscriptions.schedule import read_schedule

_LAST_YEAR: Final = 2199
# Said of a search; a subscriber writes filter where a search has query.
_IN_WORDS_OF_A_FILTER: Final = (
    (re.compile(r"\bquery_type\b"), "filter_type"),
    (re.compile(r"\bquery\.(type|value)\b"), r"filter.\1"),
    (re.compile(r"\bin query\b"), "in filter"),
    (re.compile(r"\bThe query\b"), "The filter"),
)


def read_event_type(criteria: dict[str, Any]) -> Event:
    """The event; NotUnderstood names those there are."""
    event = read_event(criteria.get("reg_event_type"))
    if event is None:
        raise NotUnderstood(
            "subscription.event", f"reg_event_type is one of {', '.join(EVENT_WORDS.values())}."
        )
    return event


def read_filter(criteria: dict[str, Any]) -> tuple[str, Filter]:
    """The form of the filter and the filter; NotUnderstood says what is at fault with it."""
    given = criteria.get("filter")
    if given in (None, "", [], {}):
        _refuse(
            "filter is missing. To hear of every record of a programme in your reach, filter by "
            "programme_identifier.programme_identifier."
        )
    kind = criteria.get("filter_type")
    if kind in (None, ""):
        kind = _form_of(given)
    if kind == "graphql":
        _refuse(
            "filter_type graphql is not offered (rjct.filter.invalid); "
            f"write one of {', '.join(FORMS)}."
        )
    if not isinstance(kind, str) or kind not in FORMS:
        _refuse(f"filter_type is one of {', '.join(FORMS)}.")
    check_registry(criteria.get("reg_type"))
    try:
        wanted = read_query(kind, given)
    except NotUnderstood as fault:
        code = "subscription.person" if kind == "idtype-value" else "subscription.details"
        raise NotUnderstood(code, _in_words_of_a_filter(fault.message)) from None
    return kind, narrowed(wanted, criteria.get("notify_record_type"), "notify_record_type")


def _form_of(given: Any) -> str:
    """The form that a filter without filter_type can only be meant in."""
    if isinstance(given, list):
        return "predicate"
    value = given.get("value") if isinstance(given, dict) else None
    return "expression" if isinstance(value, dict) else "idtype-value"


def _in_words_of_a_filter(text: str) -> str:
    for pattern, word in _IN_WORDS_OF_A_FILTER:
        text = pattern.sub(word, text)
    return text


def read_frequency(criteria: dict[str, Any], at: datetime) -> Frequency:
    """When to tell; at once and for ever where nothing is said.

    The schedule is read by the clock that start_time is written in.
    """
    given = criteria.get("frequency")
    if given in (None, "", {}):
        return Frequency()
    if not isinstance(given, dict):
        _refuse("frequency is an object with start_time, end_time and frequency.")
    start_at, offset = _moment(given, "start_time")
    end_at, end_offset = _moment(given, "end_time")
    if end_at is not None and end_at <= at:
        _refuse("frequency.end_time lies in the past.")
    if start_at is not None and end_at is not None and end_at <= start_at:
        _refuse("frequency.end_time must be later than frequency.start_time.")
    text = given.get("frequency")
    frequency = Frequency(
        start_at=start_at,
        end_at=end_at,
        schedule=None if text in (None, "") else read_schedule(text),
        text=None if text in (None, "") else str(text),
        offset=offset or end_offset or timedelta(0),
    )
    _check_it_comes(frequency, at)
    return frequency


def _moment(given: dict[str, Any], name: str) -> tuple[datetime | None, timedelta | None]:
    """A moment in UTC, and how far the clock that it is written by is ahead."""
    text = given.get(name)
    if text in (None, ""):
        return None, None
    moment = read_moment_with_zone(text, f"frequency.{name}", "subscription.details")
    if moment.year > _LAST_YEAR:
        _refuse(f"frequency.{name} lies beyond the year {_LAST_YEAR}.")
    return moment, datetime.fromisoformat(text).utcoffset()


def _check_it_comes(frequency: Frequency, at: datetime) -> None:
    if frequency.schedule is None:
        return
    begin = max(at, frequency.start_at or at)
    first = frequency.schedule.next_after(begin - timedelta(seconds=1), frequency.offset)
    if first is None or (frequency.end_at is not None and first > frequency.end_at):
        raise NotUnderstood(
            "subscription.schedule",
            "frequency.frequency never comes between start_time and end_time.",
            field="frequency.frequency",
        )


def echoed(criteria: dict[str, Any], kind: str) -> dict[str, Any]:
    """What a subscription is known by again: its criteria as they were asked, strictly written.

    `kind` is the form of the filter. A frequency is told only whole, as the standard's schema
    asks.
    """
    told: dict[str, Any] = {"filter_type": kind, "filter": criteria["filter"]}
    for name in ("version", "reg_type", "reg_event_type", "notify_record_type"):
        value = criteria.get(name)
        if isinstance(value, str) and value:
            told[name] = value
    frequency = criteria.get("frequency")
    if isinstance(frequency, dict) and all(
        frequency.get(name) for name in ("start_time", "end_time", "frequency")
    ):
        told["frequency"] = {
            "start_time": datetime.fromisoformat(frequency["start_time"]).isoformat(),
            "end_time": datetime.fromisoformat(frequency["end_time"]).isoformat(),
            "frequency": frequency["frequency"],
        }
    return told


def _refuse(reason: str) -> NoReturn:
    raise NotUnderstood("subscription.details", reason)
