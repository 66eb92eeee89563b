"""Answers many questions together where some of their askers have used up their budget.

A batch that goes beyond somebody's budget is rolled back as a whole. Then everybody else's
questions are answered together again; of those askers', what costs nothing is answered, and the
rest is refused without another transaction each, so that who hammers on costs the others little.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Generic, Protocol, TypeVar

from ibr.access.budgets.model import UsedUpError
from ibr.access.budgets.spend import Budgets, used_up
from ibr.asker import Asker
from ibr.db.pool import Database


class Question(Protocol):
    """What must be known of a question: who asks when, and about whom by which indexes."""

    @property
    def asker(self) -> Asker: ...
    @property
    def subjects(self) -> list[list[bytes]]: ...
    @property
    def at(self) -> datetime: ...


Q = TypeVar("Q", bound=Question)
A = TypeVar("A")


class WithinBudget(Generic[Q, A]):
    """Knows for the hour whose budget was used up, as far as this process has met it."""

    def __init__(
        self,
        database: Database,
        budgets: Budgets,
        answer: Callable[[Sequence[Q]], Awaitable[list[A]]],
    ) -> None:
        """`answer` answers questions in one transaction, or raises UsedUpError for all of them."""
        self._database = database
        self._budgets = budgets
        self._answer = answer
        self._spent: dict[tuple[str, int], tuple[date, int]] = {}

    async def answers(self, questions: Sequence[Q]) -> list[A | UsedUpError]:
        """For each question its answer, or the refusal of that question alone."""
        if not self._spent:
            # The usual case by far, so it pays for nothing else.
            try:
                return [*await self._answer(questions)]
            except UsedUpError as used:
                self._remember(used)
        done: dict[int, A | UsedUpError] = {}
        await self._together(dict(enumerate(questions)), done)
        return [done[number] for number in range(len(questions))]

    async def _together(self, asked: dict[int, Q], done: dict[int, A | UsedUpError]) -> None:
        """Everybody's questions but of those who have used up their budget, then theirs."""
        spent = {number: each for number, each in asked.items() if self._is_spent(each)}
        clean = {number: each for number, each in asked.items() if number not in spent}
        if clean:
            try:
                done.update(zip(clean, await self._answer(list(clean.values())), strict=True))
            except UsedUpError as used:
                self._remember(used)
                await self._together(clean, done)
        if spent:
            await self._of_spent(spent, done)

    async def _of_spent(self, asked: dict[int, Q], done: dict[int, A | UsedUpError]) -> None:
        """What costs nothing or still fits is answered together, the rest refused."""
        fitting = await self._fitting(asked, done)
        try:
            if fitting:
                answers = await self._answer(list(fitting.values()))
                done.update(zip(fitting, answers, strict=True))
        except UsedUpError:
            # Another process took what was left meanwhile.
            for number, question in fitting.items():
                try:
                    done[number] = (await self._answer([question]))[0]
                except UsedUpError as used:
                    done[number] = used
        refused = [
            each.asker for number, each in asked.items() if isinstance(done[number], UsedUpError)
        ]
        if refused:
            at = max(each.at for each in asked.values())
            await self._budgets.note_refused(self._database, refused, at)

    async def _fitting(self, asked: dict[int, Q], done: dict[int, A | UsedUpError]) -> dict[int, Q]:
        """The questions, in their order, that what is left covers; refuses the others."""
        fitting: dict[int, Q] = {}
        of_asker: dict[tuple[str, int, str], dict[int, Q]] = {}
        for number, question in asked.items():
            who = (question.asker.kind, question.asker.id, question.asker.purpose.code)
            of_asker.setdefault(who, {})[number] = question
        async with self._database.transaction(()) as connection:
            for theirs in of_asker.values():
                asker = next(iter(theirs.values())).asker
                at = max(each.at for each in theirs.values())
                left = await self._budgets.left(connection, asker, at)
                indexes = [
                    index for each in theirs.values() for some in each.subjects for index in some
                ]
                before = await self._budgets.asked_before(connection, asker, indexes, at)
                remaining = left.now
                for number, question in theirs.items():
                    new = {some[0] for some in question.subjects if not before.intersection(some)}
                    if len(new) <= remaining:
                        fitting[number] = question
                        remaining -= len(new)
                        before |= new
                    else:
                        done[number] = used_up(asker, left, at)
        return fitting

    def _remember(self, used: UsedUpError) -> None:
        hour = (used.at.date(), used.at.hour)
        self._spent = {who: since for who, since in self._spent.items() if since == hour}
        self._spent.update(dict.fromkeys(used.over, hour))

    def _is_spent(self, question: Q) -> bool:
        at = question.at
        known = self._spent.get((question.asker.kind, question.asker.id))
        # A question of the hour before may be answered in a batch of this one.
        return known is not None and (at.date(), at.hour) <= known
