"""`ibr intake`: files by the command line, tried and taken in, and packages from offices."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from ibr.access.partners import add_partner
from ibr.cli.main import app
from ibr.db.pool import owner_transaction
from ibr.protection.keyring import open_keyring
from ibr.registry.programmes.model import Programme
from ibr.registry.programmes.register_programme import register
from ibr_messages.jwk import check_partner_jwk
from tests.conftest import scratch_folder
from tests.files_made import as_csv, as_xlsx, people, written


@pytest.fixture(scope="module")
def folder(dsn: str) -> Iterator[Path]:
    made = scratch_folder()
    open_keyring(made / "keys", create=True)

    async def add() -> None:
        async with owner_transaction(dsn) as owner:
            await register(owner, Programme(code="OAP", names={"en": "Pension"}, currency="KES"))

    asyncio.run(add())
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(autouse=True)
def here(dsn: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBR_DATABASE_URL", dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(folder))


def intake(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["intake", *map(str, words)])


def ran(*words: str | Path) -> dict[str, object]:
    result = intake(*words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.output)
    return found


def counted(dsn: str, table: str) -> int:
    async def read() -> int:
        connection = await asyncpg.connect(dsn, server_settings={"search_path": "ibr"})
        try:
            found: int = await connection.fetchval(f"select count(*) from {table}")
            return found
        finally:
            await connection.close()

    return asyncio.run(read())


ALWAYS = ("--programme", "OAP", "--cycle", "2026-10")


def test_a_file_is_tried_and_then_taken_in(dsn: str, folder: Path) -> None:
    path = written(folder, "list.xlsx", as_xlsx(people(5, Sex={2: "?"})))
    tried = ran("file", path, *ALWAYS, "--dry-run")
    assert tried["counts"] == {
        "records": 5,
        "new": 4,
        "changed": 0,
        "unchanged": 0,
        "repeated": 0,
        "refused": 1,
        "totals": 0,
    }
    assert counted(dsn, "file_sent") == counted(dsn, "beneficiary_record") == 0
    out = folder / "response.xlsx"
    done = ran("file", path, *ALWAYS, "--response", out)
    assert (done["state"], done["counts"]) == ("done", tried["counts"])
    assert out.read_bytes().startswith(b"PK")
    again = folder / "again.xlsx"
    assert intake("response", str(done["file"]), "--to", again).exit_code == 0
    assert again.read_bytes() == out.read_bytes()
    listed = json.loads(intake("files", "--json").output)
    assert [each["name"] for each in listed] == ["list.xlsx"]
    refused = json.loads(intake("refused", "--json").output)
    assert [(each["reference_id"], each["field"]) for each in refused] == [("row 3", "Sex")]
    assert "Say in the mapping" in intake("refused").output


def test_the_same_file_again_is_refused_in_words(folder: Path) -> None:
    path = written(folder, "twice.csv", as_csv(people(2)))
    ran("file", path, *ALWAYS)
    result = intake("file", path, *ALWAYS)
    assert result.exit_code == 1
    assert "very same file" in result.output


def test_what_must_be_decided_is_said_and_can_be_written_down(folder: Path) -> None:
    rows = [
        ["ID number", "Date of birth"],
        *[[f"A{n}", f"0{n}/0{n + 1}/1990"] for n in range(1, 5)],
    ]
    path, mapping = written(folder, "open.csv", as_csv(rows)), folder / "mapping.json"
    result = intake("file", path, *ALWAYS, "--save-mapping", mapping)
    assert result.exit_code == 1
    assert "day or the month" in result.output
    said = json.loads(mapping.read_bytes())
    said["columns"][1]["dates"] = "dmy"
    mapping.write_text(json.dumps(said))
    assert ran("file", path, *ALWAYS, "--mapping", mapping)["state"] == "done"


@pytest.mark.parametrize(
    ("content", "words", "output"),
    [
        (b"", (), "empty"),
        (b"%PDF", (), "XLSX or CSV"),
        (b"ID number\nA1\n", ("--cycle", "October"), "is not a month"),
        (b"ID number\nA1\n", ("--programme", "NONE"), "There is no programme NONE"),
        (b"ID number\nA1\n", ("--mode", "void"), "initial, delta or correction"),
        (b"ID number,Surname\nA7?,Sow\n", (), "Every record was refused"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    folder: Path, content: bytes, words: tuple[str, ...], output: str
) -> None:
    path = written(folder, "wrong.csv", content)
    result = intake("file", path, *ALWAYS, *words)
    assert result.exit_code == 1
    assert output in result.output
    assert "Traceback" not in result.output


def test_an_office_without_a_line_sends_a_package(dsn: str, folder: Path) -> None:
    key, package = folder / "office.pem", folder / "november.ibr"
    public = json.loads(intake("key", "--to", key).output)["keys"][0]

    async def add() -> None:
        async with owner_transaction(dsn) as owner:
            await add_partner(
                owner,
                sender_id="north-office",
                name=None,
                report=["OAP"],
                ask=[],
                scopes=["registry.enrollment.updates"],
                signature_policy="required",
                keys=[check_partner_jwk(public)],
                jwks_url=None,
                callback_urls=[],
            )

    asyncio.run(add())
    path = written(folder, "november.csv", as_csv(people(7)))
    month = ("--programme", "OAP", "--cycle", "2026-11")
    assert intake("pack", path, *month, "--key", key, "--to", package).exit_code == 0
    assert "ibr intake package" in intake("file", package, *month).output
    assert ran("package", package, "--dry-run")["dry_run"]
    done = ran("package", package)
    assert done["state"] == "done"
    changed = written(folder, "changed.ibr", package.read_bytes().replace(b"OAP", b"OAQ"))
    assert intake("package", changed).exit_code == 1
    cut = written(folder, "cut.ibr", package.read_bytes()[:-200])
    assert intake("package", cut).exit_code == 1
