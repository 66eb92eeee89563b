"""How a programme's own record describes a person, with the mistakes of real life.

The same record always comes out the same: the mistakes are drawn from the country's seed, the
programme's number and the person, not from the order in which records are written.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from ibr.demo.areas import District
from ibr.demo.enrolments import Enrolment
from ibr.demo.names import names_of
from ibr.demo.people import Person
from ibr.demo.programmes import HABITS, Habits
from ibr.demo.spelling import mistyped, nickname, plain_capitals, typo, variant

RATES: dict[str, float] = {
    "maiden_name": 0.25,  # of women who took their husband's name
    "variant": 0.24,
    "nickname": 0.03,
    "typo": 0.09,
    "father_in_given": 0.04,
    "names_swapped": 0.07,
    "birth_january": 0.10,
    "birth_shifted": 0.055,
    "birth_day_month": 0.02,  # of days that can be read as a month
    "birth_missing": 0.03,
    "uin_mistyped": 0.02,  # of records with a UIN
    "uin_shared": 0.004,
    "brn_mistyped": 0.015,
    "phone_changed": 0.12,
    "phone_mistyped": 0.01,
    "village_moved": 0.10,
    "sex_wrong": 0.004,
    "account_changed": 0.10,  # of records with an account
    "account_mistyped": 0.01,
    "account_of_agent": 0.015,  # somebody who is paid for many
}
"""How often each mistake is made, in records of people to whom it can happen."""

_DIGITS_ONLY = {ord(sign): None for sign in "ABCDEFGHIJKLMNOPQRSTUVWXYZ-"}

CORRECTABLE = frozenset(
    [
        "typo",
        "names_swapped",
        "birth_january",
        "birth_shifted",
        "birth_day_month",
        "birth_missing",
        "uin_mistyped",
        "uin_shared",
        "brn_mistyped",
        "sex_wrong",
        "account_mistyped",
    ]
)
"""What a programme puts right when it corrects a record."""


class Written(msgspec.Struct, kw_only=True):
    """One person as one programme writes them."""

    given: str
    father: str | None
    family: str
    maiden: str | None
    prefix: str | None
    sex: str
    birth: str | None
    death: date | None
    phones: list[str]
    ids: dict[str, str]
    region: str
    district: str
    village: str | None
    street: str | None
    mistakes: list[str]


def written_by(
    seed: int,
    enrolment: Enrolment,
    person: Person,
    month: int,
    districts: Sequence[District],
    *,
    faultless: bool = False,
) -> Written:
    """A person as the programme's system describes them at the end of a month."""
    habits = HABITS[enrolment.programme]
    rng = random.Random(f"{seed}/{enrolment.number}/{person.id}")
    record = _as_known(enrolment, person, month, habits, rng)
    if person is enrolment.person:
        _take_account(record, enrolment, habits, random.Random(f"{seed}/{enrolment.number}/paid"))
    if not faultless:
        corrected = enrolment.corrected is not None and month >= enrolment.corrected
        _err(record, person, enrolment, districts, rng, corrected)
    if habits.birth == "year" and record.birth is not None:
        record.birth = record.birth[:4]
    if habits.letters == "plain capitals":
        record.given, record.family = plain_capitals(record.given), plain_capitals(record.family)
        record.father = plain_capitals(record.father) if record.father else None
        record.maiden = plain_capitals(record.maiden) if record.maiden else None
    if habits.name_order == "one field":
        record.given = f"{record.family} {record.given}"
        record.family = ""
    return record


def _as_known(
    enrolment: Enrolment, person: Person, month: int, habits: Habits, rng: random.Random
) -> Written:
    """Without a mistake, but with the holes that the programme's forms leave."""
    local = habits.script == "local"
    household = enrolment.household
    district, village = household.at(month if enrolment.hears_of_moves else 0)
    phone = person.phone or household.phone_at(month if enrolment.hears_of_moves else 0)
    ids = {}
    for kind, value, share in (
        ("UIN", person.uin, habits.uin),
        ("BRN", person.brn, habits.brn),
        ("NID", person.nid, habits.nid),
    ):
        if rng.random() < share and value is not None:
            ids[kind] = value
    knows_phone, knows_father = rng.random(), rng.random()
    is_polite, knows_maiden = rng.random(), rng.random()
    names = names_of(person.culture)
    titles = names.honorifics_women if person.sex == "female" else names.honorifics_men
    heard = enrolment.heard_deaths.get(person.id)
    return Written(
        given=person.given.local if local else person.given.latin,
        father=(person.father.local if local else person.father.latin)
        if knows_father < habits.father
        else None,
        family=person.family.local if local else person.family.latin,
        maiden=person.maiden.latin
        if person.maiden is not None and knows_maiden < habits.maiden
        else None,
        prefix=(titles[0].local if local else titles[0].latin)
        if is_polite < habits.honorific
        else None,
        sex=person.sex,
        birth=person.birth.isoformat(),
        death=person.death if heard is not None and month >= heard else None,
        phones=[phone] if phone is not None and knows_phone < habits.phone else [],
        ids=ids,
        region=district.region_code,
        district=district.code,
        village=None
        if habits.place == "district"
        else village.local_name
        if local
        else village.name,
        street=household.street if habits.place == "village" and not local else None,
        mistakes=[],
    )


def _take_account(
    record: Written, enrolment: Enrolment, habits: Habits, rng: random.Random
) -> None:
    """Only who is paid has an account; a child is paid into the household's.

    It is the last identifier, since it says least of who somebody is.
    """
    account = enrolment.person.account or enrolment.household.account
    if account is not None and rng.random() < habits.account:
        record.ids["ACCOUNT"] = account


def _err(
    record: Written,
    person: Person,
    enrolment: Enrolment,
    districts: Sequence[District],
    rng: random.Random,
    corrected: bool,
) -> None:
    """Makes each mistake at its rate, except those that have been put right since."""

    def made(kind: str, change: Callable[[Written, random.Random], None]) -> None:
        # Each mistake has its own stream of randomness, so that leaving one out later on
        # does not alter the others.
        if rng.random() >= RATES[kind]:
            return
        own = random.Random(rng.getrandbits(40))
        if corrected and kind in CORRECTABLE:
            return
        before = msgspec.structs.asdict(record) | {
            "phones": [*record.phones],
            "ids": {**record.ids},
        }
        change(record, own)
        if before != msgspec.structs.asdict(record):
            record.mistakes.append(kind)

    head = enrolment.household.members[0]
    local = HABITS[enrolment.programme].script == "local"

    def take_maiden(it: Written, _: random.Random) -> None:
        if person.maiden is not None:
            it.family = person.maiden.local if local else person.maiden.latin

    def share_uin(it: Written, _: random.Random) -> None:
        if "UIN" in it.ids and head.uin is not None and head is not person:
            it.ids["UIN"] = head.uin

    def move(it: Written, own: random.Random) -> None:
        _move(it, own, districts, local)

    made("maiden_name", take_maiden)
    made("nickname", _shorten)
    made("variant", _spell_otherwise)
    made("typo", _slip)
    made("father_in_given", _merge_father)
    made("names_swapped", _swap)
    made("birth_january", _january)
    made("birth_shifted", _shift)
    made("birth_day_month", _turn_date)
    made("birth_missing", _forget_birth)
    made("uin_mistyped", _mistype("UIN"))
    made("uin_shared", share_uin)
    made("brn_mistyped", _mistype("BRN"))
    made("phone_changed", _change_phone)
    made("phone_mistyped", _mistype_phone)
    made("village_moved", move)
    made("sex_wrong", _wrong_sex)
    made("account_changed", _change_account)
    made("account_mistyped", _mistype("ACCOUNT"))
    made("account_of_agent", _pay_agent)


def _shorten(it: Written, _: random.Random) -> None:
    it.given = nickname(it.given)


def _spell_otherwise(it: Written, own: random.Random) -> None:
    it.given = variant(it.given, own) if own.random() < 0.7 else it.given
    it.family = variant(it.family, own) if own.random() < 0.7 else it.family
    if it.father is not None:
        it.father = variant(it.father, own)


def _slip(it: Written, own: random.Random) -> None:
    if own.random() < 0.5:
        it.given = typo(it.given, own)
    else:
        it.family = typo(it.family, own)


def _merge_father(it: Written, _: random.Random) -> None:
    if it.father is not None:
        it.given, it.father = f"{it.given} {it.father}", None


def _swap(it: Written, _: random.Random) -> None:
    it.given, it.family = it.family, it.given


def _january(it: Written, _: random.Random) -> None:
    it.birth = it.birth and it.birth[:4] + "-01-01"


def _shift(it: Written, own: random.Random) -> None:
    if it.birth is not None:
        # A small child's birth only moves back, lest it come to lie in the future.
        years = (
            own.choice((-3, -2, -1, -1)) if it.birth[:4] > "2020" else own.choice((-2, -1, 1, 2))
        )
        it.birth = f"{int(it.birth[:4]) + years}{it.birth[4:-2]}{min(int(it.birth[-2:]), 28):02d}"


def _turn_date(it: Written, _: random.Random) -> None:
    if it.birth is not None and int(it.birth[8:]) <= 12 and it.birth[:4] < "2024":
        it.birth = f"{it.birth[:5]}{it.birth[8:]}-{it.birth[5:7]}"


def _forget_birth(it: Written, _: random.Random) -> None:
    it.birth = None


def _mistype(kind: str) -> Callable[[Written, random.Random], None]:
    def change(it: Written, own: random.Random) -> None:
        if kind in it.ids:
            it.ids[kind] = mistyped(it.ids[kind], own)

    return change


def _change_phone(it: Written, own: random.Random) -> None:
    if it.phones:
        it.phones = [f"+9998{own.randrange(100_000_000):08d}"]


def _change_account(it: Written, own: random.Random) -> None:
    if "ACCOUNT" in it.ids:
        it.ids["ACCOUNT"] = f"71{own.randrange(10_000_000_000):010d}"


def _pay_agent(it: Written, own: random.Random) -> None:
    """Two agents in each district collect for those who live far from a bank."""
    if "ACCOUNT" in it.ids:
        it.ids["ACCOUNT"] = f"72{it.district.translate(_DIGITS_ONLY):>04}{own.randint(1, 2):06d}"


def _mistype_phone(it: Written, own: random.Random) -> None:
    if it.phones:
        it.phones = [it.phones[0][:5] + mistyped(it.phones[0][5:], own)]


def _move(it: Written, own: random.Random, districts: Sequence[District], local: bool) -> None:
    """Another village, mostly of the same district: a move that was never, or wrongly, told."""
    district = next(each for each in districts if each.code == it.district)
    if own.random() < 0.25:
        district = own.choice(districts)
    village = own.choice(district.villages)
    it.region, it.district = district.region_code, district.code
    if it.village is not None:
        it.village = village.local_name if local else village.name


def _wrong_sex(it: Written, _: random.Random) -> None:
    it.sex = "male" if it.sex == "female" else "female"
