"""One delivery: what its sender says, what it adds up to, what is unusual, what may be done."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from litestar import Response

from ibr.access.staff.rights import DELIVERY_RELEASE
from ibr.deliveries.checks.model import Anomaly
from ibr.deliveries.checks.words import sentence
from ibr.errors import Conflict, NotAllowed, NotUnderstood
from ibr.intake.decide_delivery import ACTS, decide_delivery, effect_of_void
from ibr.questions.reporting import OneDelivery, one_delivery
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.visit import Visit

# What a decision came to, in the address after it.
DONE = (*ACTS, "reason", "elsewhere", "other_programmes", "is_void", "too_old")


async def show(visit: Visit) -> Response[str]:
    """The delivery, and to whom it may be decided by, the buttons for it."""
    asker = visit.asker()
    found = await one_delivery(
        visit.services.database,
        asker,
        number_in(visit.path("number"), 0),
        number_in(visit.query.get("page")),
    )
    one = found.delivery
    may = DELIVERY_RELEASE in asker.scopes and asker.reach.issuperset(one.programme_ids)
    effect = None
    if may and one.state == "done" and one.mode != "void":
        effect = await effect_of_void(visit.services.database, asker, one.delivery_id)
    written = visit.written

    def said(anomaly: Anomaly) -> str:
        return sentence(
            anomaly,
            say=written.say,
            count=written.count,
            percent=written.percent,
            money=written.money,
        )

    done = visit.query.get("done", "")
    return page(
        visit,
        "delivery.html",
        found=found,
        one=one,
        decides=may,
        effect=effect,
        said=said,
        money=_money(found, one.totals.money),
        done=done if done in DONE else "",
    )


def _money(found: OneDelivery, declared: Mapping[str, int]) -> dict[str, int]:
    """The value of all its benefits by currency, those included that only the sender names."""
    totals = dict.fromkeys(
        sorted({*declared, *(code for each in found.found for code in each.money)}), 0
    )
    for each in found.found:
        for code, value in each.money.items():
            totals[code] += value
    return totals


async def decide(visit: Visit) -> Response[str]:
    """Lets a held delivery go, refuses it, voids one that counts, or brings one back."""
    number = number_in(visit.path("number"), 0)
    act = visit.form.get("act", "")
    if act not in ACTS:
        raise NotUnderstood("delivery.act", "Choose what is to become of the delivery.")
    done = act
    try:
        await decide_delivery(
            visit.services.database,
            visit.asker(),
            number,
            act,
            visit.form.get("reason", ""),
            visit.at,
        )
    except (Conflict, NotUnderstood, NotAllowed) as refused:
        done = refused.code.removeprefix("delivery.")
        if done not in DONE:
            raise
    return go_to(visit, f"/deliveries/{number}?" + urlencode({"done": done}))
