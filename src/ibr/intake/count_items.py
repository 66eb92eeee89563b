"""What a delivery adds up to, counted block by block before anything of it is merged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ibr.codelists.enrolment_status import COUNTS_AS_ENROLLED
from ibr.db.pool import Connection
from ibr.deliveries.checks.judge import Counted
from ibr.deliveries.checks.model import Found
from ibr.intake.prepare import Prepared
from ibr.periods import month_of
from ibr.registry.enrolment import record_enrolment
from ibr.reported.beneficiary import Refusal

# More different codes of one field than this are no code list; they are not compared.
_MOST_CODES: Final = 500


class _OfOne(msgspec.Struct):
    """One programme while it is counted; people by the first half of their record's key."""

    found: Found
    seen: set[bytes] = msgspec.field(default_factory=set)


class ItemCount:
    """Counts the items of one delivery, of any size, in memory for its different people alone."""

    def __init__(self, cycle: str | None, as_of: datetime) -> None:
        self._cycle = cycle or str(month_of(as_of.date()))
        self._programmes: dict[int, _OfOne] = {}
        self._refused_of: dict[int, int] = {}
        self._items = 0
        self._refused = 0
        self._digest = hashlib.blake2b(digest_size=32)

    def add_bytes(self, records: Iterable[bytes]) -> None:
        """Takes the records' own bytes into the digest that knows the same content again."""
        for record in records:
            self._digest.update(len(record).to_bytes(4, "big"))
            self._digest.update(record)

    async def add(self, connection: Connection, items: Sequence[list[Prepared] | Refusal]) -> None:
        """Counts one block, and looks up which of its people are known and in which status."""
        fresh: list[Prepared] = []
        for item in items:
            self._items += 1
            if isinstance(item, Refusal):
                self._refused += 1
                if item.programme_id is not None:
                    self._refused_of[item.programme_id] = (
                        self._refused_of.get(item.programme_id, 0) + 1
                    )
                continue
            for each in item:
                if self._count(each):
                    fresh.append(each)
        now = await record_enrolment.statuses_of_keys(
            connection, [each.record_key for each in fresh]
        )
        for each in fresh:
            if each.record_key in now:
                self._compare(each, now[each.record_key])

    def _count(self, prepared: Prepared) -> bool:
        """Whether it is the first word of somebody in this delivery."""
        reported = prepared.reported
        one = self._programmes.get(prepared.programme_id)
        if one is None:
            one = _OfOne(Found(programme_id=prepared.programme_id, cycle=self._cycle))
            self._programmes[prepared.programme_id] = one
        found = one.found
        found.records += 1
        for given in reported.benefits:
            self._code(found, "benefit_type", str(given.benefit_type))
            if given.currency and given.value_minor:
                self._code(found, "currency", given.currency)
                found.money[given.currency] = found.money.get(given.currency, 0) + given.value_minor
        if reported.status is not None:
            self._code(found, "enrollment_status", str(reported.status))
        if reported.facts.region_code:
            self._code(found, "region_code", reported.facts.region_code)
        short = prepared.record_key[:16]
        if short in one.seen:
            return False
        one.seen.add(short)
        found.people += 1
        return True

    def _compare(self, prepared: Prepared, status: int) -> None:
        found = self._programmes[prepared.programme_id].found
        found.known += 1
        said = prepared.reported.status
        if said is None:
            return
        found.restated += 1
        found.changed += said != status
        found.ended += status in COUNTS_AS_ENROLLED and said not in COUNTS_AS_ENROLLED

    def _code(self, found: Found, field: str, code: str) -> None:
        codes = found.codes.setdefault(field, set())
        if len(codes) < _MOST_CODES:
            codes.add(code)

    def counted(self) -> Counted:
        """The sums, once every block was added."""
        for programme_id, one in self._programmes.items():
            one.found.refused = self._refused_of.get(programme_id, 0)
        return Counted(
            [one.found for one in self._programmes.values()],
            self._items,
            self._refused,
            self._digest.digest(),
        )
