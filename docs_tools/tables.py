"""The page of tables, from the comments that the migrations give to every table and column."""

from __future__ import annotations

import json
import re
from pathlib import Path

from docs_tools.markdown import table
from ibr.db import migrations

_CREATE = re.compile(r"^create table ibr\.(\w+) \(\n(.*?)^\)", re.MULTILINE | re.DOTALL)
_COLUMN = re.compile(r"^    (\w+) ([a-z]\w*(?:\[\])?)", re.MULTILINE)
_ADDED = re.compile(
    r"^alter table ibr\.(\w+)\s+add column (?:if not exists )?(\w+) ([a-z]\w*(?:\[\])?)",
    re.MULTILINE,
)
_COMMENT = re.compile(r"^comment on column ibr\.(\w+)\.(\w+) is\s+'((?:[^']|'')*)';", re.MULTILINE)
_DESCRIBE = re.compile(
    r"^call ibr\.describe\('(\w+)',\s*'((?:[^']|'')*)',\s*'((?:[^']|'')*)'\);", re.MULTILINE
)
_NO_COLUMNS = frozenset(
    ["primary", "unique", "check", "foreign", "constraint", "exclude", "include"]
)


def every_table() -> dict[str, tuple[str, dict[str, tuple[str, str]]]]:
    """Each table by name: what it is, and of each column its type and its comment."""
    folder = Path(migrations.__file__).parent / "versions"
    types: dict[str, dict[str, str]] = {}
    found: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {}
    for file in sorted(folder.glob("*.sql")):
        text = file.read_text(encoding="utf-8")
        for name, body in _CREATE.findall(text):
            types[name] = {
                column: kind for column, kind in _COLUMN.findall(body) if column not in _NO_COLUMNS
            }
        for name, column, kind in _ADDED.findall(text):
            types.setdefault(name, {})[column] = kind
        for name, about, columns in _DESCRIBE.findall(text):
            comments = json.loads(columns.replace("''", "'"))
            before = found.get(name, ("", {}))[1]
            known = types.get(name, {})
            now = {column: (known.get(column, ""), said) for column, said in comments.items()}
            found[name] = (about.replace("''", "'"), {**before, **now})
        for name, column, said in _COMMENT.findall(text):
            found[name][1][column] = (types[name].get(column, ""), said.replace("''", "'"))
    return found


def tables_page() -> str:
    parts = [
        "# Tables\n\nAll tables are in the schema `ibr`. Each column has a kind: `plain` tells "
        "nothing about anybody by itself, `personal` does, `sensitive` is sealed, hashed or must "
        "never leave. The same words stand in the database as comments.\n"
    ]
    for name, (about, columns) in sorted(every_table().items()):
        parts.append(f"## {name}\n\n{about}\n")
        rows = []
        for column, (kind, said) in columns.items():
            label, _, text = said.partition(": ")
            rows.append((f"`{column}`", kind, label, text))
        parts.append(table(("column", "type", "kind", "meaning"), rows))
    return "\n".join(parts)
