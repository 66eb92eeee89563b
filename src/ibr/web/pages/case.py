"""One case: what was found, what was done, what can be done next, its letters and its money."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import parse_qsl

from babel.numbers import get_currency_precision
from litestar import Response

from ibr.errors import Conflict, NotAllowed, NotUnderstood
from ibr.overlaps.cases import money
from ibr.overlaps.cases.desk.look import next_case
from ibr.overlaps.cases.desk.one_case import ANOTHER, FindingSeen, one_case, one_letter
from ibr.overlaps.cases.letters import LETTERS
from ibr.overlaps.cases.model import OUTCOMES, Act, Action
from ibr.overlaps.cases.paths import PATHS
from ibr.overlaps.cases.terms import terms_from
from ibr.overlaps.cases.work import Given, take_back, take_step
from ibr.overlaps.checks.catalogue import BY_CODE
from ibr.web.answers import go_to, page
from ibr.web.languages import ENGLISH, FRENCH, words
from ibr.web.letter_words import composer
from ibr.web.pages.cases import kept_in, wanted_in
from ibr.web.pages.deliveries import number_in
from ibr.web.refusals import STATUS
from ibr.web.visit import Visit

# Languages that a letter can be written in, whatever the officer reads.
_LETTERS: Final = {each.code: each for each in (ENGLISH, FRENCH)}
_Refused = Conflict | NotUnderstood | NotAllowed


async def show(visit: Visit) -> Response[str]:
    return await _shown(visit, None)


async def _shown(visit: Visit, refused: _Refused | None) -> Response[str]:
    services = visit.services
    query = _list_of(visit.form["place"]) if visit.form.get("place") else visit.query
    kept = kept_in(query)
    asker, terms = visit.asker(), terms_from(services.settings)
    number = number_in(visit.path("number"), 0)
    found = await one_case(services.database, services.sealer, asker, number, visit.at, terms)
    following = None
    if kept:
        following = await next_case(
            services.database, asker, wanted_in(query), found.case, visit.at
        )
    return page(
        visit,
        "case.html",
        status=STATUS[refused.kind] if refused else 200,
        found=found,
        case=found.case,
        refused=refused.code if refused else None,
        refused_words=refused.message if refused else "",
        given=visit.form,
        place=kept,
        following=following,
        sentences={each.finding_id: sentence(visit, each) for each in found.findings},
        paths=PATHS,
        rights=asker.scopes,
        writes=LETTERS,
        outcomes=OUTCOMES,
        letter_languages=list(_LETTERS.values()),
        done=query.get("done", "")[:30],
    )


def sentence(visit: Visit, finding: FindingSeen) -> str:
    """A finding in one sentence, in the reader's language."""
    check = BY_CODE.get(finding.check_code)
    if check is None:
        return visit.say("The check that found this is no longer in use.")
    facts = _in_words(visit, finding)
    return check.explain(facts, visit.say)


def _in_words(visit: Visit, finding: FindingSeen) -> dict[str, Any]:
    """The facts, with the reader's word for a programme that they may not know."""
    another = visit.say(ANOTHER)

    def word(value: object) -> object:
        if isinstance(value, list):
            return [word(each) for each in value]
        return another if value == ANOTHER else value

    return {name: word(value) for name, value in finding.facts.items()}


async def act(visit: Visit) -> Response[str]:
    """One step; refused with the form as it was, so that nothing written is lost."""
    form, services = visit.form, visit.services
    number = number_in(visit.path("number"), 0)
    action = form.get("action", "")
    language = _LETTERS.get(form.get("language", ""))
    try:
        if action not in PATHS:
            raise NotUnderstood("case.not_from_here", "Choose a step.")
        given = Given(
            case_id=number,
            step_no=number_in(form.get("step"), 0),
            act=_act(visit, action),
            note=form.get("note", "").strip() or None,
        )
        await take_step(
            services.database,
            services.sealer,
            visit.asker(),
            given,
            at=visit.at,
            terms=terms_from(services.settings),
            compose=composer(language) if language else None,
        )
    except (Conflict, NotUnderstood, NotAllowed) as refused:
        return await _shown(visit, refused)
    return _back(visit, number, action)


def _act(visit: Visit, action: Action) -> Act:
    form = visit.form
    outcome = form.get("outcome")
    day = _day(form.get("on"))
    return Act(
        action=action,
        reason=form.get("reason") or None,
        outcome=outcome if outcome in OUTCOMES else None,
        officer_id=number_in(form.get("officer"), 0) or None,
        days=number_in(form.get("days"), 0) or None,
        on=datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None,
        law=form.get("law", "").strip() or None,
        until=_day(form.get("until")),
    )


async def undo(visit: Visit) -> Response[str]:
    """Takes the officer's own last step back."""
    services = visit.services
    number = number_in(visit.path("number"), 0)
    try:
        await take_back(
            services.database,
            visit.asker(),
            number,
            number_in(visit.form.get("step"), 0),
            at=visit.at,
            terms=terms_from(services.settings),
        )
    except (Conflict, NotUnderstood, NotAllowed) as refused:
        return await _shown(visit, refused)
    return _back(visit, number, "undo")


async def enter_money(visit: Visit) -> Response[str]:
    """Enters a sum, confirms one, or drops one."""
    form, database, asker = visit.form, visit.services.database, visit.asker()
    number = number_in(visit.path("number"), 0)
    entry = number_in(form.get("entry"), 0)
    try:
        if form.get("what") == "confirm":
            await money.confirm(database, asker, number, entry, at=visit.at)
        elif form.get("what") == "drop":
            await money.drop(database, asker, number, entry, at=visit.at)
        else:
            await money.enter(database, asker, number, _entry(visit), at=visit.at)
    except (Conflict, NotUnderstood, NotAllowed) as refused:
        return await _shown(visit, refused)
    return _back(visit, number, "money")


def _entry(visit: Visit) -> money.Entry:
    form = visit.form
    first, last = _day(form.get("first")), _day(form.get("last"))
    currency = form.get("currency", "")
    if first is None or last is None:
        raise NotUnderstood("case.money_days", "Write the first and the last day, in this order.")
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise NotUnderstood("case.money", "Write what it is, and a sum above nought.")
    return money.Entry(
        kind=form.get("kind", ""),
        amount_minor=_minor(form.get("amount", ""), currency),
        currency=currency,
        first_day=first,
        last_day=last,
    )


def _minor(text: str, currency: str) -> int:
    """A sum as written in whole units, in minor units; 0 where it cannot be read."""
    try:
        amount = Decimal(text.replace(" ", "").replace("\u202f", "").replace(",", "."))
    except InvalidOperation:
        return 0
    if not amount.is_finite() or abs(amount) > Decimal(10) ** 12:
        return 0
    minor = amount.scaleb(get_currency_precision(currency))
    return int(minor) if minor == minor.to_integral_value() else 0


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _back(visit: Visit, number: int, done: str) -> Response[str]:
    """The case again, at the same place of its list."""
    place = kept_in(_list_of(visit.form.get("place", "")))
    return go_to(visit, f"/cases/{number}?{place + '&' if place else ''}done={done}")


def _list_of(place: str) -> dict[str, str]:
    """The place in a list as a form carries it; nothing where somebody wrote something else."""
    try:
        return dict(parse_qsl(place[:500], max_num_fields=20))
    except ValueError:
        return {}


async def letter(visit: Visit) -> Response[str]:
    """A letter for print, in its own language."""
    services = visit.services
    seen = await one_letter(
        services.database,
        services.sealer,
        visit.asker(),
        number_in(visit.path("number"), 0),
        number_in(visit.path("letter"), 0),
        visit.at,
    )
    say: Callable[[str], str] = words(seen.letter.language).gettext
    return page(visit, "case_letter.html", seen=seen, letter=seen.letter, letter_say=say)
