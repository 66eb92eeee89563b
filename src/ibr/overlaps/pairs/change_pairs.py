"""Enters which programmes go together, replaces it, ends it; and the rules of one programme alike.

What was entered once stays: a row is replaced by others that say what holds from which day, so it
can always be said what the registry went by on a day, and what it goes by for a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from ibr.asker import Asker
from ibr.audit.events import PAIR_ENDED, PAIR_SET, RULE_ENDED, RULE_SET
from ibr.audit.record import record_event
from ibr.db.locks import hold_pairs
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotFound
from ibr.overlaps.pairs import store
from ibr.overlaps.pairs.model import Interval, KeptPair, KeptRule, Pair, Rule
from ibr.overlaps.pairs.rules import check_pair, check_rule, left_of, overlap, stands_for, wrong

_COMMAND_LINE = "command line"


async def set_pair(
    connection: Connection,
    pair: Pair,
    at: datetime,
    *,
    asker: Asker | None = None,
    instead_of: int | None = None,
) -> bool:
    """Enters a pair in place of what is said of the same two programmes, unit and days.

    False where the very same is said already. `instead_of` is the row that its author saw:
    Conflict where somebody replaced that one meanwhile.
    """
    numbers = await store.programmes(connection)
    pair = _in_order(_with_codes(pair, numbers), numbers)
    check_pair(pair)
    await hold_pairs(connection)
    of = (numbers[pair.first], numbers[pair.second])
    there = [each for each in await store.pairs(connection, of=of) if each.pair.unit == pair.unit]
    if any(each.pair == pair for each in there):
        return False
    seen = [each for each in there if each.pair_no == instead_of]
    if instead_of is not None and not seen:
        raise Conflict(
            "pair.changed",
            "Somebody has changed this meanwhile. Look at it again, and change it if you still "
            "want to.",
        )
    who = asker.name if asker else _COMMAND_LINE
    new = Interval(pair.valid_from, pair.valid_to)
    for each in there:
        old = Interval(each.pair.valid_from, each.pair.valid_to)
        if overlap(old, new):
            await store.replace_pair(connection, each.pair_no, at)
            for part in left_of(old, new):
                kept = _pair_on(each.pair, part)
                await store.put_pair(connection, kept, numbers, at, each.changed_by)
    number = await store.put_pair(connection, pair, numbers, at, who)
    details: dict[str, object] = {
        "pair": number,
        "programmes": [pair.first, pair.second],
        "relation": pair.relation,
        "unit": pair.unit,
        "valid_from": pair.valid_from.isoformat(),
    }
    await record_event(connection, kind=PAIR_SET, asker=asker, details=details, at=at)
    return True


async def end_pair(
    connection: Connection,
    pair_no: int,
    last_day: date,
    at: datetime,
    *,
    asker: Asker | None = None,
) -> None:
    """Ends a pair after its last day; with one before its first day it is taken back whole."""
    numbers = await store.programmes(connection)
    await hold_pairs(connection)
    found = [each for each in await store.pairs(connection) if each.pair_no == pair_no]
    if not found:
        raise NotFound(
            "pair.unknown",
            "There is no such pair, or another has taken its place. Look at the list.",
        )
    pair = found[0].pair
    if pair.valid_to is not None and last_day >= pair.valid_to:
        raise wrong("valid_to", "It ends before that day already.")
    await store.replace_pair(connection, pair_no, at)
    if last_day >= pair.valid_from:
        ended = _pair_on(pair, Interval(pair.valid_from, last_day))
        await store.put_pair(connection, ended, numbers, at, asker.name if asker else _COMMAND_LINE)
    await record_event(
        connection,
        kind=PAIR_ENDED,
        asker=asker,
        details={
            "pair": pair_no,
            "programmes": [pair.first, pair.second],
            "last_day": last_day.isoformat(),
        },
        at=at,
    )


async def every_pair(connection: Connection, *, history: bool = False) -> list[KeptPair]:
    """The pairs that count, by programme; with `history` also those that were replaced."""
    return await store.pairs(connection, history=history)


async def pair_codes(connection: Connection) -> list[str]:
    """The codes of all programmes, in order."""
    return list(await store.programmes(connection))


async def programme_numbers(connection: Connection) -> list[int]:
    """The numbers of all programmes."""
    return sorted((await store.programmes(connection)).values())


async def set_rule(
    connection: Connection, rule: Rule, at: datetime, *, asker: Asker | None = None
) -> bool:
    """Enters a rule in place of what is said of the same for these days; False where it is."""
    numbers = await store.programmes(connection)
    code = _code(rule.programme, numbers, "programme")
    rule = msgspec.structs.replace(rule, programme=code)
    check_rule(rule)
    await hold_pairs(connection)
    there = [
        each
        for each in await store.rules(connection, programme=numbers[code], kind=rule.kind)
        if stands_for(rule.kind, each.rule.value) == stands_for(rule.kind, rule.value)
    ]
    if any(each.rule == rule for each in there):
        return False
    new = Interval(rule.valid_from, rule.valid_to)
    for each in there:
        old = Interval(each.rule.valid_from, each.rule.valid_to)
        if overlap(old, new):
            await store.replace_rule(connection, each.rule_no, at)
            for part in left_of(old, new):
                kept = msgspec.structs.replace(each.rule, valid_from=part.first, valid_to=part.last)
                await store.put_rule(connection, kept, numbers[code], at, each.changed_by)
    who = asker.name if asker else _COMMAND_LINE
    number = await store.put_rule(connection, rule, numbers[code], at, who)
    await record_event(
        connection,
        kind=RULE_SET,
        asker=asker,
        details={"rule": number, "programme": code, "kind": rule.kind},
        at=at,
    )
    return True


async def end_rule(
    connection: Connection, rule_no: int, last_day: date, at: datetime, asker: Asker | None = None
) -> None:
    """Ends a rule after its last day; with one before its first day it is taken back whole."""
    numbers = await store.programmes(connection)
    await hold_pairs(connection)
    found = [each for each in await store.rules(connection) if each.rule_no == rule_no]
    if not found:
        raise NotFound(
            "rule.unknown",
            "There is no such rule, or another has taken its place. See `ibr rules list`.",
        )
    rule = found[0].rule
    if rule.valid_to is not None and last_day >= rule.valid_to:
        raise wrong("valid_to", "It ends before that day already.")
    await store.replace_rule(connection, rule_no, at)
    if last_day >= rule.valid_from:
        ended = msgspec.structs.replace(rule, valid_to=last_day)
        who = asker.name if asker else _COMMAND_LINE
        await store.put_rule(connection, ended, numbers[rule.programme], at, who)
    details: dict[str, object] = {"rule": rule_no, "last_day": last_day.isoformat()}
    await record_event(connection, kind=RULE_ENDED, asker=asker, details=details, at=at)


async def every_rule(connection: Connection, *, history: bool = False) -> list[KeptRule]:
    """The rules that count, by programme; with `history` also those that were replaced."""
    return await store.rules(connection, history=history)


def _with_codes(pair: Pair, numbers: dict[str, int]) -> Pair:
    """The pair with its programmes' codes as the catalogue writes them."""
    entitled = pair.conditions.entitled_to
    return msgspec.structs.replace(
        pair,
        first=_code(pair.first, numbers, "first"),
        second=_code(pair.second, numbers, "second"),
        keeps=_code(pair.keeps, numbers, "keeps") if pair.keeps else None,
        conditions=msgspec.structs.replace(
            pair.conditions,
            entitled_to=_code(entitled, numbers, "entitled_to") if entitled else None,
        ),
    )


def _code(code: str, numbers: dict[str, int], field: str) -> str:
    for each in numbers:
        if each.casefold() == code.strip().casefold():
            return each
    raise wrong(field, f"{field} is the code of a programme in the catalogue.")


def _in_order(pair: Pair, numbers: dict[str, int]) -> Pair:
    """The pair with the programme of the smaller number first, as it is kept."""
    first, second = sorted((pair.first, pair.second), key=lambda code: numbers[code])
    return msgspec.structs.replace(pair, first=first, second=second)


def _pair_on(pair: Pair, days: Interval) -> Pair:
    return msgspec.structs.replace(pair, valid_from=days.first, valid_to=days.last)


async def set_all(
    connection: Connection,
    pairs: Sequence[Pair],
    rules: Sequence[Rule],
    at: datetime,
    *,
    asker: Asker | None = None,
) -> int:
    """Enters pairs and rules in their order; how many said something new."""
    new = [await set_pair(connection, each, at, asker=asker) for each in pairs]
    new += [await set_rule(connection, each, at, asker=asker) for each in rules]
    return sum(new)
