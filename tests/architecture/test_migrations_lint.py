"""Migrations run while the version before them serves; these rules keep them able to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.migration_rules import LARGE, faults, statements

VERSIONS = Path(__file__).parents[2] / "src" / "ibr" / "db" / "migrations" / "versions"
FILES = sorted(VERSIONS.glob("*.sql"))
# Those before it belong to the first release: nobody has a registry with people in it yet that one
# of them could stop.
FIRST_HELD = "0041"


def test_a_migration_does_not_stop_the_version_that_serves() -> None:
    held = [path for path in FILES if path.stem >= FIRST_HELD]
    assert {path.stem: found for path in held if (found := faults(path.read_text()))} == {}


def test_control_what_was_written_before_would_be_found() -> None:
    before = [path for path in FILES if path.stem < FIRST_HELD]
    assert [path for path in before if faults(path.read_text())]


def test_every_migration_waits_for_no_lock_longer_than_some_seconds() -> None:
    runner = (VERSIONS.parent / "from_file.py").read_text()
    assert re.search(r"set local lock_timeout = '[1-5]s'", runner)
    for path in FILES:
        own = re.findall(r"(?<!role )\block_timeout\s*(?:=|to)\s*'?(\w+)", path.read_text())
        assert [each for each in own if each not in ("1s", "2s", "4s", "10s")] == []


def test_the_large_tables_are_tables() -> None:
    made = " ".join(path.read_text() for path in FILES)
    known = set(re.findall(r"create table (?:ibr\.)?([a-z_0-9]+)", made))
    assert len(LARGE & known) > 15


BAD = {
    "an index under a lock": "create index x on ibr.enrolment (status);",
    "a unique index too": "create unique index x on only ibr.benefit (benefit_key);",
    "a column that must be filled": "alter table ibr.benefit add column note text not null;",
    "the same between others": (
        "alter table ibr.benefit add column a text, add column b text not null, add column c text;"
    ),
    "a default of its own for each row": (
        "alter table ibr.enrolment add column id uuid not null default gen_random_uuid();"
    ),
    "a computed column": (
        "alter table ibr.benefit add column v bigint generated always as (value_minor * 2) stored;"
    ),
    "another type": "alter table ibr.enrolment alter column status type integer;",
    "no more nulls": "alter table ibr.enrolment alter column as_of set not null;",
    "a check that reads everything": "alter table ibr.benefit add constraint c check (x > 0);",
    "a foreign key that reads everything": (
        "alter table ibr.benefit add constraint f foreign key (a) references ibr.area (a);"
    ),
    "a unique constraint": "alter table ibr.enrolment add constraint u unique (record_id);",
    "all rows at once": "update ibr.benefit set value_minor = 0 where value_minor < 0;",
    "rows removed": "delete from ibr.change where change_no < 10;",
    "a name taken away": "alter table ibr.partner rename column name to title;",
    "a column taken away": "alter table ibr.partner drop column name;",
    "a table taken away": "drop table ibr.officer;",
    "a lock on purpose": "lock table ibr.partner;",
    "in a block that is run": (
        "do $$ begin null; end $$; create index on ibr.identifier (index_value);"
    ),
}

GOOD = {
    "a column with a constant": (
        "alter table ibr.benefit add column known boolean not null default false;"
    ),
    "a column that may be empty": "alter table ibr.benefit add column note text;",
    "a check for later": "alter table ibr.benefit add constraint c check (x > 0) not valid;",
    "an index of a table that is new": (
        "create table ibr.benefit (x int); create index on ibr.benefit (x);"
    ),
    "a small table": "alter table ibr.officer add column x text not null; "
    "create index on ibr.officer (x); update ibr.officer set x = '';",
    "a reason given": "-- safe: the table has been empty until now\ndelete from ibr.change;",
    "words in a function": (
        "create function ibr.f() returns void language sql as $$ delete from ibr.change $$;"
    ),
    "words in a text": "comment on table ibr.x is 'update ibr.benefit set x; drop table y';",
    "a new table with checks": "create table ibr.new (a int not null check (a > 0), unique (a));",
}


@pytest.mark.parametrize("what", BAD)
def test_control_each_rule_finds_what_it_is_for(what: str) -> None:
    assert faults(BAD[what]) != []


@pytest.mark.parametrize("what", GOOD)
def test_what_stops_nobody_is_let_through(what: str) -> None:
    assert faults(GOOD[what]) == []


def test_a_script_is_taken_apart_as_the_server_would() -> None:
    script = "-- one; two\nselect ';'; do $$ begin x; end $$;\n/* a; b */ select 2"
    assert [statement for statement, _ in statements(script)] == [
        "select ''",
        "do $$ begin x; end $$",
        "select 2",
    ]
