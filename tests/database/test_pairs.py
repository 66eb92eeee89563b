"""Programme pairs and rules in the database: nothing said is lost, each day is said once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.db.pool import owner_transaction
from ibr.errors import Conflict, NotFound, NotUnderstood
from ibr.overlaps.pairs import store
from ibr.overlaps.pairs.change_pairs import end_pair, every_pair, set_pair, set_rule
from ibr.overlaps.pairs.model import KeptPair, Pair, Rule
from ibr.overlaps.pairs.read_csv import import_pairs
from tests.door import Door

AT = datetime(2026, 6, 1, tzinfo=UTC)
HEAD = "first,second,relation,legal_reference,valid_from"


@pytest.fixture
def pairs(door: Door) -> Iterator[Door]:
    yield door
    door.owner("delete from programme_pair")
    door.owner("delete from programme_rule")


def a_pair(**further: Any) -> Pair:
    return Pair(
        **{
            "first": "DCI001",
            "second": "DCI002",
            "relation": "incompatible",
            "legal_reference": "Act 1",
            "valid_from": date(2026, 1, 1),
            **further,
        }
    )


def enter(door: Door, pair: Pair, **further: Any) -> bool:
    async def work() -> bool:
        async with owner_transaction(door.dsn) as connection:
            return await set_pair(connection, pair, AT, **further)

    return door.run(work())


def there(door: Door, *, history: bool = False) -> list[KeptPair]:
    async def work() -> list[KeptPair]:
        async with owner_transaction(door.dsn) as connection:
            return await every_pair(connection, history=history)

    return door.run(work())


def days(door: Door) -> set[tuple[str, date, date | None]]:
    return {(each.pair.relation, each.pair.valid_from, each.pair.valid_to) for each in there(door)}


def test_the_same_again_is_no_change(pairs: Door) -> None:
    assert enter(pairs, a_pair())
    assert not enter(pairs, a_pair())
    # The order of the two, and how their codes are written, is no matter.
    assert not enter(pairs, a_pair(first="dci002", second="DCI001"))
    assert len(there(pairs, history=True)) == 1


def test_a_new_row_takes_the_place_of_its_days_only(pairs: Door) -> None:
    enter(pairs, a_pair())
    enter(
        pairs,
        a_pair(relation="allowed", valid_from=date(2026, 3, 1), valid_to=date(2026, 3, 31)),
    )
    assert days(pairs) == {
        ("incompatible", date(2026, 1, 1), date(2026, 2, 28)),
        ("allowed", date(2026, 3, 1), date(2026, 3, 31)),
        ("incompatible", date(2026, 4, 1), None),
    }
    [first] = [each for each in there(pairs, history=True) if each.replaced_at]
    assert first.pair == a_pair()


def test_persons_and_households_stand_beside_each_other(pairs: Door) -> None:
    enter(pairs, a_pair())
    enter(pairs, a_pair(unit="household", relation="allowed"))
    assert len(there(pairs)) == 2


def test_who_saw_an_older_row_is_told_so(pairs: Door) -> None:
    enter(pairs, a_pair())
    [seen] = there(pairs)
    enter(pairs, a_pair(relation="allowed"), instead_of=seen.pair_no)
    with pytest.raises(Conflict) as refused:
        enter(pairs, a_pair(relation="complementary"), instead_of=seen.pair_no)
    assert refused.value.code == "pair.changed"


def test_two_at_once_leave_one(pairs: Door) -> None:
    async def one(relation: str) -> bool:
        async with owner_transaction(pairs.dsn) as connection:
            return await set_pair(connection, a_pair(relation=relation), AT)

    async def both() -> list[bool]:
        return await asyncio.gather(one("allowed"), one("incompatible"))

    pairs.run(both())
    assert len(there(pairs)) == 1
    assert len(there(pairs, history=True)) == 2


def end(door: Door, pair_no: int, last_day: date) -> None:
    async def work() -> None:
        async with owner_transaction(door.dsn) as connection:
            await end_pair(connection, pair_no, last_day, AT)

    door.run(work())


def test_a_pair_ends_after_its_last_day(pairs: Door) -> None:
    enter(pairs, a_pair())
    end(pairs, there(pairs)[0].pair_no, date(2026, 5, 31))
    assert days(pairs) == {("incompatible", date(2026, 1, 1), date(2026, 5, 31))}
    with pytest.raises(NotUnderstood):
        end(pairs, there(pairs)[0].pair_no, date(2026, 6, 30))
    end(pairs, there(pairs)[0].pair_no, date(2025, 12, 31))
    assert days(pairs) == set()
    with pytest.raises(NotFound):
        end(pairs, 0, date(2026, 5, 31))


def test_a_programme_that_is_not_there_is_refused(pairs: Door) -> None:
    with pytest.raises(NotUnderstood) as refused:
        enter(pairs, a_pair(second="NOWHERE"))
    assert refused.value.field == "second"
    assert "NOWHERE" not in refused.value.message


def test_rules_of_one_kind_stand_beside_each_other_where_they_are_of_something_else(
    pairs: Door,
) -> None:
    def enter_rule(kind: str, since: date = date(2026, 1, 1), **value: Any) -> bool:
        rule = Rule(
            programme="DCI001",
            kind=kind,
            value=value,
            legal_reference="Act 2",
            valid_from=since,
        )

        async def work() -> bool:
            async with owner_transaction(pairs.dsn) as connection:
                return await set_rule(connection, rule, AT)

        return pairs.run(work())

    assert enter_rule("amount", minor=100, currency="USD")
    assert enter_rule("amount", minor=200, currency="USD", from_age=80)
    assert not enter_rule("amount", minor=100, currency="USD")
    assert enter_rule("age_from", years=60)
    assert enter_rule("age_from", date(2026, 7, 1), years=65)
    kept = pairs.owner(
        "select kind, value::text, valid_to from programme_rule where replaced_at is null"
    )
    assert len(kept) == 4
    assert date(2026, 6, 30) in {row["valid_to"] for row in kept}


def test_a_file_is_entered_whole_or_not_at_all(pairs: Door) -> None:
    good = "DCI001,DCI002,incompatible,Act 1,2026-01-01\nDCI001,DCI003,allowed,Act 1,2026-01-01\n"

    def load(rows: str, **how: Any) -> Any:
        async def work() -> Any:
            async with owner_transaction(pairs.dsn) as connection:
                return await import_pairs(connection, f"{HEAD}\n{rows}".encode(), AT, **how)

        return pairs.run(work())

    assert load(good, dry_run=True).rows == 2
    assert there(pairs) == []
    faulty = load(good + "DCI001,DCI009,allowed,Act 1,2026-01-01\n")
    assert [(each.row, each.column) for each in faulty.problems] == [(4, "second")]
    assert there(pairs) == []
    assert load(good).new == 2
    again = load(good)
    assert (again.new, again.unchanged) == (0, 2)
    assert len(there(pairs, history=True)) == 2


def test_half_a_file_is_never_entered(pairs: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after the first row, the file leaves nothing: it is one transaction."""
    put, entered = store.put_pair, []

    async def killed_after_one(*given: Any) -> int:
        if entered:
            raise asyncio.CancelledError
        entered.append(await put(*given))
        return entered[0]

    monkeypatch.setattr(store, "put_pair", killed_after_one)
    rows = "DCI001,DCI002,allowed,A,2026-01-01\nDCI001,DCI003,allowed,A,2026-01-01\n"

    async def work() -> None:
        async with owner_transaction(pairs.dsn) as connection:
            await import_pairs(connection, f"{HEAD}\n{rows}".encode(), AT)

    with pytest.raises(asyncio.CancelledError):
        pairs.run(work())
    assert entered
    assert there(pairs) == []


def test_it_is_written_down_who_entered_what(pairs: Door) -> None:
    before = pairs.count("audit_event")
    enter(pairs, a_pair())
    end(pairs, there(pairs)[0].pair_no, date(2026, 5, 31))
    rows = pairs.owner("select kind, details::text as said from audit_event order by event_id desc")
    assert pairs.count("audit_event") == before + 2
    assert [row["kind"] for row in rows[:2]] == ["programme_pair.ended", "programme_pair.set"]
    assert "incompatible" in rows[1]["said"]


@pytest.fixture
def shell(pairs: Door, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("IBR_DATABASE_URL", pairs.dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(pairs.settings.data_dir))

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, list(words))

    return run


def test_the_commands_enter_list_and_end(shell: Any, tmp_path: Path) -> None:
    words = ("pairs", "set", "dci001", "DCI002", "--relation", "incompatible", "--law", "Act 1")
    assert "Entered" in shell(*words, "--from", "2026-01-01", "--keeps", "DCI001").output
    assert "said already" in shell(*words, "--from", "2026-01-01", "--keeps", "DCI001").output
    [kept] = json.loads(shell("pairs", "list", "--json").output)
    assert kept["pair"]["keeps"] == "DCI001"
    assert "incompatible" in shell("pairs", "list").output
    ended = shell("pairs", "end", "DCI002", "DCI001", "--on", "2026-05-31")
    assert ended.exit_code == 0
    again = shell("pairs", "end", "DCI002", "DCI001", "--on", "2026-05-31")
    assert again.exit_code == 1
    file = tmp_path / "pairs.csv"
    file.write_text(f"{HEAD}\nDCI001,DCI002,forbidden,Act 1,2026-01-01\n")
    refused = shell("pairs", "import", str(file))
    assert refused.exit_code == 1
    assert "relation" in refused.output
    file.write_text(f"{HEAD}\nDCI001,DCI003,allowed,Act 1,2026-01-01\n")
    dry = shell("pairs", "import", str(file), "--dry-run")
    assert "Nothing was entered" in dry.output
    done = shell("pairs", "import", str(file), "--json")
    assert json.loads(done.output)["new"] == 1


def test_the_commands_of_rules(shell: Any, tmp_path: Path) -> None:
    done = shell("rules", "set", "DCI001", "age_from", '{"years": 65}', "--law", "Act 2")
    assert done.exit_code == 0, done.output
    assert "age_from" in shell("rules", "list").output
    refused = shell("rules", "set", "DCI001", "age_from", '{"years": -1}', "--law", "Act 2")
    assert refused.exit_code == 1
    [kept] = json.loads(shell("rules", "list", "--json").output)
    assert shell("rules", "end", str(kept["rule_no"]), "--on", "2099-01-01").exit_code == 0
    assert "caregiver_cap" in shell("rules", "kinds").output
    file = tmp_path / "rules.json"
    file.write_text(json.dumps([kept["rule"] | {"programme": "DCI002"}]))
    assert json.loads(shell("rules", "import", str(file), "--json").output) == {"read": 1, "new": 1}
