"""A sandbox: known keys and secrets in a folder of its own, and nowhere else."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import msgspec
import pytest
from typer.testing import CliRunner

from ibr.access.secrets import secret_fits
from ibr.cli.main import app
from ibr.db.pool import owner_transaction
from ibr.demo.country import make_country
from ibr.errors import Conflict, NotUnderstood
from ibr.registry.programmes.model import Programme
from ibr.registry.programmes.register_programme import register
from ibr.sandbox import set_up
from ibr.sandbox.known import PARTNERS, REGISTRY_ID, registry_jwks
from ibr.settings import Settings, environment_for, read_settings
from tests.conftest import scratch_folder

RUN = CliRunner()


@pytest.fixture
def folder() -> Iterator[Path]:
    made = scratch_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


def settings(folder: Path, **changes: object) -> Settings:
    return msgspec.structs.replace(Settings(data_dir=folder), **changes)


def test_a_sandbox_traces_everything_on_this_machine_alone(folder: Path) -> None:
    made = set_up.sandbox_settings(settings(folder, host="0.0.0.0", trace="off"), None, 9999)
    assert made.data_dir == folder / "sandbox"
    assert (made.host, made.port, made.registry_id) == ("127.0.0.1", 9999, REGISTRY_ID)
    assert (made.trace, made.trace_content) == ("all", True)


def test_production_has_no_sandbox(folder: Path) -> None:
    with pytest.raises(Conflict, match="published"):
        set_up.sandbox_settings(settings(folder, profile="production"), folder / "new", None)


def test_a_database_of_ones_own_is_no_sandbox(folder: Path) -> None:
    with pytest.raises(Conflict, match="IBR_DATABASE_URL"):
        set_up.sandbox_settings(settings(folder, database_url="postgresql://x"), None, None)


def test_a_folder_that_holds_something_else_is_refused(folder: Path) -> None:
    (folder / "keys").mkdir()
    with pytest.raises(Conflict, match="no sandbox"):
        set_up.sandbox_settings(settings(folder), folder, None)


def test_an_empty_folder_and_a_sandboxs_own_are_taken(folder: Path) -> None:
    made = set_up.sandbox_settings(settings(folder), folder, None)
    set_up.mark(made)
    assert set_up.sandbox_settings(settings(folder), folder, None).data_dir == folder


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        (["sandbox", "serve"], "IBR_PROFILE"),
        (["sandbox", "check", "http://127.0.0.1:1"], "IBR_PROFILE"),
        (["serve"], "IBR_TRACE_CONTENT"),
    ],
)
def test_the_commands_refuse_production(
    folder: Path, command: list[str], variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBR_DATA_DIR", str(folder))
    monkeypatch.setenv("IBR_PROFILE", "production")
    monkeypatch.setenv("IBR_TRACE_CONTENT", "true" if variable == "IBR_TRACE_CONTENT" else "")
    done = RUN.invoke(app, command)
    assert done.exit_code == 1
    assert variable in done.output
    assert list(folder.iterdir()) == []


def test_production_keeps_no_content_and_development_may() -> None:
    given = {"IBR_TRACE_CONTENT": "true"}
    assert read_settings(given).trace_content
    with pytest.raises(NotUnderstood, match="IBR_TRACE_CONTENT"):
        read_settings({**given, "IBR_PROFILE": "production"})
    assert read_settings({"IBR_PROFILE": "production", "IBR_TRACE": "all"}).trace == "all"


def test_a_process_gets_the_very_settings_of_its_sandbox(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBR_TRACE", "off")
    monkeypatch.setenv("IBR_PORT", "1")
    made = set_up.sandbox_settings(settings(folder), None, 8080)
    assert read_settings(environment_for(made)) == made


def test_the_known_partners_are_those_that_are_published(dsn: str, folder: Path) -> None:
    made = set_up.sandbox_settings(settings(folder), None, None)
    asyncio.run(_set_up(made, dsn))
    rows = asyncio.run(_rows(dsn, "select * from partner order by sender_id"))
    assert [row["client_id"] for row in rows] == [each.client_id for each in PARTNERS]
    for row, known in zip(rows, PARTNERS, strict=True):
        assert secret_fits(known.client_secret, row["secret_hash"])
    keys = asyncio.run(_rows(dsn, "select kid from registry_key where use = 'sig'"))
    assert [row["kid"] for row in keys] == [registry_jwks()["keys"][0]["kid"]]
    roles = "select r.role from officer join officer_role r using (officer_id) order by email"
    officers = asyncio.run(_rows(dsn, roles))
    assert [row["role"] for row in officers] == ["administrator", "developer", "developer"]
    # Prepared once more, as at every start, nothing changes.
    asyncio.run(set_up.prepare(made, dsn))
    assert asyncio.run(_rows(dsn, "select kid from registry_key where use = 'sig'")) == keys


async def _set_up(made: Settings, dsn: str) -> None:
    await set_up.prepare(made, dsn)
    async with owner_transaction(dsn) as owner:
        for code in ("OAP", "DIS"):
            await register(owner, Programme(code=code, names={"en": code}))
    await set_up.add_known(dsn)
    await set_up.call_back(dsn, ["http://127.0.0.1:9/callback"])


async def _rows(dsn: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


def test_a_callback_leads_to_this_machine_or_over_https(dsn: str) -> None:
    with pytest.raises(NotUnderstood):
        asyncio.run(set_up.call_back(dsn, ["http://example.org/callback"]))


def test_somebody_to_ask_about_is_enrolled_in_the_first_partners_programme() -> None:
    found = set_up.example_of(make_country(60, 7))
    assert found is not None
    assert (found.kind, found.programme) == ("UIN", PARTNERS[0].programmes[0])


def test_key_files_are_for_their_owner_only(folder: Path) -> None:
    made = set_up.sandbox_settings(settings(folder), None, None)
    set_up.mark(made)
    keys = set_up.write_keys(made)
    names = {each.name for each in keys.iterdir()}
    assert "sandbox-a.private.jwk.json" in names
    assert all(each.stat().st_mode & 0o077 == 0 for each in keys.iterdir())


def test_the_published_keys_are_printed() -> None:
    done = RUN.invoke(app, ["sandbox", "keys", "--json"])
    printed = msgspec.json.decode(done.output)
    assert printed["registry"] == registry_jwks()
    assert set(printed["partners"]) == {each.sender_id for each in PARTNERS}


def test_a_check_of_nothing_ends_with_one_and_says_so(folder: Path) -> None:
    done = RUN.invoke(app, ["sandbox", "check", "http://127.0.0.1:1", "--json"])
    assert done.exit_code == 1
    report = msgspec.json.decode(done.output)
    assert report["must"] > 0
    assert "no connection could be made" in report["findings"][0]["came"]


def test_a_check_says_in_words_what_to_mend() -> None:
    done = RUN.invoke(app, ["sandbox", "check", "http://127.0.0.1:1"])
    assert done.exit_code == 1
    assert "must be" in done.output
    assert "Not tried" in done.output


@pytest.mark.parametrize(
    "option",
    [
        ["--open", "nothing,t,c"],
        ["--open", "search,t"],
        ["--key", "/no/such/file"],
        ["--registry-key", "/"],
    ],
)
def test_a_wrong_option_is_told(option: list[str]) -> None:
    done = RUN.invoke(app, ["sandbox", "check", "http://127.0.0.1:1", *option])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
