"""Finds beneficiaries for somebody who may search: gate, search, ledger and audit together.

Everything runs in the caller's transaction, so that nothing is shown that was not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from ibr.access.agreements.rules import agreed, not_agreed_purpose, told_by_itself
from ibr.access.budgets.model import Seen, Spending
from ibr.access.budgets.spend import Budgets
from ibr.access.scopes import SEARCH
from ibr.asker import Asker
from ibr.audit.events import QUESTION_SEARCH
from ibr.audit.questions_asked import record_question
from ibr.audit.record import record_event
from ibr.db.pool import Connection
from ibr.errors import NotAllowed, NotUnderstood
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.questions.filters import comparisons
from ibr.registry.search.blind import Blinder
from ibr.registry.search.find_beneficiary import find
from ibr.registry.search.model import BenefitFound, FoundRecord, Page, Wanted
from ibr.registry.search.within import Attributes, asked_by, only, programmes_within

__all__ = ["BenefitFound", "FoundRecord", "Page", "Searcher", "Wanted"]

MOST_PER_PAGE: Final = 1000
USUAL_PER_PAGE: Final = 100


def may_search(asker: Asker) -> None:
    """NotAllowed for an asker that may not search at all."""
    if SEARCH not in asker.scopes:
        raise NotAllowed("scope.missing", "You do not hold the right to search records.")


def search_reach(asker: Asker) -> dict[int, Attributes]:
    """The programmes whose records the asker may search for its purpose, and what comes back.

    Of the programmes that it reports for, whoever may search sees what it told. NotAgreedError
    where the agreements let it search, but not for this purpose.
    """
    found = agreed(asker, "search")
    if not found and any("search" in term.acts for term in asker.terms or ()):
        raise not_agreed_purpose(asker, "search")
    return found | told_by_itself(asker)


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
        may_search(asker)
        self._connection = connection
        self._sealer = sealer
        self._blinder = Blinder(connection, blind_index)
        self._asker = asker
        self._message_key = message_key
        self._at = at
        self._answered = 0
        self._spendings: list[Spending] = []
        self.shown = 0

    async def find(self, wanted: Wanted, asker: Asker) -> Page:
        """The records of the programmes in reach that match, written to the ledger.

        `asker` is the message's asker with the purpose of this question. Of each record comes back
        what the agreement about its programme names. NotUnderstood for an attribute that is none
        and no known kind of identifier either, and for one that no agreement lets be known.
        """
        allowed = search_reach(asker)
        reach = programmes_within(allowed, asked_by(wanted.filter, wanted.sort))
        if allowed and not reach:
            raise NotUnderstood(
                "query.not_agreed",
                "Your agreement does not let you search or sort by this; search by an identifier, "
                "or by what your agreement lets you see.",
            )
        asked: list[bytes] = []
        resolved = await self._blinder.blinded(wanted.filter)
        for compared, negated in comparisons(resolved):
            if compared.attribute == "identifier" and not negated:
                asked += [each for each in compared.values if isinstance(each, bytes)]
        page = await find(
            self._connection,
            self._sealer,
            reach,
            msgspec.structs.replace(wanted, filter=resolved),
        )
        page = Page([only(each, allowed[each.programme_id]) for each in page.records], page.total)
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
        shown = {record.subject_index for record in page.records}
        people = [Seen(each, bool(page.total)) for each in {*asked, *shown}]
        self._spendings.append(Spending(asker, people, self._at))
        self._answered += 1
        self.shown += len(page.records)
        return page

    async def record(self, budgets: Budgets, details: dict[str, object]) -> None:
        """Counts the people of the whole message, and writes its audit event: how much was asked
        and shown, never about whom. UsedUpError where the budget does not cover them."""
        await budgets.spend(self._connection, self._spendings)
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
