"""The programmes of a snapshot as figures count them."""

from __future__ import annotations

import json

import duckdb

from ibr.coverage.facts.model import FactProgramme, Rule

_PROGRAMMES = """
    select programme_id, code, functions, benefit_type, currency, cycle_months, contribution_type
    from programme order by programme_id
"""
_RULES = """
    select programme_id, kind, value, valid_from, valid_to from programme_rule
    where kind in ('age_from', 'age_to', 'sex', 'disability', 'caseload_cap')
    order by programme_id, rule_no
"""


def read_programmes(connection: duckdb.DuckDBPyConnection) -> dict[int, FactProgramme]:
    """Every programme of an opened snapshot by its number, with the rules that figures need."""
    rules: dict[int, list[Rule]] = {}
    for number, kind, value, first, last in connection.execute(_RULES).fetchall():
        rules.setdefault(number, []).append(Rule(kind, json.loads(value), first, last))
    return {
        number: FactProgramme(
            programme_id=number,
            code=code,
            functions=functions_of(functions),
            benefit_type=benefit_type,
            currency=currency,
            cycle_months=cycle or 1,
            contribution_type=contribution,
            rules=tuple(rules.get(number, ())),
        )
        for number, code, functions, benefit_type, currency, cycle, contribution in (
            connection.execute(_PROGRAMMES).fetchall()
        )
    }


def functions_of(text: str | None) -> tuple[int, ...]:
    """`1,4` as numbers."""
    return tuple(sorted({int(each) for each in (text or "").split(",") if each}))
