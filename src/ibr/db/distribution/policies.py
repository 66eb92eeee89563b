"""Row-level security as Citus can hold it: the same promises without a subquery.

Citus refuses to distribute a table with a policy that holds a subquery (commands/policy.c of Citus
12 and 13: "Subqueries are not supported in policies on distributed tables"). Three kinds stand in
the registry's policies:

- a function called in a subquery, so that it is called once and not for each row: called plainly;
- whether a record is a protected person's: asked of a function, which reads the reference table;
- whether the record lives in the officer's areas, which would have a worker ask other workers:
  answered with no. Whoever sees the whole country is not touched. Officers of single areas see on a
  cluster the records that carry one of their areas and nothing else of them, until the areas stand
  in the other tables' rows too. It fails closed.
"""

from __future__ import annotations

import re
from typing import Final

_CALLED_ONCE: Final = re.compile(r"\(\s*SELECT (?:ibr\.)?((\w+)\((?:'[^']*'::text\[\])?\)) AS \2\)")
_PROTECTED: Final = re.compile(
    r"\(EXISTS \( SELECT\s+FROM (?:ibr\.)?protected_record p\s+"
    r"WHERE \(p\.record_id = (?:ANY \((ARRAY\[[^\]]+\])\)|([\w.]+))\)\)\)"
)
_LIVES: Final = re.compile(
    r"\(EXISTS \( SELECT\s+FROM (?:ibr\.)?beneficiary_record r\s+"
    r"WHERE \(r\.record_id = [\w.]+\)\)\)"
    r"|(?:ibr\.)?lives_in_reach\(record_id\)"
)
_OF_VISIT: Final = re.compile(r"(?:ibr\.)?is_of_visit\(")


def without_subqueries(expression: str) -> str:
    """The policy's expression in the form that Citus takes."""
    plain = _LIVES.sub("false", expression)
    plain = _PROTECTED.sub(
        lambda found: f"ibr.is_protected({found[1] or f'ARRAY[{found[2]}]'})", plain
    )
    # A plain call may have been written without its schema, where the reader's path leads to it.
    plain = _OF_VISIT.sub("ibr.is_of_visit(", plain)
    return _CALLED_ONCE.sub(r"ibr.\1", plain)


def holds_subquery(expression: str | None) -> bool:
    """Whether Citus would refuse a policy with this expression."""
    return expression is not None and re.search(r"\bSELECT\b", expression) is not None


def must_change(expression: str | None) -> bool:
    """Whether the expression has to be written anew before Citus takes it and can answer it."""
    return holds_subquery(expression) or "lives_in_reach" in (expression or "")
