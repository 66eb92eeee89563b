"""SQL of partners and their rights."""

from __future__ import annotations

from typing import Any

import msgspec

from ibr.access.agreements import store as agreements
from ibr.access.agreements.rules import ASKING, default_purpose
from ibr.access.model import Partner, PartnerKey, ProgrammeRight
from ibr.asker import Term
from ibr.db.pool import Connection


async def programmes(connection: Connection) -> list[ProgrammeRight]:
    rows = await connection.fetch(
        """
        select programme_id, code, suspended_counts, currency, assistance_unit,
               coalesce(names ->> 'en', code) as name
        from programme order by programme_id
        """
    )
    return [ProgrammeRight(**dict(row)) for row in rows]


async def _keys(connection: Connection) -> dict[int, list[PartnerKey]]:
    """Keys by the number of their partner: those that count or will count, and those that did
    lately, so that whoever still uses one can be told why it is refused.

    Older ones stay in the table as evidence; there may be many of them, and this is read often.
    """
    rows = await connection.fetch(
        """
        select partner_id, kid, public_jwk, algorithm, not_before, not_after, revoked_at, use
        from partner_key
        where coalesce(least(revoked_at, not_after) > now() - interval '30 days', true)
        """
    )
    keys_of: dict[int, list[PartnerKey]] = {}
    for row in rows:
        keys_of.setdefault(row["partner_id"], []).append(
            PartnerKey(
                row["kid"],
                msgspec.json.decode(row["public_jwk"]),
                row["algorithm"],
                row["not_before"],
                row["not_after"],
                row["revoked_at"],
                row["use"],
            )
        )
    return keys_of


async def partners(connection: Connection) -> list[Partner]:
    """Every partner with what its agreements let it do today and the keys that count."""
    keys_of = await _keys(connection)
    terms_of = await agreements.terms(connection)
    rows = await connection.fetch(
        """
        select p.partner_id, p.sender_id, p.name, p.client_id, p.secret_hash, p.signature_policy,
               p.signature_profile, p.scopes, p.callback_urls, p.jwks_url, p.encryption_policy,
               p.suspended_at is not null as suspended
        from partner p
        """
    )
    return [
        _with_terms(
            dict(row)
            | {
                "scopes": frozenset(row["scopes"]),
                "callback_urls": tuple(row["callback_urls"]),
                "keys": tuple(keys_of.get(row["partner_id"], ())),
            },
            tuple(terms_of.get(row["partner_id"], ())),
        )
        for row in rows
    ]


def _with_terms(values: dict[str, Any], terms: tuple[Term, ...]) -> Partner:
    ask = frozenset().union(*(each.programmes for each in terms if each.acts & ASKING))
    report = frozenset().union(*(each.programmes for each in terms if "report" in each.acts))
    return Partner(
        **values, ask=ask, report=report, purpose_code=default_purpose(terms), terms=terms
    )


# The columns that a partner is added with.
_GIVEN = (
    "sender_id",
    "name",
    "client_id",
    "secret_hash",
    "signature_policy",
    "signature_profile",
    "encryption_policy",
    "scopes",
    "callback_urls",
    "jwks_url",
)


async def add_partner(connection: Connection, values: dict[str, Any]) -> int:
    """Adds a partner; the connection is the owner's. Returns its number, 0 where it is there."""
    places = ", ".join(f"${number}" for number in range(1, len(_GIVEN) + 1))
    return int(
        await connection.fetchval(
            f"""
            insert into ibr.partner ({", ".join(_GIVEN)}) values ({places})
            on conflict (sender_id) do nothing
            returning partner_id
            """,
            *(values[name] for name in _GIVEN),
        )
        or 0
    )


# What may be changed of a partner afterwards.
CHANGEABLE = (
    "name",
    "scopes",
    "signature_policy",
    "signature_profile",
    "encryption_policy",
    "callback_urls",
    "jwks_url",
)


async def change_partner(connection: Connection, partner_id: int, values: dict[str, Any]) -> None:
    """Writes some of the columns that may be changed; the connection is the owner's."""
    names = [name for name in CHANGEABLE if name in values]
    settings = ", ".join(f"{name} = ${number}" for number, name in enumerate(names, start=2))
    await connection.execute(
        f"update ibr.partner set {settings} where partner_id = $1",
        partner_id,
        *(values[name] for name in names),
    )


async def suspend(connection: Connection, sender_id: str, *, suspended: bool) -> int | None:
    """Shuts a partner out or lets it in again; its number, or None for an unknown one."""
    number: int | None = await connection.fetchval(
        """
        update ibr.partner
        set suspended_at = case when $2 then coalesce(suspended_at, now()) end
        where sender_id = $1 returning partner_id
        """,
        sender_id,
        suspended,
    )
    return number
