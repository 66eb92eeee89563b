"""Subscriptions once more, slow and plain: who must be told of what.

It knows nothing of the real ones: no shapes, no feed, no SQL. It goes through every change since
the last look and asks every subscription.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.plain_filters import matches

Json = dict[str, Any]
FINAL = ("2", "3")


@dataclass
class Wanting:
    """A subscription: who asked, of which event, by which query."""

    partner: str
    event: str
    query: Json
    active: bool = True


@dataclass
class PlainRegistry:
    """What was reported, who asked, what has to be told."""

    people: dict[str, Json] = field(default_factory=dict)
    wanting: list[Wanting] = field(default_factory=list)
    reach: dict[str, set[str]] = field(default_factory=dict)
    # Since the last look: who changed how, and how many had subscribed by then.
    changes: list[tuple[str, str, int]] = field(default_factory=list)
    told: set[tuple[int, str]] = field(default_factory=set)

    def report(self, who: str, record: Json) -> None:
        before = self.people.get(who)
        self.people[who] = record
        if before is None:
            self.changes.append((who, "enrolled", len(self.wanting)))
        elif status(before) != status(record):
            self.changes.append((who, "status_changed", len(self.wanting)))

    def look(self) -> None:
        """Everybody who is to be told of the changes since the last look."""
        for who, kind, asked_before in self.changes:
            record = self.people[who]
            programme = record["programme_identifier"][0]["programme_identifier"]
            for number, each in enumerate(self.wanting[:asked_before]):
                if (
                    each.active
                    and programme in self.reach[each.partner]
                    and happens(each.event, kind, record)
                    and matches(record, each.query)
                ):
                    self.told.add((number, who))
        self.changes = []


def happens(event: str, kind: str, record: Json) -> bool:
    """Whether a change is what somebody asked for."""
    if event == "ended":
        return kind == "status_changed" and status(record) in FINAL
    return event == kind


def status(record: Json) -> str:
    said: str = record.get("enrollment_status", "1")
    return said
