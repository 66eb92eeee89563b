"""Finds beneficiaries for somebody who may search: gate, search, ledger and audit together.

Everything runs in the caller's transaction, so that nothing is shown that was not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from ibr.access.scopes import SEARCH
from ibr.asker import Asker
from ibr.audit.events import QUESTION_SEARCH
from ibr.audit.questions_asked import record_question
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotAllowed
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.questions.filters import comparisons
from ibr.registry.search.blind import Blinder
from ibr.registry.search.find_beneficiary import find
from ibr.registry.search.model import BenefitFound, FoundRecord, Page, Wanted

__all__ = ["BenefitFound", "FoundRecord", "Page", "Searcher", "Wanted"]

MOST_PER_PAGE: Final = 1000
USUAL_PER_PAGE: Final = 100


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
        self._blinder = Blinder(connection, blind_index)
        self._asker = asker
        self._message_key = message_key
        self._at = at
        self._answered = 0
        self.shown = 0

    async def find(self, wanted: Wanted, asker: Asker) -> Page:
        """The records of the programmes in reach that match, written to the ledger.

        `asker` is the message's asker with the purpose of this question. NotUnderstood for an
        attribute that is none and no known kind of identifier either.
        """
        asked: list[bytes] = []
        resolved = await self._blinder.blinded(wanted.filter)
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


def _subjects(page: Page, asked: Sequence[bytes]) -> list[bytes]:
    """Who the question was about: those shown, and whoever was asked for by one identifier.

    Where nothing was found, everybody who was asked for by an identifier.
    """
    shown = [record.subject_index for record in page.records]
    return [*asked, *shown] if len(asked) == 1 or not page.total else shown


def _one_programme(records: Sequence[FoundRecord]) -> int | None:
    programmes = {record.programme_id for record in records}
    return programmes.pop() if len(programmes) == 1 else None
