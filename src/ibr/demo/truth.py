"""The truth behind the records, for measuring what the registry found. Never part of a message.

`write_truth` writes JSON lines; `kind` says what a line is:

- `record`: a programme's number, the true person or household behind it, the mistakes planted.
- `member`: the same for each member of an enrolled household, by the member's own number.
- `duplicate`: two numbers of one programme for the same person or household.
- `overlap`: two enrolments that the law does not allow together, and the months both were due.
- `paid_after_death`: an enrolment that was still due after the person's death.
- `split`: members of one household who founded another.
- `excluded`: a poor household that no programme reaches.
- `refused`: a bad record, by its `@id` and cycle, and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ibr.demo.benefits import is_due, pay_day, reports_in
from ibr.demo.country import Country, reached
from ibr.demo.enrolments import Enrolment
from ibr.demo.mistakes import written_by
from ibr.demo.people import Person
from ibr.demo.programmes import BY_CODE, INCOMPATIBLE, NEVER_SENT
from ibr.demo.records import member_number
from ibr.demo.refused import refused_records
from ibr.demo.timeline import LAST_DAY, MONTHS, index_of, month_at

Line = dict[str, object]


def write_truth(country: Country, path: Path) -> int:
    """Writes the truth as JSON lines and says how many."""
    encoder, count = msgspec.json.Encoder(), 0
    with path.open("wb") as file:
        for line in truth(country):
            file.write(encoder.encode(line) + b"\n")
            count += 1
    return count


def truth(country: Country) -> Iterator[Line]:
    """Every line of the truth about a country."""
    for enrolments in country.enrolments.values():
        for enrolment in enrolments:
            yield from _of_enrolment(country, enrolment)
    yield from _overlaps(country)
    yield from _households(country)
    for programme in country.programmes:
        for month in range(MONTHS):
            if not reports_in(programme, month):
                continue
            if (programme.code, str(month_at(month))) in NEVER_SENT:
                continue
            for refused in refused_records(country, programme, month):
                yield {
                    "kind": "refused",
                    "programme": refused.programme,
                    "cycle": refused.cycle,
                    "id": refused.urn,
                    "why": refused.why,
                }


def due_months(enrolment: Enrolment) -> list[int]:
    """The months in which an enrolment is to be paid, whether or not the payment succeeds."""
    programme = BY_CODE[enrolment.programme]
    return [
        month
        for month in range(MONTHS)
        if reports_in(programme, month)
        and is_due(enrolment, month, pay_day(enrolment.programme, month))
    ]


def _of_enrolment(country: Country, enrolment: Enrolment) -> Iterator[Line]:
    yield {
        "kind": "record",
        "programme": enrolment.programme,
        "number": enrolment.number,
        "unit": "household" if enrolment.whole_household else "person",
        **_about(country, enrolment, enrolment.person),
        "status": enrolment.statuses[-1][1],
        "start": enrolment.start,
        "corrected": None if enrolment.corrected is None else str(month_at(enrolment.corrected)),
        "duplicate_of": enrolment.duplicate_of,
    }
    if enrolment.whole_household:
        for person in reached(enrolment):
            if person is not enrolment.person:
                yield {
                    "kind": "member",
                    "programme": enrolment.programme,
                    "number": member_number(enrolment, person),
                    "record": enrolment.number,
                    **_about(country, enrolment, person),
                }
    if enrolment.duplicate_of is not None:
        yield {
            "kind": "duplicate",
            "programme": enrolment.programme,
            "numbers": [enrolment.duplicate_of, enrolment.number],
            "person": None if enrolment.whole_household else enrolment.person.id,
            "household": enrolment.household.id,
        }
    death = enrolment.person.death
    if death is not None and not enrolment.whole_household:
        after = [month for month in due_months(enrolment) if month > index_of(death)]
        if after:
            yield {
                "kind": "paid_after_death",
                "programme": enrolment.programme,
                "number": enrolment.number,
                "person": enrolment.person.id,
                "death_date": death,
                "months": [str(month_at(month)) for month in after],
            }


def _about(country: Country, enrolment: Enrolment, person: Person) -> Line:
    written = written_by(country.seed, enrolment, person, -1, country.districts)
    death = person.death
    return {
        "person": person.id,
        "household": person.household,
        "enrolled_household": enrolment.household.id,
        "death_date": death if death is not None and death <= LAST_DAY else None,
        "mistakes": written.mistakes,
    }


def _overlaps(country: Country) -> Iterator[Line]:
    by_person: dict[int, list[Enrolment]] = {}
    for enrolments in country.enrolments.values():
        for enrolment in enrolments:
            for person in reached(enrolment):
                by_person.setdefault(person.id, []).append(enrolment)
    seen: set[tuple[str, str]] = set()
    for person_id, own in by_person.items():
        for first_code, second_code in INCOMPATIBLE:
            for first in own:
                for second in own:
                    pair = (first.number, second.number)
                    if (first.programme, second.programme) != (first_code, second_code):
                        continue
                    if pair in seen:
                        continue
                    if first.whole_household and first.household is not second.household:
                        continue  # Those who left are the subject of a `split` line.
                    seen.add(pair)
                    # A quarter's basket counts for the month in which it was handed out.
                    both = sorted(set(due_months(first)) & set(due_months(second)))
                    if both:
                        yield {
                            "kind": "overlap",
                            "programmes": [first_code, second_code],
                            "numbers": list(pair),
                            "person": None if first.whole_household else person_id,
                            "household": first.household.id,
                            "months": [str(month_at(month)) for month in both],
                        }


def _households(country: Country) -> Iterator[Line]:
    for household in country.households:
        if household.split is not None:
            yield {
                "kind": "split",
                "household": household.id,
                "into": household.split[1],
                "month": str(month_at(household.split[0])),
                "people": [person.id for person in household.left],
            }
        people = [person.id for person in household.members]
        if household.poor and not country.beneficiaries.intersection(people):
            yield {"kind": "excluded", "household": household.id, "people": people}
