"""The peer's `enrolled`: FastAPI, pydantic and one ORM query. No token, signature or ledger."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.peer_models import Enrolment, Identifier, Person
from benchmarks.peer_schemas import (
    YES,
    EnrolledRequest,
    Header,
    Item,
    ItemsMessage,
    ItemsResponse,
)

router = APIRouter()


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    """One session per request, as FastAPI's own tutorial does."""
    async with request.app.state.sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


@router.post("/registry/sync/enrolled", response_model_exclude_none=True)
async def enrolled(asked: EnrolledRequest, database: Session) -> ItemsResponse:
    """Say whether this person is in this programme."""
    query = asked.message.enrolled_criteria.query
    enrolment = await database.scalar(
        select(Enrolment)
        .join(Enrolment.person)
        .join(Person.identifiers)
        .where(
            Identifier.identifier_value == query.person_identifier.eq,
            Enrolment.programme == query.programme.eq,
        )
    )
    item = Item(
        reference_id=asked.header.message_id,
        timestamp=datetime.now(UTC),
        status="succ",
        enrolled_status="yes" if enrolment is not None and enrolment.status in YES else "no",
    )
    return answer(asked.header, asked.message.transaction_id, "on-search", [item])


def answer(asked: Header, transaction_id: str, action: str, items: list[Item]) -> ItemsResponse:
    """The standard's answer around these items."""
    return ItemsResponse(
        signature="",
        header=Header(
            message_id=str(uuid.uuid4()),
            message_ts=datetime.now(UTC),
            action=action,
            status="succ",
            sender_id=asked.receiver_id or "",
            receiver_id=asked.sender_id,
            total_count=len(items),
            completed_count=len(items),
        ),
        message=ItemsMessage(
            transaction_id=transaction_id,
            correlation_id=str(uuid.uuid4()),
            enrolled_response=items,
        ),
    )
