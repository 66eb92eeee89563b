"""When reports are due by what was entered, and when somebody is reminded: pure rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ibr.coverage.engine.operations.reports.model import Arrived, Reporter, Terms
from ibr.coverage.engine.operations.reports.rules import Calendar, not_reported, reports_of
from ibr.coverage.figures.model import NotReported
from ibr.errors import NotUnderstood
from ibr.periods import Month, read_month
from ibr.reporting.model import Contact, Step
from ibr.reporting.reminders.letter import subject_and_text
from ibr.reporting.reminders.model import Waiting
from ibr.reporting.reminders.rules import due_steps, message_id_of, step_of, wait_after
from ibr.reporting.rules import check_terms, checked_contact

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
CONTACT = Contact(email="reports@agency.example")


def terms(first: str, months: int, days: int = 15) -> Terms:
    return Terms(first_month=read_month(first), cycle_months=months, report_days=days)


def calendar(*entered: Terms, came: str = "", **catalogue: int) -> Calendar:
    """A programme since 2026-01 with what was entered; `came` are months with a delivery."""
    reporter = Reporter(
        programme_id=1,
        code="OAP",
        known_at=datetime(2026, 1, 1, tzinfo=UTC),
        valid_from=date(2026, 1, 1),
        terms=entered,
        **catalogue,
    )
    arrived = [
        Arrived(1, read_month(each), read_month(each).plus(1).start + timedelta(days=3))
        for each in came.split()
    ]
    return Calendar(reporter, arrived)


def cycle(known: Calendar, month: str) -> str:
    found = known.cycle_of(read_month(month))
    return f"{found.first} {found.last}"


def test_cycles_are_counted_from_the_month_that_was_entered() -> None:
    known = calendar(terms("2026-02", 3))
    assert cycle(known, "2026-02") == cycle(known, "2026-04") == "2026-02 2026-04"
    assert cycle(known, "2026-05") == "2026-05 2026-07"


def test_the_months_before_stay_as_they_were() -> None:
    """Three months by the catalogue, learned from what came; then every month."""
    known = calendar(terms("2026-07", 1, 5), came="2026-03 2026-06", cycle_months=3)
    assert cycle(known, "2026-05") == "2026-04 2026-06"
    assert cycle(known, "2026-07") == "2026-07 2026-07"
    [before] = reports_of([known], Month(2026, 6), AT)
    [after] = reports_of([known], Month(2026, 7), AT)
    assert (before.due_on, after.due_on) == (date(2026, 7, 15), date(2026, 8, 5))


def test_a_cycle_ends_where_new_terms_begin() -> None:
    known = calendar(terms("2026-01", 3), terms("2026-06", 1))
    assert cycle(known, "2026-04") == "2026-04 2026-05"
    assert cycle(known, "2026-06") == "2026-06 2026-06"


def test_of_no_months_no_report_is_due() -> None:
    known = calendar(terms("2026-01", 0), terms("2026-09", 1))
    assert reports_of([known], Month(2026, 8), AT) == []
    assert [str(each.cycle.last) for each in known.newest(AT, 9)] == ["2026-10", "2026-09"]


def test_terms_may_begin_before_the_catalogue_has_the_programme() -> None:
    known = calendar(terms("2025-11", 1))
    assert str(known.begins) == "2025-11"
    # The control: without them it begins when the catalogue says.
    assert str(calendar().begins) == "2026-01"


def test_what_is_missing_is_what_completeness_lacks() -> None:
    came, lacks = calendar(came="2026-10"), calendar(came="2026-09")
    assert not_reported(reports_of([came], Month(2026, 10), AT)) == ()
    assert not_reported(reports_of([lacks], Month(2026, 10), AT)) == (
        NotReported("OAP", date(2026, 11, 15)),
    )


@pytest.mark.parametrize(
    ("month", "every", "days", "field"),
    [
        ("2026-10", -1, 15, "cycle_months"),
        ("2026-10", 121, 15, "cycle_months"),
        ("2026-10", 1, -1, "report_days"),
        ("2026-10", 1, 367, "report_days"),
        ("1999-12", 1, 15, "first_month"),
        ("2028-12", 1, 15, "first_month"),
        ("2026-13", 1, 15, None),
    ],
)
def test_what_cannot_be_entered(month: str, every: int, days: int, field: str | None) -> None:
    with pytest.raises(NotUnderstood) as wrong:
        check_terms(month, every, days, AT)
    assert wrong.value.field == field


def test_a_contact_is_checked_whole() -> None:
    with pytest.raises(NotUnderstood) as wrong:
        checked_contact(Contact(email="a@b.example", escalation_email="c@d.example\nBcc: x@y.zz"))
    assert wrong.value.field == "escalation_email"
    with pytest.raises(NotUnderstood):
        checked_contact(Contact(email="a@b.example", before_days=61))
    assert checked_contact(Contact(email=" a@b.example ")).email == "a@b.example"


@pytest.mark.parametrize(
    ("day", "step"),
    [
        (date(2026, 11, 12), None),
        (date(2026, 11, 13), "before"),
        (date(2026, 11, 15), "before"),
        (date(2026, 11, 16), "late"),
        (date(2026, 11, 28), "late"),
        (date(2026, 11, 29), "escalation"),
        (date(2027, 1, 28), "escalation"),
        (date(2027, 1, 29), None),
    ],
)
def test_the_step_of_each_day(day: date, step: Step | None) -> None:
    """Due on the 15th: three days before, the day after, two weeks after, and then no more."""
    [report] = reports_of([calendar()], Month(2026, 10), AT)
    assert step_of(report, CONTACT, day) == step


def test_nobody_is_reminded_of_what_came() -> None:
    [report] = reports_of([calendar(came="2026-10")], Month(2026, 10), AT)
    assert step_of(report, CONTACT, date(2026, 11, 30)) is None


def steps(known: Calendar, taken: set[tuple[int, str, Step]], at: datetime = AT) -> list[str]:
    found = due_steps([known], {1: CONTACT}, taken, at)
    return [f"{each.cycle.last} {each.step}" for each in found]


def test_each_step_once_and_never_back() -> None:
    known = calendar(came="2026-09 2026-08")
    assert steps(known, set()) == ["2026-10 late"]
    assert steps(known, {(1, "2026-10", "late")}) == []
    assert steps(known, {(1, "2026-10", "escalation")}) == []
    assert steps(known, {(1, "2026-10", "before")}) == ["2026-10 late"]
    # The control: what was taken for another month takes nothing from this one.
    assert steps(known, {(1, "2026-09", "late")}) == ["2026-10 late"]


def test_of_a_report_found_late_only_the_step_it_is_at() -> None:
    known = calendar(came="2026-07 2026-10")
    assert steps(known, set()) == ["2026-09 escalation", "2026-08 escalation"]


def waiting(step: Step) -> Waiting:
    return Waiting(
        programme_id=1,
        last_month="2026-10",
        first_month="2026-10",
        step=step,
        due_on=date(2026, 11, 15),
        message_id="<x@y>",
        attempts=1,
    )


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("step", ["before", "late", "escalation"])
def test_the_letter_says_what_until_when_and_how(step: Step, language: str) -> None:
    names = {"en": "Old-age pension\nBcc: everybody@b.example", "fr": "Pension de vieillesse"}
    subject, text = subject_and_text(
        waiting(step), "OAP", names, language, AT.date(), "https://ibr.example"
    )
    month = {"en": "October 2026", "fr": "octobre 2026"}[language]
    day = {"en": "15 November 2026", "fr": "15 novembre 2026"}[language]
    assert "\n" not in subject
    assert "OAP" in subject
    assert month in subject
    assert month in text
    assert day in text
    assert "https://ibr.example/files" in text
    assert "2026-10" in text
    assert "\nBcc:" not in text


def test_languages_differ() -> None:
    said = {subject_and_text(waiting("late"), "OAP", {}, e, AT.date(), None) for e in ("en", "fr")}
    assert len(said) == 2


def test_the_same_letter_has_the_same_number_whoever_it_is_for() -> None:
    [due] = due_steps([calendar(came="2026-09 2026-08")], {}, set(), AT)
    made = message_id_of(due, "registry.gov.example")
    assert made == "<report.OAP.1.2026-10.late@registry.gov.example>"
    assert "\n" not in message_id_of(due, "registry\r\nBcc: x")


def test_tries_come_further_and_further_apart() -> None:
    waits = [wait_after(number) for number in range(1, 10)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=5)
    assert waits[-1] == timedelta(days=1)
