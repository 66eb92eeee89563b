"""The page on scaling out: the plan of every table, and every statement that would not run."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import NamedTuple

from docs_tools.markdown import table
from docs_tools.scale_out.bodies import bodies
from docs_tools.scale_out.collect import Statement, statements
from docs_tools.scale_out.meanings import REFUSED, SLOW
from docs_tools.scale_out.rules import asks_shards, lint
from ibr.db.distribution.plan import PLAN


class Looked(NamedTuple):
    """One statement, what it breaks, and whether it asks a distributed table at all."""

    statement: Statement
    broken: frozenset[str]
    asks: bool


@cache
def looked_at() -> list[Looked]:
    """Every statement of the source and of the schema's functions."""
    return [
        Looked(each, frozenset(lint(each.text)), asks_shards(each.text))
        for each in (*statements(), *bodies())
    ]


def refused() -> dict[tuple[str, str], set[str]]:
    """By file and function, the rules for which a statement of it would be refused."""
    found: dict[tuple[str, str], set[str]] = {}
    for each in looked_at():
        if wrong := each.broken & REFUSED.keys():
            found.setdefault((each.statement.file, each.statement.function), set()).update(wrong)
    return found


def scale_out_page() -> str:
    every = looked_at()
    bad = [each for each in every if each.broken & REFUSED.keys()]
    asking = [each for each in every if each.asks]
    slow = [each for each in asking if each not in bad and each.broken]
    kinds = Counter(place.kind for place in PLAN.values())
    parts = [
        _HEAD,
        "## The statements in numbers\n",
        table(
            ("what", "statements"),
            [
                ("in the source and in the schema's functions", str(len(every))),
                ("that ask no distributed table", str(len(every) - len(asking))),
                ("that run as on one server", str(len(asking) - len(slow) - len(bad))),
                ("that run, more slowly than on one server", str(len(slow))),
                ("that would be refused", str(len(bad))),
            ],
        ),
        "## Refused\n\nA registry on a cluster must not use what stands here before it is written "
        "anew. The list may only become shorter: a new statement of this kind fails the tests.\n",
        table(
            ("file", "function", "why"),
            [
                (f"`{file}`", f"`{function}`", ", ".join(sorted(rules)))
                for (file, function), rules in sorted(refused().items())
            ],
        ),
        "## Why a statement is refused\n",
        _rules(REFUSED, every),
        "## What runs more slowly\n",
        _rules(SLOW, every),
        f"## Where each table lies\n\n{kinds['distributed']} tables are distributed, "
        f"{kinds['reference']} are reference tables, {kinds['local']} stay on the coordinator.\n",
        table(
            ("table", "where", "by", "with", "why"),
            [
                (f"`{place.table}`", place.kind, place.column, place.group, place.why)
                for place in PLAN.values()
            ],
        ),
    ]
    return "\n".join(parts)


def _rules(rules: dict[str, str], every: list[Looked]) -> str:
    counted = Counter(rule for each in every for rule in each.broken)
    return table(
        ("rule", "statements", "what it means"),
        [(rule, str(counted[rule]), meaning) for rule, meaning in rules.items()],
    )


_HEAD = """# Scaling out: tables and statements

What the registry would be on a [Citus](https://www.citusdata.com) cluster: where each table lies
(`ibr db distribute`), and which statements would be refused there. Written from the source: every
SQL statement of the program and of the schema's functions is parsed and held against what Citus
refuses under this plan. **It has not been run on Citus itself**, which could not be installed where
this was made; the rules come from an earlier trial of Citus 13.2.2 and from its sources.
[How to size a registry](../howto/size-your-registry.md) says when this is worth thinking about.
"""
