"""What is out of the ordinary about a delivery, in words.

The patterns are translated on the pages; a sender is told in English, as of every refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ibr.deliveries.checks import model
from ibr.deliveries.checks.model import Anomaly
from ibr.reported.values import write_money

PATTERNS: Final = {
    model.RECORDS_TOTAL: "It holds %(found)s records, but its sender says %(expected)s.",
    model.PEOPLE_TOTAL: "It speaks of %(found)s people, but its sender says %(expected)s.",
    model.MONEY_TOTAL: "Its benefits add up to %(found)s, but its sender says %(expected)s.",
    model.OTHER_PROGRAMME: "%(found)s of its records are about other programmes than the one its "
    "sender names.",
    model.RECORDS_MORE: "This cycle now has %(found)s records, the one before had %(expected)s; "
    "more than %(limit)s above is unusual.",
    model.RECORDS_FEWER: "It has %(found)s records, the same delivery of the cycle before had "
    "%(expected)s; more than %(limit)s below is unusual.",
    model.MONEY_MORE: "This cycle's benefits now add up to %(found)s, those of the one before to "
    "%(expected)s; more than %(limit)s above is unusual.",
    model.MONEY_LESS: "Its benefits add up to %(found)s, those of the same delivery of the cycle "
    "before to %(expected)s; more than %(limit)s below is unusual.",
    model.NEW_PEOPLE: "%(found)s of its people were never reported before; more than %(limit)s is "
    "unusual.",
    model.ENDED_PEOPLE: "%(found)s of the people known from it are said to have left; more than "
    "%(limit)s is unusual.",
    model.STATUSES_CHANGED: "%(found)s of the statuses it gives differ from those recorded; from "
    "%(limit)s on this is unusual.",
    model.REFUSED_SHARE: "%(found)s of its records cannot be read or taken; more than %(limit)s "
    "is unusual.",
    model.NEW_CODES: "It holds codes that this programme has not used before: %(about)s.",
    model.SEQUENCE_GAP: "It is number %(found)s of its cycle, but number %(expected)s is missing.",
    model.SEQUENCE_AGAIN: "Number %(found)s of its cycle came before, with another content.",
    model.SAME_CONTENT: "The very same content came before; nothing in it is new.",
    model.VOID_ASKED: "Its sender wants an earlier delivery to count no more.",
}
"""Each kind of anomaly as a sentence; `found`, `expected`, `limit` and `about` are filled in."""

_SHARES: Final = frozenset(
    {model.NEW_PEOPLE, model.ENDED_PEOPLE, model.STATUSES_CHANGED, model.REFUSED_SHARE}
)
_MONEY: Final = frozenset({model.MONEY_TOTAL, model.MONEY_MORE, model.MONEY_LESS})


def sentence(
    anomaly: Anomaly,
    *,
    say: Callable[[str], str] = str,
    count: Callable[[int], str] = str,
    percent: Callable[[float], str] | None = None,
    money: Callable[[int, str], str] = write_money,
) -> str:
    """The anomaly as one sentence; the functions write words and numbers in a language."""
    percent = percent or _percent

    def written(value: float | None) -> str:
        if value is None:
            return ""
        if anomaly.code in _SHARES:
            return percent(value)
        if anomaly.code in _MONEY:
            return money(int(value), anomaly.about or "")
        return count(int(value))

    values = {
        "found": written(anomaly.found),
        "expected": written(anomaly.expected),
        "limit": "" if anomaly.limit is None else percent(anomaly.limit),
        "about": anomaly.about or "",
    }
    return say(PATTERNS[anomaly.code]) % values


def to_sender(anomalies: Sequence[Anomaly], delivery_id: int) -> str:
    """Why a delivery is held, for its sender."""
    held = " ".join(sentence(each) for each in anomalies if each.level == "hold")
    return (
        f"Delivery {delivery_id} is stored and waits for a person at the registry to look at it; "
        f"nothing of it counts yet. {held} Send the same message again, or ask for the status of "
        "its transaction, to learn what became of it."
    )[:999]


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
