"""SQL of agreements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from asyncpg import Record

from ibr.access.agreements.model import Agreement, Clause, Wish
from ibr.asker import Term
from ibr.db.pool import Connection

_COLUMNS = ", ".join(f"a.{name}" for name in Agreement.__struct_fields__ if name != "clauses")


async def terms(connection: Connection) -> dict[int, list[Term]]:
    """Every clause in force today, by partner; all programmes there are where it names none."""
    rows = await connection.fetch(
        """
        select a.partner_id, c.agreement_no, c.clause_no, c.acts, c.attributes, c.purposes,
               coalesce(c.programmes, (select array_agg(programme_id) from ibr.programme), '{}')
                   as programmes
        from ibr.agreement a join ibr.agreement_clause c using (agreement_no)
        where a.valid_from <= current_date
          and (a.valid_to is null or a.valid_to >= current_date)
          and (a.ended_from is null or a.ended_from > current_date)
        order by a.agreement_no, c.clause_no
        """
    )
    found: dict[int, list[Term]] = {}
    for row in rows:
        found.setdefault(row["partner_id"], []).append(
            Term(
                row["agreement_no"],
                row["clause_no"],
                frozenset(row["acts"]),
                frozenset(row["programmes"]),
                None if row["attributes"] is None else frozenset(row["attributes"]),
                None if row["purposes"] is None else frozenset(row["purposes"]),
            )
        )
    return found


async def add(connection: Connection, wish: Wish, who: str, at: datetime) -> int:
    """Writes an agreement with its clauses; its number."""
    number: int = await connection.fetchval(
        """
        insert into ibr.agreement (partner_id, legal_basis, legal_reference, legal_link, signed_by,
                                   signed_on, document_digest, valid_from, valid_to,
                                   takes_place_of, entered_by, entered_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        returning agreement_no
        """,
        wish.partner_id,
        wish.legal_basis,
        wish.legal_reference,
        wish.legal_link,
        wish.signed_by,
        wish.signed_on,
        wish.document_digest,
        wish.valid_from,
        wish.valid_to,
        wish.takes_place_of,
        who,
        at,
    )
    await connection.executemany(
        """
        insert into ibr.agreement_clause
            (agreement_no, clause_no, acts, programmes, attributes, purposes)
        values ($1, $2, $3::text[], $4::integer[], $5::text[], $6::text[])
        """,
        [
            (number, each.clause_no, each.acts, each.programmes, each.attributes, each.purposes)
            for each in wish.clauses
        ],
    )
    return number


async def end(
    connection: Connection, number: int, ended_from: date, who: str, why: str, at: datetime
) -> bool:
    """Ends an agreement; False where there is none that could still be ended."""
    done = await connection.fetchval(
        """
        update ibr.agreement set ended_from = $2, ended_by = $3, ended_why = $4, ended_at = $5
        where agreement_no = $1 and ended_at is null and (valid_to is null or valid_to >= $2)
        returning agreement_no
        """,
        number,
        ended_from,
        who,
        why,
        at,
    )
    return done is not None


async def agreements(
    connection: Connection, *, partner_id: int | None = None, number: int | None = None
) -> list[Agreement]:
    """All agreements, those of a partner, or one; the newest first."""
    rows = await connection.fetch(
        f"""
        select {_COLUMNS} from ibr.agreement a
        where ($1::integer is null or a.partner_id = $1)
          and ($2::integer is null or a.agreement_no = $2)
        order by a.agreement_no desc
        """,
        partner_id,
        number,
    )
    clauses = await _clauses(connection, [row["agreement_no"] for row in rows])
    return [
        Agreement(**dict(row), clauses=tuple(clauses.get(row["agreement_no"], ()))) for row in rows
    ]


async def _clauses(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Clause]]:
    rows = await connection.fetch(
        """
        select agreement_no, clause_no, acts, programmes, attributes, purposes
        from ibr.agreement_clause where agreement_no = any ($1::integer[])
        order by agreement_no, clause_no
        """,
        numbers,
    )
    found: dict[int, list[Clause]] = {}
    for row in rows:
        found.setdefault(row["agreement_no"], []).append(
            Clause(
                clause_no=row["clause_no"],
                acts=tuple(row["acts"]),
                programmes=_told(row["programmes"]),
                attributes=_told(row["attributes"]),
                purposes=_told(row["purposes"]),
            )
        )
    return found


def _told(values: Any) -> Any:
    return None if values is None else tuple(values)


async def parties(connection: Connection) -> list[Record]:
    """Every partner by number, sender and name, with the scopes that are switched on."""
    return await connection.fetch(
        "select partner_id, sender_id, name, scopes from ibr.partner order by lower(name)"
    )


async def programmes(connection: Connection) -> list[Record]:
    """Every programme by number and code, with its names by language."""
    return await connection.fetch(
        "select programme_id, code, names::text as names from ibr.programme order by code"
    )


async def refused(connection: Connection, partner_id: int | None, most: int) -> list[Record]:
    """The last refusals of partners' questions, the newest first."""
    return await connection.fetch(
        """
        select event_id, at, partner_id, details::text as details
        from ibr.refused_to_partners($1, $2)
        """,
        partner_id,
        most,
    )


async def officer_name(connection: Connection, officer_id: int) -> str:
    found: str | None = await connection.fetchval(
        "select name from ibr.officer where officer_id = $1", officer_id
    )
    return found or ""
