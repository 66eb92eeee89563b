"""Grounds for simulations: a small country by hand, and random ones."""

from __future__ import annotations

from datetime import UTC, datetime

from ibr.coverage.engine.ground import Ground, ground_of
from ibr.coverage.engine.members import open_members
from ibr.coverage.facts.people import make_people
from ibr.coverage.facts.programmes import read_programmes
from ibr.overlaps.checks.model import Tables
from ibr.overlaps.checks.story import Story, Who
from ibr.periods import Month
from tests.check_tables import loaded

SEPTEMBER = Month(2026, 9)
KNOWN_AT = datetime(2026, 10, 15, 3, tzinfo=UTC)

OLDEST = Who(501, "1956-02-01", sex=2)
MAN_66 = Who(502, "1960-02-01", sex=1)
WOMAN_64 = Who(503, "1962-02-01", sex=2)
MAN_30 = Who(504, "1996-02-01", sex=1, disabled=True)
WOMAN_62 = Who(505, "1964-02-01", sex=2)
MAN_61 = Who(506, "1965-02-01", sex=1)
NOT_DATED = Who(507, None, sex=1)


def ground(tables: Tables, month: Month = SEPTEMBER) -> Ground:
    """What a run would have kept of these rows."""
    connection = loaded(tables)
    make_people(connection)
    members = open_members(connection, read_programmes(connection), [month])
    return ground_of(members, month, KNOWN_AT)


def small_country() -> Story:
    """Three receive PEN, which is for people from 65 on, two DIS, one of them both; three more
    are recorded and receive nothing in the month."""
    story = Story().programme(1, "PEN").programme(2, "DIS").rule(1, "age_from", years=65)
    story.enrol(11, 1, OLDEST, paid="09-05", district="D11")
    story.enrol(12, 1, MAN_66, paid="09-05", district="D11")
    story.enrol(13, 1, WOMAN_64, paid="09-05", district="D21")
    story.enrol(21, 2, WOMAN_64, paid="09-07", amount=800_00, district="D21")
    story.enrol(22, 2, MAN_30, paid="09-07", amount=800_00, district="D11")
    story.enrol(23, 2, WOMAN_62, district="D21")
    story.enrol(24, 2, MAN_61, district="D21")
    return story.enrol(25, 2, NOT_DATED, district="D21")
