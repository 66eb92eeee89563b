"""Partners in the office: who may speak to the registry; changes wait for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response

from ibr.access import partners
from ibr.access.approvals import partner_acts
from ibr.access.approvals.decide import propose
from ibr.access.keys.change_keys import known_keys
from ibr.access.scopes import SCOPES
from ibr.access.staff.people.look import programme_codes
from ibr.access.staff.rights import AGREEMENTS, AGREEMENTS_EDIT, must_hold
from ibr.calls.rules import check_registered
from ibr.calls.set_up import rules_from
from ibr.errors import NotUnderstood, RegistryError
from ibr.web.answers import page
from ibr.web.asked_role import TOLD, back, told
from ibr.web.visit import Visit
from ibr_messages.jwk import check_partner_jwks

_POLICIES = ("accepted", "required", "off")


async def show(visit: Visit) -> Response[str]:
    """Every partner."""
    must_hold(visit.asker(), AGREEMENTS)
    async with visit.services.database.transaction(()) as connection:
        found = await partners.list_partners(connection)
    return page(
        visit,
        "partners.html",
        partners=sorted(found, key=lambda each: str(each["name"]).casefold()),
        may_edit=AGREEMENTS_EDIT in visit.asker().scopes,
        done=visit.query.get("done", ""),
    )


async def ask(visit: Visit) -> Response[str]:
    """The form for a new partner."""
    return await _add_form(visit, {}, None)


async def add(visit: Visit) -> Response[str]:
    """Proposes a new partner, or shows the form again with what to mend."""
    try:
        async with visit.services.database.transaction(()) as connection:
            codes = (await programme_codes(connection)).values()
            payload = _read_add(visit, list(codes))
            await propose(
                connection,
                visit.asker(),
                partner_acts.ADD,
                payload,
                visit.at,
                why=visit.form.get("why"),
            )
    except TOLD as refused:
        return await _add_form(visit, dict(visit.form), refused)
    return back(visit, "/partners", done="proposed")


async def show_one(visit: Visit) -> Response[str]:
    """One partner with its keys, and forms to propose other scopes or keys."""
    return await _one(visit, {}, visit.query.get("problem", ""))


async def change_scopes(visit: Visit) -> Response[str]:
    """Proposes other scopes."""
    wanted = [each for each in SCOPES if f"s-{each}" in visit.form]

    def payload(sender_id: str) -> dict[str, Any]:
        return {"sender_id": sender_id, "scopes": wanted}

    if not wanted:
        return await _one(visit, dict(visit.form), "scope.unknown")
    return await _propose(visit, partner_acts.SCOPE, payload)


async def change_keys(visit: Visit) -> Response[str]:
    """Proposes keys to be added, or one to be revoked."""

    def payload(sender_id: str) -> dict[str, Any]:
        given = visit.form.get("keys", "").strip()
        return {
            "sender_id": sender_id,
            "add": check_partner_jwks(_json(given)) if given else [],
            "revoke": visit.form.get("revoke", "") or None,
        }

    return await _propose(visit, partner_acts.KEY, payload)


async def _propose(visit: Visit, act: str, payload: Any) -> Response[str]:
    try:
        async with visit.services.database.transaction(()) as connection:
            found = await partners.partner_of(connection, visit.path("sender"))
            await propose(
                connection,
                visit.asker(),
                act,
                payload(found.sender_id),
                visit.at,
                why=visit.form.get("why"),
            )
    except TOLD as refused:
        return await _one(visit, dict(visit.form), told(refused))
    return back(visit, "/partners", done="proposed")


def _read_add(visit: Visit, codes: list[str]) -> dict[str, Any]:
    form = visit.form
    rules = rules_from(visit.services.settings)
    callbacks = form.get("callback_urls", "").split()
    jwks_url = form.get("jwks_url", "").strip() or None
    for address in [*callbacks, *([jwks_url] if jwks_url else [])]:
        check_registered(address, rules)
    keys = form.get("keys", "").strip()
    scopes = [each for each in SCOPES if f"s-{each}" in form]
    if not scopes:
        raise NotUnderstood("scope.unknown", "Choose at least one scope.")
    policy = form.get("encryption", "accepted")
    return {
        "sender_id": form.get("sender_id", "").strip(),
        "name": form.get("name", "").strip()[:200] or form.get("sender_id", "").strip(),
        "report": _programmes(form, "r", codes),
        "ask": _programmes(form, "a", codes),
        "scopes": scopes,
        "encryption": policy if policy in _POLICIES else "accepted",
        "keys": check_partner_jwks(_json(keys)) if keys else [],
        "jwks_url": jwks_url,
        "callback_urls": callbacks,
    }


def _programmes(form: Mapping[str, str], letter: str, codes: list[str]) -> list[str]:
    if f"{letter}-all" in form:
        return ["all"]
    return [code for code in codes if f"{letter}-{code}" in form]


def _json(text: str) -> Any:
    """A JWKS, or one JWK as a JWKS of one."""
    try:
        read = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise NotUnderstood("file.json", "That is not JSON.") from None
    return {"keys": [read]} if isinstance(read, dict) and "keys" not in read else read


async def _add_form(
    visit: Visit, given: dict[str, str], refused: RegistryError | None
) -> Response[str]:
    async with visit.services.database.transaction(()) as connection:
        codes = await programme_codes(connection)
    return page(
        visit,
        "partner_add.html",
        status=400 if refused else 200,
        given=given,
        problem=told(refused) if refused else "",
        programmes=list(codes.values()),
        scopes=tuple(SCOPES),
        policies=_POLICIES,
    )


async def _one(visit: Visit, given: dict[str, str], problem: str) -> Response[str]:
    must_hold(visit.asker(), AGREEMENTS)
    async with visit.services.database.transaction(()) as connection:
        found = await partners.partner_of(connection, visit.path("sender"))
        keys, fetched = await known_keys(connection, found.sender_id)
    return page(
        visit,
        "partner.html",
        status=400 if problem and given else 200,
        partner=found,
        keys=keys,
        fetched=fetched,
        scopes=tuple(SCOPES),
        given=given,
        problem=problem,
        may_edit=AGREEMENTS_EDIT in visit.asker().scopes,
    )
