"""Figures over /api/v1: partners read what was released for them, officers exact figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from ibr.access.staff.add_officer import add_officer
from ibr.access.staff.sign_in import SESSION_COOKIE, begin_session, candidate
from ibr.clock import now
from ibr.coverage.catalogue.all import BY_CODE
from ibr.coverage.figures import read
from ibr.db.pool import open_database, owner_transaction
from ibr.interop.own.own_door import OwnDoor
from ibr.publish.releases.build import Wanted, build_release
from tests.described import fits
from tests.door import Door, System, _nothing_else
from tests.made_figures import freeze_made_at
from tests.releases_web import publish_by_two

MONTH = "2026-10"
FIGURES = "/api/v1/indicators/N1/figures"
PASSWORD = "a long enough password for a test"


@pytest.fixture(scope="module")
def frozen(door: Door) -> Door:
    """Figures of some months, and an officer of each kind that matters here."""

    async def work() -> None:
        await freeze_made_at(door.dsn, months=4, people=2000)
        async with owner_transaction(door.dsn) as connection:
            for role in ("analyst", "steward"):
                await add_officer(connection, f"{role}@example.org", role, role, None, PASSWORD)

    door.run(work())
    return door


@pytest.fixture(scope="module")
def own(frozen: Door) -> Iterator[httpx.AsyncClient]:
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(OwnDoor(frozen.services, _nothing_else)),
        base_url="http://registry.test",
    )
    yield client
    frozen.run(client.aclose())


@pytest.fixture(scope="module")
def partner(frozen: Door) -> System:
    return frozen.partner(scopes=["registry.figures"])


@pytest.fixture(scope="module")
def release(frozen: Door, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A release for partners, published."""

    async def work() -> int:
        worker = await open_database(frozen.dsn, "ibr_worker", size=2, name="test")
        try:
            number = await build_release(
                worker,
                Wanted(
                    audience="partners",
                    periods=(MONTH,),
                    choice=(("N1", "programme*area1"),),
                ),
                BY_CODE,
                Path("/nowhere"),
                now(),
            )
        finally:
            await worker.close()
        await publish_by_two(frozen.dsn, number)
        return number

    return frozen.run(work())


def get(door: Door, own: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    return door.run(own.get(path, headers=headers))


def as_partner(system: System) -> dict[str, str]:
    return {"authorization": f"Bearer {system.token}"}


def signed_in(door: Door, role: str) -> dict[str, str]:
    async def work() -> str:
        async with owner_transaction(door.dsn) as connection:
            who = await candidate(connection, f"{role}@example.org", "127.0.0.1", now())
            assert who.officer_id is not None
            return await begin_session(connection, who.officer_id, now())

    return {"cookie": f"{SESSION_COOKIE}={door.run(work())}"}


def kept(door: Door, breakdown: str) -> dict[tuple[str, ...], str | None]:
    async def work() -> dict[tuple[str, ...], str | None]:
        async with door.services.database.transaction(()) as connection:
            table = await read.figure_table(connection, "N1", MONTH, breakdown)
        return {cell.key: cell.value for cell in table.cells}

    return door.run(work())


def told(answer: dict[str, Any]) -> dict[tuple[str, ...], str | None]:
    return {
        tuple(
            each["codes"][name].replace("_U", "") for name in each["breakdown"].split("*") if name
        ): each["value"]
        for each in answer["figures"]
    }


def test_an_officer_reads_the_exact_figures(frozen: Door, own: httpx.AsyncClient) -> None:
    path = f"{FIGURES}?period={MONTH}&breakdown=programme*area1"
    answer = get(frozen, own, path, **signed_in(frozen, "analyst"))
    assert answer.status_code == 200
    assert fits("FiguresAnswer", answer.json()) == []
    assert answer.json()["audience"] == "internal"
    assert told(answer.json()) == kept(frozen, "programme*area1")


def test_a_partner_reads_what_was_released_and_nothing_else(
    frozen: Door, own: httpx.AsyncClient, partner: System, release: int
) -> None:
    path = f"{FIGURES}?period={MONTH}&breakdown=programme*area1"
    answer = get(frozen, own, path, **as_partner(partner))
    assert answer.status_code == 200
    assert fits("FiguresAnswer", answer.json()) == []
    said = answer.json()
    assert (said["audience"], said["release_no"]) == ("partners", release)
    exact, shown = kept(frozen, "programme*area1"), told(said)
    small = {key for key, value in exact.items() if 0 < int(value or 0) < 5}
    assert small
    assert {key for key, value in shown.items() if value is None} >= small
    assert all(exact.get(key) == value for key, value in shown.items() if value is not None)
    hidden = [each for each in said["figures"] if each["status"] == "hidden"]
    assert all(each["numerator"] is None for each in hidden)


def test_what_was_not_released_is_not_there_for_a_partner(
    frozen: Door, own: httpx.AsyncClient, partner: System, release: int
) -> None:
    assert release
    path = f"{FIGURES}?period={MONTH}&breakdown=area1*sex*age"
    refused = get(frozen, own, path, **as_partner(partner))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (404, "figures.none")
    assert get(frozen, own, path, **signed_in(frozen, "analyst")).status_code == 200


def test_nobody_reads_figures_without_a_right(
    frozen: Door, own: httpx.AsyncClient, partner: System
) -> None:
    other = frozen.partner(scopes=["registry.search"])
    assert get(frozen, own, FIGURES).status_code == 401
    assert get(frozen, own, FIGURES, authorization="Bearer x").status_code == 401
    assert get(frozen, own, FIGURES, cookie=f"{SESSION_COOKIE}=x").status_code == 401
    assert get(frozen, own, FIGURES, **as_partner(other)).status_code == 403
    assert get(frozen, own, FIGURES, **signed_in(frozen, "steward")).status_code == 403
    # A token counts before a cookie, so that nobody reads more than the token may.
    both = as_partner(partner) | signed_in(frozen, "analyst")
    assert get(frozen, own, "/api/v1/runs", **both).json()["runs"][0].get("reason") is None


def test_the_library_and_the_runs_are_as_described(
    frozen: Door, own: httpx.AsyncClient, partner: System
) -> None:
    for headers in (as_partner(partner), signed_in(frozen, "analyst")):
        library = get(frozen, own, "/api/v1/indicators", **headers).json()
        runs = get(frozen, own, "/api/v1/runs", **headers).json()
        assert fits("IndicatorsAnswer", library) == []
        assert fits("RunsAnswer", runs) == []
        assert [each["code"] for each in library["indicators"]] == list(BY_CODE)
    assert runs["runs"][0]["reason"] == "a late report"


def test_the_same_answer_is_not_sent_twice(frozen: Door, own: httpx.AsyncClient) -> None:
    headers = signed_in(frozen, "analyst")
    first = get(frozen, own, f"{FIGURES}?period={MONTH}", **headers)
    mark = first.headers["etag"]
    again = get(frozen, own, f"{FIGURES}?period={MONTH}", **headers, **{"if-none-match": mark})
    assert (again.status_code, again.content) == (304, b"")
    other = get(frozen, own, f"{FIGURES}?period=2026-09", **headers, **{"if-none-match": mark})
    assert other.status_code == 200
    assert first.headers["cache-control"] == "private, no-cache"


def test_pages_hold_every_figure_once(frozen: Door, own: httpx.AsyncClient) -> None:
    headers = signed_in(frozen, "analyst")
    path = f"{FIGURES}?period={MONTH}&breakdown=area1*sex*age&size=50"
    pages = get(frozen, own, path, **headers).json()["pages"]
    found: dict[tuple[str, ...], str | None] = {}
    for number in range(1, pages + 1):
        found |= told(get(frozen, own, f"{path}&page={number}", **headers).json())
    assert pages > 2
    assert found == kept(frozen, "area1*sex*age")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/indicators/ZZ99/figures", 404, "figures.indicator_unknown"),
        (f"{FIGURES}?period=x", 400, "period.invalid"),
        (f"{FIGURES}?period={MONTH}&period={MONTH}", 400, "query.unreadable"),
        (f"{FIGURES}?breakdown=colour", 400, "figures.breakdown"),
        (f"{FIGURES}?size=0", 400, "figures.page"),
        (f"{FIGURES}?language=tlh", 400, "figures.language"),
        (f"{FIGURES}?x={'y' * 5000}", 400, "query.unreadable"),
        ("/api/v1/indicators/N1", 404, "path.unknown"),
    ],
)
def test_what_cannot_be_answered_is_refused_as_described(
    frozen: Door, own: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    answer = get(frozen, own, path, **signed_in(frozen, "analyst"))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert fits("OwnErrors", answer.json()) == []


def test_figures_are_read_and_never_sent(frozen: Door, own: httpx.AsyncClient) -> None:
    headers = signed_in(frozen, "analyst")
    answer = frozen.run(own.post(FIGURES, headers=headers, json={}))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "path.get_only")


def test_each_reading_leaves_an_audit_event(
    frozen: Door, own: httpx.AsyncClient, partner: System, release: int
) -> None:
    get(frozen, own, f"{FIGURES}?period={MONTH}&breakdown=programme", **as_partner(partner))

    async def work() -> list[Any]:
        async with owner_transaction(frozen.dsn) as connection:
            return await connection.fetch(
                "select actor_kind, details::text as details from audit_event "
                "where kind = 'figures.exported'"
            )

    rows = [(row["actor_kind"], msgspec.json.decode(row["details"])) for row in frozen.run(work())]
    (mine,) = [
        each for kind, each in rows if kind == "partner" and each["breakdowns"] == ["programme"]
    ]
    assert (mine["form"], mine["audience"], mine["release"]) == ("interface", "partners", release)
