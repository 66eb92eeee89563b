"""The manual of the checks: rule, parameters, safeguards, and the examples as small tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from docs_tools.markdown import table
from ibr.overlaps.checks.catalogue import CHECKS
from ibr.overlaps.checks.model import EXAMPLE_PERIOD, Check, Example, Parameters, Row, Tables

_MOST_RECORDS = 8
_SEX = {0: "sex unknown", 1: "male", 2: "female", 3: "other"}


def checks_page() -> str:
    """Every check in the order of its code."""
    rows = [
        (
            f"[{check.code}](#{check.code.lower()})",
            check.title,
            "for the person" if check.helps else "for control",
            str(check.version),
        )
        for check in CHECKS
    ]
    return "\n".join(
        [
            _INTRODUCTION,
            table(("check", "looks for", "speaks", "version"), rows),
            *(_chapter(check) for check in CHECKS),
        ]
    )


_INTRODUCTION = f"""# Checks

A check looks at a [snapshot](../explanation/overlaps.md) for what does not go together or is
missing. What it finds is a hypothesis for a person to look at; no check changes an enrolment, a
benefit or an answer. How to run them is in [Run the checks](../howto/run-checks.md).

Each check exists twice: as a statement of DuckDB, which is what runs, and in plain Python. Both
must find the same in every example of this page and in made-up populations. All examples are
looked at for {EXAMPLE_PERIOD.first} to {EXAMPLE_PERIOD.last}. An open enrolment is written with no
second day. People are numbers, as in a snapshot.

A finding is to be looked at *now* (3), *soon* (2), or *when there is time* (1).
"""


def _chapter(check: Check) -> str:
    return "\n".join(
        [
            f"## {check.code}\n",
            f"**{check.title}.** {check.about}\n",
            f"**Found when.** {check.rule}\n",
            f"**Before anything else.** {check.safeguards}\n",
            f"**Looks at** {', '.join(f'`{name}`' for name in sorted(check.tables))}.\n",
            _parameters(check.parameters),
            *(_example(example) for example in check.examples),
        ]
    )


def _parameters(kind: type[Parameters]) -> str:
    hints = get_type_hints(kind, include_extras=True)
    rows = [
        (f"`{field.name}`", f"`{msgspec.json.encode(field.default).decode()}`",
         _meaning(hints[field.name]))
        for field in msgspec.structs.fields(kind)
    ]  # fmt: skip
    if not rows:
        return "No parameters.\n"
    return table(("parameter", "usual", "meaning"), rows)


def _meaning(hint: Any) -> str:
    if get_origin(hint) is not Annotated:
        return ""
    metas = [each for each in get_args(hint)[1:] if isinstance(each, msgspec.Meta)]
    return next((each.description for each in metas if each.description), "")


def _example(example: Example) -> str:
    found = [f"> {sentence}\n" for sentence in example.finds] or ["> Nothing is found.\n"]
    facts = [f"- {line}" for line in _facts(example.tables)]
    return "\n".join(
        [
            f"### {example.title}\n",
            _records(example.tables),
            *([*facts, ""] if facts else []),
            *found,
        ]
    )


def _records(tables: Tables) -> str:
    codes = {row["programme_id"]: row["code"] for row in tables["programme"]}
    records = tables["record"]
    rows = [
        (
            str(record["record_id"]),
            codes[record["programme_id"]],
            "; ".join(_person(row) for row in _of(tables, "appearance", record)),
            "; ".join(_span(row) for row in _of(tables, "span", record) if row["active"]),
            _given(_of(tables, "benefit", record)) or "–",
        )
        for record in records[:_MOST_RECORDS]
    ]
    text = table(("record", "programme", "people", "active", "given"), rows)
    more = len(records) - len(rows)
    return text + (f"\n… and {more} more records like these.\n" if more else "")


def _of(tables: Tables, name: str, record: Row) -> list[Row]:
    return [row for row in tables.get(name, ()) if row["record_id"] == record["record_id"]]


def _person(row: Row) -> str:
    birth = "birth date unknown"
    if row["birth_date"] is not None and row["birth_precision"]:
        birth = "born " + str(row["birth_date"])[: {1: 4, 2: 7, 3: 10}[row["birth_precision"]]]
    parts = [birth, _SEX[row["sex"]]]
    if row["is_disabled"] is not None:
        parts.append("with a disability" if row["is_disabled"] else "without a disability")
    if row["member_no"] is None:
        parts.append("no longer named")
    return f"{row['person_id']} ({', '.join(parts)})"


def _span(row: Row) -> str:
    return f"{row['first_day']} to {row['last_day'] or ''}".strip()


def _given(rows: list[Row]) -> str:
    amounts: dict[str, list[str]] = {}
    for row in rows:
        value = row["value_minor"]
        amount = "things" if value is None else f"XTS {Decimal(value).scaleb(-2):,f}"
        amounts.setdefault(amount, []).append(str(row["given_on"]))
    return "; ".join(f"{amount} on {', '.join(days)}" for amount, days in amounts.items())


def _facts(tables: Tables) -> Iterator[str]:
    """What else the example knows, a line each."""
    codes = {row["programme_id"]: row["code"] for row in tables["programme"]}
    for row in tables.get("programme_rule", ()):
        yield (
            f"Rule of {codes[row['programme_id']]} ({row['legal_reference']}): "
            f"`{row['kind']}` `{row['value']}`"
        )
    for row in tables.get("pair", ()):
        yield _pair(row, codes)
    for row in tables.get("death", ()):
        yield (
            f"{row['person_id']} died on {row['died_on']}, known on {row['known_on']}; sources "
            f"that say so: {row['sources_agreeing']}"
        )
    for row in tables.get("told", ()):
        yield f"A register says of {row['person_id']} since {row['since']}: `{row['attribute']}` " \
            f"`{row['value']}`"  # fmt: skip
    numbers: dict[tuple[str, str, int], list[str]] = {}
    for row in tables.get("number", ()):
        key = (row["kind"], row["tie"], row["token"])
        numbers.setdefault(key, []).append(str(row["record_id"]))
    for (kind, tie, token), records in numbers.items():
        whose = f"of the `{tie}` " if tie else ""
        yield f"`{kind}` {token} {whose}on records {', '.join(records)}"
    for row in tables.get("link_open", ()):
        yield (
            f"Records {row['low_record']} and {row['high_record']} may be one person: weight "
            f"{row['weight']}"
        )
    for row in tables.get("exemption", ()):
        yield f"Exempt from {row['check_code']}: number {row['token']}"


def _pair(row: Row, codes: dict[int, str]) -> str:
    parts = [f"about a {row['unit']}"]
    if row["tolerance_days"]:
        parts.append(f"{row['tolerance_days']} days of transition")
    if row["keeps"] is not None:
        parts.append(f"{codes[row['keeps']]} stays")
    if row["cap_minor"] is not None:
        parts.append(f"allowed up to XTS {Decimal(row['cap_minor']).scaleb(-2):,f} a month")
    if json.loads(row["conditions"]):
        parts.append(f"conditions `{row['conditions']}`")
    return (
        f"{codes[row['first_programme']]} and {codes[row['second_programme']]} are "
        f"{row['relation']} ({row['legal_reference']}): {', '.join(parts)}"
    )
