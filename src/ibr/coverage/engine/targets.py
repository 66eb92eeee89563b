"""Whom a programme is for: its target group, by its rules. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Protocol

import msgspec

from ibr.coverage.facts.model import FactProgramme
from ibr.coverage.population.model import ALL, EVERY_AGE, OPEN, Ages

# Many censuses ask about disability from the age of five on.
FROM_FIVE: Final = Ages(5, OPEN)


class Population(Protocol):
    """How many people of a sex, of these ages and of a group live in an area, where it is known."""

    def __call__(
        self, area: str | None = ..., sex: int = ..., ages: Ages = ..., group: str = ..., /
    ) -> int | None: ...


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The target group of a programme on a day.

    `is_known` is false where no rule says whom the programme is for; then everybody is meant.
    `of_members`: the rules are about a member of the household, so whoever lives with a direct
    beneficiary and fits is reached. `is_whole` is false where the population is counted for part
    of the group's ages only, and the target group was narrowed to these.
    """

    ages: Ages = EVERY_AGE
    sex: int = ALL
    disability: bool = False
    of_members: bool = False
    is_known: bool = False
    is_whole: bool = True

    @property
    def group(self) -> str:
        """The group of the population that it is part of."""
        return "disability" if self.disability else "all"


def target_of(programme: FactProgramme, day: date) -> Target:
    """The target group by all rules that hold on a day: where two say an age, both must fit."""
    rules = [rule for rule in programme.rules if rule.holds_on(day)]
    first = [_years(rule.value) for rule in rules if rule.kind == "age_from"]
    last = [_years(rule.value) for rule in rules if rule.kind == "age_to"]
    sexes = [int(rule.value["sex"]) for rule in rules if rule.kind == "sex"]
    disabled = any(rule.kind == "disability" and rule.value.get("required") for rule in rules)
    aged = [rule for rule in rules if rule.kind in ("age_from", "age_to")]
    return Target(
        ages=Ages(max(first, default=0), min(last, default=OPEN)),
        sex=sexes[-1] if sexes else ALL,
        disability=disabled,
        of_members=any(rule.value.get("of") == "member" for rule in aged),
        is_known=bool(aged or sexes or disabled),
    )


def targets_of(programmes: Mapping[int, FactProgramme], day: date) -> dict[int, Target]:
    return {number: target_of(each, day) for number, each in programmes.items()}


def countable(target: Target, people: Population) -> Target:
    """The part of a target group that the population can be told of: from five years on, where
    nobody counted younger people with a disability."""
    if not target.disability or people(None, target.sex, target.ages, target.group) is not None:
        return target
    older = Ages(max(target.ages.first, FROM_FIVE.first), target.ages.last)
    if older.first > older.last or people(None, target.sex, older, target.group) is None:
        return target
    return msgspec.structs.replace(target, ages=older, is_whole=False)


def caps_of(programme: FactProgramme, day: date) -> dict[str, int]:
    """Planned caseload by area; the empty code is the whole country."""
    found: dict[str, int] = {}
    for rule in programme.rules:
        if rule.kind == "caseload_cap" and rule.holds_on(day):
            found[str(rule.value.get("area") or "")] = int(rule.value["records"])
    return found


def _years(value: Mapping[str, Any]) -> int:
    return int(value["years"])
