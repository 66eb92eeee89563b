"""One row, or the rows of one household, as news of one beneficiary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec

from ibr.files.mapping.model import Column
from ibr.files.mapping.model import Mapping as FileMapping
from ibr.files.mapping.targets import aim_of
from ibr.files.reading.model import Row
from ibr.files.records.cells import MOST_VALUE, Place
from ibr.files.records.parts import About, Benefit, Parts, parts_of, put
from ibr.reported.beneficiary import Refusal, Reported
from ibr.reported.facts import Unreadable, facts_of, unreadable
from ibr.reported.parts import Given
from ibr.reported.person import Group, Member
from ibr.reported.values import read_money

_HEAD: Final = "SELF"
T = TypeVar("T")


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of every row of a file: the programme, and the moment its news speaks of."""

    programme_id: int
    programme_code: str
    as_of: datetime
    cycle_start: datetime
    currency: str | None
    benefit_type: int | None


class Builder:
    """Makes records of rows by one mapping."""

    def __init__(self, mapping: FileMapping, titles: Sequence[str], terms: Terms) -> None:
        self._mapping = mapping
        self._terms = terms
        at = {title: place for place, title in enumerate(titles)}
        self._places = [
            Place(at[column.column], column.column, aim_of(column.to), column)
            for column in mapping.columns
            if column.to and column.column in at
        ]
        self._constants = [
            (
                Place(-1, target, aim_of(target), Column(target, target, dates="ymd", decimal=".")),
                value,
            )
            for target, value in mapping.constants.items()
            if value
        ]
        self._titles = {place.aim.name: place.title for place in reversed(self._places)}

    @property
    def household_place(self) -> int | None:
        """The column with the household's number, where rows of one household are one record."""
        if self._mapping.rows != "member":
            return None
        return next(
            (place.at for place in self._places if place.aim.name == "group_identifier"), None
        )

    def what_counts(self, rows: Sequence[Row]) -> list[str]:
        """The cells that are read, of all these rows: two records that differ elsewhere only say
        the same."""
        return [
            cells[place.at] if place.at < len(cells) else ""
            for _, cells in rows
            for place in self._places
        ]

    def record(self, item_no: int, rows: Sequence[Row]) -> list[Reported] | Refusal:
        """The news of one row, or of the rows of one household; or why it is set aside."""
        reference = f"row {rows[0][0]}"
        try:
            several = [self._parts(cells) for _, cells in rows]
            reference = several[0].reference or reference
            return [self._reported(item_no, reference, several)]
        except Unreadable as wrong:
            field = self._titles.get(wrong.field or "", wrong.field)
            return Refusal(
                item_no, reference, wrong.code, wrong.message, field, self._terms.programme_id
            )

    def _parts(self, cells: list[str]) -> Parts:
        parts = parts_of(cells, self._places, self._terms.as_of)
        for place, value in self._constants:
            self._put_constant(parts, place, value)
        return parts

    def _put_constant(self, parts: Parts, place: Place, value: str) -> None:
        """Says what no column says. What is fixed of benefits holds for each that the row has; a
        fixed amount makes one of every row."""
        aim = place.aim
        if not aim.benefit:
            if not _is_said(parts, place):
                put(parts, place, value, self._terms.as_of)
            return
        if aim.name == "value":
            parts.benefits.setdefault(1, Benefit())
        for number, benefit in parts.benefits.items():
            if getattr(benefit, "number" if aim.name == "value" else aim.name) is None:
                numbered = msgspec.structs.replace(aim, benefit=number)
                there = msgspec.structs.replace(place, aim=numbered)
                put(parts, there, value, self._terms.as_of)

    def _reported(self, item_no: int, reference: str, several: Sequence[Parts]) -> Reported:
        first = several[0]
        if self._mapping.rows == "member" and not first.group_identifiers:
            title = self._titles.get("group_identifier", "household")
            raise unreadable(
                title,
                f"{title} is empty, so nobody knows which household the row belongs to."
                " Enter the household's number.",
            )
        head = _head_of(several) if len(several) > 1 or self._mapping.rows == "member" else first
        self._check_programme(several)
        unit = first.unit or self._mapping.unit
        people = self._people(several, head)
        member = people[0] if people else None
        group = self._group(several, head, people)
        terms = self._terms
        benefits = [
            self._given(benefit)
            for parts in several
            for benefit in parts.benefits.values()
            if benefit.given
        ]
        return Reported(
            item_no=item_no,
            reference_id=reference,
            programme_code=terms.programme_code,
            unit=unit,
            member=member,
            group=group,
            facts=facts_of(member, group, terms.as_of),
            enrolled_at=_first(parts.enrolled_on for parts in (head, *several)),
            status=_first(parts.status for parts in (head, *several)),
            status_at=(at := _first(parts.status_on for parts in (head, *several))),
            status_dates=[at] if at else [],
            benefits=list(dict.fromkeys(benefits)),
            warnings=tuple(sorted(set().union(*(parts.warnings for parts in several)))),
        )

    def _check_programme(self, several: Sequence[Parts]) -> None:
        for parts in several:
            if (
                parts.programme
                and parts.programme.casefold() != self._terms.programme_code.casefold()
            ):
                title = self._titles.get("programme", "programme")
                raise unreadable(
                    title,
                    f"{title} names another programme than the file was sent for. Send a file for "
                    "each programme, or mend the row.",
                )

    def _people(self, several: Sequence[Parts], head: Parts) -> list[Member]:
        """The members, the head of the household first."""
        alone = len(several) == 1 and self._mapping.rows == "record"
        abouts: list[About]
        if alone:
            abouts = [head.own, *(about for _, about in sorted(head.members.items()))]
            if head.members and not head.own.relationship:
                head.own.relationship = _HEAD
        else:
            head.own.relationship = _HEAD
            abouts = [head.own, *(parts.own for parts in several if parts is not head)]
        return [made for about in abouts if (made := about.made()) is not None]

    def _group(
        self, several: Sequence[Parts], head: Parts, people: Sequence[Member]
    ) -> Group | None:
        group = head.made_group() or next(
            (made for parts in several if (made := parts.made_group()) is not None), None
        )
        together = self._mapping.rows == "member" or len(people) > 1
        if not together:
            return group
        listed = list(people)
        if group is None:
            return Group(kind="Group", member_list=listed)
        return msgspec.structs.replace(group, member_list=listed)

    def _given(self, benefit: Benefit) -> Given:
        terms = self._terms
        kind = int(benefit.type) if benefit.type else terms.benefit_type or 1
        money = None
        if benefit.number is not None:
            written = f"{benefit.currency} {benefit.number}" if benefit.currency else benefit.number
            money = read_money(written, terms.currency)
            if money is None:
                raise unreadable(
                    benefit.title,
                    f"{benefit.title} is no amount in a known currency, or is finer than the "
                    "currency; write it as 1500.00 and the currency as KES.",
                )
            if money[0] > MOST_VALUE:
                raise unreadable(benefit.title, f"{benefit.title} is larger than any benefit.")
        return Given(
            kind,
            benefit.date or terms.cycle_start,
            money[0] if money else None,
            money[1] if money else None,
            benefit.quantity,
            benefit.description,
        )


def _is_said(parts: Parts, place: Place) -> bool:
    """Whether the row itself says what a constant would say."""
    aim = place.aim
    about = parts.members.get(aim.member) if aim.member else parts.own
    if about is None:
        return True
    if aim.name in ("reference", "programme", "unit", "status", "status_on", "enrolled_on"):
        return getattr(parts, aim.name) not in (None, "")
    return aim.name in {**about.name, **about.about, **about.address, **about.member, **parts.group}


def _head_of(several: Sequence[Parts]) -> Parts:
    """The row of the household's head; the first where none says that it is."""
    return next((parts for parts in several if parts.own.relationship == _HEAD), several[0])


def _first(values: Iterable[T | None]) -> T | None:
    """The first that is there."""
    return next((value for value in values if value is not None), None)
