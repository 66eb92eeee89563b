"""Finds beneficiaries for somebody who may search: gate, search, ledger and audit together.

Everything runs in the caller's transaction, so that nothing is shown that was not recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from ibr.access.scopes import SEARCH
from ibr.asker import Asker
from ibr.audit.events import QUESTION_SEARCH
from ibr.audit.questions_asked import record_question
from ibr.audit.record import record_event
from ibr.codelists.identifier_types import (
    OF_A_GROUP,
    OF_A_PERSON,
    OF_A_PROGRAMME,
    identifies,
)
from ibr.db.pool import Connection
from ibr.errors import NotAllowed
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.questions.filters import And, Compare, Filter, Named, Not, comparisons, refuse
from ibr.registry.search.find_beneficiary import find, identifier_types
from ibr.registry.search.model import BenefitFound, FoundRecord, Or, Page, Wanted

__all__ = ["BenefitFound", "FoundRecord", "Page", "Searcher", "Wanted"]

MOST_PER_PAGE: Final = 1000
USUAL_PER_PAGE: Final = 100
_NAMED_HERE: Final = (*OF_A_PROGRAMME, *OF_A_PERSON, *OF_A_GROUP)


class Searcher:
    """The searches of one message by one asker, in one transaction; `shown` counts the records."""

    def __init__(
        self,
        connection: Connection,
        sealer: Sealer,
        blind_index: BlindIndex,
        asker: Asker,
        *,
        message_key: bytes | None,
        at: datetime,
    ) -> None:
        """NotAllowed for an asker that may not search at all."""
        if SEARCH not in asker.scopes:
            raise NotAllowed("scope.missing", "You do not hold the right to search records.")
        self._connection = connection
        self._sealer = sealer
        self._blind_index = blind_index
        self._asker = asker
        self._message_key = message_key
        self._at = at
        self._kinds: Mapping[str, str] | None = None
        self._answered = 0
        self.shown = 0

    async def find(self, wanted: Wanted, asker: Asker) -> Page:
        """The records of the programmes in reach that match, written to the ledger.

        `asker` is the message's asker with the purpose of this question. NotUnderstood for an
        attribute that is none and no known kind of identifier either.
        """
        asked: list[bytes] = []
        resolved = await self._resolve(wanted.filter)
        for compared, negated in comparisons(resolved):
            if compared.attribute == "identifier" and not negated:
                asked += [each for each in compared.values if isinstance(each, bytes)]
        page = await find(
            self._connection,
            self._sealer,
            self._asker.reach,
            msgspec.structs.replace(wanted, filter=resolved),
        )
        await record_question(
            self._connection,
            asker,
            question="search",
            subjects=_subjects(page, asked),
            programme_id=_one_programme(page.records),
            answer="records" if page.total else "none",
            message_key=self._message_key,
            at=self._at,
        )
        self._answered += 1
        self.shown += len(page.records)
        return page

    async def record(self, details: dict[str, object]) -> None:
        """The audit event of the whole message: how much was asked and shown, never about whom."""
        await record_event(
            self._connection,
            kind=QUESTION_SEARCH,
            asker=self._asker,
            details={
                "purpose": self._asker.purpose.code,
                "questions": self._answered,
                "records": self.shown,
                **details,
            },
            at=self._at,
        )

    async def _resolve(self, wanted: Filter) -> Filter:
        """The filter with every identifier as its blind indexes."""
        named = [
            each
            for compared, _ in comparisons(wanted)
            for each in compared.values
            if isinstance(each, Named)
        ]
        if self._kinds is None and any(not each.kind or not each.certain for each in named):
            self._kinds = {
                **{kind: identifies(kind) for kind in _NAMED_HERE},
                **await identifier_types(self._connection),
            }
        return self._indexed(wanted)

    def _indexed(self, wanted: Filter) -> Filter:
        if isinstance(wanted, And):
            return And(tuple(self._indexed(part) for part in wanted.parts))
        if isinstance(wanted, Or):
            return Or(tuple(self._indexed(part) for part in wanted.parts))
        if isinstance(wanted, Not):
            return Not(self._indexed(wanted.part))
        if wanted.attribute != "identifier":
            return wanted
        indexes = [
            self._blind_index.of(kind, each.value)
            for each in wanted.values
            if isinstance(each, Named)
            for kind in self._kinds_of(each)
        ]
        return Compare("identifier", wanted.operator, tuple(indexes))

    def _kinds_of(self, named: Named) -> list[str]:
        kinds = self._kinds or {}
        if named.kind is None:
            return [kind for kind, whom in kinds.items() if whom in named.whom]
        if not named.certain and named.kind not in kinds:
            refuse(
                f"{named.kind.lower()} is no attribute and no known kind of identifier; "
                "docs/standard/query-attributes.md lists what can be asked."
            )
        return [named.kind]


def _subjects(page: Page, asked: Sequence[bytes]) -> list[bytes]:
    """Who the question was about: those shown, and whoever was asked for by one identifier.

    Where nothing was found, everybody who was asked for by an identifier.
    """
    shown = [record.subject_index for record in page.records]
    return [*asked, *shown] if len(asked) == 1 or not page.total else shown


def _one_programme(records: Sequence[FoundRecord]) -> int | None:
    programmes = {record.programme_id for record in records}
    return programmes.pop() if len(programmes) == 1 else None
