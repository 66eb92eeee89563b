"""The ceiling of ingest: COPY of the same rows, already tuples, into logged tables with keys.

Nothing is decoded, checked, matched or answered; the rows are made before the clock starts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from benchmarks.records import person

_TABLES = """
drop schema if exists bare cascade;
create schema bare;
create table bare.person (id bigint primary key, surname text, given_name text, sex text,
    birth_date date, region_code text, address_line text);
create table bare.identifier (identifier_type text, identifier_value text, person_id bigint,
    primary key (identifier_type, identifier_value));
create table bare.enrolment (person_id bigint, programme text, status text,
    enrollment_date timestamptz, status_changed timestamptz, primary key (person_id, programme));
create table bare.benefit (person_id bigint, programme text, benefit_type text,
    benefit_date timestamptz, amount bigint, currency text, description text,
    primary key (person_id, programme, benefit_type, benefit_date));
"""
Rows = dict[str, list[tuple[Any, ...]]]


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def chunks(first: int, count: int, size: int = 5_000, seed: int = 1) -> Iterator[Rows]:
    """The rows of these records as tuples, one chunk at a time."""
    for start in range(first, first + count, size):
        rows: Rows = {"person": [], "identifier": [], "enrolment": [], "benefit": []}
        for number in range(start, min(start + size, first + count)):
            who = person(number, seed)
            since = _moment(who.enrolled_on)
            rows["person"].append(
                (number, who.surname, who.given_name, who.sex, who.birth_date, who.region)
                + (f"{who.house} {who.street}",)
            )
            rows["identifier"] += [
                ("UIN", who.uin, number),
                ("NID", who.national_id, number),
            ]
            rows["enrolment"].append((number, who.programme, who.status, since, since))
            rows["benefit"] += [
                (number, who.programme, str(kind), _moment(day), cents, "USD", "monthly transfer")
                for kind, (day, cents) in enumerate(
                    zip(who.benefit_dates, who.benefit_cents, strict=True), start=1
                )
            ]
        yield rows


async def empty_tables(url: str) -> None:
    """Make the tables anew."""
    connection = await asyncpg.connect(url)
    await connection.execute(_TABLES)
    await connection.close()


async def copy(url: str, first: int, count: int) -> float:
    """COPY the rows, one transaction per chunk; returns the seconds spent in the database."""
    connection = await asyncpg.connect(url)
    seconds = 0.0
    for rows in chunks(first, count):
        started = time.perf_counter()
        async with connection.transaction():
            for table, values in rows.items():
                await connection.copy_records_to_table(table, schema_name="bare", records=values)
        seconds += time.perf_counter() - started
    await connection.close()
    return seconds
