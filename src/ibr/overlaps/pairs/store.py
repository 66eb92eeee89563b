"""SQL of programme pairs and programmes' rules: rows are put in and replaced, never changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from asyncpg import Record

from ibr.db.pool import Connection
from ibr.overlaps.pairs.model import Conditions, KeptPair, KeptRule, Pair, Rule


async def programmes(connection: Connection) -> dict[str, int]:
    """Every programme's number by its code."""
    rows = await connection.fetch("select code, programme_id from ibr.programme order by code")
    return {row["code"]: row["programme_id"] for row in rows}


async def programme_names(connection: Connection) -> dict[str, dict[str, str]]:
    """Every programme's name by language, by its code."""
    rows = await connection.fetch("select code, names from ibr.programme order by code")
    return {row["code"]: msgspec.json.decode(row["names"]) for row in rows}


def _pair(row: Record) -> KeptPair:
    conditions = msgspec.json.decode(row["conditions"], type=Conditions)
    names = ("relation", "unit", "same_period", "tolerance_days", "cap_minor", "currency")
    return KeptPair(
        pair_no=row["pair_no"],
        pair=Pair(
            first=row["first_code"],
            second=row["second_code"],
            keeps=row["keeps_code"],
            conditions=conditions,
            legal_reference=row["legal_reference"],
            note=row["note"],
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            **{name: row[name] for name in names},
        ),
        known_at=row["known_at"],
        replaced_at=row["replaced_at"],
        changed_by=row["changed_by"],
    )


async def pairs(
    connection: Connection, *, history: bool = False, of: Collection[int] | None = None
) -> list[KeptPair]:
    """The pairs that count, with `history` also those that were replaced; of these two only."""
    rows = await connection.fetch(
        """
        select p.*, a.code as first_code, b.code as second_code, k.code as keeps_code
        from ibr.programme_pair p
        join ibr.programme a on a.programme_id = p.first_programme
        join ibr.programme b on b.programme_id = p.second_programme
        left join ibr.programme k on k.programme_id = p.keeps
        where ($1 or p.replaced_at is null)
          and ($2::integer[] is null
               or (p.first_programme = any ($2::integer[])
                   and p.second_programme = any ($2::integer[])))
        order by a.code, b.code, p.unit, p.valid_from desc, p.pair_no desc
        """,
        history,
        None if of is None else list(of),
    )
    return [_pair(row) for row in rows]


async def put_pair(
    connection: Connection, pair: Pair, numbers: dict[str, int], at: datetime, who: str
) -> int:
    first, second = sorted((numbers[pair.first], numbers[pair.second]))
    number: int = await connection.fetchval(
        """
        insert into ibr.programme_pair (first_programme, second_programme, relation, unit,
            same_period, tolerance_days, cap_minor, currency, keeps, conditions, legal_reference,
            note, valid_from, valid_to, known_at, changed_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        returning pair_no
        """,
        first,
        second,
        pair.relation,
        pair.unit,
        pair.same_period,
        pair.tolerance_days,
        pair.cap_minor,
        pair.currency,
        numbers[pair.keeps] if pair.keeps else None,
        msgspec.json.encode(pair.conditions).decode(),
        pair.legal_reference,
        pair.note,
        pair.valid_from,
        pair.valid_to,
        at,
        who,
    )
    return number


async def replace_pair(connection: Connection, pair_no: int, at: datetime) -> bool:
    """Says that a row does not count any more; False where it did not already."""
    said: str = await connection.execute(
        "update ibr.programme_pair set replaced_at = $2 where pair_no = $1 and replaced_at is null",
        pair_no,
        at,
    )
    return said == "UPDATE 1"


async def rules(
    connection: Connection,
    *,
    history: bool = False,
    programme: int | None = None,
    kind: str | None = None,
) -> list[KeptRule]:
    """The rules that count, with `history` also those that were replaced."""
    rows = await connection.fetch(
        """
        select r.*, p.code from ibr.programme_rule r
        join ibr.programme p on p.programme_id = r.programme
        where ($1 or r.replaced_at is null) and ($2::integer is null or r.programme = $2)
          and ($3::text is null or r.kind = $3)
        order by p.code, r.kind, r.valid_from desc, r.rule_no desc
        """,
        history,
        programme,
        kind,
    )
    return [
        KeptRule(
            rule_no=row["rule_no"],
            rule=Rule(
                programme=row["code"],
                kind=row["kind"],
                value=msgspec.json.decode(row["value"]),
                legal_reference=row["legal_reference"],
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
            ),
            known_at=row["known_at"],
            replaced_at=row["replaced_at"],
            changed_by=row["changed_by"],
        )
        for row in rows
    ]


async def put_rule(
    connection: Connection, rule: Rule, programme: int, at: datetime, who: str
) -> int:
    number: int = await connection.fetchval(
        """
        insert into ibr.programme_rule (programme, kind, value, legal_reference, valid_from,
                                        valid_to, known_at, changed_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8) returning rule_no
        """,
        programme,
        rule.kind,
        msgspec.json.encode(rule.value).decode(),
        rule.legal_reference,
        rule.valid_from,
        rule.valid_to,
        at,
        who,
    )
    return number


async def replace_rule(connection: Connection, rule_no: int, at: datetime) -> bool:
    """Says that a row does not count any more; False where it did not already."""
    said: str = await connection.execute(
        "update ibr.programme_rule set replaced_at = $2 where rule_no = $1 and replaced_at is null",
        rule_no,
        at,
    )
    return said == "UPDATE 1"
