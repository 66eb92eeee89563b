"""Mistakes are planted at their rates, stay with their record, and the truth knows them all."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from ibr.demo.country import Country, reached
from ibr.demo.cycles import Delivery
from ibr.demo.mistakes import RATES, Written, written_by
from ibr.demo.programmes import HABITS
from ibr.demo.spelling import mistyped, nickname, plain_capitals, typo, variant
from ibr.demo.truth import write_truth


@pytest.fixture(scope="module")
def lines(country: Country, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path: Path = tmp_path_factory.mktemp("truth") / "truth.jsonl"
    count = write_truth(country, path)
    found = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    assert len(found) == count
    return found


@pytest.fixture(scope="module")
def written(country: Country) -> list[Written]:
    return [
        written_by(seed, enrolment, person, 0, country.districts)
        for seed in range(4)
        for enrolments in country.enrolments.values()
        for enrolment in enrolments
        for person in reached(enrolment)
    ]


# Mistakes that can happen to every record; the others need a UIN, a father's name and so on.
@pytest.mark.parametrize("kind", ["typo", "birth_missing", "names_swapped", "nickname", "variant"])
def test_mistakes_happen_at_their_rates(written: list[Written], kind: str) -> None:
    share = sum(kind in record.mistakes for record in written) / len(written)
    assert share == pytest.approx(RATES[kind], rel=0.3)


def test_every_kind_of_mistake_happens(written: list[Written]) -> None:
    seen = Counter(kind for record in written for kind in record.mistakes)
    assert set(seen) == set(RATES)


def test_half_the_records_have_a_uin_and_most_a_telephone(written: list[Written]) -> None:
    assert 0.4 < sum("UIN" in record.ids for record in written) / len(written) < 0.7
    assert 0.5 < sum(bool(record.phones) for record in written) / len(written) < 0.8


def test_a_record_keeps_its_mistakes_until_they_are_corrected(country: Country) -> None:
    corrected = 0
    for enrolments in country.enrolments.values():
        for enrolment in enrolments:
            first, last = (
                written_by(country.seed, enrolment, enrolment.person, month, country.districts)
                for month in (-1, 23)
            )
            gone = set(first.mistakes) - set(last.mistakes)
            corrected += len(gone)
            if enrolment.corrected is None and not enrolment.hears_of_moves:
                assert not gone
                assert (first.given, first.family, first.ids) == (last.given, last.family, last.ids)
    assert corrected > 0


def test_a_faultless_record_has_no_mistake(country: Country) -> None:
    for enrolment in country.enrolments["CHG"]:
        record = written_by(
            country.seed, enrolment, enrolment.person, 0, country.districts, faultless=True
        )
        assert record.mistakes == []
        assert record.birth == enrolment.person.birth.isoformat()
        assert record.given == enrolment.person.given.latin


def test_the_truth_covers_every_record_and_member(
    lines: list[dict[str, Any]], sent: list[Delivery]
) -> None:
    known = {(x["programme"], x["number"]) for x in lines if x["kind"] in ("record", "member")}
    refused = {line["id"] for line in lines if line["kind"] == "refused"}
    reported = set()
    for delivery in sent:
        records: list[dict[str, Any]] = delivery.records
        for record in records:
            if record["@id"] in refused:
                continue
            for member in (record["member"], *record.get("group", {}).get("member_list", ())):
                number = member["member_identifier"][0]["identifier_value"]
                reported.add((delivery.programme, number))
    assert reported <= known
    records_known = {
        (line["programme"], line["number"]) for line in lines if line["kind"] == "record"
    }
    assert records_known <= reported


def test_the_truth_tells_of_everything_planted(lines: list[dict[str, Any]]) -> None:
    kinds = Counter(line["kind"] for line in lines)
    assert set(kinds) == {
        "record", "member", "duplicate", "overlap", "paid_after_death", "split", "excluded",
        "refused",
    }  # fmt: skip
    assert 0.01 < kinds["duplicate"] / kinds["record"] < 0.05
    numbers = {(x["programme"], x["number"]): x for x in lines if x["kind"] == "record"}
    for line in lines:
        if line["kind"] == "duplicate":
            one, other = (numbers[line["programme"], number] for number in line["numbers"])
            assert one["enrolled_household"] == other["enrolled_household"]
            assert line["person"] in (None, one["person"])
            assert line["person"] in (None, other["person"])


def test_nothing_of_the_truth_is_sent(sent: list[Delivery]) -> None:
    text = msgspec.json.encode(sent[0].records)
    for word in (b"mistakes", b"duplicate_of", b"true"):
        assert word not in text.replace(b'"is_disabled":true', b"")


def test_spelling_changes_words_a_little() -> None:
    rng = Random(5)
    for word in ("Khaldun", "Gebreta", "Noélinha", "سالمة", "ተስፋ"):
        assert {variant(word, rng) for _ in range(20)} != {word}
        assert all(abs(len(typo(word, rng)) - len(word)) <= 1 for _ in range(50))
        assert 2 <= len(nickname(word)) <= len(word)
    for _ in range(50):
        wrong = mistyped("1234567897", rng)
        assert len(wrong) == 10
        assert wrong != "1234567897"
    assert plain_capitals("Noélinha Ferrão") == "NOELINHA FERRAO"


def test_who_is_paid_has_an_account_and_a_household_shares_it(country: Country) -> None:
    shared: dict[str, set[int]] = {}
    with_account = 0
    for code, enrolments in country.enrolments.items():
        for enrolment in enrolments:
            for person in reached(enrolment):
                record = written_by(
                    country.seed, enrolment, person, 0, country.districts, faultless=True
                )
                account = record.ids.get("ACCOUNT")
                if account is None:
                    continue
                assert person is enrolment.person
                assert account in (person.account, enrolment.household.account)
                assert HABITS[code].account > 0
                with_account += 1
                shared.setdefault(account, set()).add(person.id)
    assert with_account > 0.2 * sum(map(len, country.enrolments.values()))
    assert max(map(len, shared.values())) > 1
