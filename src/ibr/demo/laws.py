"""What the made-up country's laws say: which programmes go together, and each one's own rules."""

from __future__ import annotations

from datetime import date
from typing import Any

from ibr.demo.programmes import BY_CODE, CURRENCY, INCOMPATIBLE
from ibr.overlaps.pairs.model import Conditions, Pair, Rule

SINCE = date(2020, 1, 1)
_ACT = "Social Protection Act 2019, section"
# Whom the law means by a pair: a person, or everybody who lives in one household.
_HOUSEHOLD_PAIRS = frozenset({("PCT", "FOOD")})
_KEEPS = {("OAP", "DIS"): "OAP", ("PCT", "FOOD"): "PCT", ("DIS", "PWK"): "DIS"}


def pairs() -> list[Pair]:
    """Which programmes exclude each other, go together and belong together."""
    made = [
        Pair(
            first=first,
            second=second,
            relation="incompatible",
            unit="household" if (first, second) in _HOUSEHOLD_PAIRS else "person",
            # A month's benefit may still be on its way when somebody changes programme.
            tolerance_days=31,
            keeps=_KEEPS[first, second],
            legal_reference=f"{_ACT} {number}",
            valid_from=SINCE,
        )
        for number, (first, second) in enumerate(INCOMPATIBLE, start=21)
    ]
    return [
        *made,
        _together("CHG", "PCT", "allowed", 31),
        _together("CHG", "SCH", "allowed", 32),
        Pair(
            first="PCT",
            second="CHG",
            relation="complementary",
            unit="household",
            conditions=Conditions(max_age=5, entitled_to="CHG"),
            legal_reference=f"{_ACT} 34",
            note="Poor households with a child under six have a right to the child grant.",
            valid_from=SINCE,
        ),
    ]


def _together(first: str, second: str, relation: Any, section: int) -> Pair:
    return Pair(
        first=first,
        second=second,
        relation=relation,
        legal_reference=f"{_ACT} {section}",
        valid_from=SINCE,
    )


def rules() -> list[Rule]:
    """Ages, amounts, caps and grace of each programme, as its descriptions say."""
    amounts = [
        _rule("OAP", 4, "amount", minor=120_000),
        _rule("OAP", 4, "amount", minor=150_000, from_age=80),
        _rule("DIS", 5, "amount", minor=140_000),
        _rule("CHG", 6, "amount", minor=35_000),
        _rule("PCT", 7, "amount", minor=50_000 + 6 * 15_000),
        _rule("FOOD", 8, "amount", minor=2 * 64_000),
        _rule("HIF", 9, "amount", minor=21_000),
        _rule("PWK", 10, "amount", minor=20 * 4_500),
    ]
    return [
        *amounts,
        _rule("OAP", 3, "age_from", years=65),
        _rule("OAP", 3, "entitles", everybody=True),
        _rule("CHG", 3, "age_to", years=5),
        _rule("SCH", 3, "age_from", years=6),
        _rule("SCH", 3, "age_to", years=14),
        _rule("PWK", 3, "age_from", years=18),
        _rule("DIS", 3, "disability", required=True),
        *(_rule(code, 40, "death_grace", days=30) for code in BY_CODE),
        *(_rule(code, 41, "account_cap", people=3) for code in BY_CODE),
        _rule("PCT", 42, "caregiver_cap", households=1),
        _rule("FOOD", 42, "caregiver_cap", households=1),
    ]


def _rule(programme: str, section: int, kind: str, **value: Any) -> Rule:
    if kind == "amount":
        value["currency"] = CURRENCY
    return Rule(
        programme=programme,
        kind=kind,
        value=value,
        legal_reference=f"{_ACT} {section}",
        valid_from=SINCE,
    )
