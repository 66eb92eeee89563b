"""/api/v1/deliveries: a partner's own deliveries, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from ibr.interop.own.own_door import OwnDoor
from tests.described import fits
from tests.door import Door, System, _nothing_else
from tests.people import a_number, enrolled

PATH = "/api/v1/deliveries"


class Asking:
    """Asks the registry's own door as a partner."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=OwnDoor(door.services, _nothing_else)),
            base_url="http://registry.test",
        )

    def asked(self, system: System, question: Any) -> httpx.Response:
        return self.door.run(
            self.client.post(
                PATH,
                content=msgspec.json.encode(question),
                headers={
                    "authorization": f"Bearer {system.token}",
                    "content-type": "application/json",
                },
            )
        )


@pytest.fixture(scope="module")
def asking(door: Door) -> Iterator[Asking]:
    asking = Asking(door)
    yield asking
    door.run(asking.client.aclose())


def test_a_partner_sees_why_its_delivery_waits(door: Door, asking: Asking) -> None:
    mine, other = door.partner(), door.partner()
    mine.report(
        enrolled(a_number(), "DCI001"),
        meta={"cycle": "2026-03", "sequence": 2, "control_totals": {"records": 5}},
    )
    mine.report(enrolled(a_number(), "DCI001"), meta={"cycle": "2026-04"})
    other.report(enrolled(a_number(), "DCI001"))
    answer = asking.asked(mine, {})
    assert answer.status_code == 200
    body = answer.json()
    assert fits("DeliveriesAnswer", body) == []
    assert [each["state"] for each in body["deliveries"]] == ["done", "held"]
    [held] = asking.asked(mine, {"state": "held", "cycle": "2026-03"}).json()["deliveries"]
    assert (held["cycle"], held["sequence"], held["mode"]) == ("2026-03", 2, "delta")
    assert held["held_for"] == ["It holds 1 records, but its sender says 5."]


@pytest.mark.parametrize("question", [{"sate": "held"}, {"state": "lost"}, {"page": "x"}, []])
def test_a_question_that_is_none_is_refused(door: Door, asking: Asking, question: Any) -> None:
    answer = asking.asked(door.partner(), question)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "delivery.json"


def test_the_right_to_report_is_needed(door: Door, asking: Asking) -> None:
    answer = asking.asked(door.partner(scopes=["registry.enrolled"]), {})
    assert answer.status_code == 403
