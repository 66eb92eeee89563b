"""What a rule and a hold may say; pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, get_args

from ibr.errors import NotUnderstood
from ibr.keeping.model import CLASSES, Disposal, Rule, WantedRule

SHORTEST: Final = 7
LONGEST: Final = 36_500
LONGEST_WORDS: Final = 500


def wanted_rule(data_class: str, days: str, disposal: str, legal_basis: str) -> WantedRule:
    """A rule in order; NotUnderstood, with the field, says what is not."""
    if data_class not in CLASSES:
        raise NotUnderstood("rule.class", "Choose a class of data.", field="data_class")
    days = days.strip()
    if days and not (days.isascii() and days.isdigit() and SHORTEST <= int(days) <= LONGEST):
        raise NotUnderstood(
            "rule.days", "Write 7 to 36,500 days, or nothing to keep them.", field="days"
        )
    if disposal not in get_args(Disposal) or (
        disposal == "pseudonymise" and data_class != "ended_enrolments"
    ):
        raise NotUnderstood(
            "rule.disposal",
            "Choose what happens then; only ended enrolments can be pseudonymised.",
            field="disposal",
        )
    return WantedRule(
        data_class=data_class,
        keep_days=int(days) if days else None,
        disposal=disposal,  # type: ignore[arg-type]  # asked just above
        legal_basis=words(legal_basis, "rule.basis", "legal_basis"),
    )


def words(text: str, code: str, field: str) -> str:
    """A reason as it is kept; NotUnderstood where there is none or it is too long."""
    text = text.strip()
    if not text or len(text) > LONGEST_WORDS:
        raise NotUnderstood(
            code, "Say in up to 500 characters why, or by which law. Name nobody.", field=field
        )
    return text


def last_day(written: str, today: date) -> date | None:
    """The last day of a hold; None for one without; NotUnderstood for a day that is past."""
    if not written.strip():
        return None
    try:
        day = date.fromisoformat(written.strip())
    except ValueError:
        day = date.min
    if day < today:
        raise NotUnderstood("hold.until", "Choose a day that is not past.", field="until")
    return day


def past_its_time(rule: Rule, at: datetime) -> datetime | None:
    """What happened before this moment is past its time; None where the class is kept."""
    return None if rule.keep_days is None else at - timedelta(days=rule.keep_days)
