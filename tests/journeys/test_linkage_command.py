"""`ibr linkage`: from a report to persons, explained, taken back, and never with a name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ibr.cli.main import app
from ibr.cli.show import console
from tests.door import Door
from tests.people import a_number, an_identifier, in_programme

UIN = a_number()


def person(uin: str, programme: str, given: str, born: str = "1995-09-21") -> dict[str, Any]:
    return {
        "@type": "Beneficiary",
        "@id": f"urn:test:{programme}:{uin}",
        "assistance_unit": "1",
        "member": {
            "@type": "Member",
            "member_identifier": [an_identifier(uin)],
            "demographic_info": {
                "@type": "IBRPerson",
                "name": {"@type": "Name", "given_name": given, "surname": "Phumchai"},
                "sex": "female",
                "birth_date": born,
            },
        },
        **in_programme(programme),
    }


@pytest.fixture(scope="module")
def reported(door: Door) -> Door:
    told = door.partner().report(
        person(UIN, "DCI001", "Sudarat"),
        person(UIN, "DCI002", "Sudarat"),
        person("77031926", "DCI003", "Malee", "1961-02-03"),
    )
    assert told.outcomes == ["succ", "succ", "succ"]
    return door


def ibr(door: Door, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.setenv("IBR_DATABASE_URL", door.dsn)
    monkeypatch.setenv("IBR_DATA_DIR", str(door.settings.data_dir))
    monkeypatch.setattr(console, "width", 200)
    return CliRunner().invoke(app, ["linkage", *words])


def said(door: Door, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    result = ibr(door, monkeypatch, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def two(door: Door) -> list[str]:
    rows = door.owner(
        """
        select a.record_id from appearance a join programme p using (programme_id)
        where p.code in ('DCI001', 'DCI002') order by p.code
        """
    )
    return [str(row["record_id"]) for row in rows]


def test_from_a_report_to_persons_and_back(reported: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door = reported
    run = said(door, monkeypatch, "run")
    assert (run["kind"], run["state"], run["counts"]["persons"]) == ("full", "applied", 2)
    assert said(door, monkeypatch, "run") is None
    assert "Nothing has changed" in ibr(door, monkeypatch, "run").stdout
    assert [each["run_no"] for each in said(door, monkeypatch, "runs")] == [1]
    assert said(door, monkeypatch, "models")[0]["state"] == "current"

    found = said(door, monkeypatch, "explain", *two(door))
    assert found["one_person"]
    assert abs(sum(step["bits"] for step in found["steps"]) - found["weight"]) < 1e-9
    shown = ibr(door, monkeypatch, "explain", *two(door)).stdout
    assert "They are one person now." in shown
    assert "same national number" in shown
    for secret in ("Sudarat", "Phumchai", "1995", UIN):
        assert secret.lower() not in (shown + json.dumps(found)).lower()

    undone = ibr(door, monkeypatch, "undo", "--appearance", two(door)[1])
    assert undone.exit_code == 0, undone.output
    assert "1 decisions were written down." in undone.stdout
    assert door.count("person") == 3
    again = said(door, monkeypatch, "run", "--full")
    assert again["counts"]["persons"] == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("undo",), "Name one of --run and --appearance."),
        (("undo", "--run", "1", "--appearance", "7"), "Name one of"),
        (("undo", "--appearance", "nobody"), "Name an appearance as RECORD"),
        (("undo", "--appearance", "999999999"), "was not moved"),
        (("undo", "--run", "99"), "moved nobody"),
        (("explain", "1", "1"), "two different appearances"),
        (("explain", "999999998", "999999999"), "not reported now"),
        (("apply", "99"), "There is no proposed run"),
        (("drop", "99"), "There is no proposed run"),
        (("run", "--model", "99"), "There is no model of this number."),
        (("train",), "Too few pairs carry a foundational number"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    reported: Door, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sentence: str
) -> None:
    result = ibr(reported, monkeypatch, *words)
    assert result.exit_code == 1
    assert sentence in result.output
