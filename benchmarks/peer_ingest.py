"""The peer's `enrollment/updates`: each record through pydantic and the ORM, one commit a request.

A record is validated on its own, written with merge and flushed before the next one:
what a team gets from the libraries' tutorials, without anything being held against it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.peer_enrolled import Session, answer
from benchmarks.peer_models import Benefit, Enrolment, Identifier, Person
from benchmarks.peer_schemas import BeneficiaryIn, Item, ItemsResponse, UpdatesRequest

router = APIRouter()


@router.post("/registry/sync/enrollment/updates", response_model_exclude_none=True)
async def enrollment_updates(told: UpdatesRequest, database: Session) -> ItemsResponse:
    """Take in what a programme reports."""
    records = told.message.enrolled_updates.beneficiaries
    items = [await _take_in(database, place, record) for place, record in enumerate(records)]
    await database.commit()
    return answer(told.header, told.message.transaction_id, "on-notify", items)


async def _take_in(database: AsyncSession, place: int, record: dict[str, Any]) -> Item:
    try:
        told = BeneficiaryIn.model_validate(record)
    except ValidationError as wrong:
        return Item(
            reference_id=str(record.get("@id", place)),
            timestamp=datetime.now(UTC),
            status="rjct",
            status_reason_message=str(wrong.errors(include_url=False)[0]["msg"]),
        )
    person = await _person_of(database, told)
    programme = told.programme_identifier[0].programme_identifier
    await database.merge(
        Enrolment(
            person_id=person.id,
            programme=programme,
            status=told.enrollment_status.value,
            enrollment_date=told.enrollment_date,
            status_changed=told.status_change_date[-1] if told.status_change_date else None,
        )
    )
    for given in told.benefits:
        currency, amount = (given.benefit_value or "XTS 0").split(" ")
        await database.merge(
            Benefit(
                person_id=person.id,
                programme=programme,
                benefit_type=given.benefit_type,
                benefit_date=given.benefit_date,
                amount=Decimal(amount),
                currency=currency,
                description=given.benefit_description,
            )
        )
    await database.flush()
    return Item(reference_id=told.id or str(place), timestamp=datetime.now(UTC), status="succ")


async def _person_of(database: AsyncSession, told: BeneficiaryIn) -> Person:
    """The person known by any of these identifiers, brought up to date, or a new one."""
    member = told.member
    known = {
        (each.identifier_type, each.identifier_value): each
        for each in await database.scalars(
            select(Identifier).where(
                Identifier.identifier_value.in_(
                    [each.identifier_value for each in member.member_identifier]
                )
            )
        )
    }
    asked = [(each.identifier_type, each.identifier_value) for each in member.member_identifier]
    found = next((known[key] for key in asked if key in known), None)
    person = await database.get(Person, found.person_id) if found else None
    if person is None:
        person = Person()
        database.add(person)
    who = member.demographic_info
    person.surname = who.name.surname if who.name else None
    person.given_name = who.name.given_name if who.name else None
    person.sex = who.sex
    person.birth_date = who.birth_date
    person.region_code = who.address[0].region_code if who.address else None
    person.address_line = who.address[0].address_line_1 if who.address else None
    if found is None:
        # The new person's number is needed for everything that follows.
        await database.flush()
    for kind, value in asked:
        if (kind, value) not in known:
            database.add(
                Identifier(person_id=person.id, identifier_type=kind, identifier_value=value)
            )
    return person
