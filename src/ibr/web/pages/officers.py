"""Officers: who they are and how they stand; somebody new is invited."""

from __future__ import annotations

from litestar import Response

from ibr.access.approvals import officer_role
from ibr.access.approvals.decide import propose
from ibr.access.staff.people.invite import Invited, invite
from ibr.access.staff.people.look import officers, programme_codes, state_of
from ibr.access.staff.people.suspend import day_of_suspension
from ibr.access.staff.rights import OFFICERS, RIGHTS
from ibr.errors import RegistryError
from ibr.web.answers import page
from ibr.web.asked_role import TOLD, read_role, told
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    """Every officer, by name, with what keeps each from working."""
    state = visit.query.get("state", "")
    async with visit.services.database.transaction(()) as connection:
        found = await officers(connection, visit.asker(), visit.at)
        programmes = await programme_codes(connection)
    seen = [(each, state_of(each, visit.at)) for each in found]
    days = visit.services.settings.officer_unseen_days
    return page(
        visit,
        "officers.html",
        seen=[one for one in seen if not state or one[1] == state],
        states=sorted({each for _, each in seen}),
        state=state,
        programmes=programmes,
        days=days,
        due={
            each.officer_id: day_of_suspension(each.last_known, each.warned_at, days)
            for each, kind in seen
            if kind == "warned"
        },
        may_change=OFFICERS in visit.asker().scopes,
        today=visit.at.date(),
    )


async def ask(visit: Visit) -> Response[str]:
    """The form of an invitation."""
    return await _form(visit, {}, None)


async def send(visit: Visit) -> Response[str]:
    """Invites somebody and shows the link once, or the form again with what to mend."""
    form, asker = visit.form, visit.asker()
    try:
        async with visit.services.database.transaction(()) as connection:
            wanted = read_role(form, await programme_codes(connection))
            partner = form.get("partner", "").strip() or None
            invited = await invite(
                connection,
                asker,
                form.get("email", ""),
                form.get("name", ""),
                wanted,
                visit.at,
                partner=partner,
            )
            if invited.secret is None:
                payload = officer_role.payload_of(invited.officer_id, wanted)
                await propose(connection, asker, officer_role.NAME, payload, visit.at)
    except TOLD as refused:
        return await _form(visit, dict(form), refused)
    return link_page(visit, invited, form.get("email", "").strip().lower())


def link_page(visit: Visit, invited: Invited, email: str) -> Response[str]:
    """The link, shown this once to be handed over; or that it is made when somebody approves."""
    return page(
        visit,
        "officer_link.html",
        invited=invited,
        email=email,
        link=f"{origin(visit)}/welcome/{invited.secret}",
    )


def origin(visit: Visit) -> str:
    """Where officers reach the pages: the setting, or else the address of this very request."""
    settings = visit.services.settings
    return (settings.public_url or str(visit.request.base_url)).rstrip("/")


async def _form(
    visit: Visit, given: dict[str, str], refused: RegistryError | None
) -> Response[str]:
    async with visit.services.database.transaction(()) as connection:
        programmes = await programme_codes(connection)
    return page(
        visit,
        "officer_invite.html",
        status=400 if refused else 200,
        given=given,
        problem=told(refused) if refused else "",
        programmes=programmes,
        roles=tuple(RIGHTS),
        today=visit.at.date(),
    )
