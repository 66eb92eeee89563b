"""SQL of the registry's own keys and of the messages it has answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from ibr.db.pool import Connection
from ibr.questions.enrolled import Kept


async def own_keys(connection: Connection, of_use_after: datetime) -> list[asyncpg.Record]:
    """The registry's own keys, but for those that ended or were revoked before that moment."""
    return await connection.fetch(
        """
        select kid, use, algorithm, public_jwk, private_sealed, made_at, not_before, not_after,
               revoked_at
        from ibr.registry_key
        where least(not_after, revoked_at) is null or least(not_after, revoked_at) > $1
        order by use, algorithm, not_before, kid
        """,
        of_use_after,
    )


async def published_keys(
    connection: Connection, at: datetime, ended_after: datetime
) -> list[asyncpg.Record]:
    """Public keys that are coming, in use or, to verify with, lately ended; those that are used
    now stand first."""
    return await connection.fetch(
        """
        select public_jwk from registry_key
        where revoked_at is null
          and (use = 'sig' and (not_after is null or not_after > $2)
               or use = 'enc' and (not_after is null or not_after > $1))
        order by use desc, not_before > $1, not_before desc, kid
        """,
        at,
        ended_after,
    )


async def add_key(
    connection: Connection,
    jwk: dict[str, Any],
    *,
    use: str,
    algorithm: str,
    sealed: bytes,
    made_at: datetime,
    not_before: datetime,
) -> None:
    """Adds a key of the registry's own; the connection is the owner's."""
    await connection.execute(
        """
        insert into ibr.registry_key (kid, use, algorithm, public_jwk, private_sealed, made_at,
                                      not_before)
        values ($1, $2, $3, $4, $5, $6, $7)
        """,
        jwk["kid"],
        use,
        algorithm,
        msgspec.json.encode(jwk).decode(),
        sealed,
        made_at,
        not_before,
    )


async def end_keys(
    connection: Connection, use: str, algorithm: str, except_kid: str, at: datetime
) -> None:
    """The other keys of this use and algorithm end when the one named begins."""
    await connection.execute(
        """
        update ibr.registry_key set not_after = $4
        where use = $1 and algorithm = $2 and kid <> $3 and revoked_at is null
          and (not_after is null or not_after > $4)
        """,
        use,
        algorithm,
        except_kid,
        at,
    )


async def reopen_key(connection: Connection, kid: str, end: datetime) -> None:
    """Takes the end away that a key was to have at that moment."""
    await connection.execute(
        "update ibr.registry_key set not_after = null where kid = $1 and not_after = $2", kid, end
    )


async def begin_key(connection: Connection, kid: str, at: datetime) -> None:
    """Brings a coming key forward to this moment."""
    await connection.execute(
        "update ibr.registry_key set not_before = $2 where kid = $1 and not_before > $2", kid, at
    )


async def revoke_own_key(connection: Connection, kid: str, at: datetime) -> bool:
    """Revokes a key of the registry's own; False when there is none, or it was revoked before."""
    revoked = await connection.fetchval(
        """
        update ibr.registry_key set revoked_at = $2 where kid = $1 and revoked_at is null
        returning true
        """,
        kid,
        at,
    )
    return bool(revoked)


async def claim_message(
    connection: Connection,
    *,
    key: bytes,
    partner_id: int,
    kind: str,
    body_digest: bytes,
    transaction_id: str,
    correlation_id: str,
    at: datetime,
) -> asyncpg.Record | None:
    """Takes a message in for the first time; the earlier row when it was taken in before.

    Two connections with the same message: the second waits here until the first has committed.
    """
    fresh = await connection.fetchval(
        """
        insert into message_received (message_key, partner_id, kind, body_digest, transaction_id,
                                      correlation_id, received_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict do nothing returning true
        """,
        key,
        partner_id,
        kind,
        body_digest,
        transaction_id,
        correlation_id,
        at,
    )
    if fresh:
        return None
    return await connection.fetchrow(
        """
        select kind, body_digest, transaction_id, correlation_id, answer, received_at,
               exists (select from accepted_request where message_key = $1) as answered_later
        from message_received where message_key = $1 and partner_id = $2
        """,
        key,
        partner_id,
    )


async def received(connection: Connection, key: bytes) -> tuple[str, str]:
    """The transaction id and the correlation id of a message that was taken in."""
    [row] = await connection.fetch(
        "select transaction_id, correlation_id from message_received where message_key = $1", key
    )
    return row["transaction_id"], row["correlation_id"]


async def keep_answer(connection: Connection, key: bytes, answer: bytes) -> None:
    await connection.execute(
        "update message_received set answer = $2 where message_key = $1", key, answer
    )


async def stored_answer(connection: Connection, key: bytes) -> bytes | None:
    answer: bytes | None = await connection.fetchval(
        "select answer from message_received where message_key = $1", key
    )
    return answer


async def add_references(
    connection: Connection, partner_id: int, key: bytes, references: list[str]
) -> None:
    """Remembers which message carried these reference ids."""
    await connection.execute(
        """
        insert into message_reference (partner_id, reference_id, message_key)
        select $1, unnest($2::text[]), $3 on conflict do nothing
        """,
        partner_id,
        references,
        key,
    )


async def keep_yes_no(connection: Connection, kept: Sequence[Kept]) -> dict[bytes, Kept]:
    """Keeps these answers; returns the earlier ones of messages that were answered before.

    Sorted by key, so that two batches with the same messages never wait for each other.
    """
    ordered = sorted(kept, key=_message_key)
    rows = await connection.fetch(
        """
        insert into message_received (message_key, partner_id, kind, body_digest, transaction_id,
                                      correlation_id, answer, received_at)
        select m.key, m.partner_id, 'enrolled', m.digest, m.transaction_id, m.correlation_id,
               m.answer, m.at
        from unnest($1::bytea[], $2::integer[], $3::bytea[], $4::text[], $5::text[], $6::bytea[],
                    $7::timestamptz[])
             as m (key, partner_id, digest, transaction_id, correlation_id, answer, at)
        on conflict do nothing
        returning message_key
        """,
        [each.message_key for each in ordered],
        [each.partner_id for each in ordered],
        [each.body_digest for each in ordered],
        [each.transaction_id for each in ordered],
        [each.correlation_id for each in ordered],
        [each.answer for each in ordered],
        [each.at for each in ordered],
    )
    if len(rows) == len(kept):
        return {}
    fresh = {row["message_key"] for row in rows}
    earlier = await connection.fetch(
        """
        select message_key, partner_id,
               case when kind = 'enrolled' then body_digest else ''::bytea end as body_digest,
               transaction_id, correlation_id, coalesce(answer, ''::bytea) as answer,
               received_at as at
        from message_received where message_key = any ($1::bytea[])
        """,
        [each.message_key for each in kept if each.message_key not in fresh],
    )
    return {row["message_key"]: Kept(**dict(row)) for row in earlier}


def _message_key(kept: Kept) -> bytes:
    return kept.message_key


async def identifier_kinds(connection: Connection) -> dict[str, list[str]]:
    """Identifier types in use, by whom they identify."""
    rows = await connection.fetch("select identifies, code from identifier_type order by type_id")
    kinds: dict[str, list[str]] = {}
    for row in rows:
        kinds.setdefault(row["identifies"], []).append(row["code"])
    return kinds


async def messages_of(
    connection: Connection,
    partner_id: int,
    kinds: list[str],
    *,
    attribute: str,
    values: list[str],
    most: int,
) -> list[asyncpg.Record]:
    """A partner's own messages by transaction_id or correlation_id, the newest first.

    `reference_ids` are those of a request that is answered later, None of any other.
    """
    column = {"transaction_id": "transaction_id", "correlation_id": "correlation_id"}[attribute]
    # The indexes leave yes/no questions out; they count only where the statement says so too.
    return await connection.fetch(
        f"""
        select message_key, kind, transaction_id, correlation_id, answer, received_at,
               reference_ids
        from message_received left join accepted_request using (message_key, partner_id)
        where partner_id = $1 and {column} = any ($2::text[]) and kind = any ($3::text[])
          and kind <> 'enrolled'
        order by received_at desc, message_key
        limit $4
        """,
        partner_id,
        values,
        kinds,
        most,
    )


async def messages_with(
    connection: Connection, partner_id: int, kinds: list[str], references: list[str]
) -> list[asyncpg.Record]:
    """For each reference_id the newest of the partner's own messages of each kind that carried
    it."""
    return await connection.fetch(
        """
        select distinct on (r.reference_id, m.kind) r.reference_id, m.message_key, m.kind,
               m.transaction_id, m.correlation_id, m.answer, m.received_at, a.reference_ids
        from message_reference r join message_received m using (message_key)
             left join accepted_request a using (message_key)
        where r.partner_id = $1 and m.partner_id = $1 and r.reference_id = any ($2::text[])
          and m.kind = any ($3::text[])
        order by r.reference_id, m.kind, m.received_at desc
        """,
        partner_id,
        references,
        kinds,
    )


async def keep_search(
    connection: Connection,
    *,
    key: bytes,
    partner_id: int,
    body_digest: bytes,
    transaction_id: str,
    correlation_id: str,
    answer: bytes,
    at: datetime,
    references: list[str],
) -> bool:
    """Keeps a search with its answer and reference ids; False when it was answered before.

    Two connections with the same message: the second waits here until the first has committed.
    """
    return bool(
        await connection.fetchval(
            """
            with fresh as (
                insert into message_received (message_key, partner_id, kind, body_digest,
                                              transaction_id, correlation_id, answer, received_at)
                values ($1, $2, 'search', $3, $4, $5, $6, $7)
                on conflict do nothing returning message_key
            ), carried as (
                insert into message_reference (partner_id, reference_id, message_key)
                select $2, unnest($8::text[]), message_key from fresh on conflict do nothing
            )
            select count(*) from fresh
            """,
            key,
            partner_id,
            body_digest,
            transaction_id,
            correlation_id,
            answer,
            at,
            references,
        )
    )


async def kept_message(connection: Connection, key: bytes) -> asyncpg.Record | None:
    """A message as it was taken in, with its answer."""
    return await connection.fetchrow(
        """
        select kind, body_digest, answer,
               exists (select from accepted_request where message_key = $1) as answered_later
        from message_received where message_key = $1
        """,
        key,
    )
