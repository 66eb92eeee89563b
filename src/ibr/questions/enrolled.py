"""Is this person enrolled in programme X? Yes or no, and nothing more.

Questions that arrive while others are being answered are answered together: one look-up, one
ledger write, one commit for all of them (design.md 4). Nothing is answered before that commit.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final, Literal, Protocol

import msgspec

from ibr.access.agreements.rules import is_agreed, must_be_agreed
from ibr.access.budgets.model import Seen, Spending, UsedUpError
from ibr.access.budgets.spend import Budgets
from ibr.access.scopes import ENROLLED
from ibr.asker import Asker
from ibr.audit.events import QUESTION_ENROLLED
from ibr.audit.questions_asked import ledger_row, record_asked
from ibr.audit.record import event
from ibr.codelists.enrolment_status import counts_as_enrolled
from ibr.db.pool import Connection, Database
from ibr.errors import RegistryError
from ibr.questions.within_budget import WithinBudget
from ibr.registry.enrolment.find_enrolled import Probe, Standing, find_enrolled
from ibr.reported.parts import OF_MEMBER, OWN

Entity = Literal["Member", "Group"] | None

LANES: Final = 2
"""How many batches are answered at once. The second one begins only where nothing was taken from
what waits for longer than a batch takes, so behind a lock or a slow disk: two that share what
arrives are half as large each, and each costs a commit."""
PATIENCE_SECONDS: Final = 0.01
LARGEST_BATCH: Final = 256


class EnrolledQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """One question: one programme, one or more subjects.

    Each subject is the blind indexes that its identifier may have: one where its type is given,
    one for each known type where it is not. `in_sequence` says of each subject whether its number
    stands next to one that the asker asked about just before; empty where nobody looked.
    """

    asker: Asker
    programme_id: int
    suspended_counts: bool
    entity: Entity
    subjects: list[list[bytes]]
    message_key: bytes
    body_digest: bytes
    transaction_id: str
    correlation_id: str
    at: datetime
    in_sequence: tuple[bool, ...] = ()


class EnrolledAnswer(msgspec.Struct, frozen=True):
    """Yes or no for each subject; `same_content` is False when the message's id was used before
    for another message."""

    enrolled: tuple[bool, ...]
    correlation_id: str
    at: datetime
    same_content: bool


class Kept(msgspec.Struct, frozen=True):
    """What is kept of an answer, so that the same message gets the same answer again."""

    message_key: bytes
    partner_id: int
    body_digest: bytes
    transaction_id: str
    correlation_id: str
    answer: bytes
    at: datetime


class Repeats(Protocol):
    """Where the answers to messages are kept; the door hands it in."""

    async def keep(self, connection: Connection, kept: Sequence[Kept]) -> dict[bytes, Kept]:
        """Keeps each answer unless its message was answered before; returns those that were."""
        ...


def may_ask(asker: Asker, programme_id: int) -> None:
    """NotAllowed unless the asker may ask about the programme for its purpose, whoever the question
    is about."""
    must_be_agreed(asker, "enrolled", programme_id)


def _yes(question: EnrolledQuestion, found: Sequence[Standing]) -> bool:
    return any(
        _counts(question.entity, standing)
        and counts_as_enrolled(standing.status, suspended_counts=question.suspended_counts)
        for standing in found
    )


def _counts(entity: Entity, standing: Standing) -> bool:
    """Whether a record speaks for the entity asked about (behaviour.md 32).

    A household's record carries its head as its own person, so a question about the head as a
    Member finds it; a question about another member finds it only when it asks for the Group.
    """
    if entity == "Group":
        return standing.assistance_unit != 1
    if entity == "Member":
        return standing.role == OWN
    return standing.role != OF_MEMBER


class EnrolledDesk:
    """Answers questions, several at a time under load, one at a time when idle."""

    def __init__(self, database: Database, repeats: Repeats, budgets: Budgets) -> None:
        self._within: WithinBudget[EnrolledQuestion, EnrolledAnswer] = WithinBudget(
            database, budgets, partial(answer_together, database, repeats, budgets)
        )
        self._waiting: list[tuple[EnrolledQuestion, asyncio.Future[EnrolledAnswer]]] = []
        self._lanes: set[asyncio.Task[None]] = set()
        self._taken = 0

    async def ask(self, question: EnrolledQuestion) -> EnrolledAnswer:
        """The answer, after it was recorded and committed."""
        may_ask(question.asker, question.programme_id)
        answered: asyncio.Future[EnrolledAnswer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answered))
        if not self._lanes:
            self._begin()
        elif len(self._waiting) == 1:
            self._look_again()
        return await answered

    def _begin(self) -> None:
        self._lanes.add(asyncio.create_task(self._serve()))

    def _look_again(self) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(PATIENCE_SECONDS, self._help, self._taken)

    def _help(self, taken: int) -> None:
        """A second lane where nothing was taken since."""
        if self._waiting and taken == self._taken and len(self._lanes) < LANES:
            self._begin()

    async def _serve(self) -> None:
        """Answers what waits, batch after batch, until nothing does."""
        try:
            while self._waiting:
                batch = self._waiting[:LARGEST_BATCH]
                del self._waiting[:LARGEST_BATCH]
                self._taken += 1
                if self._waiting:
                    self._look_again()
                await self._answer(batch)
        finally:
            # Here and not in a callback: a question that comes in between would find the lane
            # still counted, and wait for one that has already looked for the last time.
            lane = asyncio.current_task()
            assert lane is not None
            self._lanes.discard(lane)

    async def _answer(
        self, batch: list[tuple[EnrolledQuestion, asyncio.Future[EnrolledAnswer]]]
    ) -> None:
        try:
            answers = await self._within.answers([question for question, _ in batch])
        except RegistryError as refused:
            # Each asker gets an error of its own: one exception raised in several places
            # would gather their traces.
            for _, answered in batch:
                if not answered.done():
                    answered.set_exception(_copy(refused))
            return
        except BaseException as wrong:
            for _, answered in batch:
                if not answered.done():
                    answered.set_exception(RuntimeError("the batch of questions failed"))
            if not isinstance(wrong, Exception):
                raise
            return
        for (_, answered), answer in zip(batch, answers, strict=True):
            if answered.done():
                continue
            if isinstance(answer, UsedUpError):
                answered.set_exception(_copy(answer))
            else:
                answered.set_result(answer)


def _copy(error: RegistryError) -> RegistryError:
    copy = type(error).__new__(type(error))
    copy.__dict__.update(error.__dict__)
    copy.args = error.args
    return copy


async def answer_together(
    database: Database,
    repeats: Repeats,
    budgets: Budgets,
    questions: Sequence[EnrolledQuestion],
) -> list[EnrolledAnswer]:
    """Answers these questions in one transaction: look-up, kept answers, budget, ledger, audit.

    UsedUpError, and nothing answered, where the budget of one of the askers does not cover theirs.

    Each batch has one sight for all of it. A question of somebody who may not ask it, or who sees
    less than the others, is therefore never answered among them, should the gate ever let it by.
    """
    apart: dict[tuple[bool, frozenset[str] | None], list[EnrolledQuestion]] = {}
    for question in questions:
        apart.setdefault((_sees(question), question.asker.areas), []).append(question)
    if len(apart) == 1:
        return await _answer_alike(database, repeats, budgets, questions)
    answers = {
        question.message_key: answer
        for alike in apart.values()
        for question, answer in zip(
            alike, await _answer_alike(database, repeats, budgets, alike), strict=True
        )
    }
    return [answers[question.message_key] for question in questions]


def _sees(question: EnrolledQuestion) -> bool:
    asker = question.asker
    return ENROLLED in asker.scopes and is_agreed(asker, "enrolled", question.programme_id)


async def _answer_alike(
    database: Database,
    repeats: Repeats,
    budgets: Budgets,
    questions: Sequence[EnrolledQuestion],
) -> list[EnrolledAnswer]:
    # The same message twice in one batch is one question; both get its answer.
    first: dict[bytes, EnrolledQuestion] = {}
    for question in questions:
        first.setdefault(question.message_key, question)
    unique = list(first.values())
    # The second gate: a programme out of an asker's reach is out of the database's sight too.
    reach = {each.programme_id for each in unique if _sees(each)}
    async with database.transaction(reach, asker=unique[0].asker, right=ENROLLED) as connection:
        found, subjects = await _look_up(connection, unique)
        answers = [
            tuple(_yes(question, standings) for standings in found[number])
            for number, question in enumerate(unique)
        ]
        kept = {
            question.message_key: _kept(question, answer)
            for question, answer in zip(unique, answers, strict=True)
        }
        before = await repeats.keep(connection, list(kept.values()))
        fresh = [
            (question, about, answer)
            for question, about, answer in zip(unique, subjects, answers, strict=True)
            if question.message_key not in before
        ]
        await budgets.spend(connection, [_spending(*each) for each in fresh])
        await _record(connection, fresh)
    kept |= before
    return [_answer_of(question, kept[question.message_key]) for question in questions]


async def _look_up(
    connection: Connection, questions: Sequence[EnrolledQuestion]
) -> tuple[list[list[list[Standing]]], list[list[bytes]]]:
    """For each question and each of its subjects: the standings found, and the index that the
    ledger keeps the question under.

    Where an identifier came without its type, that is the index somebody was found by, so that
    they can see who asked.
    """
    probes: list[Probe] = []
    places: list[tuple[int, int]] = []
    for number, question in enumerate(questions):
        for subject_no, subject in enumerate(question.subjects):
            for blind_index in subject:
                probes.append(Probe(blind_index, question.programme_id))
                places.append((number, subject_no))
    found: list[list[list[Standing]]] = [[[] for _ in question.subjects] for question in questions]
    subjects = [[subject[0] for subject in question.subjects] for question in questions]
    for probe_no, standing in await find_enrolled(connection, probes):
        number, subject_no = places[probe_no]
        found[number][subject_no].append(standing)
        subjects[number][subject_no] = probes[probe_no].blind_index
    return found, subjects


def _kept(question: EnrolledQuestion, answer: tuple[bool, ...]) -> Kept:
    return Kept(
        question.message_key,
        question.asker.id,
        question.body_digest,
        question.transaction_id,
        question.correlation_id,
        bytes(b"y"[0] if yes else b"n"[0] for yes in answer),
        question.at,
    )


def _answer_of(question: EnrolledQuestion, kept: Kept) -> EnrolledAnswer:
    return EnrolledAnswer(
        tuple(letter == b"y"[0] for letter in kept.answer),
        kept.correlation_id,
        kept.at,
        same_content=kept.body_digest == question.body_digest
        and kept.partner_id == question.asker.id,
    )


def _spending(
    question: EnrolledQuestion, subjects: list[bytes], answer: tuple[bool, ...]
) -> Spending:
    near = question.in_sequence or (False,) * len(subjects)
    return Spending(question.asker, list(map(Seen, subjects, answer, near)), question.at)


async def _record(
    connection: Connection,
    answered: Sequence[tuple[EnrolledQuestion, list[bytes], tuple[bool, ...]]],
) -> None:
    """Ledger rows and audit events of what is about to be answered."""
    if not answered:
        return
    rows = []
    events = []
    for question, subjects, answer in answered:
        question_id = uuid.UUID(bytes=question.message_key[:16])
        # Two spellings of one identifier are one subject.
        for subject, yes in dict(zip(subjects, answer, strict=True)).items():
            rows.append(
                ledger_row(
                    question.asker,
                    question="enrolled",
                    question_id=question_id,
                    subject=subject,
                    programme_id=question.programme_id,
                    answer="yes" if yes else "no",
                    message_key=question.message_key,
                    at=question.at,
                )
            )
        events.append(
            event(
                QUESTION_ENROLLED,
                question.asker,
                {
                    "programme": question.programme_id,
                    "purpose": question.asker.purpose.code,
                    "subjects": len(question.subjects),
                },
                question.at,
            )
        )
    await record_asked(connection, rows, events)
