"""SQL of partners and their rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ibr.access.model import Partner, PartnerKey, ProgrammeRight
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
    """Every partner with its rights of today and the keys that count."""
    keys_of = await _keys(connection)
    rows = await connection.fetch(
        """
        select p.partner_id, p.sender_id, p.name, p.client_id, p.secret_hash, p.signature_policy,
               p.signature_profile, p.scopes, p.purpose_code,
               p.callback_urls, p.jwks_url, p.encryption_policy,
               p.suspended_at is not null as suspended,
               array(select r.programme_id from programme r
                     where p.ask_all or exists (
                         select from partner_programme pp
                         where pp.partner_id = p.partner_id and pp.programme_id = r.programme_id
                           and pp.may_ask and current_date >= pp.valid_from
                           and (pp.valid_to is null or current_date <= pp.valid_to))) as ask,
               array(select r.programme_id from programme r
                     where p.report_all or exists (
                         select from partner_programme pp
                         where pp.partner_id = p.partner_id and pp.programme_id = r.programme_id
                           and pp.may_report and current_date >= pp.valid_from
                           and (pp.valid_to is null or current_date <= pp.valid_to))) as report
        from partner p
        """
    )
    return [
        Partner(
            **{
                **dict(row),
                "scopes": frozenset(row["scopes"]),
                "ask": frozenset(row["ask"]),
                "report": frozenset(row["report"]),
                "callback_urls": tuple(row["callback_urls"]),
                "keys": tuple(keys_of.get(row["partner_id"], ())),
            }
        )
        for row in rows
    ]


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
    "ask_all",
    "report_all",
    "purpose_code",
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


async def grant_programmes(
    connection: Connection, partner_id: int, report: Sequence[str], ask: Sequence[str]
) -> list[str]:
    """Gives rights by programme code; returns the codes that no programme has."""
    known = {
        row["code"]: row["programme_id"]
        for row in await connection.fetch("select code, programme_id from ibr.programme")
    }
    wanted = dict.fromkeys([*report, *ask])
    await connection.executemany(
        """
        insert into ibr.partner_programme (partner_id, programme_id, may_report, may_ask)
        values ($1, $2, $3, $4)
        on conflict (partner_id, programme_id) do update
        set may_report = excluded.may_report, may_ask = excluded.may_ask
        """,
        [
            (partner_id, known[code], code in report, code in ask)
            for code in wanted
            if code in known
        ],
    )
    return [code for code in wanted if code not in known]


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
