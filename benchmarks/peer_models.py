"""The ordinary team's tables, as SQLAlchemy 2 models."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import DateTime


class Base(DeclarativeBase):
    """All tables of the peer."""

    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True)}


class Person(Base):
    """Somebody who receives a benefit."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    surname: Mapped[str | None] = mapped_column(String(200))
    given_name: Mapped[str | None] = mapped_column(String(200))
    sex: Mapped[str | None] = mapped_column(String(20))
    birth_date: Mapped[date | None]
    region_code: Mapped[str | None] = mapped_column(String(40))
    address_line: Mapped[str | None] = mapped_column(String(300))

    identifiers: Mapped[list[Identifier]] = relationship(back_populates="person")
    enrolments: Mapped[list[Enrolment]] = relationship(back_populates="person")


class Identifier(Base):
    """A number that somebody is known by."""

    __tablename__ = "identifier"
    __table_args__ = (
        UniqueConstraint("identifier_type", "identifier_value"),
        Index("ix_identifier_value", "identifier_value"),
        Index("ix_identifier_person", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    identifier_type: Mapped[str] = mapped_column(String(20))
    identifier_value: Mapped[str] = mapped_column(String(100))

    person: Mapped[Person] = relationship(back_populates="identifiers")


class Enrolment(Base):
    """One person in one programme."""

    __tablename__ = "enrolment"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    programme: Mapped[str] = mapped_column(String(40), primary_key=True)
    status: Mapped[str] = mapped_column(String(2))
    enrollment_date: Mapped[datetime | None]
    status_changed: Mapped[datetime | None]

    person: Mapped[Person] = relationship(back_populates="enrolments")


class Benefit(Base):
    """Something that was given."""

    __tablename__ = "benefit"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    programme: Mapped[str] = mapped_column(String(40), primary_key=True)
    benefit_type: Mapped[str] = mapped_column(String(2), primary_key=True)
    benefit_date: Mapped[datetime] = mapped_column(primary_key=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(String(3))
    description: Mapped[str | None] = mapped_column(String(200))
