"""What a programme pays or hands out to one enrolment in one cycle."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date

from ibr.demo.enrolments import PAID_STATUSES, Enrolment
from ibr.demo.programmes import CURRENCY, HABITS, Programme
from ibr.demo.timeline import age_at, day_in, month_at

Benefit = dict[str, object]

# Public works run in the lean seasons only.
_WORK_MONTHS = frozenset((1, 2, 3, 4, 9, 10))
_UNPAID = 0.03
"""Share of due payments that fail: nobody came, the account was closed."""
PAY_DAYS = 5
"""A payment round takes five days, district by district."""


def reports_in(programme: Programme, month: int) -> bool:
    """Whether a programme's cycle ends with a month; quarters so that the last one fits."""
    return programme.cycle_months == 1 or month_at(month).month % 3 == 1


def pay_day(programme: str, month: int) -> date:
    return day_in(month, HABITS[programme].pay_day)


def is_due(enrolment: Enrolment, month: int, day: date) -> bool:
    """Whether an enrolment is to be paid on a month's pay day, as far as the programme knows."""
    if enrolment.programme == "PWK" and month_at(month).month not in _WORK_MONTHS:
        return False
    status = None
    for change, code in enrolment.statuses:
        if change > day:
            break
        status = code
    return status in PAID_STATUSES


def benefits_of(
    enrolment: Enrolment,
    programme: Programme,
    day: date,
    moments: Sequence[str],
    rng: random.Random,
) -> list[Benefit]:
    """The cycle's benefit of an enrolment that is due, none where the payment failed."""
    if rng.random() < _UNPAID:
        return []
    benefit: Benefit = {
        "@type": "Benefit",
        "benefit_type": str(programme.benefit_type),
        "benefit_date": moments[int(enrolment.household.district.code[-2:]) % PAY_DAYS],
    }
    people = len(enrolment.household.members)
    match programme.code:
        case "OAP":
            benefit["benefit_value"] = _money(
                1500 if age_at(enrolment.person.birth, day) >= 80 else 1200
            )
        case "DIS":
            severe = enrolment.person.limitation in ("MOB_SS", "SC_SS")
            benefit["benefit_value"] = _money(1400 if severe else 900)
        case "CHG":
            benefit["benefit_value"] = _money(350)
        case "PCT":
            benefit["benefit_value"] = _money(500 + 150 * min(6, people))
        case "FOOD":
            baskets = 2 if people > 6 else 1
            benefit["benefit_value"] = _money(640 * baskets)
            benefit["benefit_description"] = "Basket: 25 kg flour, 10 kg beans, 3 l oil"
            benefit["benefit_quantity"] = baskets
        case "SCH":
            benefit["benefit_description"] = "School lunches"
            benefit["benefit_quantity"] = rng.randint(31, 60)
        case "HIF":
            benefit["benefit_value"] = _money(210)
            benefit["benefit_description"] = "Insurance cover for one quarter"
        case _:
            days = rng.randint(6, 20)
            benefit["benefit_value"] = _money(45 * days)
            benefit["benefit_description"] = "Days of work"
            benefit["benefit_quantity"] = days
    return [benefit]


def _money(amount: int) -> str:
    return f"{CURRENCY} {amount}.00"
