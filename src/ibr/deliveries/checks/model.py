"""What a delivery is compared by, what it is compared with, and what was found."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from ibr.deliveries.model import ControlTotals

Level = Literal["hold", "note", "off"]
Share = Annotated[float, msgspec.Meta(ge=0)]

RECORDS_TOTAL: Final = "total.records"
PEOPLE_TOTAL: Final = "total.people"
MONEY_TOTAL: Final = "total.money"
OTHER_PROGRAMME: Final = "programme.other"
RECORDS_MORE: Final = "records.more"
RECORDS_FEWER: Final = "records.fewer"
MONEY_MORE: Final = "money.more"
MONEY_LESS: Final = "money.less"
NEW_PEOPLE: Final = "people.new"
ENDED_PEOPLE: Final = "people.ended"
STATUSES_CHANGED: Final = "statuses.changed"
REFUSED_SHARE: Final = "records.refused"
NEW_CODES: Final = "codes.new"
SEQUENCE_GAP: Final = "sequence.gap"
SEQUENCE_AGAIN: Final = "sequence.again"
SAME_CONTENT: Final = "content.same"
VOID_ASKED: Final = "void.asked"


class CheckTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one programme. A share is from 0 to 1; None switches a comparison off.

    `smallest` is the number of records below which nothing but control totals and sequences is
    judged: of few records any share is large. `records` and `money` are how far a cycle may
    differ from the one before it, as a share of that one.
    """

    smallest: Annotated[int, msgspec.Meta(ge=0)] = 100
    records: Share | None = 0.5
    money: Share | None = 0.5
    fresh: Share | None = 0.5
    ended: Share | None = 0.25
    changed: Share | None = 0.9
    refused: Share | None = 0.3
    new_codes: Level = "note"
    gap: Level = "note"
    again: Level = "hold"
    void: Level = "hold"


class Found(msgspec.Struct, kw_only=True):
    """What one delivery adds up to for one programme; `money` in minor units by currency.

    `known` were recorded before; of those `ended` are enrolled and said to be so no more,
    `restated` have a status said at all and `changed` another one than before.
    """

    programme_id: int
    cycle: str
    records: int = 0
    people: int = 0
    refused: int = 0
    known: int = 0
    ended: int = 0
    changed: int = 0
    restated: int = 0
    money: dict[str, int] = {}
    codes: dict[str, set[str]] = {}


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a programme's earlier deliveries.

    `cycle` is the last one before this delivery's, None where there is none. `records` and `money`
    are its sums; `like` is the one delivery of it that this one corresponds to, where one does;
    `so_far` is what this cycle's deliveries already brought. `codes` were seen before.
    """

    cycle: str | None = None
    records: int = 0
    money: dict[str, int] = {}
    like: Found | None = None
    so_far_records: int = 0
    so_far_money: dict[str, int] = {}
    codes: dict[str, set[str]] = {}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the sender said of the whole delivery, as far as it is checked.

    `sequences` are those of the sender's earlier deliveries of the same cycle.
    """

    mode: str = "delta"
    cycle: str | None = None
    sequence: int | None = None
    programme_id: int | None = None
    totals: ControlTotals = ControlTotals()
    sequences: frozenset[int] = frozenset()
    same_content: bool = False
    replaces: bool = False


class Anomaly(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is out of the ordinary: what was found, what was expected, the limit.

    Amounts are in minor units of `about`, a currency; for new codes `about` lists them.
    """

    code: str
    level: Level
    programme_id: int | None = None
    found: float | None = None
    expected: float | None = None
    limit: float | None = None
    about: str | None = None
