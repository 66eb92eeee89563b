"""Made-up Beneficiary records in the standard's written form, the same for every variant.

Record `number` is always the same person with the same programme, so the questions asked by
`enrolled` and the rows loaded for it need not be kept anywhere. Everything is written with sorted
keys and no white space, which is the canonical form: the bytes to be signed are the bytes sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

PROGRAMMES = ("DCI001", "DCI002", "DCI003")
SENDER = "spmis.example.org"
RECEIVER = "ibr.example.org"
CONTEXT = "https://schema.spdci.org/extensions/ibr/v1/data/Beneficiary.jsonld"

_SURNAMES = ("Phumchai", "Okafor", "Rahman", "Mendes", "Nguyễn", "Haddad", "Kiprono", "Torres")
_GIVEN = ("Sudarat", "Amina", "José", "Mei", "Tariq", "Ingrid", "Wanjiru", "Pedro", "Noor", "Ana")
_STREETS = ("Market Road", "Station Street", "River Lane", "Hill Avenue", "Mission Road")
# Mostly active; a few suspended, graduated or deceased, whose answer to "enrolled?" is no.
_STATUSES = ("1",) * 12 + ("5", "4", "3", "2")
YES_STATUSES = frozenset({"1", "5", "6", "7"})
_DAY_ZERO = date(1940, 1, 1)
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Person:
    """What one record says, as plain values."""

    number: int
    uin: str
    national_id: str
    surname: str
    given_name: str
    sex: str
    birth_date: date
    house: int
    street: str
    region: str
    programme: str
    status: str
    enrolled_on: date
    benefit_cents: tuple[int, int, int]
    benefit_dates: tuple[date, date, date]


def _mix(number: int, seed: int) -> int:
    """64 well-mixed bits (splitmix64); seeding `random.Random` per record costs ten times more."""
    bits = (number + seed * 0x51_7CC1_B727_2202_95 + 0x9E37_79B9_7F4A_7C15) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK
    return bits ^ (bits >> 31)


def uin_of(number: int) -> str:
    """The person's identification number: scattered like real ones, never the same twice."""
    # 7_368_787 has no factor in common with 10**10, so the mapping is one to one.
    return f"{(number * 7_368_787 + 1_234_567_891) % 10_000_000_000:010d}"


def person(number: int, seed: int = 1) -> Person:
    """The person of record `number`."""
    bits = _mix(number, seed)
    enrolled = date(2024, 1, 1) + timedelta(days=bits % 640)
    cents = 1_000 + (bits >> 10) % 9_000
    day = 1 + (bits >> 24) % 28
    return Person(
        number=number,
        uin=uin_of(number),
        national_id=f"N{(number * 104_729 + 31) % 1_000_000_000:09d}",
        surname=_SURNAMES[(bits >> 30) & 7],
        given_name=_GIVEN[(bits >> 34) % 10],
        sex="female" if bits & 1 else "male",
        birth_date=_DAY_ZERO + timedelta(days=(bits >> 38) % 28_000),
        house=1 + (bits >> 44) % 400,
        street=_STREETS[(bits >> 46) % 5],
        region=f"R{1 + (bits >> 50) % 47:02d}",
        programme=PROGRAMMES[number % 3],
        status=_STATUSES[(bits >> 56) & 15],
        enrolled_on=enrolled,
        benefit_cents=(cents, cents + 250, cents + 500),
        benefit_dates=(date(2025, 10, day), date(2025, 11, day), date(2025, 12, day)),
    )


def _identifiers(who: Person) -> str:
    return (
        f'[{{"@type":"Identifier","identifier_type":"UIN","identifier_value":"{who.uin}"}},'
        f'{{"@type":"Identifier","identifier_type":"NID","identifier_value":"{who.national_id}"}}]'
    )


def record(number: int, seed: int = 1) -> bytes:
    """One Beneficiary as JSON bytes: about 1.5 kB, two identifiers, three benefits."""
    who = person(number, seed)
    identifiers = _identifiers(who)
    since = f"{who.enrolled_on}T00:00:00+00:00"
    benefits = ",".join(
        f'{{"@type":"Benefit","benefit_date":"{day}T00:00:00+00:00",'
        f'"benefit_description":"monthly transfer","benefit_type":"{kind}",'
        f'"benefit_value":"USD {cents // 100}.{cents % 100:02d}"}}'
        for kind, (day, cents) in enumerate(
            zip(who.benefit_dates, who.benefit_cents, strict=True), start=1
        )
    )
    return (
        f'{{"@context":"{CONTEXT}","@id":"urn:spmis:enrolment:{number}","@type":"Beneficiary",'
        f'"assistance_unit":"1","benefits":[{benefits}],'
        f'"enrollment_date":"{since}","enrollment_status":"{who.status}",'
        f'"member":{{"@type":"Member","demographic_info":{{"@type":"IBRPerson",'
        f'"address":[{{"@type":"Address","address_line_1":"{who.house} {who.street}",'
        f'"country_code":"UT","region_code":"{who.region}"}}],'
        f'"birth_date":"{who.birth_date}","identifier":{identifiers},'
        f'"name":{{"@type":"Name","given_name":"{who.given_name}","surname":"{who.surname}"}},'
        f'"sex":"{who.sex}"}},"is_disabled":false,"marital_status":"M",'
        f'"member_identifier":{identifiers},"registration_date":"{since}"}},'
        f'"programme_identifier":[{{"@type":"Programme",'
        f'"programme_identifier":"{who.programme}","programme_name":"Cash transfer"}}],'
        f'"status_change_date":["{since}"]}}'
    ).encode()


def header(action: str, message_id: str, count: int, stamp: str) -> str:
    """The envelope's header in canonical form; a notify carries the callback's members too."""
    completed = f'"completed_count":{count},' if action == "notify" else ""
    status = ',"status":"succ"' if action == "notify" else ""
    return (
        f'{{"action":"{action}",{completed}"is_msg_encrypted":false,'
        f'"message_id":"{message_id}","message_ts":"{stamp}","meta":{{}},'
        f'"receiver_id":"{RECEIVER}","sender_id":"{SENDER}",'
        f'"sender_uri":"https://{SENDER}/dci/registry/on-search"{status},"total_count":{count},'
        f'"version":"1.0.0"}}'
    )


def updates_content(
    first: int, count: int, message_id: str, stamp: str, seed: int = 1
) -> Iterator[bytes]:
    """`{"header":…,"message":…}` of an EnrollmentUpdates, in pieces of about 100 records.

    These are the canonical bytes: hash them in one pass, send them in a second one (`envelope`),
    and a delivery of any size never stands whole in memory.
    """
    yield (
        f'{{"header":{header("notify", message_id, count, stamp)},'
        '"message":{"enrolled_updates":{"beneficiaries":['
    ).encode()
    for start in range(first, first + count, 100):
        end = min(start + 100, first + count)
        piece = b",".join(record(number, seed) for number in range(start, end))
        yield piece if end == first + count else piece + b","
    yield f']}},"transaction_id":"txn-{message_id}"}}}}'.encode()


def enrolled_content(uin: str, programme: str, message_id: str, stamp: str) -> bytes:
    """`{"header":…,"message":…}` of one question: is this person in this programme?"""
    return (
        f'{{"header":{header("search", message_id, 1, stamp)},"message":{{"enrolled_criteria":'
        '{"query":{"person_identifier":{"eq":"'
        f'{uin}"}},"programme_identifier.program.programme_identifier":{{"eq":"{programme}"}}}},'
        f'"query_type":"expression","response_entity":"Member"}},'
        f'"transaction_id":"txn-{message_id}"}}}}'
    ).encode()


def envelope(content: Iterator[bytes], signature: str) -> Iterator[bytes]:
    """The whole message: the content with the signature put in front, as the standard shows it."""
    quoted = signature.replace('"', '\\"')
    yield f'{{"signature":"{quoted}",'.encode()
    first = next(content)
    yield first[1:]
    yield from content


@dataclass(frozen=True, slots=True)
class Question:
    """One question and the right answer to it."""

    uin: str
    programme: str
    enrolled: bool


def question(turn: int, people: int, seed: int = 1) -> Question:
    """Question `turn`: six in ten about the person's own programme, the rest of another or nobody.

    People are visited in a scattered order, so that no variant gains from neighbours in a page.
    """
    bits = _mix(turn, seed + 7)
    number = bits % people
    who = person(number, seed)
    choice = (bits >> 40) % 20
    if choice == 0:
        return Question(uin_of(people + 1_000_000 + number), who.programme, False)
    if choice < 8:
        return Question(who.uin, PROGRAMMES[(number + 1) % 3], False)
    return Question(who.uin, who.programme, who.status in YES_STATUSES)
