"""Who sees which findings, who enters exemptions, and the commands of the checks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from ibr.access.staff.rights import RIGHTS
from ibr.asker import Asker, Purpose
from ibr.cli.main import app
from ibr.db.pool import Database, open_database, owner_transaction
from ibr.errors import NotAllowed, NotFound, NotUnderstood
from ibr.overlaps.checks.catalogue import CHECKS
from ibr.overlaps.findings.desk.exempt import exempt, exemptions, withdraw
from ibr.overlaps.findings.desk.look import (
    SMALLEST_SHOWN,
    about_records,
    finding_counts,
    finding_list,
    one_finding,
)
from ibr.overlaps.findings.model import Wanted
from tests.checking import Checking, check_that_finds, found
from tests.door import Door
from tests.people import a_number, enrolled, given
from tests.snapshots import AT, Desk

CODE = CHECKS[0].code


@pytest.fixture(scope="module")
def desk(door: Door) -> Iterator[Desk]:
    door.partner().report(
        enrolled(a_number(), "DCI001", **given("USD 5.00")),
        enrolled(a_number(), "DCI002"),
    )
    desk = Desk(door)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def pages(door: Door) -> Iterator[Database]:
    database = door.run(open_database(door.dsn, "ibr_app", size=2, name="test pages"))
    yield database
    door.run(database.close())


@pytest.fixture
def checking(desk: Desk) -> Iterator[Checking]:
    """Three findings: two of DCI001, one of those beside DCI002, and one of DCI003."""
    checking = Checking(desk)
    one, two, three = sorted(desk.programmes)
    [record] = desk.door.owner(
        "select min(record_id) as record_id from enrolment where programme_id = $1", one
    )
    checking.run(
        desk.take(),
        check_that_finds(
            found("1", one, severity=3, money_minor=900),
            found("2", one),
            found("3", three),
            code=CODE,
            version=99,
        ),
    )
    desk.door.owner(
        "update finding set other_programme = $1, record_id = $2 where severity = 3",
        two,
        record["record_id"],
    )
    yield checking
    for table in ("finding", "check_exemption", "check_run"):
        desk.door.owner(f"delete from {table}")


def officer(role: str, *programmes: int) -> Asker:
    return Asker(
        kind="officer",
        id=1,
        name="Lucas Moreau",
        purpose=Purpose("official_duty"),
        ask=frozenset(programmes),
        scopes=RIGHTS[role].scopes,
    )


def subjects(desk: Desk, pages: Database, asker: Asker, **wanted: Any) -> list[str | None]:
    shown = desk.door.run(finding_list(pages, asker, Wanted(**wanted), 1))
    assert shown.total == len(shown.findings)
    return [each.programme for each in shown.findings]


def test_an_officer_sees_findings_of_their_programmes(
    checking: Checking, desk: Desk, pages: Database
) -> None:
    one, two, three = sorted(desk.programmes)
    assert subjects(desk, pages, officer("programme_officer", one)) == ["DCI001", "DCI001"]
    assert subjects(desk, pages, officer("programme_officer", three)) == ["DCI003"]
    # The second programme of a finding is told of it too.
    assert subjects(desk, pages, officer("programme_officer", two)) == ["DCI001"]
    assert subjects(desk, pages, officer("programme_officer")) == []
    assert len(subjects(desk, pages, officer("auditor", one, two, three))) == 3


def test_a_list_is_narrowed(checking: Checking, desk: Desk, pages: Database) -> None:
    everywhere = officer("auditor", *desk.programmes)
    assert subjects(desk, pages, everywhere, severity=3) == ["DCI001"]
    assert subjects(desk, pages, everywhere, programme="DCI002") == ["DCI001"]
    assert subjects(desk, pages, everywhere, check="K99") == []
    assert subjects(desk, pages, everywhere, area="nowhere") == []
    assert subjects(desk, pages, everywhere, closed=True) == []


@pytest.mark.parametrize("role", ["analyst", "help_desk", "developer", "steward"])
def test_others_see_none(checking: Checking, desk: Desk, pages: Database, role: str) -> None:
    asker = officer(role, *desk.programmes)
    with pytest.raises(NotAllowed):
        desk.door.run(finding_list(pages, asker, Wanted(), 1))
    with pytest.raises(NotAllowed):
        desk.door.run(one_finding(pages, asker, 1))
    assert desk.door.run(about_records(pages, asker, [1])) == []


def test_an_analyst_gets_counts_and_no_small_ones(
    checking: Checking, desk: Desk, pages: Database
) -> None:
    counts = desk.door.run(finding_counts(pages, officer("analyst", *desk.programmes)))
    [mine] = [each for each in counts if each.check == CODE]
    assert mine.open is None
    assert mine.money == {}
    assert SMALLEST_SHOWN > 3
    [exact] = [
        each
        for each in desk.door.run(finding_counts(pages, officer("auditor", *desk.programmes)))
        if each.check == CODE
    ]
    assert (exact.open, exact.now, exact.soon) == (3, 1, 2)
    with pytest.raises(NotAllowed):
        desk.door.run(finding_counts(pages, officer("help_desk", *desk.programmes)))


def test_a_finding_out_of_reach_looks_like_none(
    checking: Checking, desk: Desk, pages: Database
) -> None:
    one, _, three = sorted(desk.programmes)
    [row] = desk.door.owner("select finding_id from finding where severity = 3")
    seen = desk.door.run(one_finding(pages, officer("auditor", one), row["finding_id"]))
    assert seen.money_minor == 900
    assert seen.vintages["DCI001"]["delivered_at"] is not None
    assert "DCI003" not in seen.vintages
    for asker, number in ((officer("auditor", three), row["finding_id"]),
                          (officer("auditor", one), 0)):  # fmt: skip
        with pytest.raises(NotFound, match="no such finding"):
            desk.door.run(one_finding(pages, asker, number))


def test_what_is_about_no_programme_is_for_those_who_see_all(
    checking: Checking, desk: Desk, pages: Database
) -> None:
    desk.door.owner("update finding set programme_id = null where programme_id = 3")
    one, two, three = sorted(desk.programmes)
    assert len(subjects(desk, pages, officer("auditor", one, two, three))) == 3
    assert len(subjects(desk, pages, officer("auditor", one, two))) == 2


def test_a_persons_page_gets_what_is_about_its_records(
    checking: Checking, desk: Desk, pages: Database
) -> None:
    one, _, three = sorted(desk.programmes)
    [row] = desk.door.owner("select record_id from finding where severity = 3")
    shown = desk.door.run(about_records(pages, officer("auditor", one), [row["record_id"]]))
    assert [each.severity for each in shown] == [3]
    assert desk.door.run(about_records(pages, officer("auditor", three), [row["record_id"]])) == []


def enter(door: Door, **given: Any) -> int:
    async def work() -> int:
        async with owner_transaction(door.dsn) as connection:
            return await exempt(
                connection,
                **{"reason": "Lawful", "valid_from": date(2026, 1, 1), "at": AT, **given},
            )

    return door.run(work())


def test_an_exempt_finding_is_closed_at_once_and_stays_closed(
    checking: Checking, desk: Desk
) -> None:
    [row] = desk.door.owner("select finding_id from finding where severity = 3")
    number = enter(desk.door, finding_id=row["finding_id"], legal_reference="Act 3")
    assert checking.reasons() == ["exempt"]
    one = min(desk.programmes)
    check = check_that_finds(found("1", one, severity=3), code=CODE, version=99)
    [run] = checking.run(desk.take(), check)
    assert (run.counts.exempt, run.counts.opened) == (1, 0)

    async def take_back() -> int:
        async with owner_transaction(desk.door.dsn) as connection:
            await withdraw(connection, number, AT)
            return len(await exemptions(connection))

    assert desk.door.run(take_back()) == 0
    [run] = checking.run(desk.take(), check)
    assert run.counts.opened == 1


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("reason", {"check_code": CODE, "programme": "DCI001", "reason": " "}),
        ("reason", {"check_code": CODE, "programme": "DCI001", "reason": "x" * 501}),
        ("check", {"check_code": "K99", "programme": "DCI001"}),
        ("programme", {"check_code": CODE, "programme": "NOWHERE"}),
        ("finding", {"check_code": CODE}),
        ("valid_to", {"check_code": CODE, "programme": "DCI001", "valid_to": date(2025, 1, 1)}),
    ],
)
def test_an_exemption_says_whom_and_why(desk: Desk, field: str, given: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood) as refused:
        enter(desk.door, **given)
    assert refused.value.field == field
    assert desk.door.count("check_exemption") == 0


def test_a_number_is_exempt_by_its_token(desk: Desk) -> None:
    index = desk.door.services.blind_index.of("ACCOUNT", "ORPHANAGE1")
    enter(desk.door, check_code=CODE, blind_index=index)
    rows = desk.rows(desk.take(), "select check_code, token from exemption")
    assert rows == [(CODE, int.from_bytes(index[:8], "big", signed=True))]
    desk.door.owner("delete from check_exemption")


@pytest.fixture
def shell(door: Door, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("IBR_DATABASE_URL", door.dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(door.settings.data_dir))

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["checks", *words])

    return run


def test_all_checks_run_on_what_is_there(desk: Desk, shell: Any) -> None:
    done = shell("run", "--json")
    assert done.exit_code == 0, done.output
    ran = json.loads(done.stdout)
    assert [each["check_code"] for each in ran["runs"]] == [check.code for check in CHECKS]
    assert {each["state"] for each in ran["runs"]} == {"done"}
    again = json.loads(shell("run", "--json", "--snapshot", str(ran["snapshot"])).stdout)
    digests = [each["digest"] for each in ran["runs"]]
    assert [each["digest"] for each in again["runs"]] == digests
    assert sum(each["counts"]["opened"] for each in again["runs"]) == 0
    listed = json.loads(shell("list", "--json").stdout)
    assert {each["last_run"]["snapshot_no"] for each in listed} == {ran["snapshot"]}
    one = shell("run", CODE.lower(), "--period", "2026-01..2026-03")
    assert one.exit_code == 0
    assert CODE in one.output
    [event] = desk.door.owner(
        "select details::text as said from audit_event where kind = 'checks.run' "
        "order by event_id desc limit 1"
    )
    assert '"checks": 1' in event["said"]
    for table in ("finding", "check_run"):
        desk.door.owner(f"delete from {table}")


@pytest.mark.parametrize(
    "words",
    [
        ("run", "K99"),
        ("run", "--period", "yesterday"),
        ("run", "--snapshot", "999999"),
        ("exempt", "K01", "--reason", "x"),
        ("exempt", "--withdraw", "999"),
    ],
)
def test_another_wish_is_refused_in_a_sentence(shell: Any, words: tuple[str, ...]) -> None:
    refused = shell(*words)
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output


def test_the_command_enters_lists_and_takes_back_exemptions(desk: Desk, shell: Any) -> None:
    entered = shell(
        *("exempt", CODE, "--number", "account:ORPHANAGE1", "--reason", "An orphanage", "--json")
    )
    number = json.loads(entered.stdout)["exemption"]
    assert "Exemptions" in shell("exempt").output
    [kept] = json.loads(shell("exempt", "--json").stdout)
    assert (kept["reason"], kept["by_number"]) == ("An orphanage", True)
    assert "ORPHANAGE1" not in str(desk.door.owner("select * from check_exemption"))
    assert shell("exempt", "--withdraw", str(number)).exit_code == 0
    assert json.loads(shell("exempt", "--json").stdout) == []
    desk.door.owner("delete from check_exemption")
