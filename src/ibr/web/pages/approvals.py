"""Acts that need two people: what waits, what exactly would change, approving and refusing."""

from __future__ import annotations

from litestar import Response

from ibr.access.approvals import decide
from ibr.errors import RegistryError
from ibr.web.answers import page
from ibr.web.asked_role import TOLD, back, told
from ibr.web.pages.officers import origin
from ibr.web.visit import Visit


async def show(visit: Visit) -> Response[str]:
    """What waits for a second person, and what became of the others."""
    asker = visit.asker()
    async with visit.services.database.transaction(()) as connection:
        waiting = await decide.due(connection, asker, visit.at)
        before = await decide.lately(connection, asker, visit.at)
    return page(
        visit,
        "approvals.html",
        waiting=waiting,
        before=before,
        done=visit.query.get("done", ""),
        problem=visit.query.get("problem", ""),
    )


async def show_one(visit: Visit) -> Response[str]:
    """One proposal, with what it would change as of now."""
    return await _one(visit, visit.query.get("problem", ""), {})


async def approve(visit: Visit) -> Response[str]:
    """Carries it out; what is shown this once is on the page that follows."""
    number = int(visit.path("number"))
    try:
        async with visit.services.database.transaction(()) as connection:
            why = visit.form.get("why")
            shown = await decide.approve(connection, visit.asker(), number, visit.at, why=why)
    except TOLD as refused:
        return await _refused(visit, number, refused)
    if shown:
        return await _one(visit, "", dict(shown))
    return back(visit, "/approvals", done="approved")


async def refuse(visit: Visit) -> Response[str]:
    """Refuses it with a reason, or withdraws the own proposal."""
    number = int(visit.path("number"))
    try:
        async with visit.services.database.transaction(()) as connection:
            why = visit.form.get("why")
            await decide.refuse(connection, visit.asker(), number, visit.at, why=why)
    except TOLD as refused:
        return await _refused(visit, number, refused)
    return back(visit, "/approvals", done="refused")


async def _refused(visit: Visit, number: int, refused: RegistryError) -> Response[str]:
    return back(visit, f"/approvals/{number}", problem=told(refused))


def _in_full(visit: Visit, shown: dict[str, str]) -> dict[str, str]:
    """What is shown this once, a link with the address that officers reach the pages at."""
    return {
        name: f"{origin(visit)}{text}" if name == "link" else text for name, text in shown.items()
    }


async def _one(visit: Visit, problem: str, shown: dict[str, str]) -> Response[str]:
    number = int(visit.path("number"))
    async with visit.services.database.transaction(()) as connection:
        due, details = await decide.one(connection, visit.asker(), number)
    return page(
        visit,
        "approval.html",
        due=due,
        details=details,
        state=due.proposal.state(visit.at),
        shown=_in_full(visit, shown),
        problem=problem,
    )
