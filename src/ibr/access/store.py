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
    """Every key by the number of its partner."""
    rows = await connection.fetch(
        "select partner_id, kid, public_jwk, algorithm, not_before, not_after, revoked_at "
        "from partner_key"
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
            )
        )
    return keys_of


async def partners(connection: Connection) -> list[Partner]:
    """Every partner with its rights of today and all its keys."""
    keys_of = await _keys(connection)
    rows = await connection.fetch(
        """
        select p.partner_id, p.sender_id, p.name, p.client_id, p.secret_hash, p.signature_policy,
               p.signature_profile, p.scopes, p.purpose_code,
               p.callback_urls, p.jwks_url, p.suspended_at is not null as suspended,
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


async def add_partner(connection: Connection, values: dict[str, Any]) -> int:
    """Adds a partner; the connection is the owner's. Returns its number."""
    return int(
        await connection.fetchval(
            """
            insert into ibr.partner (sender_id, name, client_id, secret_hash, signature_policy,
                                     signature_profile, scopes, callback_urls, jwks_url, ask_all,
                                     report_all, purpose_code)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            on conflict (sender_id) do nothing
            returning partner_id
            """,
            *(
                values[name]
                for name in [
                    "sender_id",
                    "name",
                    "client_id",
                    "secret_hash",
                    "signature_policy",
                    "signature_profile",
                    "scopes",
                    "callback_urls",
                    "jwks_url",
                    "ask_all",
                    "report_all",
                    "purpose_code",
                ]
            ),
        )
        or 0
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


async def add_key(
    connection: Connection, partner_id: int, kid: str, jwk: dict[str, Any], algorithm: str
) -> None:
    await connection.execute(
        """
        insert into ibr.partner_key (partner_id, kid, public_jwk, algorithm)
        values ($1, $2, $3, $4) on conflict (partner_id, kid) do nothing
        """,
        partner_id,
        kid,
        msgspec.json.encode(jwk).decode(),
        algorithm,
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


async def revoke_key(connection: Connection, partner_id: int, kid: str) -> bool:
    """Revokes a key that still counts; False when there is none."""
    revoked = await connection.fetchval(
        """
        update ibr.partner_key set revoked_at = now()
        where partner_id = $1 and kid = $2 and revoked_at is null returning true
        """,
        partner_id,
        kid,
    )
    return bool(revoked)


async def keys_of(connection: Connection, partner_id: int) -> list[dict[str, Any]]:
    rows = await connection.fetch(
        """
        select kid, algorithm, not_before, not_after, revoked_at from ibr.partner_key
        where partner_id = $1 order by not_before, kid
        """,
        partner_id,
    )
    return [dict(row) for row in rows]
