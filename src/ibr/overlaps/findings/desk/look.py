"""Findings for those who may see them: lists, counts, and those about the records of a page.

An officer sees findings of their programmes; findings about no programme are for those who see all
programmes. Who may only see figures gets counts, and small ones not exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from asyncpg import Record

from ibr.access.staff.rights import FINDING_COUNTS, FINDINGS, must_hold
from ibr.asker import Asker
from ibr.db.pool import Connection, Database
from ibr.errors import NotFound
from ibr.overlaps.checks.catalogue import BY_CODE
from ibr.overlaps.findings.desk import store
from ibr.overlaps.findings.model import Finding, Wanted

A_PAGE: Final = 40
LAST_PAGE: Final = 250
# Fewer than so many people could be recognised by who knows their village.
SMALLEST_SHOWN: Final = 5
Say = Callable[[str], str]


class CheckCount(msgspec.Struct, frozen=True, kw_only=True):
    """Open findings of one check: all, by severity, and in cases already. None is what may not be
    told: small numbers, and parts from which a small one could be worked out."""

    check: str
    title: str
    version: int
    helps: bool
    open: int | None
    now: int | None
    soon: int | None
    in_cases: int | None
    money: dict[str, int]


class FindingList(msgspec.Struct, frozen=True):
    """One page of findings, and what they can be narrowed to."""

    findings: list[Finding]
    total: int
    page: int
    pages: int
    checks: list[CheckCount]
    programmes: list[str]
    areas: list[tuple[str, dict[str, str]]]


async def finding_list(database: Database, asker: Asker, wanted: Wanted, page: int) -> FindingList:
    """Findings in reach that fit, the most severe first."""
    must_hold(asker, FINDINGS)
    async with database.transaction(asker.reach, asker=asker, right=FINDINGS) as connection:
        everything = await store.reaches_everything(connection, sorted(asker.reach))
        total = await store.count(connection, wanted, everything)
        pages = min(max(1, -(-total // A_PAGE)), LAST_PAGE)
        page = min(max(1, page), pages)
        rows = await store.listed(connection, wanted, everything, A_PAGE, (page - 1) * A_PAGE)
        counted = await store.counts(connection, everything)
        programmes = await store.programme_codes(connection, sorted(asker.reach))
        areas = await store.regions(connection)
    return FindingList(
        [finding_of(row) for row in rows],
        total,
        page,
        pages,
        _by_check(counted, exact=True),
        programmes,
        [(row["code"], msgspec.json.decode(row["names"])) for row in areas],
    )


async def finding_counts(database: Database, asker: Asker) -> list[CheckCount]:
    """How many open findings there are in reach, by check; exact for those who see each one."""
    must_hold(asker, FINDING_COUNTS)
    async with database.transaction(asker.reach, asker=asker, right=FINDING_COUNTS) as connection:
        return await counts_within(connection, asker)


async def counts_within(connection: Connection, asker: Asker) -> list[CheckCount]:
    """The same in a transaction that is under way; nothing for those without the right."""
    if FINDING_COUNTS not in asker.scopes:
        return []
    everything = await store.reaches_everything(connection, sorted(asker.reach))
    rows = await store.counts(connection, everything)
    return _by_check(rows, exact=FINDINGS in asker.scopes)


async def one_finding(database: Database, asker: Asker, finding_id: int) -> Finding:
    """One finding; NotFound alike where there is none and where it is not in reach."""
    must_hold(asker, FINDINGS)
    async with database.transaction(asker.reach, asker=asker, right=FINDINGS) as connection:
        everything = await store.reaches_everything(connection, sorted(asker.reach))
        row = await store.one(connection, finding_id, everything)
    if row is None:
        raise NotFound("finding.unknown", "There is no such finding among your programmes.")
    return finding_of(row)


async def about_records(
    database: Database, asker: Asker, record_ids: Sequence[int]
) -> list[Finding]:
    """Open findings about these records or the persons they are of, the most severe first.

    For a page that shows the records already; nothing for those without the right.
    """
    if FINDINGS not in asker.scopes or not record_ids:
        return []
    async with database.transaction(asker.reach, asker=asker, right=FINDINGS) as connection:
        return [finding_of(row) for row in await store.about(connection, record_ids)]


def sentence(finding: Finding, say: Say) -> str:
    """What was found, in one sentence made of its facts."""
    check = BY_CODE.get(finding.check_code)
    if check is None or check.version != finding.check_version:
        return say("Found by an earlier version of this check, which is no longer explained here.")
    return check.explain(finding.facts, say)


def finding_of(row: Record) -> Finding:
    fields: dict[str, Any] = dict(row)
    fields["facts"] = msgspec.json.decode(fields["facts"])
    fields["vintages"] = _of_its_programmes(msgspec.json.decode(fields["vintages"]), fields)
    return Finding(**fields)


def _of_its_programmes(vintages: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """How recent the finding's own programmes were, and the other registries."""
    codes = (fields["programme"], fields["other_programme"])
    programmes = vintages.get("programmes", {})
    sources: dict[str, Any] = vintages.get("sources", {})
    return {code: programmes[code] for code in codes if code in programmes} | sources


def _by_check(rows: Sequence[Record], *, exact: bool) -> list[CheckCount]:
    def told(count: int) -> int | None:
        return count if exact or count == 0 or count >= SMALLEST_SHOWN else None

    counted: dict[str, list[Record]] = {}
    for row in rows:
        counted.setdefault(row["check_code"], []).append(row)
    made = []
    for code, check in BY_CODE.items():
        found = counted.get(code, [])
        total = sum(row["findings"] for row in found)
        money = {row["currency"]: row["money_minor"] for row in found if row["currency"]}
        made.append(
            CheckCount(
                check=code,
                title=check.title,
                version=check.version,
                helps=check.helps,
                open=told(total),
                now=sum(row["now"] for row in found) if exact else None,
                soon=sum(row["soon"] for row in found) if exact else None,
                in_cases=sum(row["in_cases"] for row in found) if exact else None,
                money=money if exact or total >= SMALLEST_SHOWN else {},
            )
        )
    return made
