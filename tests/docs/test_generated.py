"""The generated pages are what the code says now, and leave nothing out."""

from __future__ import annotations

import msgspec
import pytest

from docs_tools.commands import every_command
from docs_tools.errors import every_code
from docs_tools.pages import pages, stale
from docs_tools.tables import every_table
from ibr.access.scopes import SCOPES
from ibr.access.staff.rights import RIGHTS
from ibr.audit.events import CATALOGUE
from ibr.interop.dci.query.attributes import PATHS
from ibr.interop.dci.reasons import REASONS
from ibr.settings import Settings
from tests.docs.conftest import DOCS

NOBODY = "nobody-would-write-this"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_generated_page_is_current() -> None:
    assert stale() == [], "run python -m docs_tools"


def test_a_page_that_was_changed_by_hand_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("docs_tools.pages.events_page", lambda: NOBODY)
    assert DOCS / "reference/audit-events.md" in stale()


@pytest.mark.parametrize("field", [each.name for each in msgspec.structs.fields(Settings)])
def test_every_setting_is_documented(field: str) -> None:
    assert f"`IBR_{field.upper()}`" in page("reference/settings.md")


@pytest.mark.parametrize("name", list(every_command()))
def test_every_command_is_documented(name: str) -> None:
    assert f"## {name}\n" in page("reference/cli.md")


@pytest.mark.parametrize("event", list(CATALOGUE))
def test_every_audit_event_is_documented(event: str) -> None:
    assert f"| `{event}` |" in page("reference/audit-events.md")


@pytest.mark.parametrize("name", [*SCOPES, *RIGHTS])
def test_every_scope_and_role_is_documented(name: str) -> None:
    assert f"| `{name}` |" in page("reference/rights.md")


@pytest.mark.parametrize("code", sorted({*every_code(), *REASONS}))
def test_every_error_has_a_sentence(code: str) -> None:
    row = next(line for line in page("reference/errors.md").splitlines() if f"| `{code}` |" in line)
    assert row.split(" | ")[1].strip()


@pytest.mark.parametrize("path", [each.name for each in PATHS])
def test_every_query_attribute_is_documented(path: str) -> None:
    assert f"| `{path}` |" in page("standard/query-attributes.md")


@pytest.mark.parametrize("name", sorted(every_table()))
def test_every_column_has_a_kind_and_a_meaning(name: str) -> None:
    for column, (_, comment) in every_table()[name][1].items():
        kind, _, meaning = comment.partition(": ")
        assert kind in ("plain", "personal", "sensitive"), f"{name}.{column}"
        assert meaning, f"{name}.{column}"


async def test_the_page_of_tables_has_every_column_of_the_database(dsn: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "select c.relname, a.attname from pg_class c "
            "join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
            "where c.relnamespace = 'ibr'::regnamespace and c.relkind in ('r', 'p') "
            "and not c.relispartition"
        )
    finally:
        await connection.close()
    found = every_table()
    missing = [
        f"{row['relname']}.{row['attname']}"
        for row in rows
        if row["attname"] not in found.get(row["relname"], ("", {}))[1]
    ]
    assert missing == []


def test_no_page_names_what_is_generated_twice() -> None:
    assert len(pages()) == len(set(pages()))
