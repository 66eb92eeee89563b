"""What a sender says of a delivery as a whole, read from the free part of a message's header.

A cycle or a sequence that cannot be read is left out, as it always was (decision 15). A mode, a
reference to an earlier delivery and control totals change what becomes of the delivery, so a
delivery that misspells one of them is refused as a whole: taken for something else, it would do
harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ibr.deliveries.model import MODES, ControlTotals, Mode
from ibr.errors import NotUnderstood
from ibr.periods import read_month
from ibr.reported.values import minor_digits, read_money

_LONGEST: Final = 200
_MOST: Final = 2**31
_TOTALS: Final = frozenset({"records", "people", "money"})


class SaidTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms as a message says them; `replaces` is the sender's own name of the earlier one."""

    programme: str | None = None
    cycle: str | None = None
    sequence: int | None = None
    mode: Mode = "delta"
    totals: ControlTotals = ControlTotals()
    replaces: str | None = None


def read_terms(meta: Mapping[str, Any]) -> SaidTerms:
    """The terms in `header.meta`; NotUnderstood names the member at fault."""
    mode = meta.get("mode", "delta")
    if mode not in MODES:
        raise _wrong("mode", f"is one of {', '.join(MODES)}")
    replaces = _text(meta, "replaces", "is the message_id of an earlier delivery of yours")
    if mode == "void" and replaces is None:
        raise _wrong("replaces", "must name the message_id of the delivery to withdraw")
    return SaidTerms(
        programme=_text(meta, "programme", "is the code of one programme"),
        cycle=_cycle(meta.get("cycle")),
        sequence=read_sequence(meta.get("sequence")),
        mode=mode,
        totals=read_totals(meta.get("control_totals")),
        replaces=replaces,
    )


def read_sequence(value: object) -> int | None:
    """A number within the cycle; None for what is none that could be counted up to."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        value = int(value) if len(value) < 12 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < _MOST else None


def read_totals(value: object) -> ControlTotals:
    """Control totals: whole numbers of records and people, amounts of money by currency."""
    if value in (None, ""):
        return ControlTotals()
    if not isinstance(value, Mapping) or not set(value) <= _TOTALS:
        raise _wrong("control_totals", "is an object of records, people and money")
    money = value.get("money", {})
    if not isinstance(money, Mapping) or len(money) > 20:
        raise _wrong("control_totals.money", "is an object of amounts by currency")
    return ControlTotals(
        records=_count(value, "records"),
        people=_count(value, "people"),
        money={code: _amount(code, each) for code, each in money.items()},
    )


def _count(totals: Mapping[str, Any], name: str) -> int | None:
    if totals.get(name) in (None, ""):
        return None
    count = read_sequence(totals[name])
    if count is None:
        raise _wrong(f"control_totals.{name}", "is a whole number")
    return count


def _amount(currency: object, value: object) -> int:
    """An amount in whole minor units, however large: a sum is longer than any one benefit."""
    rule = 'names amounts by ISO 4217 code, as {"KES": "1250000.00"}'
    digits = minor_digits(currency) if isinstance(currency, str) else None
    if digits is None or isinstance(value, bool) or not isinstance(value, int | str):
        raise _wrong("control_totals.money", rule)
    whole, _, fraction = str(value).strip().partition(".")
    if not (whole.isascii() and whole.isdecimal() and len(whole) <= 15):
        raise _wrong("control_totals.money", rule)
    if fraction and read_money(f"0.{fraction}", str(currency)) is None:
        raise _wrong("control_totals.money", rule)
    scale: int = 10**digits
    return int(whole) * scale + int((fraction[:digits] or "0").ljust(digits, "0"))


def _cycle(value: object) -> str | None:
    try:
        return str(read_month(value)) if isinstance(value, str) else None
    except NotUnderstood:
        return None


def _text(meta: Mapping[str, Any], name: str, rule: str) -> str | None:
    value = meta.get(name)
    if value in (None, ""):
        return None
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise _wrong(name, rule)
    return value


def _wrong(name: str, rule: str) -> NotUnderstood:
    return NotUnderstood(
        "delivery.terms",
        f"header.meta.{name} {rule}. Nothing was stored.",
        field=f"header.meta.{name}",
    )
