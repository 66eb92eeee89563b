"""What a sender says of a delivery as a whole is read exactly, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from ibr.deliveries.model import ControlTotals
from ibr.deliveries.terms import SaidTerms, read_terms
from ibr.errors import NotUnderstood


@pytest.mark.parametrize(
    ("meta", "terms"),
    [
        ({}, SaidTerms()),
        ({"cycle": "2026-10", "sequence": "3"}, SaidTerms(cycle="2026-10", sequence=3)),
        ({"cycle": "2026-13", "sequence": -1}, SaidTerms()),
        ({"mode": "initial"}, SaidTerms(mode="initial")),
        ({"mode": "void", "replaces": "m-1"}, SaidTerms(mode="void", replaces="m-1")),
        (
            {"control_totals": {"records": 5, "people": "4", "money": {"KES": "1250000.5"}}},
            SaidTerms(totals=ControlTotals(records=5, people=4, money={"KES": 125_000_050})),
        ),
        (
            {"control_totals": {"money": {"JPY": 7, "USD": "0.05"}}},
            SaidTerms(totals=ControlTotals(money={"JPY": 7, "USD": 5})),
        ),
    ],
)
def test_terms_are_read(meta: dict[str, Any], terms: SaidTerms) -> None:
    assert read_terms(meta) == terms


@pytest.mark.parametrize(
    "meta",
    [
        {"mode": "viod"},
        {"mode": ["void"]},
        {"mode": "void"},
        {"replaces": 5},
        {"control_totals": 5},
        {"control_totals": {"record": 5}},
        {"control_totals": {"records": "many"}},
        {"control_totals": {"records": -1}},
        {"control_totals": {"records": True}},
        {"control_totals": {"money": {"XXZ": "5"}}},
        {"control_totals": {"money": {"KES": "5.001"}}},
        {"control_totals": {"money": {"KES": "-5"}}},
        {"control_totals": {"money": {"KES": 5.5}}},
        {"control_totals": {"money": {"KES": "9" * 40}}},
        {"control_totals": {"money": ["KES"]}},
        {"programme": 5},
    ],
)
def test_what_would_do_harm_misread_is_refused(meta: dict[str, Any]) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read_terms(meta)
    assert refused.value.code == "delivery.terms"
    assert "viod" not in refused.value.message
