"""The page of simulations: who may open it, what it shows, what it refuses, and that it keeps
nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from ibr.coverage.engine.ground import Ground, ground_folder, keep_ground
from ibr.settings import Settings
from tests.conftest import scratch_folder
from tests.database.test_web_pages import visitor
from tests.web_country import WebCountry, filled
from tests.what_if_ground import ground, small_country

ANALYST, STEWARD = "analyst@example.org", "steward@example.org"
CLOSE = {"kind": "close", "run": "yes", "programme": "PEN"}
OPEN = {"kind": "open", "run": "yes", "age_from": "60", "sex": "female", "amount": "XTS 200.00"}


@pytest.fixture(scope="module")
def country(dsn: str) -> WebCountry:
    return filled(dsn)


@pytest.fixture
def settings() -> Iterator[Settings]:
    folder = scratch_folder()
    yield Settings(data_dir=folder)
    shutil.rmtree(folder)


@pytest.fixture
def stands(settings: Settings) -> Ground:
    made = ground(small_country().tables)
    keep_ground(made, ground_folder(settings.data_dir))
    return made


async def text(country: WebCountry, settings: Settings, asked: dict[str, str], status: int) -> str:
    async with visitor(country, ANALYST, settings=settings) as client:
        answer = await client.get("/what-if?" + urlencode(asked))
    assert answer.status_code == status
    return answer.text


async def test_before_any_run_it_says_what_to_do(country: WebCountry, settings: Settings) -> None:
    assert "ibr indicators run" in await text(country, settings, {}, 200)


@pytest.mark.parametrize("kind", ["close", "open", "age", "exclude"])
async def test_each_kind_of_change_has_its_form(
    country: WebCountry, settings: Settings, stands: Ground, kind: str
) -> None:
    page = await text(country, settings, {"kind": kind}, 200)
    assert f'name="kind" value="{kind}"' in page
    assert "This is not a figure" not in page
    assert "7 people recorded" in page


async def test_a_simulation_is_marked_and_says_what_was_assumed(
    country: WebCountry, settings: Settings, stands: Ground
) -> None:
    page = await text(country, settings, CLOSE, 200)
    assert "This is not a figure of the registry" in page
    assert "Closing PEN" in page
    assert "before: 4; change: -2" in page
    assert "exactly XTS\xa01,600; before: XTS\xa03,100" in page
    assert "gets no other one in its place" in page
    assert "People whom no programme has recorded are not in it" in page


async def test_a_new_programme_is_simulated(
    country: WebCountry, settings: Settings, stands: Ground
) -> None:
    page = await text(country, settings, OPEN, 200)
    assert "people from the age of 60; women" in page
    assert "Of 3 recorded people whom it fits, 100 percent come to receive it: 3." in page
    assert "Each of them receives XTS\xa0200 a month." in page
    assert 'value="XTS 200.00"' in page


async def test_several_programmes_are_closed_together(
    country: WebCountry, settings: Settings, stands: Ground
) -> None:
    async with visitor(country, ANALYST, settings=settings) as client:
        answer = await client.get("/what-if?kind=close&run=yes&programme=PEN&programme=DIS")
    assert "before: 4; change: -4" in answer.text


async def test_an_age_limit_and_a_pair(
    country: WebCountry, settings: Settings, stands: Ground
) -> None:
    age = {"kind": "age", "run": "yes", "programme": "PEN", "age_from": "62"}
    assert "Each new one receives the average of today" in await text(country, settings, age, 200)
    pair = {"kind": "exclude", "run": "yes", "first": "PEN", "second": "DIS", "loses": "smaller"}
    assert "loses the one that gave less" in await text(country, settings, pair, 200)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"kind": "close"}, "Choose a programme of the list."),
        ({"kind": "close", "programme": "<b>"}, "Choose a programme of the list."),
        ({"kind": "age", "programme": "PEN", "age_from": "old"}, "Write an age in years"),
        ({"kind": "age", "programme": "PEN", "age_from": "9", "age_to": "8"}, "not below"),
        ({"kind": "open", "amount": "much"}, "Write an amount"),
        ({"kind": "open", "take_up": "101"}, "from 0 to 100"),
        ({"kind": "open", "take_up": "9" * 5000}, "from 0 to 100"),
        ({"kind": "open", "area": "R999"}, "Choose regions"),
        ({"kind": "exclude", "first": "PEN"}, "two different programmes"),
        ({"kind": "exclude", "first": "PEN", "second": "DIS", "unit": "household"}, "gives way"),
        ({"kind": "exclude", "first": "XYZ", "second": "DIS"}, "Choose a programme of the list."),
    ],
)
async def test_what_is_not_in_order_is_said_beside_its_field(
    country: WebCountry, settings: Settings, stands: Ground, asked: dict[str, str], says: str
) -> None:
    page = await text(country, settings, asked | {"run": "yes"}, 400)
    assert says in page
    assert "This is not a figure" not in page
    assert "<b>" not in page


async def test_nothing_is_kept_of_a_simulation(
    country: WebCountry, settings: Settings, stands: Ground
) -> None:
    tables = ("figure_table", "indicator_run", "enrolment", "benefit")
    counts = [await country.read(f"select count(*) from {each}") for each in tables]
    files = sorted(each.name for each in settings.data_dir.rglob("*"))
    await text(country, settings, CLOSE, 200)
    assert [await country.read(f"select count(*) from {each}") for each in tables] == counts
    assert sorted(each.name for each in settings.data_dir.rglob("*")) == files


async def test_without_the_right_to_the_countrys_figures_there_is_no_simulation(
    country: WebCountry, settings: Settings, stands: Ground
) -> None:
    async with visitor(country, STEWARD, settings=settings) as client:
        assert (await client.get("/what-if?" + urlencode(CLOSE))).status_code == 403
    async with visitor(country, settings=settings) as client:
        assert (await client.get("/what-if")).status_code == 303


async def test_it_reads_in_french(country: WebCountry, settings: Settings, stands: Ground) -> None:
    async with visitor(country, ANALYST, settings=settings) as client:
        await client.get("/language/fr")
        answer = await client.get("/what-if?" + urlencode(OPEN))
    assert "Ceci n’est pas un chiffre du registre" in answer.text
    assert "Sur 3 personnes enregistrées" in answer.text
