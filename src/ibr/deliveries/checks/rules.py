"""When a delivery is out of the ordinary; pure.

The rules are K25 of the catalogue of checks: a whole delivery that does not look like those before
it is more often a mistake of the sender's system than a change in the world, and once merged it is
told on to everybody. So it waits for a person's look.

A comparison with the last cycle is made only where the sender says which cycle a delivery is for:
a delivery that names none is news of any size. Corrections are of any size too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ibr.deliveries.checks.model import (
    ENDED_PEOPLE,
    MONEY_LESS,
    MONEY_MORE,
    MONEY_TOTAL,
    NEW_CODES,
    NEW_PEOPLE,
    OTHER_PROGRAMME,
    PEOPLE_TOTAL,
    RECORDS_FEWER,
    RECORDS_MORE,
    RECORDS_TOTAL,
    REFUSED_SHARE,
    SAME_CONTENT,
    SEQUENCE_AGAIN,
    SEQUENCE_GAP,
    STATUSES_CHANGED,
    VOID_ASKED,
    Anomaly,
    Before,
    CheckTerms,
    Found,
    Level,
    Told,
)

_COMPARED_MODES = ("initial", "delta")


def is_held(anomalies: Sequence[Anomaly]) -> bool:
    """Whether a person must look at the delivery before it is merged."""
    return any(each.level == "hold" for each in anomalies)


def of_the_whole(told: Told, found: Sequence[Found], *, items: int, refused: int) -> list[Anomaly]:
    """What the sender's own words say of the delivery: totals, the programme.

    `items` are all of its records, `refused` those set aside, of whatever programme.
    """
    return list(_of_totals(told, found, items, refused))


def _of_totals(told: Told, found: Sequence[Found], items: int, refused: int) -> Iterator[Anomaly]:
    totals = told.totals
    if totals.records is not None and totals.records != items:
        yield _held(RECORDS_TOTAL, items, totals.records)
    people = sum(each.people for each in found)
    # A record that was set aside may be of somebody: only a difference that these cannot make up
    # is one.
    if totals.people is not None and not people <= totals.people <= people + refused:
        yield _held(PEOPLE_TOTAL, people, totals.people)
    money = _sum(each.money for each in found)
    for currency in sorted({*totals.money, *(money if totals.money else ())}):
        expected, is_ = totals.money.get(currency, 0), money.get(currency, 0)
        if expected != is_ and not (refused and is_ < expected):
            yield _held(MONEY_TOTAL, is_, expected, about=currency)
    if told.programme_id is not None:
        others = sum(each.records for each in found if each.programme_id != told.programme_id)
        if others:
            yield _held(OTHER_PROGRAMME, others, 0)


def of_the_sequence(told: Told, terms: CheckTerms) -> list[Anomaly]:
    """Whether the delivery follows those before it in its cycle, and whether it came before."""
    if told.same_content:
        return [Anomaly(code=SAME_CONTENT, level="note")]
    if told.mode == "void":
        return _at(terms.void, VOID_ASKED)
    if told.replaces:
        return _at(terms.void, VOID_ASKED)
    if told.sequence is None or told.cycle is None or told.mode == "correction":
        return []
    if told.sequence in told.sequences:
        return _at(terms.again, SEQUENCE_AGAIN, found=told.sequence)
    last = max(told.sequences, default=None)
    if last is not None and told.sequence > last + 1:
        return _at(terms.gap, SEQUENCE_GAP, found=told.sequence, expected=last + 1)
    return []


def of_a_programme(told: Told, found: Found, before: Before, terms: CheckTerms) -> list[Anomaly]:
    """How what a delivery says of one programme compares with what that programme sent before."""
    if told.mode not in _COMPARED_MODES or told.same_content:
        return []
    anomalies = list(_of_codes(found, before, terms))
    if found.records + found.refused >= terms.smallest:
        anomalies += _of_shares(told, found, before, terms)
    if told.cycle is not None and before.cycle is not None:
        anomalies += _of_the_cycle(found, before, terms)
    return [_about(each, found.programme_id) for each in anomalies]


def _of_shares(told: Told, found: Found, before: Before, terms: CheckTerms) -> Iterator[Anomaly]:
    share = found.refused / (found.records + found.refused)
    if terms.refused is not None and share > terms.refused:
        yield Anomaly(code=REFUSED_SHARE, level="hold", found=share, limit=terms.refused)
    if found.restated and terms.changed is not None:
        share = found.changed / found.restated
        if found.restated >= terms.smallest and share >= terms.changed:
            yield Anomaly(code=STATUSES_CHANGED, level="hold", found=share, limit=terms.changed)
    if found.known and terms.ended is not None:
        share = found.ended / found.known
        if found.known >= terms.smallest and share > terms.ended:
            yield Anomaly(code=ENDED_PEOPLE, level="hold", found=share, limit=terms.ended)
    if told.cycle is not None and before.cycle is not None and terms.fresh is not None:
        share = (found.people - found.known) / found.people if found.people else 0.0
        if share > terms.fresh:
            yield Anomaly(code=NEW_PEOPLE, level="hold", found=share, limit=terms.fresh)


def _of_the_cycle(found: Found, before: Before, terms: CheckTerms) -> Iterator[Anomaly]:
    """More than the whole last cycle may be judged at once; less only against its like."""
    if max(before.records, found.records) < terms.smallest:
        return
    if terms.records is not None:
        so_far = before.so_far_records + found.records
        if so_far > before.records * (1 + terms.records):
            yield _compared(RECORDS_MORE, so_far, before.records, terms.records)
        elif before.like and found.records < before.like.records * (1 - terms.records):
            yield _compared(RECORDS_FEWER, found.records, before.like.records, terms.records)
    if terms.money is None:
        return
    for currency in sorted({*before.money, *found.money}):
        last, is_ = before.money.get(currency, 0), found.money.get(currency, 0)
        so_far = before.so_far_money.get(currency, 0) + is_
        like = before.like.money.get(currency, 0) if before.like else 0
        if before.money and so_far > last * (1 + terms.money):
            yield _compared(MONEY_MORE, so_far, last, terms.money, about=currency)
        elif like and is_ < like * (1 - terms.money):
            yield _compared(MONEY_LESS, is_, like, terms.money, about=currency)


def _of_codes(found: Found, before: Before, terms: CheckTerms) -> Iterator[Anomaly]:
    if not before.codes or terms.new_codes == "off":
        return
    new = sorted(
        f"{field} {code}"
        for field, codes in found.codes.items()
        for code in codes - before.codes.get(field, set())
    )
    if new:
        yield Anomaly(
            code=NEW_CODES, level=terms.new_codes, found=len(new), about=", ".join(new)[:200]
        )


def _held(code: str, found: int, expected: int, *, about: str | None = None) -> Anomaly:
    return Anomaly(code=code, level="hold", found=found, expected=expected, about=about)


def _compared(
    code: str, found: int, expected: int, limit: float, *, about: str | None = None
) -> Anomaly:
    return Anomaly(
        code=code, level="hold", found=found, expected=expected, limit=limit, about=about
    )


def _at(
    level: Level, code: str, *, found: int | None = None, expected: int | None = None
) -> list[Anomaly]:
    return (
        [] if level == "off" else [Anomaly(code=code, level=level, found=found, expected=expected)]
    )


def _about(anomaly: Anomaly, programme_id: int) -> Anomaly:
    return Anomaly(
        code=anomaly.code,
        level=anomaly.level,
        programme_id=programme_id,
        found=anomaly.found,
        expected=anomaly.expected,
        limit=anomaly.limit,
        about=anomaly.about,
    )


def _sum(several: Iterator[Mapping[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for each in several:
        for currency, value in each.items():
            totals[currency] = totals.get(currency, 0) + value
    return totals
