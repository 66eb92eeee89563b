"""`ibr staff` from the command line: officers added, invited, given roles, shut out."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from ibr.cli.main import app
from ibr.protection.keyring import open_keyring
from tests.conftest import scratch_folder
from tests.officers_web import PASSWORD, sign_in, visitor
from tests.web_country import WebCountry, filled

NEW = "nia@example.org"


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture(autouse=True)
def place(country: WebCountry, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A data folder with keys of its own."""
    folder = scratch_folder()
    open_keyring(folder / "keys", create=True)
    monkeypatch.setenv("IBR_DATABASE_URL", country.dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(folder))
    yield
    shutil.rmtree(folder)


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["staff", *words])


def done(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def roles_of(email: str) -> list[dict[str, Any]]:
    found = next(each for each in done("list") if each["email"] == email)
    return list(found["roles"])


def path_of(link: str) -> str:
    return re.sub(r"^https?://[^/]+", "", link)


def test_an_officer_from_the_invitation_to_the_end(country: WebCountry) -> None:
    link = done(
        *("invite", NEW, "--role", "programme_officer", "--programme", "OAP"),
        *("--area", "R1", "--until", "2030-12-31", "--name", "Nia"),
    )["link"]
    old = path_of(link)
    state = next(each["state"] for each in done("list") if each["email"] == NEW)
    assert state in ("invited", "no_password")
    assert roles_of(NEW) == [
        {
            "role": "programme_officer",
            "programmes": ["OAP"],
            "areas": ["R1"],
            "from": None,
            "until": "2030-12-31",
        }
    ]
    assert run("role", NEW, "--give", "analyst").exit_code == 0
    assert {each["role"] for each in roles_of(NEW)} == {"programme_officer", "analyst"}
    assert run("role", NEW, "--end", "analyst").exit_code == 0
    assert {each["role"] for each in roles_of(NEW)} == {"programme_officer"}
    assert run("suspend", NEW).exit_code == 0
    assert "shut out" not in run("suspend", NEW).stdout
    assert run("suspend", NEW, "--lift").exit_code == 0
    # The link was of no use from the moment they were shut out; a new one is.
    new = path_of(done("invite", NEW)["link"])

    async def take() -> list[int]:
        answers = []
        async with visitor(country) as client:
            for each in (old, new):
                answers.append(
                    await client.post(each, data={"password": PASSWORD, "again": PASSWORD})
                )
            answers.append(await sign_in(client, NEW))
        return [each.status_code for each in answers]

    # The pages' clock of these tests stands before the command's, so the link is not over.
    assert asyncio.run(take()) == [404, 303, 303]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", NEW + ".org", "--role", "king"), "The role is one of"),
        (("add", "x@example.org", "--role", "analyst", "--password", "short"), "12 characters"),
        (("add", "x@example.org", "--role", "analyst", "--programme", "NOPE"), "no programme NOPE"),
        (("add", "x@example.org", "--role", "analyst", "--until", "soon"), "2026-12-31"),
        (("role", "admin@example.org"), "either --give ROLE or --end ROLE"),
        (("role", "admin@example.org", "--give", "auditor"), "Nobody holds both"),
        (("role", "admin@example.org", "--end", "steward"), "does not hold"),
        (("role", "admin@example.org", "--end", "administrator"), "last administrator"),
        (("suspend", "admin@example.org"), "last administrator"),
        (("suspend", "nobody@example.org"), "no officer"),
        (("invite", "nobody@example.org"), "no officer"),
    ],
)
def test_what_is_refused_is_said_in_a_sentence(words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert said in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_in_production_the_audit_says_that_nobody_else_was_asked(
    country: WebCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def noted() -> int:
        rows = asyncio.run(
            country.read("select 1 from audit_event where kind = 'act.without_second_person'")
        )
        return len(rows)

    assert run("add", "one@example.org", "--role", "administrator").exit_code == 0
    assert noted() == 0
    monkeypatch.setenv("IBR_PROFILE", "production")
    monkeypatch.setenv("IBR_PUBLIC_URL", "https://ibr.example.org")
    assert run("add", "two@example.org", "--role", "analyst").exit_code == 0
    assert noted() == 0
    result = run("add", "three@example.org", "--role", "administrator")
    assert result.exit_code == 0, result.output
    assert noted() == 1


def test_sessions_are_listed_and_ended(country: WebCountry) -> None:
    async def open_one() -> None:
        async with visitor(country, "help@example.org"):
            pass

    asyncio.run(open_one())
    # The clock of the pages in these tests stands still; the command's does not.
    asyncio.run(country.read("update officer_session set started_at = now(), seen_at = now()"))
    found = done("sessions", "help@example.org")["sessions"]
    assert [each["role"] for each in found] == ["help_desk"]
    assert done("sessions", "help@example.org", "--end")["ended"] is True
    assert done("sessions", "help@example.org")["sessions"] == []
