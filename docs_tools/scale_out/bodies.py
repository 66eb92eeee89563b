"""Statements inside the functions of the schema, read from the migrations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pglast import parse_plpgsql, parse_sql
from pglast.parser import ParseError

from docs_tools.scale_out.collect import Statement
from ibr.db import migrations
from ibr.db.distribution.plan import READING_FUNCTIONS

_FUNCTION = re.compile(
    r"^create (?:or replace )?function ibr\.(\w+)\(.*?as \$\$(.*?)\$\$;", re.MULTILINE | re.DOTALL
)


def bodies() -> list[Statement]:
    """The statements of every function that reads distributed tables, as it stands last."""
    newest: dict[str, tuple[str, str, str]] = {}
    for file in sorted((Path(migrations.__file__).parent / "versions").glob("*.sql")):
        for found in _FUNCTION.finditer(file.read_text(encoding="utf-8")):
            newest[found[1]] = (file.name, found[0], found[2])
    kept = []
    for name in sorted(READING_FUNCTIONS):
        file, whole, body = newest[name]
        if "language plpgsql" in whole:
            texts = [each for each in _queries(whole) if _is_statement(each)]
        else:
            texts = [body]
        kept += [Statement(f"db/migrations/versions/{file}", name, each) for each in texts]
    return kept


def _queries(function: str) -> Iterator[str]:
    stack: list[Any] = [json.loads(json.dumps(parse_plpgsql(function)))]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            if "PLpgSQL_expr" in each:
                yield each["PLpgSQL_expr"]["query"]
            stack += list(each.values())
        elif isinstance(each, list):
            stack += each


def _is_statement(text: str) -> bool:
    """Whether it is a statement rather than an expression that something is set to."""
    if not re.match(r"\s*(select|with|insert|update|delete)\b", text, re.IGNORECASE):
        return False
    try:
        parse_sql(text)
    except ParseError:
        return False
    return True
