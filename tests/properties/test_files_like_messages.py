"""The same records, told by message and by every form of file, leave the same rows behind."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibr.clock import now
from ibr.deliveries.model import Tally
from ibr.files.mapping.model import Column, Mapping
from ibr.files.model import FileTerms
from ibr.files.sending.desk import FileDesk
from ibr.files.sending.run import registry_asker
from ibr.files.sending.work_through import Job, blocks_of
from ibr.intake.enrolment_updates import Merger, merge_chunk, source_of
from ibr.reported.beneficiary import Refusal
from tests.conftest import scratch_folder
from tests.door import Door, System
from tests.files_made import FORMS
from tests.properties.merged import merge, state

EXAMPLES = int(os.environ.get("IBR_TEST_EXAMPLES", "12"))
CHECKED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
AT = datetime(2026, 11, 2, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
Json = dict[str, Any]

days = st.integers(0, 200).map(lambda step: START + timedelta(days=step))
words = st.sampled_from(["Ama", "Ngũgĩ", "O'Brien", 'de "la" Cruz', "Öz, Jr", "李"])


@st.composite
def records(draw: st.DrawFn) -> Json:
    """One record, by the names of columns; a few people are told of more than once."""
    number = draw(st.sampled_from("123456"))
    cells = {"identifier:PROGRAMME_NUMBER": f"P{number}"}
    choices = {
        "identifier:UIN": st.just(f"U{number}"),
        "surname": words,
        "given_name": words,
        "sex": st.sampled_from(["male", "female", "other"]),
        "birth_date": st.sampled_from(["1990", "1990-04", "1990-04-01", "2001-12-31"]),
        "phone": st.sampled_from(["+254700111", "+254700222"]),
        "locality": words,
        "sub_region_code": st.sampled_from(["D1", "D2"]),
        "is_disabled": st.sampled_from(["yes", "no"]),
        "marital_status": st.sampled_from("SMW"),
        "status": st.sampled_from("1345"),
        "status_on": days.map(lambda day: day.date().isoformat()),
        "enrolled_on": days.map(lambda day: day.date().isoformat()),
        "benefit.value": st.sampled_from(["5.00", "7.50", "1250"]),
    }
    for name in draw(st.sets(st.sampled_from(sorted(choices)))):
        cells[name] = draw(choices[name])
    if "benefit.value" in cells:
        cells["benefit.date"] = draw(days).date().isoformat()
    if "status" not in cells:
        cells.pop("status_on", None)
    return cells


def as_message(cells: Json) -> Json:
    """The same record as a partner's system writes it."""

    def identifier(kind: str, value: str) -> Json:
        return {"@type": "Identifier", "identifier_type": kind, "identifier_value": value}

    about: Json = {"@type": "IBRPerson"}
    name = {part: cells[part] for part in ("surname", "given_name") if part in cells}
    address = {part: cells[part] for part in ("locality", "sub_region_code") if part in cells}
    if name:
        about["name"] = {"@type": "Name", **name}
    about |= {part: cells[part] for part in ("sex", "birth_date") if part in cells}
    if address:
        about["address"] = [{"@type": "Address", **address}]
    if "phone" in cells:
        about["phone_number"] = [cells["phone"]]
    member: Json = {
        "@type": "Member",
        "member_identifier": [
            identifier(name.partition(":")[2], value)
            for name, value in sorted(cells.items())
            if name.startswith("identifier:")
        ],
    }
    if len(about) > 1:
        member["demographic_info"] = about
    if "is_disabled" in cells:
        member["is_disabled"] = cells["is_disabled"] == "yes"
    if "marital_status" in cells:
        member["marital_status"] = cells["marital_status"]
    record: Json = {
        "assistance_unit": "1",
        "member": member,
        "programme_identifier": [{"programme_identifier": "DCI001"}],
    }
    for name, member_name in (("status", "enrollment_status"), ("enrolled_on", "enrollment_date")):
        if name in cells:
            record[member_name] = cells[name]
    if "status_on" in cells:
        record["status_change_date"] = [cells["status_on"]]
    if "benefit.value" in cells:
        benefit = {"benefit_type": "1", "benefit_date": cells["benefit.date"]}
        record["benefits"] = [benefit | {"benefit_value": f"USD {cells['benefit.value']}"}]
    return record


async def merge_file(door: Door, several: list[Json], form: str) -> None:
    """Merges the records from a file of this form, as the registry takes files in."""
    titles = sorted({name for cells in several for name in cells})
    rows = [titles, *[[cells.get(name, "") for name in titles] for cells in several]]
    services, folder = door.services, scratch_folder()
    desk = FileDesk(services.database, services.sealer, services.blind_index, services.book, folder)
    programme = services.book.programmes_by_code["dci001"]
    columns = [
        Column(name, name, dates="ymd", decimal="." if name.endswith("value") else None)
        for name in titles
    ]
    job = Job(
        content=io.BytesIO(FORMS[form](rows)),
        mapping=Mapping(columns),
        programme=programme,
        terms=FileTerms(cycle="2026-10"),
        asker=registry_asker(programme.programme_id),
        as_of=AT,
    )
    for block in blocks_of(desk, job):
        assert not any(isinstance(item, Refusal) for item in block.items), block.items
        async with services.database.transaction({programme.programme_id}) as connection:
            source = source_of(0, AT, now())
            merger = Merger(services.sealer, services.blind_index)
            await merge_chunk(connection, merger, source, block.items, Tally())


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


@CHECKED
@given(st.lists(records(), min_size=1, max_size=8), st.sampled_from(sorted(FORMS)))
def test_a_file_says_what_a_message_says(
    door: Door, system: System, several: list[Json], form: str
) -> None:
    async def both() -> tuple[Json, Json]:
        await merge(door, system, [(AT, [as_message(cells) for cells in several])])
        told = await state(door)
        await merge(door, system, [])
        await merge_file(door, several, form)
        return told, await state(door)

    told, filed = door.run(both())
    assert filed == told


def test_a_file_that_says_something_else_is_seen(door: Door, system: System) -> None:
    """The control of the property above."""
    cells = {"identifier:PROGRAMME_NUMBER": "P1", "surname": "Ama"}

    async def both() -> tuple[Json, Json]:
        await merge(door, system, [(AT, [as_message(cells)])])
        told = await state(door)
        await merge(door, system, [])
        await merge_file(door, [cells | {"surname": "Öz"}], "csv")
        return told, await state(door)

    told, filed = door.run(both())
    assert filed != told
