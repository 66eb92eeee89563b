"""From a report to yes or no."""

from __future__ import annotations

from tests.door import Door
from tests.people import a_number, enrolled


def test_who_was_reported_is_enrolled(door: Door) -> None:
    partner, somebody = door.partner(), a_number()
    reply = partner.report(enrolled(somebody, "DCI001"))
    assert reply.outcomes == ["succ"], reply.body
    assert partner.ask(somebody, "DCI001").says == ["yes"]
