"""A partner's connection for its developers: addresses, ids, rights, keys, callbacks to test."""

from __future__ import annotations

from litestar import Response

from ibr.access.model import Partner
from ibr.errors import NotFound, NotUnderstood
from ibr.questions.developing import connection_of, partner_for, partners_for
from ibr.web.answers import go_to, page
from ibr.web.visit import Visit


async def chosen(visit: Visit) -> Partner | None:
    """The partner of a page: a developer's own, or the one that an administrator chose."""
    named = visit.form.get("partner") or visit.query.get("partner")
    return await partner_for(visit.services.desk.book, visit.asker(), named)


async def must_choose(visit: Visit) -> Response[str]:
    """The partners to choose from, for whoever may look at several."""
    partners = await partners_for(visit.services.desk.book, visit.asker())
    return page(visit, "developers_choose.html", partners=partners, partner=None)


async def show(visit: Visit) -> Response[str]:
    partner = await chosen(visit)
    return await must_choose(visit) if partner is None else await _connection(visit, partner)


async def send_test(visit: Visit) -> Response[str]:
    """Has a test callback sent, and leads to what becomes of it."""
    partner = await chosen(visit)
    if partner is None:
        raise NotFound("partner.unknown", "No partner was named.")
    address = visit.form.get("address", "").strip()
    try:
        message_id = await visit.services.desk.send_test(
            visit.asker(), partner, visit.form.get("kind", ""), address, visit.at
        )
    except NotUnderstood as wrong:
        problem = (
            visit.say("Choose which callback is to be sent.")
            if wrong.code == "callback.kind"
            else visit.say(
                "This is not a registered callback address, nor beneath one. Ask those who run "
                "the registry to register it."
            )
        )
        return await _connection(visit, partner, problem=problem)
    return go_to(visit, f"/developers/callbacks/{message_id}")


async def _connection(visit: Visit, partner: Partner, problem: str | None = None) -> Response[str]:
    desk = visit.services.desk
    return page(
        visit,
        "developers.html",
        status=400 if problem else 200,
        partner=partner,
        seen=await connection_of(desk.book, visit.asker(), partner),
        addresses=desk.addresses(),
        own_keys=await desk.keys(visit.at),
        registry_id=desk.registry_id,
        base=base_of(visit),
        kinds=desk.kinds,
        problem=problem,
        given=visit.form,
    )


def base_of(visit: Visit) -> str:
    """Where others reach the registry, as far as it is known."""
    return visit.services.desk.reached_at or str(visit.request.base_url).rstrip("/")
