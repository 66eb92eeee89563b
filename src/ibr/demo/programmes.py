"""The made-up country's eight programmes, the partners that report them, and each one's habits."""

from __future__ import annotations

from typing import Literal

import msgspec

CURRENCY = "XTS"


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """A programme as its ministry would register it; the numbers are codes of the DCI standard."""

    code: str
    names: dict[str, str]
    descriptions: dict[str, str]
    institution: str
    institution_type: int
    legal_status: int
    functions: tuple[int, ...]
    contribution_type: int
    programme_type: int
    assistance_unit: int
    benefit_type: int
    currency: str = CURRENCY
    sender_id: str
    cycle_months: int


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """How one programme's own system keeps its records; every share lies between 0 and 1."""

    prefix: str
    script: Literal["latin", "local"] = "latin"
    letters: Literal["as written", "plain capitals"] = "as written"
    name_order: Literal["parts", "one field"] = "parts"
    place: Literal["village", "district"] = "village"
    birth: Literal["day", "year"] = "day"
    uin: float = 0.6
    brn: float = 0.0
    nid: float = 0.0
    phone: float = 0.7
    account: float = 0.0
    """Share of beneficiaries who have an account and are paid into it."""
    father: float = 0.75
    honorific: float = 0.0
    maiden: float = 0.0
    learns_of_deaths: float = 0.6
    """Share of deaths that the programme ever hears of; it goes on paying the others."""
    pay_day: int = 5
    whole_roster: bool = False
    """Whether every delivery lists everybody enrolled, and not only what is new."""


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """A partner: the programmes it reports and those it may ask about (`all` for every one)."""

    sender_id: str
    name: str
    reports: tuple[str, ...]
    asks: tuple[str, ...] = ("all",)


WELFARE = "spmis.welfare.example.org"
PENSIONS = "pensions.example.org"
FOOD = "relief.example.org"
EDUCATION = "emis.education.example.org"
HEALTH = "hmis.healthfund.example.org"
LABOUR = "works.labour.example.org"

PROGRAMMES: tuple[Programme, ...] = (
    Programme(
        code="OAP",
        names={"en": "Old-age pension", "fr": "Pension de vieillesse"},
        descriptions={
            "en": "Monthly pension for everybody of 65 years and over; more from 80.",
            "fr": "Pension mensuelle dès 65 ans, majorée à partir de 80 ans.",
        },
        institution="National Pension Agency",
        institution_type=1,
        legal_status=1,
        functions=(1,),
        contribution_type=3,
        programme_type=3,
        assistance_unit=1,
        benefit_type=1,
        sender_id=PENSIONS,
        cycle_months=1,
    ),
    Programme(
        code="DIS",
        names={"en": "Disability allowance", "fr": "Allocation d'invalidité"},
        descriptions={
            "en": "Monthly allowance for people with severe functional limitations.",
            "fr": "Allocation mensuelle pour les personnes ayant des limitations sévères.",
        },
        institution="National Pension Agency",
        institution_type=1,
        legal_status=1,
        functions=(2,),
        contribution_type=3,
        programme_type=3,
        assistance_unit=1,
        benefit_type=1,
        sender_id=PENSIONS,
        cycle_months=1,
    ),
    Programme(
        code="CHG",
        names={"en": "Child grant", "fr": "Allocation pour enfant"},
        descriptions={
            "en": "Monthly grant for each child under six in a poor household.",
            "fr": "Allocation mensuelle pour chaque enfant de moins de six ans d'un ménage pauvre.",
        },
        institution="Ministry of Social Welfare",
        institution_type=1,
        legal_status=1,
        functions=(4, 5),
        contribution_type=3,
        programme_type=2,
        assistance_unit=1,
        benefit_type=1,
        sender_id=WELFARE,
        cycle_months=1,
    ),
    Programme(
        code="PCT",
        names={"en": "Poverty cash transfer", "fr": "Transfert monétaire aux ménages pauvres"},
        descriptions={
            "en": "Monthly transfer to poor households, by household size.",
            "fr": "Transfert mensuel aux ménages pauvres, selon leur taille.",
        },
        institution="Ministry of Social Welfare",
        institution_type=1,
        legal_status=1,
        functions=(14,),
        contribution_type=3,
        programme_type=1,
        assistance_unit=2,
        benefit_type=1,
        sender_id=WELFARE,
        cycle_months=1,
    ),
    Programme(
        code="FOOD",
        names={"en": "Food basket", "fr": "Panier alimentaire"},
        descriptions={
            "en": "A quarterly basket of flour, beans and oil for food-insecure households.",
            "fr": "Un panier trimestriel de farine, de haricots et d'huile pour ménages fragiles.",
        },
        institution="Relief Society of Talmira",
        institution_type=4,
        legal_status=2,
        functions=(13,),
        contribution_type=3,
        programme_type=4,
        assistance_unit=2,
        benefit_type=3,
        sender_id=FOOD,
        cycle_months=3,
    ),
    Programme(
        code="SCH",
        names={"en": "School meals", "fr": "Cantines scolaires"},
        descriptions={
            "en": "A lunch on every school day, counted each quarter.",
            "fr": "Un repas chaque jour d'école, compté chaque trimestre.",
        },
        institution="Ministry of Education",
        institution_type=1,
        legal_status=1,
        functions=(6, 13),
        contribution_type=3,
        programme_type=5,
        assistance_unit=1,
        benefit_type=3,
        sender_id=EDUCATION,
        cycle_months=3,
    ),
    Programme(
        code="HIF",
        names={"en": "Health insurance fund", "fr": "Caisse d'assurance maladie"},
        descriptions={
            "en": "Contributory health insurance of workers and their spouses.",
            "fr": "Assurance maladie contributive des travailleurs et de leurs conjoints.",
        },
        institution="National Health Insurance Fund",
        institution_type=1,
        legal_status=1,
        functions=(9, 3),
        contribution_type=1,
        programme_type=9,
        assistance_unit=1,
        benefit_type=6,
        sender_id=HEALTH,
        cycle_months=3,
    ),
    Programme(
        code="PWK",
        names={"en": "Public works", "fr": "Travaux publics"},
        descriptions={
            "en": "Paid days of work on roads and terraces in the lean seasons.",
            "fr": "Journées de travail payées sur les routes et terrasses en période de soudure.",
        },
        institution="Ministry of Labour",
        institution_type=1,
        legal_status=3,
        functions=(7, 11),
        contribution_type=3,
        programme_type=6,
        assistance_unit=1,
        benefit_type=5,
        sender_id=LABOUR,
        cycle_months=1,
    ),
)

HABITS: dict[str, Habits] = {
    "OAP": Habits(
        prefix="OA", uin=0.85, nid=0.5, account=0.85, honorific=0.25, maiden=0.4,
        learns_of_deaths=0.8, pay_day=3,
    ),
    "DIS": Habits(
        prefix="DA", letters="plain capitals", uin=0.7, nid=0.4, account=0.8,
        learns_of_deaths=0.5, pay_day=3,
    ),
    "CHG": Habits(prefix="CG", uin=0.52, brn=0.7, account=0.75, father=0.9, pay_day=8),
    "PCT": Habits(
        prefix="HH", uin=0.74, brn=0.2, account=0.7, father=0.8, learns_of_deaths=0.45, pay_day=8
    ),
    # The relief society knows nobody's national number: only its own card and a telephone.
    "FOOD": Habits(
        prefix="RS", script="local", uin=0.0, phone=0.85, learns_of_deaths=0.3, pay_day=15
    ),
    "SCH": Habits(prefix="P", script="local", uin=0.42, brn=0.55, phone=0.4, pay_day=25),
    "HIF": Habits(
        prefix="HI", letters="plain capitals", place="district", uin=0.92, nid=0.3, pay_day=1
    ),
    "PWK": Habits(
        prefix="W", name_order="one field", birth="year", uin=0.35, nid=0.3, account=0.6,
        learns_of_deaths=0.2, father=0.3, pay_day=20, whole_roster=True,
    ),
}  # fmt: skip

PARTNERS: tuple[Partner, ...] = (
    Partner(sender_id=WELFARE, name="Ministry of Social Welfare", reports=("CHG", "PCT")),
    Partner(sender_id=PENSIONS, name="National Pension Agency", reports=("OAP", "DIS")),
    Partner(sender_id=FOOD, name="Relief Society of Talmira", reports=("FOOD",), asks=("PCT",)),
    Partner(
        sender_id=EDUCATION, name="Ministry of Education", reports=("SCH",), asks=("CHG", "PCT")
    ),
    Partner(sender_id=HEALTH, name="National Health Insurance Fund", reports=("HIF",)),
    Partner(sender_id=LABOUR, name="Ministry of Labour", reports=("PWK",), asks=("PCT", "DIS")),
)

INCOMPATIBLE: tuple[tuple[str, str], ...] = (("OAP", "DIS"), ("PCT", "FOOD"), ("DIS", "PWK"))
"""Pairs that the law lets nobody receive in the same month: an overlap is planted on purpose."""

# A delivery that never came: every real calendar of deliveries has a hole.
NEVER_SENT: tuple[tuple[str, str], ...] = (("PWK", "2025-09"),)

BY_CODE: dict[str, Programme] = {programme.code: programme for programme in PROGRAMMES}
