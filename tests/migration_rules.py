"""Which statements of a migration would stop the version that still serves (reliability G5).

A migration runs while the old program answers. It may therefore not hold a lock on a large table
for long, nor rewrite one, nor take away what the old program reads. What is safe for a reason that
cannot be seen here says so in a comment above it: `-- safe: because …`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Tables that grow with people, payments, messages and questions.
LARGE = frozenset(
    {
        "accepted_request",
        "appearance",
        "audit_event",
        "beneficiary_record",
        "beneficiary_version",
        "benefit",
        "benefit_month",
        "case_finding",
        "change",
        "delivery",
        "delivery_part",
        "delivery_refusal",
        "enrolled_index",
        "enrolment",
        "finding",
        "group_member",
        "identifier",
        "known_attribute",
        "message_received",
        "message_trace",
        "outgoing_message",
        "person",
        "person_member",
        "question_asked",
        "record_key",
        "status_change",
        "subscription_waiting",
    }
)
_NAME = r"(?:only\s+)?(?:ibr\.)?\"?([a-z_0-9]+)\"?"
_MADE = re.compile(rf"\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?{_NAME}", re.I)
_ALTERED = re.compile(rf"^alter\s+table\s+(?:if\s+exists\s+)?{_NAME}\s+(.*)$", re.I | re.S)
_INDEX = re.compile(
    rf"^create\s+(?:unique\s+)?index\s+(concurrently\s+)?.*?\bon\s+{_NAME}", re.I | re.S
)
_UPDATED = re.compile(rf"^(?:update|delete\s+from)\s+{_NAME}", re.I)
_SAFE = re.compile(r"--\s*safe:\s*\S+", re.I)


class Fault(NamedTuple):
    """One statement that must be written differently, and how."""

    statement: str
    rule: str


# What an `alter table` of a large table that stood before may not say, and what to do instead.
_ALTERATIONS = {
    r"add\s+column\s+(?:if\s+not\s+exists\s+)?\S+\s+(?:(?!,\s*(?:add|alter)\b).)*"
    r"\bgenerated\s+always\s+as\s*\((?:(?!identity).)*\bstored\b": "rewrites the table: fill a "
    "plain column bit by bit instead",
    r"add\s+column\s+(?:(?!,\s*(?:add|alter)\b|\bdefault\b).)*\bnot\s+null\b(?:(?!\bdefault\b|,"
    r"\s*(?:add|alter)\b).)*(?:$|,\s*(?:add|alter)\b)": "fails on rows that are there: give it a "
    "constant default, or add it empty and fill it",
    r"default\s+(?:gen_random_uuid|clock_timestamp|random|nextval)\s*\(": "rewrites the table: the "
    "default differs from row to row",
    r"alter\s+column\s+\S+\s+(?:set\s+data\s+)?type\b": "rewrites the table: add a column, move, "
    "remove later",
    r"set\s+not\s+null\b": "reads the whole table under a lock: add a check constraint not valid, "
    "validate it, then set not null",
    r"add\s+(?:constraint\s+\S+\s+)?(?:check|foreign\s+key)\b(?:(?!\bnot\s+valid\b).)*$": "reads "
    "the whole table under a lock: add it not valid, validate it in the next migration",
    r"add\s+(?:constraint\s+\S+\s+)?(?:unique|primary\s+key|exclude)\b(?!\s+using\s+index)": ""
    "builds an index under a lock: build it concurrently, then add the constraint using it",
    r"set\s+(?:logged|unlogged|tablespace|access\s+method)\b": "rewrites the table",
}
# What no table that stood before may lose while the old program reads it.
_TAKEN_AWAY = re.compile(r"\b(rename\s+(?:column\s+|to\s+)|drop\s+column\b)", re.I)


def statements(script: str) -> Iterator[tuple[str, str]]:
    """Each statement without its comments, and the comments that stand above and in it."""
    quoted = r"\$([A-Za-z_]*)\$.*?\$\1\$|'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|;"
    said, begun, comments = "", 0, ""
    for match in re.finditer(quoted, script, re.S):
        said += script[begun : match.start()]
        begun = match.end()
        token = match[0]
        if token.startswith(("--", "/*")):
            comments += token + "\n"
        elif token == ";":
            if said.strip():
                yield re.sub(r"\s+", " ", said).strip(), comments
            said, comments = "", ""
        else:
            # What a function or a text says is not run now, but for `do`.
            said += token if re.search(r"\bdo\s*$", said, re.I) else "''"
    if (said + script[begun:]).strip():
        yield re.sub(r"\s+", " ", said + script[begun:]).strip(), comments


def faults(script: str) -> list[Fault]:
    """Every statement of a migration that would stop the old version, with what to do."""
    made = {name.lower() for name in _MADE.findall(script)}
    found = []
    for statement, comments in statements(script):
        if not _SAFE.search(comments):
            found += [Fault(statement[:120], rule) for rule in _rules_broken(statement, made)]
    return found


def _rules_broken(statement: str, made: set[str]) -> Iterator[str]:
    lowered = statement.lower()
    if re.match(r"(vacuum\s+full|cluster|lock\s+table|reindex\s+(?!.*concurrently))", lowered):
        yield "holds a lock that stops everybody"
    if re.match(r"drop\s+table", lowered):
        yield "takes away what the old version reads: remove it in the release after next"
    index = _INDEX.match(statement)
    if index and index[2].lower() in LARGE - made and not index[1]:
        yield "builds an index under a lock: build it concurrently, outside a transaction"
    changed = _UPDATED.match(statement)
    if changed and changed[1].lower() in LARGE - made:
        yield "changes a large table in one transaction: let a job do it bit by bit"
    if altered := _ALTERED.match(statement):
        yield from _alteration(altered[1].lower(), altered[2], made)


def _alteration(table: str, what: str, made: set[str]) -> Iterator[str]:
    if table in made:
        return
    if _TAKEN_AWAY.search(what):
        yield "takes away what the old version reads: add, move, remove in three releases"
    if table in LARGE:
        for pattern, rule in _ALTERATIONS.items():
            if re.search(pattern, what, re.I | re.S):
                yield rule
