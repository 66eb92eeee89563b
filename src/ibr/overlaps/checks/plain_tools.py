"""The same pieces in plain Python: readable, and slow; they say what the statements must find."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from ibr.codelists.enrolment_status import FINAL
from ibr.overlaps.checks.model import (
    INFORM,
    NOW,
    SOON,
    Period,
    Row,
    Severity,
    Tables,
)

Span = tuple[date, date]


def holds(row: Row, period: Period) -> bool:
    """Whether a row with valid_from and valid_to holds on some day of the period."""
    return bool(
        row["valid_from"] <= period.last
        and (row["valid_to"] is None or row["valid_to"] >= period.first)
    )


def holds_on(row: Row, on: date) -> bool:
    return holds(row, Period(on, on))


def by(rows: Iterable[Row], *columns: str) -> dict[Any, list[Row]]:
    """Rows by the value of a column, or of several."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        key = row[columns[0]] if len(columns) == 1 else tuple(row[each] for each in columns)
        found[key].append(row)
    return dict(found)


def one_by(rows: Iterable[Row], column: str) -> dict[Any, Row]:
    return {row[column]: row for row in rows}


def active_times(tables: Tables, last: date) -> dict[int, list[Span]]:
    """Times in which benefits may be due, up to a day, by record."""
    found: dict[int, list[Span]] = defaultdict(list)
    for row in tables["span"]:
        if row["active"] and row["first_day"] <= last:
            found[row["record_id"]].append((row["first_day"], min(row["last_day"] or last, last)))
    return dict(found)


def live_records(times: dict[int, list[Span]], period: Period) -> set[int]:
    """Records with an active day in the period."""
    return {
        record for record, spans in times.items() if any(end >= period.first for _, end in spans)
    }


def is_active_on(spans: Sequence[Span], on: date) -> bool:
    return any(first <= on <= last for first, last in spans)


def common(one: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """Times that lie in both."""
    other = list(other)
    return [
        (max(a[0], b[0]), min(a[1], b[1]))
        for a in one
        for b in other
        if max(a[0], b[0]) <= min(a[1], b[1])
    ]


def days_of(spans: Iterable[Span]) -> int:
    return sum((last - first).days + 1 for first, last in spans)


def present(tables: Tables) -> list[Row]:
    """Appearances that are named now."""
    return [row for row in tables["appearance"] if row["member_no"] is not None]


def own_person(tables: Tables) -> dict[int, int]:
    return {row["record_id"]: row["person_id"] for row in present(tables) if row["is_own"]}


def heads_of(tables: Tables) -> dict[int, set[int]]:
    """Who heads each household: whom the record is about, and whom it names as head."""
    units, found = {row["record_id"]: row["unit"] for row in tables["record"]}, defaultdict(set)
    for row in present(tables):
        if (row["is_own"] or row["is_head"]) and units.get(row["record_id"], 1) != 1:
            found[row["record_id"]].add(row["person_id"])
    return dict(found)


def people_of(tables: Tables) -> dict[int, set[int]]:
    """Everybody whom each record names now."""
    found: dict[int, set[int]] = defaultdict(set)
    for row in present(tables):
        found[row["record_id"]].add(row["person_id"])
    return dict(found)


def homes(tables: Tables) -> dict[int, int]:
    """In which household each person is named: the one with the smallest number."""
    units = {row["record_id"]: row["unit"] for row in tables["record"]}
    found: dict[int, int] = {}
    for row in present(tables):
        if units.get(row["record_id"], 1) != 1:
            person = row["person_id"]
            found[person] = min(found.get(person, row["record_id"]), row["record_id"])
    return found


class Given(NamedTuple):
    """One benefit in the period; `minor` where it has a value in the programme's currency."""

    on: date
    month: date
    kind: int
    minor: int | None


def given_in(tables: Tables, period: Period) -> dict[int, list[Given]]:
    """What each record was given in the period."""
    currencies = {row["programme_id"]: row["currency"] for row in tables["programme"]}
    found: dict[int, list[Given]] = defaultdict(list)
    for row in tables["benefit"]:
        if period.first <= row["given_on"] <= period.last:
            own = currencies[row["programme_id"]]
            counts = own is not None and (row["currency"] or own) == own
            minor = row["value_minor"] if counts else None
            found[row["record_id"]].append(
                Given(row["given_on"], row["month"], row["benefit_type"], minor)
            )
    return dict(found)


def total(given: Iterable[Given]) -> int | None:
    """The sum of what has a value; None where nothing has."""
    values = [each.minor for each in given if each.minor is not None]
    return sum(values) if values else None


def at_stake(given: Iterable[Given], programme: Row) -> tuple[int | None, str | None]:
    """The same with its currency, which is the programme's; neither where nothing has a value."""
    minor = total(given)
    return minor, None if minor is None else programme["currency"]


def by_sources(sources: int, *, informs: bool) -> Severity:
    """When to look at what rests on a death: one source alone is never pressing."""
    return INFORM if informs else NOW if sources >= 2 else SOON


def births(row: Row) -> Span | None:
    """The first and the last day on which somebody may have been born; None where unknown.

    The first of January is what offices write when only the year is known.
    """
    birth, precision = row["birth_date"], row["birth_precision"] or 0
    if birth is None or precision == 0:
        return None
    if precision == 1 or (precision == 3 and (birth.month, birth.day) == (1, 1)):
        return birth, date(birth.year, 12, 31)
    return birth, last_of_month(birth) if precision == 2 else birth


def age(birth: date, on: date) -> int:
    """Completed years; before birth it is negative."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def last_of_month(on: date) -> date:
    return on.replace(day=calendar.monthrange(on.year, on.month)[1])


def month_before(on: date, months: int) -> date:
    """The same day some months earlier, or the last of that month where it has none."""
    index = on.year * 12 + on.month - 1 - months
    first = date(index // 12, index % 12 + 1, 1)
    return min(first + timedelta(days=on.day - 1), last_of_month(first))


def cycle(on: date, months: int) -> int:
    """The number of the cycle that holds a day: months since year 0, by the cycle's length."""
    return (on.year * 12 + on.month - 1) // months


def cycle_begins(number: int, months: int) -> date:
    return date(number * months // 12, number * months % 12 + 1, 1)


class Dead(NamedTuple):
    """A death, by the latest day that anybody says."""

    died_on: date
    known_on: date
    sources: int


def dead_people(tables: Tables) -> dict[int, Dead]:
    """Who died, unless a register says later that they live."""
    alive: dict[int, date] = {}
    for row in tables["told"]:
        if (row["attribute"], row["value"]) == ("vital_status", '"alive"'):
            person = row["person_id"]
            alive[person] = max(alive.get(person, row["since"]), row["since"])
    found = {}
    for person, rows in by(tables["death"], "person_id").items():
        days = [row["died_on"] for row in rows if row["died_on"] is not None]
        if days and not (person in alive and any(alive[person] > each for each in days)):
            known = min(row["known_on"] for row in rows)
            found[person] = Dead(max(days), known, max(row["sources_agreeing"] for row in rows))
    return found


class Known(NamedTuple):
    """What is known of a person from everything that names them."""

    born: Span | None
    sex: int | None
    is_disabled: bool


def known_people(tables: Tables) -> dict[int, Known]:
    told = {
        row["person_id"]
        for row in tables["told"]
        if (row["attribute"], row["value"]) == ("is_disabled", "true")
    }
    found = {}
    for person, rows in by(present(tables), "person_id").items():
        spans = [span for row in rows if (span := births(row)) is not None]
        sexes = {row["sex"] for row in rows if row["sex"] in (1, 2)}
        found[person] = Known(
            (min(spans)[0], max(last for _, last in spans)) if spans else None,
            sexes.pop() if len(sexes) == 1 else None,
            person in told or any(row["is_disabled"] for row in rows),
        )
    return found


def meets(conditions: dict[str, Any], who: Known, on: date) -> bool:
    """Whether somebody surely meets the conditions of a pair on a day."""
    youngest, oldest = conditions.get("min_age"), conditions.get("max_age")
    if (youngest is not None or oldest is not None) and who.born is None:
        return False
    if who.born is not None:
        if youngest is not None and age(who.born[1], on) < youngest:
            return False
        if oldest is not None and age(who.born[0], on) > oldest:
            return False
    if conditions.get("sex") is not None and who.sex != conditions["sex"]:
        return False
    return conditions.get("is_disabled") in (None, who.is_disabled)


class Quiet(NamedTuple):
    """A record that was active through some cycles of its programme and was given nothing."""

    record_id: int
    programme_id: int
    starts: date
    ends: date
    last_given: date | None


def quiet_records(tables: Tables, cycles: int, period: Period) -> list[Quiet]:
    """Records active through the last cycles in which their programme gave anything, and given
    nothing since. Only cycles count in which the programme gave something to somebody."""
    lengths = {row["programme_id"]: row["cycle_months"] or 1 for row in tables["programme"]}
    times = active_times(tables, period.last)
    given = [row for row in tables["benefit"] if row["given_on"] <= period.last]
    last = {
        record: max(row["given_on"] for row in rows)
        for record, rows in by(given, "record_id").items()
    }
    paying: dict[int, set[int]] = defaultdict(set)
    for row in given:
        months = lengths[row["programme_id"]]
        number = cycle(row["given_on"], months)
        if cycle_begins(number + 1, months) <= period.last + timedelta(days=1):
            paying[row["programme_id"]].add(number)
    found = []
    for record in tables["record"]:
        programme = record["programme_id"]
        latest = sorted(paying[programme])[-cycles:]
        if len(latest) < cycles:
            continue
        starts = cycle_begins(latest[0], lengths[programme])
        ends = cycle_begins(latest[-1] + 1, lengths[programme]) - timedelta(days=1)
        steady = common(times.get(record["record_id"], ()), [(starts, ends)])
        before = last.get(record["record_id"])
        if days_of(steady) == (ends - starts).days + 1 and (before is None or before < starts):
            found.append(Quiet(record["record_id"], programme, starts, ends, before))
    return found


def held_programmes(tables: Tables, on: date) -> dict[int, set[int]]:
    """In which programmes each person is on a day, in any status but a final one."""
    people, found = people_of(tables), defaultdict(set)
    for row in tables["span"]:
        ends = row["last_day"] or on
        if row["first_day"] <= on <= ends and row["status"] not in FINAL:
            for person in people.get(row["record_id"], ()):
                found[person].add(row["programme_id"])
    return dict(found)
