"""Who may read from the replica: a list, so that nobody who needs the newest word joins unseen."""

from __future__ import annotations

import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src/ibr"
# Figures, the public site, and the snapshot that analytics work on.
MAY = {
    "overlaps/snapshot/write.py",
    "web/pages/country.py",
    "web/pages/coverage.py",
    "web/pages/indicators.py",
    "web/pages/programme.py",
    "web/public/files.py",
    "web/public/pages.py",
    "web/public/shelf.py",
    "web/sheet.py",
}
# Answers, signing in, people, cases, deliveries: only ever from the database itself.
NEVER = (
    "access/",
    "intake/",
    "interop/",
    "outbox/",
    "questions/",
    "subject/",
    "overlaps/cases/",
    "web/gate.py",
    "web/pages/person.py",
    "web/pages/sign_in.py",
    "web/pages/case.py",
    "web/pages/visits.py",
)
_READS = re.compile(r"\bdatabase\.reading\b|from ibr\.db\.pool import [^\n]*\bReading\b")


def readers() -> set[str]:
    return {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if _READS.search(path.read_text(encoding="utf-8"))
    } - {"db/pool.py"}


def test_only_these_read_from_the_replica() -> None:
    assert readers() == MAY
    assert [each for each in readers() if each.startswith(NEVER)] == []


def test_the_rule_can_fail() -> None:
    assert _READS.search("async with services.database.reading.transaction(()) as connection:")
    assert not _READS.search("async with services.database.transaction(()) as connection:")
    assert "web/pages/person.py".startswith(NEVER)
