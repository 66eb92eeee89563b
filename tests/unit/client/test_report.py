"""Reports: what is sent, what comes back, and how many records are divided."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ibr_client import AnswerNotTrusted, AnswerNotUnderstood, NotReached, NotSetUp, Refused
from ibr_messages.types import Beneficiary, Benefit, Identifier, Member, Programme
from tests.people import enrolled
from tests.registry_double import MOMENT, RegistryDouble, lost

UPDATES = "/registry/sync/enrollment/updates"


def records(count: int) -> list[dict[str, Any]]:
    return [enrolled(f"1000{number}", "DCI001") for number in range(count)]


def told(registry: RegistryDouble, which: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    return registry.opened(registry.sent(UPDATES)[which])


def test_each_record_gets_its_outcome(registry: RegistryDouble) -> None:
    report = registry.client().report([*records(2), {**records(1)[0], "@id": "bad-1"}])
    assert [each.status for each in report.outcomes] == ["succ", "succ", "rjct"]
    assert [each.position for each in report.outcomes] == [0, 1, 2]
    assert report.accepted == 2
    assert report.refused[0].reason == "member: missing"


def test_a_typed_record_is_written_as_the_standard_spells_it(registry: RegistryDouble) -> None:
    record = Beneficiary(
        own_id="case-1",
        assistance_unit="1",
        member=Member(
            member_identifier=[Identifier(identifier_type="UIN", identifier_value="8479")]
        ),
        programme_identifier=[Programme(programme_identifier="DCI001")],
        enrollment_status="1",
        benefits=[Benefit(benefit_type="1", benefit_date=datetime(2026, 1, 10, tzinfo=UTC))],
    )
    registry.client().report([record])
    assert told(registry)[1]["enrolled_updates"]["beneficiaries"] == [
        {
            "@id": "case-1",
            "assistance_unit": "1",
            "member": {
                "member_identifier": [{"identifier_type": "UIN", "identifier_value": "8479"}]
            },
            "programme_identifier": [{"programme_identifier": "DCI001"}],
            "enrollment_status": "1",
            "benefits": [{"benefit_type": "1", "benefit_date": "2026-01-10T00:00:00Z"}],
        }
    ]


def test_the_cycle_and_the_moment_stand_in_the_header(registry: RegistryDouble) -> None:
    registry.client().report(
        records(1), cycle="2026-01", as_of=datetime(2026, 2, 3, 4, 5, tzinfo=UTC)
    )
    header, _ = told(registry)
    assert header["meta"] == {"cycle": "2026-01"}
    assert header["message_ts"] == "2026-02-03T04:05:00Z"
    assert (header["action"], header["status"], header["total_count"]) == ("notify", "succ", 1)


def test_many_records_go_in_several_messages(registry: RegistryDouble) -> None:
    report = registry.client().report(records(7), cycle="2026-01", sequence=4, most_records=3)
    headers = [told(registry, number)[0] for number in range(3)]
    assert [each["total_count"] for each in headers] == [3, 3, 1]
    assert [each["meta"]["sequence"] for each in headers] == [4, 5, 6]
    assert [each.position for each in report.outcomes] == list(range(7))
    assert len(report.correlation_ids) == 3


def test_large_records_go_in_several_messages(registry: RegistryDouble) -> None:
    length = len(json.dumps(records(1)[0]))
    registry.client().report(records(4), most_bytes=2 * length)
    assert len(registry.sent(UPDATES)) == 2


def test_one_record_is_never_divided(registry: RegistryDouble) -> None:
    report = registry.client().report(records(2), most_bytes=1)
    assert (len(registry.sent(UPDATES)), report.accepted) == (2, 2)


def test_nothing_to_report_sends_nothing(registry: RegistryDouble) -> None:
    assert registry.client().report([]).outcomes == []
    assert registry.requests == []


def test_records_are_taken_as_they_are_needed(registry: RegistryDouble) -> None:
    taken = []

    def endless() -> Any:
        for number in range(100):
            taken.append(number)
            yield records(1)[0]

    registry.faults = [lost] * 99
    with pytest.raises(NotReached):
        registry.client().report(endless(), most_records=2)
    assert len(taken) == 3


def test_what_was_answered_before_a_failure_is_kept(registry: RegistryDouble) -> None:
    registry.faults = [registry.normally] + [lost] * 99
    with pytest.raises(NotReached) as failed:
        registry.client().report(records(4), most_records=2)
    assert failed.value.done is not None
    assert [each.status for each in failed.value.done.outcomes] == ["succ", "succ"]


def test_a_refusal_keeps_the_registrys_words(registry: RegistryDouble) -> None:
    error = {"code": "err.request.bad", "message": "Send at least one."}
    refusal = {
        "ack_status": "ERR",
        "timestamp": MOMENT,
        "correlation_id": "c",
        "error": error,
        "transaction_id": "",
        "enrolled_response": [],
    }
    registry.faults = [
        lambda request: registry.signed(
            refusal,
            action="on-notify",
            status="rjct",
            status_reason_code="rjct.total_count.invalid",
        )
    ]
    with pytest.raises(Refused) as failed:
        registry.client().report(records(1))
    assert (failed.value.code, failed.value.message) == ("err.request.bad", "Send at least one.")
    assert failed.value.reason_code == "rjct.total_count.invalid"
    assert len(registry.sent(UPDATES)) == 1


def test_an_outcome_too_few_is_not_taken_for_the_whole(registry: RegistryDouble) -> None:
    registry.faults = [
        lambda request: registry.signed(
            {
                "transaction_id": registry.opened(request)[1]["transaction_id"],
                "correlation_id": "c",
                "enrolled_response": [],
            },
            action="on-notify",
        )
    ]
    with pytest.raises(AnswerNotUnderstood, match="1 records were reported and 0"):
        registry.client().report(records(1))


def test_the_answer_to_the_first_message_is_not_the_second_ones(registry: RegistryDouble) -> None:
    answers: list[Any] = []

    def kept(request: Any) -> Any:
        answers.append(registry.normally(request))
        return answers[0]

    registry.faults = [kept, kept]
    with pytest.raises(AnswerNotTrusted, match="earlier message"):
        registry.client().report(records(4), most_records=2)


@pytest.mark.parametrize("value", [object(), "\ud800"], ids=["object", "half"])
def test_what_is_no_json_is_not_sent(registry: RegistryDouble, value: Any) -> None:
    with pytest.raises(NotSetUp) as failed:
        registry.client().report([{"@id": value}])
    assert failed.value.code == "record.not_writable"
    assert registry.sent(UPDATES) == []


async def test_the_awaiting_client_reports_the_same_way(registry: RegistryDouble) -> None:
    report = await registry.async_client().report(records(3), most_records=2)
    assert (report.accepted, len(registry.sent(UPDATES))) == (3, 2)
