"""The merge once more, slow and plain: what a set of reports adds up to, whatever their order.

It knows nothing of the real one: no digests, no earlier state, no database. It looks at every
report there is and says what must stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
RANK = {1: 1, 6: 2, 7: 3, 5: 4, 4: 5, 3: 6, 2: 7}
NEVER = datetime(1, 1, 2, tzinfo=UTC)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def key_of(record: Json) -> tuple[str, str]:
    """Who it is: programme, and the programme's own number for them."""
    numbers = {each["identifier_type"]: each["identifier_value"] for each in identifiers(record)}
    return (
        record["programme_identifier"][0]["programme_identifier"],
        numbers["PROGRAMME_NUMBER"],
    )


def identifiers(record: Json) -> list[Json]:
    found: list[Json] = record["member"].get("member_identifier", [])
    return found


def attributes(record: Json) -> dict[str, Any]:
    """What a report says of a person, by its path; identifiers by their type."""
    said: dict[str, Any] = {}
    for name, value in record["member"].items():
        if name == "member_identifier":
            by_type = defaultdict(list)
            for each in value:
                by_type[each["identifier_type"]].append(each)
            said |= {f"{name}:{kind}": several for kind, several in by_type.items()}
        elif name == "demographic_info":
            said |= {f"person.{inner}": each for inner, each in value.items()}
        else:
            said[name] = value
    return said


def newest_word(reports: Iterable[tuple[datetime, Any]]) -> list[Any]:
    """What was said at the newest moment: one value, or several that contradict each other."""
    told = list(reports)
    latest = max(at for at, _ in told)
    return [value for at, value in told if at == latest]


def standing(reports: list[tuple[datetime, Json]]) -> tuple[int, datetime]:
    """Status and since when: the newest change, at one moment the graver."""
    changes = []
    for as_of, record in reports:
        if "enrollment_status" in record:
            dates = [moment(each) for each in record.get("status_change_date", [])]
            status = int(record["enrollment_status"])
            changes.append((max(dates, default=as_of), RANK[status], status))
    if not changes:
        return 1, NEVER
    at, _, status = max(changes)
    return status, at


def enrolled_at(reports: list[tuple[datetime, Json]]) -> datetime | None:
    told = [
        (as_of, moment(record["enrollment_date"]))
        for as_of, record in reports
        if "enrollment_date" in record
    ]
    return max(newest_word(told)) if told else None


def history(reports: list[tuple[datetime, Json]]) -> set[tuple[datetime, int]]:
    """Every dated change: the status at the newest date, the others without one."""
    entries = set()
    for _, record in reports:
        dates = [moment(each) for each in record.get("status_change_date", [])]
        if not dates:
            continue
        status = int(record.get("enrollment_status", 0))
        at = max(dates)
        entries |= {(each, 0) for each in dates if each != at or not status}
        if status:
            entries.add((at, status))
    return entries


def benefits(reports: list[tuple[datetime, Json]]) -> set[tuple[datetime, int]]:
    """Each benefit once: when and how much, in cents."""
    return {
        (moment(each["benefit_date"]), round(float(each["benefit_value"].split()[1]) * 100))
        for _, record in reports
        for each in record.get("benefits", [])
    }


def add_up(reports: Iterable[tuple[datetime, Json]]) -> dict[tuple[str, str], Json]:
    """What stands of everybody after all these reports, each with its sender's clock."""
    everybody: dict[tuple[str, str], list[tuple[datetime, Json]]] = defaultdict(list)
    for as_of, record in reports:
        everybody[key_of(record)].append((as_of, record))
    return {key: _one(own) for key, own in everybody.items()}


def _one(reports: list[tuple[datetime, Json]]) -> Json:
    said: dict[str, list[tuple[datetime, Any]]] = defaultdict(list)
    for as_of, record in reports:
        for path, value in attributes(record).items():
            said[path].append((as_of, value))
    status, at = standing(reports)
    return {
        "status": status,
        "status_at": at,
        "enrolled_at": enrolled_at(reports),
        "as_of": max(as_of for as_of, _ in reports),
        "history": history(reports),
        "benefits": benefits(reports),
        "content": {path: newest_word(told) for path, told in said.items()},
    }
