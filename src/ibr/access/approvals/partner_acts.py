"""Acts on partners: one is added, its scopes are changed, its keys are added or revoked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ibr.access import partners
from ibr.access.approvals.two_people import Act, Approver, Detail, Payload
from ibr.access.keys.change_keys import change_keys, known_keys
from ibr.access.scopes import read_scopes
from ibr.access.staff.rights import AGREEMENTS_EDIT
from ibr.asker import Asker
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr_messages.jwk import check_partner_jwk

ADD: Final = "partner.add"
SCOPE: Final = "partner.scope"
KEY: Final = "partner.key"
LONGEST_ID: Final = 200


async def _check_add(
    connection: Connection, _asker: Asker, payload: Payload, _at: datetime
) -> None:
    sender_id = payload["sender_id"]
    if not 1 <= len(sender_id) <= LONGEST_ID or not sender_id.isprintable() or " " in sender_id:
        raise NotUnderstood(
            "partner.sender_id", f"A sender_id has 1 to {LONGEST_ID} characters and no blanks."
        )
    read_scopes(payload["scopes"])
    for key in payload["keys"]:
        check_partner_jwk(key)
    if not payload["keys"] and not payload["jwks_url"]:
        raise NotUnderstood(
            "partner.no_key",
            "Give a public key of the partner, or the address where it publishes its keys.",
        )
    everyone = await partners.list_partners(connection)
    if any(each["sender_id"] == sender_id for each in everyone):
        raise Conflict("partner.exists", "There is already a partner of that sender_id.")
    await partners.check_programmes(connection, [*payload["report"], *payload["ask"]])


async def _explain_add(_connection: Connection, payload: Payload) -> list[Detail]:
    lines = {
        "sender_id": payload["sender_id"],
        "name": payload["name"],
        "report": ", ".join(payload["report"]),
        "ask": ", ".join(payload["ask"]),
        "scopes": ", ".join(sorted(read_scopes(payload["scopes"]))),
        "encryption": payload["encryption"],
        "keys": ", ".join(key["kid"] for key in payload["keys"]),
        "jwks_url": payload["jwks_url"] or "",
        "callback_urls": ", ".join(payload["callback_urls"]),
    }
    return [Detail(what=what, after=after) for what, after in lines.items() if after]


async def _add(
    connection: Connection, two: Approver, payload: Payload, _at: datetime
) -> Mapping[str, str]:
    """The client id and secret are made now, so the approver alone sees them and hands them on."""
    return await partners.add_partner(
        connection,
        sender_id=payload["sender_id"],
        name=payload["name"],
        report=payload["report"],
        ask=payload["ask"],
        scopes=payload["scopes"],
        signature_policy="required",
        encryption_policy=payload["encryption"],
        keys=[check_partner_jwk(key) for key in payload["keys"]],
        jwks_url=payload["jwks_url"],
        callback_urls=payload["callback_urls"],
        asker=two.proposer,
    )


async def _check_scope(
    connection: Connection, _asker: Asker, payload: Payload, _at: datetime
) -> None:
    partner = await partners.partner_of(connection, payload["sender_id"])
    if set(read_scopes(payload["scopes"])) == partner.scopes:
        raise Conflict("partner.unchanged", "The partner has exactly these scopes already.")


async def _explain_scope(connection: Connection, payload: Payload) -> list[Detail]:
    partner = await partners.partner_of(connection, payload["sender_id"])
    return [
        Detail(what="sender_id", after=partner.sender_id),
        Detail(
            what="scopes",
            before=", ".join(sorted(partner.scopes)),
            after=", ".join(sorted(read_scopes(payload["scopes"]))),
        ),
    ]


async def _scope(
    connection: Connection, two: Approver, payload: Payload, _at: datetime
) -> Mapping[str, str]:
    await partners.change_scopes(connection, two.proposer, payload["sender_id"], payload["scopes"])
    return {}


async def _check_key(connection: Connection, _asker: Asker, payload: Payload, at: datetime) -> None:
    known, _ = await known_keys(connection, payload["sender_id"])
    if not payload["add"] and not payload["revoke"]:
        raise NotUnderstood("partner.no_key", "Give a key to add, or name one to revoke.")
    for key in payload["add"]:
        check_partner_jwk(key)
    counting = [each.kid for each in known if each.state(at) in ("counts", "coming")]
    if payload["revoke"] and payload["revoke"] not in counting:
        raise NotFound("key.unknown", "The partner has no key of that id that still counts.")


async def _explain_key(connection: Connection, payload: Payload) -> list[Detail]:
    known, _ = await known_keys(connection, payload["sender_id"])
    details = [Detail(what="sender_id", after=payload["sender_id"])]
    for key in payload["add"]:
        there = any(each.kid == key["kid"] for each in known)
        details.append(
            Detail(what="key_added", before=key["kid"] if there else None, after=_key(key))
        )
    if payload["revoke"]:
        details.append(Detail(what="key_revoked", before=payload["revoke"], after=""))
    return details


def _key(key: dict[str, Any]) -> str:
    return f"{key['kid']} ({key['alg']}, {key['use']})"


async def _key_changed(
    connection: Connection, two: Approver, payload: Payload, at: datetime
) -> Mapping[str, str]:
    await change_keys(
        connection,
        payload["sender_id"],
        at,
        add=[check_partner_jwk(key) for key in payload["add"]],
        revoke=payload["revoke"],
        asker=two.proposer,
    )
    return {}


PARTNER_ACTS: Final = (
    Act(name=ADD, propose=AGREEMENTS_EDIT, check=_check_add, explain=_explain_add, carry_out=_add),
    Act(
        name=SCOPE,
        propose=AGREEMENTS_EDIT,
        check=_check_scope,
        explain=_explain_scope,
        carry_out=_scope,
    ),
    Act(
        name=KEY,
        propose=AGREEMENTS_EDIT,
        check=_check_key,
        explain=_explain_key,
        carry_out=_key_changed,
    ),
)
