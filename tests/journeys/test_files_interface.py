"""Files over /api/v1: in parts that go on where they broke, whole or not at all, one's own only."""

from __future__ import annotations

import hashlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ibr.files.reading.open_rows import open_rows
from ibr.files.sending.desk import FileDesk
from ibr.files.sending.run import waiting, work_on
from ibr.interop.own.own_door import OwnDoor
from tests.conftest import scratch_folder
from tests.door import Door, System, _nothing_else
from tests.files_made import as_csv, people

FILES = "/api/v1/files"


@pytest.fixture(scope="module")
def client(door: Door) -> Iterator[httpx.AsyncClient]:
    app = OwnDoor(door.services, _nothing_else, largest=100_000)
    made = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://registry.test")
    yield made
    door.run(made.aclose())


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner(report=["DCI001"], scopes=["registry.enrollment.updates"])


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = scratch_folder()
    yield made
    shutil.rmtree(made, ignore_errors=True)


class Sender:
    """One partner at the address of files."""

    def __init__(self, door: Door, client: httpx.AsyncClient, system: System) -> None:
        self._door, self._client = door, client
        self._headers = {"authorization": f"Bearer {system.token}"}

    def ask(self, method: str, path: str = "", **more: Any) -> httpx.Response:
        headers = self._headers | more.pop("headers", {})
        return self._door.run(self._client.request(method, FILES + path, headers=headers, **more))

    def announced(self, **changed: Any) -> str:
        said = {"programme": "DCI001", "cycle": "2026-10", "name": "list.csv"} | changed
        answer = self.ask("POST", json=said)
        assert answer.status_code == 201, answer.text
        return f"/{answer.json()['file']}"

    def part(self, path: str, offset: int, content: bytes) -> httpx.Response:
        return self.ask(
            "PUT", f"{path}/content", headers={"upload-offset": str(offset)}, content=content
        )

    def completed(self, path: str, content: bytes) -> httpx.Response:
        digest = hashlib.sha256(content).hexdigest()
        return self.ask("POST", f"{path}/complete", json={"sha256": digest})


@pytest.fixture(scope="module")
def sender(door: Door, client: httpx.AsyncClient, system: System) -> Sender:
    return Sender(door, client, system)


def worked(door: Door, folder: Path) -> None:
    services = door.services

    async def work() -> None:
        desk = FileDesk(
            services.database, services.sealer, services.blind_index, services.book, folder
        )
        async with desk.database.transaction(desk.book.programmes) as connection:
            numbers = await waiting(connection)
        for number in numbers:
            await work_on(desk, number)

    door.run(work())


def test_a_file_in_parts_from_first_byte_to_response(
    door: Door, sender: Sender, folder: Path
) -> None:
    content = as_csv(people(8, Sex={3: "?"}))
    path = sender.announced(bytes=len(content))
    assert sender.part(path, 0, content[:100]).headers["upload-offset"] == "100"
    # The connection broke; the sender does not know how much arrived, and asks.
    told = sender.ask("HEAD", path)
    assert (told.headers["upload-offset"], told.headers["upload-length"]) == (
        "100",
        str(len(content)),
    )
    assert sender.part(path, 0, content).status_code == 409
    assert sender.part(path, 100, content[100:]).headers["upload-offset"] == str(len(content))
    assert sender.completed(path, content).json()["state"] == "trying"
    worked(door, folder)
    tried = sender.ask("GET", path).json()
    assert (tried["state"], tried["would"]["new"], tried["would"]["refused"]) == ("tried", 7, 1)
    assert tried["mapping"]["columns"][0]["to"] == "identifier:PROGRAMME_NUMBER"
    assert sender.ask("POST", f"{path}/send").status_code == 202
    worked(door, folder)
    done = sender.ask("GET", path).json()
    assert (done["state"], done["counts"]["new"]) == ("done", 7)
    response = sender.ask("GET", f"{path}/response")
    rows = [cells for _, cells in open_rows(io.BytesIO(response.content), folder).rows()]
    assert [row[8] for row in rows[1:]].count("refused") == 1
    assert sender.ask("POST", f"{path}/send").status_code == 409


def test_a_mapping_is_sent_along(door: Door, sender: Sender, folder: Path) -> None:
    content = b"a,b\nX1,OK\n"
    path = sender.announced()
    sender.part(path, 0, content)
    sender.completed(path, content)
    worked(door, folder)
    assert sender.ask("GET", path).json()["questions"][0]["must"]
    assert sender.ask("POST", f"{path}/send").status_code == 400
    mapping = {
        "columns": [
            {"column": "a", "to": "identifier:PROGRAMME_NUMBER"},
            {"column": "b", "to": "status", "codes": {"OK": "1"}},
        ]
    }
    assert sender.ask("PUT", f"{path}/mapping", json=mapping).status_code == 202
    worked(door, folder)
    assert sender.ask("GET", path).json()["would"]["new"] == 1


def test_what_arrived_must_be_what_was_sent(sender: Sender) -> None:
    content = as_csv(people(2))
    path = sender.announced(bytes=len(content))
    sender.part(path, 0, content[:-1])
    assert sender.completed(path, content).json()["errors"][0]["code"] == "file.incomplete"
    sender.part(path, len(content) - 1, b"?")
    assert sender.completed(path, content).json()["errors"][0]["code"] == "file.digest"
    assert sender.ask("DELETE", path).status_code == 204
    assert sender.part(path, len(content), b"x").json()["errors"][0]["code"] == "file.closed"


def test_no_more_than_was_announced_and_no_more_than_may_be(sender: Sender) -> None:
    assert (
        sender.ask(
            "POST", json={"programme": "DCI001", "cycle": "2026-10", "bytes": 200_000}
        ).status_code
        == 413
    )
    path = sender.announced(bytes=10)
    assert sender.part(path, 0, b"x" * 11).status_code == 413
    assert sender.ask("HEAD", path).headers["upload-offset"] == "0"


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"programme": "DCI002", "cycle": "2026-10"}, 403, "programme.not_yours"),
        ({"programme": "NONE", "cycle": "2026-10"}, 403, "programme.not_yours"),
        ({"programme": "DCI001", "cycle": "October"}, 400, "period.invalid"),
        ({"programme": "DCI001"}, 400, "file.json"),
        ({"programme": "DCI001", "cycle": "2026-10", "more": 1}, 400, "file.json"),
        ({"programme": "DCI001", "cycle": "2026-10", "mode": "void"}, 400, "file.json"),
    ],
)
def test_what_may_not_be_announced(
    sender: Sender, said: dict[str, Any], status: int, code: str
) -> None:
    answer = sender.ask("POST", json=said)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_a_part_says_where_it_begins(sender: Sender) -> None:
    path = sender.announced()
    assert sender.ask("PUT", f"{path}/content", content=b"x").status_code == 400
    for offset in ("-1", "1e3", "9" * 16, ""):
        headers = {"upload-offset": offset}
        assert (
            sender.ask("PUT", f"{path}/content", headers=headers, content=b"x").status_code == 400
        )


def test_another_partner_sees_nothing_of_it(
    door: Door, client: httpx.AsyncClient, sender: Sender
) -> None:
    path = sender.announced()
    other = Sender(door, client, door.partner(report=["DCI001"]))
    for method, what in (("GET", ""), ("HEAD", ""), ("DELETE", ""), ("GET", "/response")):
        assert other.ask(method, path + what).status_code == 404
    assert other.part(path, 0, b"x").status_code == 404
    assert other.ask("GET").json() == {"files": []}
    assert sender.ask("HEAD", path).headers["upload-offset"] == "0"


def test_without_the_scope_or_a_token_nothing_is_answered(
    door: Door, client: httpx.AsyncClient
) -> None:
    asking = Sender(door, client, door.partner(scopes=["registry.enrolled"]))
    assert asking.ask("GET").status_code == 403
    answer = door.run(client.get(FILES))
    assert answer.status_code == 401


def test_only_so_many_files_are_begun_at_once(door: Door, client: httpx.AsyncClient) -> None:
    busy = Sender(door, client, door.partner(report=["DCI001"]))
    for _ in range(20):
        busy.announced()
    said = {"programme": "DCI001", "cycle": "2026-10"}
    answer = busy.ask("POST", json=said)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, "file.too_many")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/x"), ("PUT", "/1"), ("POST", "/1/response"), ("GET", "/1/content/2")],
)
def test_there_is_nothing_else(sender: Sender, method: str, path: str) -> None:
    assert sender.ask(method, path).status_code == 404
