"""What the programmes send: the standard's records, in order of time, the same for a seed."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import msgspec
import pytest

from ibr.demo.country import Country
from ibr.demo.cycles import Delivery, deliveries
from ibr.demo.programmes import BY_CODE, NEVER_SENT
from ibr.demo.refused import refused_records
from ibr.demo.timeline import MONTHS, month_at

RECORD = {
    "@context", "@type", "@id", "assistance_unit", "member", "programme_identifier",
    "enrollment_date", "enrollment_status", "status_change_date", "benefits",
}  # fmt: skip


@pytest.fixture(scope="module")
def good(country: Country) -> list[Delivery]:
    return list(deliveries(country, bad_records=False))


def _records(delivery: Delivery) -> list[dict[str, Any]]:
    return delivery.records


def test_deliveries_come_out_the_same_again(country: Country, sent: list[Delivery]) -> None:
    again = msgspec.json.encode(list(deliveries(country)))
    assert again == msgspec.json.encode(sent)


def test_deliveries_come_by_cycle_and_every_cycle_is_there(good: list[Delivery]) -> None:
    cycles = [delivery.cycle for delivery in good]
    assert cycles == sorted(cycles)
    assert cycles[0] == "2024-11"
    assert cycles[-1] == "2026-10"
    count = Counter(delivery.programme for delivery in good)
    missing = Counter(code for code, _ in NEVER_SENT)
    for code, programme in BY_CODE.items():
        assert count[code] == 24 // programme.cycle_months - missing[code]
    for delivery in good:
        assert delivery.timestamp.tzinfo is not None
        assert delivery.timestamp.strftime("%Y-%m") > delivery.cycle
        assert delivery.sender_id == BY_CODE[delivery.programme].sender_id
        assert delivery.records


def test_records_are_the_standard_s_beneficiaries(good: list[Delivery]) -> None:
    for delivery in good:
        programme = BY_CODE[delivery.programme]
        urns = set()
        for record in _records(delivery):
            assert set(record) - {"group"} == RECORD
            assert ("group" in record) == (programme.assistance_unit == 2)
            assert record["assistance_unit"] == str(programme.assistance_unit)
            assert record["programme_identifier"][0]["programme_identifier"] == programme.code
            assert record["enrollment_status"] in "1234567"
            assert record["status_change_date"][0] == record["enrollment_date"]
            for benefit in record["benefits"]:
                assert benefit["benefit_type"] == str(programme.benefit_type)
                assert benefit["benefit_date"][:7] == delivery.cycle
            urns.add(record["@id"])
        assert len(urns) == len(delivery.records)


def test_births_and_identifiers_can_be_read(good: list[Delivery]) -> None:
    for delivery in good[::7]:
        for record in _records(delivery):
            for member in (record["member"], *record.get("group", {}).get("member_list", ())):
                identifiers = member["member_identifier"]
                assert identifiers[0]["identifier_type"] == "PROGRAMME_NUMBER"
                about = member["demographic_info"]
                assert about["name"]["given_name"]
                assert about["sex"] in ("female", "male")
                if "birth_date" in about:
                    written = about["birth_date"]
                    # Public works know the year only.
                    born = date.fromisoformat(written if len(written) > 4 else f"{written}-01-01")
                    assert born < delivery.timestamp.date()
                for phone in about.get("phone_number", ()):
                    assert phone.startswith("+999")
                    assert len(phone) == 13


def test_a_household_lists_its_recipient_first(good: list[Delivery]) -> None:
    for delivery in good:
        for record in _records(delivery):
            if "group" in record:
                members = record["group"]["member_list"]
                assert record["group"]["group_size"] == len(members)
                assert members[0] == record["member"]
                numbers = [m["member_identifier"][0]["identifier_value"] for m in members]
                assert len(set(numbers)) == len(numbers)
                assert all("related_person" in member for member in members[1:])


def test_programmes_keep_their_habits(good: list[Delivery]) -> None:
    for delivery in good[-8:]:
        abouts = [record["member"]["demographic_info"] for record in _records(delivery)]
        kinds = {
            identifier["identifier_type"]
            for record in _records(delivery)
            for identifier in record["member"]["member_identifier"]
        }
        names = "".join(about["name"]["given_name"] for about in abouts)
        assert ("UIN" in kinds) == (delivery.programme != "FOOD")
        assert (not names.isascii() and max(names) > "\u0600") == (
            delivery.programme in ("FOOD", "SCH")
        )
        if delivery.programme == "HIF":
            assert not any("locality" in about["address"][0] for about in abouts)
        if delivery.programme == "PWK":
            assert all(len(about.get("birth_date", "1970")) == 4 for about in abouts)


def test_the_last_months_alone_are_the_same_payments(
    country: Country, good: list[Delivery]
) -> None:
    few = list(deliveries(country, months=3, bad_records=False))
    assert few[0].cycle == "2026-08"
    last = {delivery.programme: delivery for delivery in good if delivery.cycle == "2026-10"}
    for delivery in few:
        if delivery.cycle == "2026-10":
            paid = {r["@id"]: r["benefits"] for r in _records(delivery) if r["benefits"]}
            before = _records(last[delivery.programme])
            assert paid == {r["@id"]: r["benefits"] for r in before if r["benefits"]}


def test_bad_records_are_extra_and_leave_the_others_alone(
    country: Country, good: list[Delivery], sent: list[Delivery]
) -> None:
    ways: set[str] = set()
    for clean, mixed in zip(good, sent, strict=True):
        extra = [record for record in mixed.records if record not in clean.records]
        assert len(mixed.records) == len(clean.records) + len(extra)
        month = next(m for m in range(MONTHS) if str(month_at(m)) == clean.cycle)
        refused = refused_records(country, BY_CODE[clean.programme], month)
        assert {each.urn for each in refused} == {record["@id"] for record in extra}
        ways.update(each.why for each in refused)
    assert len(ways) == 6
