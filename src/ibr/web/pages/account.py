"""My account: name, language, password, what I did lately; and the role that I act in."""

from __future__ import annotations

from litestar import Response

from ibr.access.staff.act_in import act_in, own_roles
from ibr.access.staff.passwords import check_password
from ibr.access.staff.people.links.one_time import must_be_same
from ibr.access.staff.people.look import own_acts, programme_codes
from ibr.access.staff.people.own_account import change_password, choose_language, rename
from ibr.access.staff.sign_in import SESSION_COOKIE, candidate, count_failure, officer_of
from ibr.errors import NotProven, NotUnderstood
from ibr.web.answers import cookie, go_to, page
from ibr.web.asked_role import TOLD, back, told
from ibr.web.languages import COOKIE as LANGUAGE_COOKIE
from ibr.web.languages import languages
from ibr.web.pages.welcome import hash_in_turn
from ibr.web.visit import Visit

ADDRESS = "/account"
LONGEST_PASSWORD = 1024


async def show(visit: Visit) -> Response[str]:
    """The own account."""
    asker = visit.asker()
    async with visit.services.database.transaction(()) as connection:
        roles = await own_roles(connection, asker, visit.at)
        acts = await own_acts(connection, asker)
        programmes = await programme_codes(connection)
    return page(
        visit,
        "account.html",
        roles=roles,
        acts=acts,
        programmes=programmes,
        done=visit.query.get("done", ""),
        problem=visit.query.get("problem", ""),
    )


async def change_name(visit: Visit) -> Response[str]:
    """Another name for colleagues to see."""
    try:
        async with visit.services.database.transaction(()) as connection:
            await rename(connection, visit.asker(), visit.form.get("name", ""), visit.at)
    except TOLD as refused:
        return back(visit, ADDRESS, problem=told(refused))
    return back(visit, ADDRESS, done="name")


async def change_language(visit: Visit) -> Response[str]:
    """The language of the pages here and of what is written to the officer."""
    known = {each.code for each in languages(visit.services.settings.production)}
    code = visit.form.get("language", "")
    if code not in known:
        raise NotUnderstood("language.unknown", "The pages are not written in that language.")
    async with visit.services.database.transaction(()) as connection:
        await choose_language(connection, visit.asker(), code, visit.at)
    year = 365 * 24 * 3600
    return go_to(
        visit, f"{ADDRESS}?done=language", [cookie(visit, LANGUAGE_COOKIE, code, seconds=year)]
    )


async def set_password(visit: Visit) -> Response[str]:
    """Another password, for who knows the one used until now; every session ends with it."""
    session = visit.session
    if session is None:
        raise NotProven("session.none", "Please sign in.")
    new = visit.form.get("password", "")
    try:
        must_be_same(new, visit.form.get("again", ""))
        check_password(new, session.officer.email, session.officer.name)
    except NotUnderstood as refused:
        return back(visit, ADDRESS, problem=told(refused))
    if not await _knows(visit, session.officer.email, session.officer.officer_id):
        return back(visit, ADDRESS, problem="officer.password_wrong")
    hashed = await hash_in_turn(new)
    async with visit.services.database.transaction(()) as connection:
        await change_password(connection, visit.asker(), hashed, visit.at)
    return go_to(visit, "/sign-in", [cookie(visit, SESSION_COOKIE, "", seconds=0)])


async def _knows(visit: Visit, email: str, officer_id: int) -> bool:
    """Whether the form holds the password used until now; guesses are slowed as at the door."""
    database, old = visit.services.database, visit.form.get("old", "")
    async with database.transaction(()) as connection:
        who = await candidate(connection, email, visit.place, visit.at)
    if len(old) <= LONGEST_PASSWORD and await officer_of(who, old) == officer_id:
        return True
    async with database.transaction(()) as connection:
        await count_failure(connection, who, visit.at)
    return False


async def go_on_as(visit: Visit) -> Response[str]:
    """Goes on in another of the own roles, from the first page that it has."""
    try:
        role = int(visit.form.get("role", ""))
    except ValueError:
        return back(visit, ADDRESS, problem="officer.role")
    try:
        async with visit.services.database.transaction(()) as connection:
            secret = visit.secret(SESSION_COOKIE)
            fresh = await act_in(connection, visit.asker(), secret, role, visit.at)
    except TOLD as refused:
        return back(visit, ADDRESS, problem=told(refused))
    return go_to(visit, "/", [cookie(visit, SESSION_COOKIE, fresh)])
