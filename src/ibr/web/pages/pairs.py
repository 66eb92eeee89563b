"""Which programmes go together: the matrix, the list with its history, and the form."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Response

from ibr.access.staff.rights import PAIRS_EDIT
from ibr.errors import NotUnderstood
from ibr.overlaps.pairs.desk import PairsSeen, end_one, enter_pair, pairs_seen
from ibr.overlaps.pairs.model import RELATIONS, UNITS, Pair
from ibr.reported.values import write_money
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit

FIELDS = (
    *("first", "second", "relation", "unit", "tolerance_days", "cap", "keeps", "min_age"),
    *("max_age", "sex", "is_disabled", "entitled_to", "legal_reference", "note", "valid_from"),
    *("valid_to", "same_period"),
)
_SEX = {1: "male", 2: "female"}


async def show(visit: Visit) -> Response[str]:
    """The page; with `edit` or `first` and `second` its form is filled."""
    seen = await pairs_seen(visit.services.database, visit.asker())
    query = visit.query
    editing = number_in(query.get("edit"), 0)
    kept = seen.by_number(editing)
    given = (
        _as_given(kept.pair)
        if kept
        else {name: query.get(name, "") for name in ("first", "second")}
        | {"valid_from": visit.at.date().isoformat(), "same_period": "yes"}
    )
    return _page(visit, seen, given, {}, editing if kept else 0)


async def enter(visit: Visit) -> Response[str]:
    """Enters what the form says, or shows it again with what to mend."""
    database, asker, form = visit.services.database, visit.asker(), visit.form
    instead_of = number_in(form.get("instead_of"), 0) or None
    given = {name: form.get(name, "").strip() for name in FIELDS}
    given["same_period"] = "yes" if given["same_period"] else "no"
    try:
        new = await enter_pair(database, asker, given, visit.at, instead_of=instead_of)
    except NotUnderstood as wrong:
        seen = await pairs_seen(database, asker)
        problems = {wrong.field or "relation": _problem(visit, wrong.field)}
        return _page(visit, seen, given, problems, instead_of or 0)
    return go_to(visit, "/pairs?" + urlencode({"done": "entered" if new else "same"}))


async def end(visit: Visit) -> Response[str]:
    """Ends a pair after the day that the form says."""
    number = number_in(visit.path("number"), 0)
    last_day = visit.form.get("last_day", "")
    try:
        await end_one(visit.services.database, visit.asker(), number, last_day, visit.at)
    except NotUnderstood:
        return go_to(visit, f"/pairs?edit={number}&done=not_ended#enter")
    return go_to(visit, "/pairs?" + urlencode({"done": "ended"}))


def _page(
    visit: Visit, seen: PairsSeen, given: dict[str, str], problems: dict[str, str], editing: int
) -> Response[str]:
    return page(
        visit,
        "pairs.html",
        status=400 if problems else 200,
        seen=seen,
        given=given,
        problems=problems,
        editing=editing,
        done=visit.query.get("done", ""),
        may_edit=PAIRS_EDIT in visit.asker().scopes,
        relations=RELATIONS,
        units=UNITS,
        today=visit.at.date(),
        history=visit.query.get("history") == "yes",
    )


def _as_given(pair: Pair) -> dict[str, str]:
    """A pair as the form's texts."""
    conditions = pair.conditions
    cap = write_money(pair.cap_minor, pair.currency) if pair.cap_minor and pair.currency else ""
    disabled = conditions.is_disabled
    return {
        "first": pair.first,
        "second": pair.second,
        "relation": pair.relation,
        "unit": pair.unit,
        "tolerance_days": str(pair.tolerance_days or ""),
        "cap": cap,
        "keeps": pair.keeps or "",
        "min_age": "" if conditions.min_age is None else str(conditions.min_age),
        "max_age": "" if conditions.max_age is None else str(conditions.max_age),
        "sex": _SEX.get(conditions.sex or 0, ""),
        "is_disabled": "" if disabled is None else "yes" if disabled else "no",
        "entitled_to": conditions.entitled_to or "",
        "legal_reference": pair.legal_reference,
        "note": pair.note or "",
        "valid_from": pair.valid_from.isoformat(),
        "valid_to": pair.valid_to.isoformat() if pair.valid_to else "",
        "same_period": "yes" if pair.same_period else "no",
    }


def _problem(visit: Visit, field: str | None) -> str:
    """What to mend in a field, in the reader's language."""
    say = visit.say
    return {
        "first": say("Choose a programme."),
        "second": say("Choose two different programmes."),
        "unit": say("Choose whether it is about a person or a household."),
        "tolerance_days": say("Write a number of days from 0 to 366."),
        "cap": say("Write an amount with its currency, for example XTS 500.00."),
        "keeps": say("Choose one of the two programmes, or none."),
        "min_age": say("Write an age in years from 0 to 130."),
        "max_age": say("Write an age in years that is not below the youngest."),
        "entitled_to": say(
            "Choose one of the two programmes, and only where they belong together."
        ),
        "legal_reference": say("Name the law or rule, in at most 500 characters."),
        "note": say("Write at most 1,000 characters."),
        "valid_from": say("Write a day as 2026-01-31."),
        "valid_to": say("Write a day that is not before the first, or leave it empty."),
    }.get(field or "", say("Choose what holds between the two programmes."))
