"""The linter of statements for a cluster: each rule with a statement that breaks it and one that
does not, and that no statement of a store is left out."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from docs_tools.scale_out import collect
from docs_tools.scale_out.bodies import bodies
from docs_tools.scale_out.collect import SOURCE, Unresolved, statements
from docs_tools.scale_out.examples import ELSEWHERE, EXAMPLES
from docs_tools.scale_out.meanings import REFUSED, SLOW
from docs_tools.scale_out.page import looked_at
from docs_tools.scale_out.rules import asks_shards, lint
from ibr.db.distribution.plan import READING_FUNCTIONS

# By rule: what breaks it, and the same want in a way that does not.
CASES = {
    "join off the key": (
        "select 1 from identifier i join enrolled_index e on e.blind_index = i.blind_index",
        "select 1 from identifier i join enrolment e on e.record_id = i.record_id",
    ),
    "correlated off the key": (
        "select (select count(*) from change c where c.delivery_id = r.delivery_id) "
        "from beneficiary_record r",
        "select (select count(*) from change c where c.record_id = r.record_id) "
        "from beneficiary_record r",
    ),
    "correlated to what is handed on": (
        "select 1 from unnest($1::bigint[]) as w (record_id) cross join lateral "
        "(select 1 from benefit b where b.record_id = w.record_id limit 3) as x",
        "select 1 from benefit b where b.record_id = any ($1::bigint[])",
    ),
    "correlated local": (
        "select 1 from enrolment e where exists "
        "(select from finding f where f.record_id = e.record_id)",
        "select 1 from enrolment e where exists "
        "(select from programme p where p.programme_id = e.programme_id)",
    ),
    "locks many rows": (
        "select 1 from enrolment where programme_id = $1 for update",
        "select 1 from enrolment where record_id = $1 for update",
    ),
    "conflict off the key": (
        "insert into question_asked (question_id) values (1) on conflict (question_id) do nothing",
        "insert into enrolment (record_id) values (1) on conflict (record_id) do nothing",
    ),
    "clock in conflict": (
        "insert into enrolment (record_id) values (1) on conflict (record_id) "
        "do update set known_at = now()",
        "insert into enrolment (record_id) values (1) on conflict (record_id) "
        "do update set known_at = excluded.known_at",
    ),
    "moves a row": (
        "update person_member set record_id = $2 where record_id = $1",
        "update person_member set person_id = $2 where record_id = $1",
    ),
    "local join in a write": (
        "insert into change (record_id) select r.record_id from beneficiary_record r "
        "join s_status s on s.record_id = r.record_id",
        "insert into change (record_id) select s.record_id from s_status s",
    ),
    "local written from shards": (
        "delete from finding f using enrolment e where e.record_id = f.record_id",
        "delete from finding f using overlap_case c where c.case_id = f.case_id",
    ),
    "chance in many shards": (
        "update enrolment set status = 1 where status = 2 and random() < 0.5",
        "update enrolment set status = 1 where status = 2",
    ),
    "function asks shards": (
        "select s.* from confirmed_number c cross join lateral "
        "confirmed_standings(c.record_id, c.appearance_no, 1) as s",
        "select s.* from unnest($1::bigint[]) as c (record_id) cross join lateral "
        "confirmed_standings(c.record_id, 1::smallint, 1) as s",
    ),
    "clock of transactions": (
        "select 1 from change where transaction_no < pg_snapshot_xmin(pg_current_snapshot())",
        "select 1 from change where transaction_no < $1",
    ),
    "recursive": (
        "with recursive a as (select code from area union select b.code from area b "
        "join a on b.parent = a.code) select 1 from beneficiary_record r "
        "join a on a.code = r.region_code",
        "with recursive a as (select code from area union select b.code from area b "
        "join a on b.parent = a.code) select code from a",
    ),
    "grouping sets": (
        "select programme_id, count(*) from enrolment group by rollup (programme_id)",
        "select programme_id, count(*) from enrolment group by programme_id",
    ),
    "place of a row": (
        "delete from change where ctid = any ($1::tid[])",
        "delete from change where change_id = any ($1::bigint[])",
    ),
    "merge": (
        "merge into enrolment e using s_enrolment s on s.record_id = e.record_id "
        "when matched then update set status = s.status",
        "update enrolment e set status = r.status from unnest($1::bigint[], $2::smallint[]) "
        "as r (record_id, status) where r.record_id = e.record_id",
    ),
    "setting stays here": (
        "select set_config('ibr.programmes', '1', true)",
        "set local ibr.programmes = '1'",
    ),
    "lock on a worker": (
        "select pg_advisory_xact_lock(record_id) from enrolment",
        "select pg_advisory_xact_lock(record_id) from unnest($1::bigint[]) as e (record_id)",
    ),
    "all shards": (
        "select 1 from enrolment where status = 1",
        "select 1 from enrolment where record_id = $1",
    ),
    "two steps": (
        "select 1 from enrolment where record_id in (select record_id from record_key)",
        "select 1 from enrolment where record_id in (select * from unnest($1::bigint[]))",
    ),
    "local join": (
        "select 1 from enrolment e join delivery d on d.delivery_id = e.delivery_id",
        "select 1 from enrolment e join programme p on p.programme_id = e.programme_id",
    ),
    "pulled": (
        "insert into finding (record_id) select record_id from enrolment",
        "insert into finding (record_id) select record_id from s_found",
    ),
    "window": (
        "select row_number() over (order by status) from enrolment",
        "select row_number() over (partition by record_id order by given_at) from benefit",
    ),
}


def test_every_rule_has_a_case() -> None:
    assert CASES.keys() == REFUSED.keys() | SLOW.keys()


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_the_bad_statement_and_not_the_good_one(rule: str) -> None:
    bad, good = CASES[rule]
    assert rule in lint(bad)
    assert rule not in lint(good)


def test_a_key_may_be_joined_through_others() -> None:
    """Three tables of which the third is joined with the second, and by `using`."""
    assert not lint(
        "select 1 from benefit b join enrolment e using (record_id) "
        "join identifier i on i.record_id = e.record_id where b.record_id = $1"
    )
    assert "join off the key" in lint(
        "select 1 from benefit b join enrolment e using (record_id) "
        "join identifier i on i.programme_id = e.programme_id where b.record_id = $1"
    )


def test_an_unknown_table_is_an_error_and_not_passed_over() -> None:
    with pytest.raises(LookupError, match="no_such_table is in no plan"):
        lint("select 1 from enrolment e join no_such_table n on true")


def test_no_statement_of_a_store_is_left_out() -> None:
    """Every call that hands a statement over is found again, but for other engines."""
    calls = 0
    for path in (SOURCE / "ibr").rglob("store.py"):
        if path.relative_to(SOURCE / "ibr").as_posix() in ELSEWHERE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                calls += node.func.attr in collect.METHODS and bool(node.args)
    found = statements()
    assert calls > 900
    assert len(found) >= calls * 0.95  # Two calls of one function with one text count once.
    assert {each.function for each in bodies()} == READING_FUNCTIONS
    assert sum(each.asks for each in looked_at()) > 200


def test_every_example_is_needed() -> None:
    """An example for a text that is not there any more would hide the next unknown one."""
    text = {name: (SOURCE / "ibr" / name).read_text(encoding="utf-8") for name, _, _ in EXAMPLES}
    for name, function, _ in EXAMPLES:
        assert f"def {function}(" in text[name], (name, function)


def test_a_statement_that_cannot_be_put_together_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ibr" / "somewhere"
    folder.mkdir(parents=True)
    (folder / "store.py").write_text(
        "async def read(connection, table):\n"
        "    return await connection.fetch(f'select 1 from {table}')\n"
    )
    monkeypatch.setattr(collect, "SOURCE", tmp_path)
    monkeypatch.setattr(collect.importlib, "import_module", lambda _name: ast)
    with pytest.raises(Unresolved, match="read: table"):
        statements()


def test_the_hot_path_runs_on_shards() -> None:
    """What answers "enrolled?", what takes a delivery in, and the search."""
    hot = (
        "registry/enrolment/store.py",
        "registry/beneficiaries/store.py",
        "registry/benefits/store.py",
        "registry/changes/store.py",
        "registry/search/store.py",
        "registry/search/matching/store.py",
    )
    every = [each for each in looked_at() if each.statement.file in hot]
    assert len(every) > 40
    assert [each.statement for each in every if each.broken & REFUSED.keys()] == []
    assert asks_shards("select 1 from enrolled_index")
