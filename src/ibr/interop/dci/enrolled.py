"""/registry/sync/enrolled: is this person or household enrolled in this one programme?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ibr.access.agreements.rules import not_agreed
from ibr.clock import written
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.ids import new_token
from ibr.interop.dci import store
from ibr.interop.dci.answers import Answer, Operation
from ibr.interop.dci.envelope import Opened
from ibr.interop.dci.identifier_kinds import IdentifierKinds
from ibr.interop.dci.messages.again import used_before
from ibr.interop.dci.messages.header import read_transaction_id
from ibr.interop.dci.query.enrolled_query import EnrolledQuery, Subject, read_enrolled_query
from ibr.interop.dci.services import Services
from ibr.questions.enrolled import (
    EnrolledAnswer,
    EnrolledDesk,
    EnrolledQuestion,
    Entity,
    Kept,
    Repeats,
    may_ask,
)

ACTIONS: Final = frozenset({"search"})
OPERATION: Final = Operation(
    "enrolled",
    "search",
    "on-search",
    {"transaction_id": "", "correlation_id": "", "enrolled_response": []},
)
_ENTITIES: Final[dict[str, Entity]] = {
    "member": "Member",
    "person": "Member",
    "group": "Group",
    "household": "Group",
    "family": "Group",
    "beneficiary": None,
}


class KeptAnswers(Repeats):
    """Keeps answers beside the messages they answered."""

    async def keep(self, connection: Connection, kept: Sequence[Kept]) -> dict[bytes, Kept]:
        return await store.keep_yes_no(connection, kept)


class Enrolled:
    """The operation, with its desk and the identifier types it knows."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._desk = EnrolledDesk(services.questions, KeptAnswers(), services.budgets)
        self._kinds = IdentifierKinds(services.questions)

    async def answer(self, opened: Opened) -> Answer:
        """The signed answer to an opened message."""
        criteria = opened.message.get("enrolled_criteria")
        if not isinstance(criteria, dict):
            raise NotUnderstood(
                "message.schema", "message.enrolled_criteria must be an object with a query."
            )
        entity = _entity(criteria.get("response_entity"))
        query = read_enrolled_query(criteria.get("query"))
        programme = await self._services.book.programme(query.programme)
        if programme is None:
            # The same refusal as for a programme that is not the asker's to ask about.
            raise not_agreed(opened.asker, "enrolled", None)
        may_ask(opened.asker, programme.programme_id)
        transaction_id = (
            read_transaction_id(opened.message.get("transaction_id"))
            or opened.header.message_id[:99]
        )
        answer = await self._desk.ask(
            EnrolledQuestion(
                asker=opened.asker,
                programme_id=programme.programme_id,
                suspended_counts=programme.suspended_counts,
                entity=entity,
                subjects=[await self._indexes(subject) for subject in query.subjects],
                message_key=opened.message_key,
                body_digest=opened.body_digest,
                transaction_id=transaction_id,
                correlation_id=new_token(),
                at=opened.at,
                in_sequence=self._services.budgets.trails.follow(
                    opened.asker.kind,
                    opened.asker.id,
                    [subject.value for subject in query.subjects],
                ),
            )
        )
        if not answer.same_content:
            raise used_before()
        return self._written(opened, query, answer, transaction_id)

    async def _indexes(self, subject: Subject) -> list[bytes]:
        kinds = (
            [subject.kind]
            if subject.kind
            else await self._kinds.of("group" if subject.group else "person")
        )
        return [self._services.blind_index.of(kind, subject.value) for kind in kinds]

    def _written(
        self, opened: Opened, query: EnrolledQuery, answer: EnrolledAnswer, transaction_id: str
    ) -> Answer:
        writer = self._services.writer
        timestamp = written(answer.at)
        items: list[dict[str, Any]] = [
            {
                "reference_id": subject.written if query.several else opened.header.message_id,
                "timestamp": timestamp,
                "status": "succ",
                "enrolled_status": "yes" if yes else "no",
            }
            for subject, yes in zip(query.subjects, answer.enrolled, strict=True)
        ]
        header = writer.header(
            OPERATION.answer_action,
            opened.partner.sender_id,
            status="succ",
            total=len(items),
            completed=len(items),
            at=answer.at,
        )
        message = {
            "transaction_id": transaction_id,
            "correlation_id": answer.correlation_id,
            "enrolled_response": items,
        }
        return Answer(200, writer.sealed(header, message))


def _entity(value: object) -> Entity:
    if value in (None, ""):
        return None
    if not isinstance(value, str) or value.lower() not in _ENTITIES:
        raise NotUnderstood(
            "message.schema", "enrolled_criteria.response_entity is Member or Group."
        )
    return _ENTITIES[value.lower()]
