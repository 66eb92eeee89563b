"""How the sentences of findings write days, months, money and lists."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import get_currency_precision

from ibr.overlaps.checks.model import Facts, Say


def amount(facts: Facts, say: Say, key: str = "money") -> str:
    """An amount of the facts with its currency; in words where it has none."""
    minor, currency = facts.get(key), facts.get("currency")
    if not isinstance(minor, int) or not isinstance(currency, str):
        nothing = facts.get("payments") == 0
        return say("nothing") if nothing else say("something whose value is not known")
    value = Decimal(minor).scaleb(-get_currency_precision(currency))
    return f"{currency} {value:,f}"


def several(facts: Facts, key: str) -> str:
    """A list of the facts, parted by commas."""
    values = facts.get(key)
    return ", ".join(str(each) for each in values) if isinstance(values, list) else ""


def number(facts: Facts, key: str) -> int:
    value = facts.get(key)
    return value if isinstance(value, int) else 0
