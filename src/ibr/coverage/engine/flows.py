"""How people come to programmes, stay, leave, come back and go elsewhere: D1 to D4.

Flows are counted between stocks: whoever received in the programme's cycle that ends with a month.
Nobody leaves a programme that pays every second month in the month between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from pyroaring import BitMap

from ibr.coverage.engine.left_why import why_left
from ibr.coverage.engine.members import LOOK_BACK, Members, together
from ibr.coverage.figures.model import PARTLY_KNOWN, Cell, breakdown_of, share_cell
from ibr.periods import Month

SURVIVAL_MONTHS: Final = LOOK_BACK - 1
BACK_WITHIN: Final = 6
NONE: Final = "none"
"""In no programme at all."""
LEFT: Final = "left"
"""Left the one and went to no new one, but is in another as before."""

Found = dict[tuple[str, str], list[Cell]]


class Flow(msgspec.Struct, frozen=True):
    """The people of a programme, or of all of them, in the month before and in the month."""

    before: BitMap
    now: BitMap

    @property
    def new(self) -> BitMap:
        return self.now - self.before

    @property
    def left(self) -> BitMap:
        return self.before - self.now

    @property
    def notes(self) -> tuple[str, ...]:
        """A month in which nobody at all was reached is more likely a missing report."""
        return () if self.before and self.now else (PARTLY_KNOWN,)


def count_flows(members: Members, month: Month) -> Found:
    """D1 to D4 of a month; nothing where the month before is not known."""
    before = month.plus(-1)
    flows = {}
    for number in members.known_stocks(before):
        flow = Flow(members.stock(number, before), members.stock(number, month))
        if flow.before or flow.now:
            flows[number] = flow
    if not flows:
        return {}
    everybody = Flow(
        together(flow.before for flow in flows.values()),
        together(flow.now for flow in flows.values()),
    )
    own = {members.by_id[number].code: flow for number, flow in flows.items()}
    by_part = breakdown_of("programme", "part")
    return {
        ("D1", "part"): list(_moved((), everybody)),
        ("D1", by_part): [cell for code, flow in own.items() for cell in _moved((code,), flow)],
        ("D2", ""): list(_stayed((), everybody)),
        ("D2", "programme"): [
            cell for code, flow in own.items() for cell in _stayed((code,), flow)
        ],
        ("D2", by_part): list(_survival(members, month)),
        **_churn(members, month),
        **_transitions(members, month, flows, everybody),
    }


def _moved(key: tuple[str, ...], flow: Flow) -> Iterator[Cell]:
    new = flow.now.difference_cardinality(flow.before)
    left = flow.before.difference_cardinality(flow.now)
    for part, count in (("new", new), ("left", left), ("net", new - left)):
        yield share_cell((*key, part), count, len(flow.before), notes=flow.notes)


def _stayed(key: tuple[str, ...], flow: Flow) -> Iterator[Cell]:
    if flow.before:
        shared = flow.before.intersection_cardinality(flow.now)
        yield share_cell(key, shared, len(flow.before), notes=flow.notes)


def _survival(members: Members, month: Month) -> Iterator[Cell]:
    """Of those who came to a programme so many months ago, the share who are in it now."""
    for after in range(1, SURVIVAL_MONTHS + 1):
        came = month.plus(-after)
        for number in members.known_stocks(came.plus(-1)):
            cohort = members.stock(number, came) - members.stock(number, came.plus(-1))
            if cohort:
                shared = cohort.intersection_cardinality(members.stock(number, month))
                code = members.by_id[number].code
                yield share_cell((code, f"after_{after:02}"), shared, len(cohort))


def _churn(members: Members, month: Month) -> Found:
    """D3: of those who left so long ago that it is known, the share who came back since."""
    left_in = month.plus(-BACK_WITHIN)
    known = members.known_stocks(left_in.plus(-1))
    if not known:
        return {}
    own = []
    for number in known:
        left = members.stock(number, left_in.plus(-1)) - members.stock(number, left_in)
        back = together(members.stock(number, month.plus(-ago)) for ago in range(BACK_WITHIN))
        own += _back((members.by_id[number].code,), left, back)
    left = members.stock_of_all(known, left_in.plus(-1)) - members.stock_of_all(known, left_in)
    back = together(members.stock_of_all(known, month.plus(-ago)) for ago in range(BACK_WITHIN))
    return {("D3", ""): _back((), left, back), ("D3", "programme"): own}


def _back(key: tuple[str, ...], left: BitMap, since: BitMap) -> list[Cell]:
    return [share_cell(key, left.intersection_cardinality(since), len(left))] if left else []


def _transitions(
    members: Members, month: Month, flows: Mapping[int, Flow], everybody: Flow
) -> Found:
    """D4: where those who left a programme went, from where the new ones came, and why they left.

    Whoever came from nowhere stands in the rows of `none`.
    """
    codes = {number: members.by_id[number].code for number in flows}
    new = {codes[number]: flow.new for number, flow in flows.items()}
    came_anywhere = together(new.values())
    moved: list[Cell] = []
    reasons: list[Cell] = []
    by_reason: dict[str, BitMap] = {}
    for number, flow in flows.items():
        left = flow.left
        for to, people in _gone_to(left, new, came_anywhere, everybody.now):
            moved.append(share_cell((codes[number], to), len(people), len(flow.before)))
        for reason, people in why_left(members, number, month, left):
            reasons.append(share_cell((codes[number], reason), len(people), len(left)))
            by_reason[reason] = by_reason.get(reason, BitMap()) | people
    newcomers = everybody.new
    for to, people in new.items():
        if shared := newcomers.intersection_cardinality(people):
            moved.append(share_cell((NONE, to), shared, len(newcomers)))
    leavers = len(together(by_reason.values()))
    gone = [
        share_cell((to, reason), len(people), leavers)
        for reason, left in by_reason.items()
        for to, people in _gone_to(left, new, came_anywhere, everybody.now)
    ]
    return {
        ("D4", breakdown_of("programme", "to")): moved,
        ("D4", breakdown_of("programme", "part")): reasons,
        ("D4", breakdown_of("to", "part")): gone,
    }


def _gone_to(
    left: BitMap, new: Mapping[str, BitMap], came_anywhere: BitMap, now: BitMap
) -> Iterator[tuple[str, BitMap]]:
    """Those who left by where they went; whoever went to two programmes stands in both."""
    went = left & came_anywhere
    if went:
        for code, people in new.items():
            if shared := went & people:
                yield code, shared
    nowhere = left - now
    if nowhere:
        yield NONE, nowhere
    if elsewhere := left - went - nowhere:
        yield LEFT, elsewhere
