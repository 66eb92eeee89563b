"""What would be otherwise: a form for one change, and what it would do. Nothing is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from litestar import Response

from ibr.codelists.people import SEX, SEX_OF_NUMBER
from ibr.coverage.engine.ground import Ground, ground_folder
from ibr.coverage.figures.model import value_of
from ibr.coverage.what_if.model import Line, Outcome
from ibr.coverage.what_if.read_step import KINDS, NEW, step_of
from ibr.errors import NotFound, NotUnderstood
from ibr.questions.map_of_areas import MapOfAreas, map_of_areas
from ibr.questions.what_if import Simulated, ground_in, what_if
from ibr.web import exact
from ibr.web.answers import page
from ibr.web.sheet import say_nothing
from ibr.web.visit import Visit
from ibr.web.what_if_words import Teller, assumptions, change_in_words, not_known

_MANY: Final = ("programme", "area", "also_in", "not_in")
_ONE: Final = (
    *("kind", "age_from", "age_to", "sex", "disability", "amount", "take_up"),
    *("first", "second", "loses", "unit"),
)


class Row(msgspec.Struct, frozen=True):
    """A line of a table, written out."""

    name: str
    before: str
    after: str
    change: str
    share_before: str
    share_after: str
    money_before: str
    money_after: str


async def show(visit: Visit) -> Response[str]:
    title = visit.say("What would be if")
    folder: Path = ground_folder(visit.services.settings.data_dir)
    named = await map_of_areas(visit.services.database, visit.services.kept, visit.asker())
    try:
        ground = await ground_in(folder)
    except NotFound:
        return say_nothing(visit, title, "", 200, back="")
    given = _given(visit)
    names = _Names(visit, named)
    if not given["run"]:
        return _page(visit, ground, names, given, {}, None)
    try:
        step = step_of({**given, "kind": [given["kind"][0]]})
        found = await what_if(visit.services.database, visit.asker(), folder, [step])
    except NotUnderstood as wrong:
        field = wrong.field or "kind"
        return _page(visit, ground, names, given, {field: _problem(visit, field)}, None)
    return _page(visit, ground, names, given, {}, found)


def _given(visit: Visit) -> dict[str, list[str]]:
    """What the address says: texts by field, empty where it says nothing."""
    asked = visit.request.query_params
    given = {field: [str(each) for each in asked.getall(field, [])] for field in _MANY}
    given |= {field: [str(asked.get(field) or "")] for field in _ONE}
    given["run"] = ["yes"] if asked.get("run") == "yes" else []
    if given["kind"][0] not in KINDS:
        given["kind"] = [KINDS[0]]
    return given


class _Names:
    """Programmes, areas and groups as the reader calls them."""

    def __init__(self, visit: Visit, named: MapOfAreas) -> None:
        self._visit = visit
        self._named = named

    @property
    def programmes(self) -> Mapping[str, Mapping[str, str]]:
        return self._named.programmes

    def programme(self, code: str) -> str:
        if code == NEW:
            return self._visit.say("The new programme")
        return self._visit.written.name(self._named.programmes.get(code, {}), code)

    def area(self, code: str) -> str:
        if not code:
            return self._visit.say("Not known")
        found = self._named.areas.get(code)
        return self._visit.written.name(found.names, code) if found else code

    def sex(self, code: str) -> str:
        return self._visit.written.code(SEX, SEX_OF_NUMBER.get(int(code), "unknown"))

    def age(self, code: str) -> str:
        return code.replace("-", "–") if code else self._visit.say("Not known")

    def teller(self) -> Teller:
        written = self._visit.written
        return Teller(self._visit.say, self.programme, self.area, written.count, written.money)


def _page(
    visit: Visit,
    ground: Ground,
    names: _Names,
    given: dict[str, list[str]],
    problems: dict[str, str],
    found: Simulated | None,
) -> Response[str]:
    return page(
        visit,
        "what_if.html",
        status=400 if problems else 200,
        ground=ground,
        given=given,
        one={field: given[field][0] for field in _ONE},
        kind=given["kind"][0],
        kinds=KINDS,
        problems=problems,
        programmes=sorted((code, names.programme(code)) for code in ground.programmes),
        areas=sorted((code, names.area(code)) for code in ground.areas if code),
        names=names,
        found=found,
        lacking_names=names.programmes,
        result=None if found is None else _result(visit, names, found.outcome),
    )


def _result(visit: Visit, names: _Names, outcome: Outcome) -> dict[str, object]:
    """Everything that the template writes of a simulation."""
    to = names.teller()
    return {
        "title": "; ".join(change_in_words(step, to) for step in outcome.steps),
        "assumptions": assumptions(outcome, to),
        "not_known": not_known(outcome, to),
        "whole": _row(visit, "", outcome.whole),
        "money_short": " + ".join(
            visit.written.short_money(minor, currency)
            for currency, minor in sorted(outcome.whole.after.money.items())
        )
        or exact.NONE,
        "over_100": any(
            line.whole and max(line.before.people, line.after.people) > line.whole
            for line in (
                outcome.whole,
                *outcome.programmes,
                *outcome.sexes,
                *outcome.ages,
                *outcome.areas,
            )
        ),
        "programmes": [_row(visit, names.programme(each.key), each) for each in outcome.programmes],
        "groups": [
            (visit.say("By sex"), visit.say("Sex"), _rows(visit, outcome.sexes, names.sex)),
            (visit.say("By age"), visit.say("Age"), _rows(visit, outcome.ages, names.age)),
            (visit.say("By region"), visit.say("Region"), _rows(visit, outcome.areas, names.area)),
        ],
    }


def _rows(visit: Visit, lines: Sequence[Line], name: Callable[[str], str]) -> list[Row]:
    return [_row(visit, name(line.key), line) for line in lines]


def _row(visit: Visit, name: str, line: Line) -> Row:
    written = visit.written
    before, after = line.before, line.after

    def share(people: int) -> str:
        return exact.percent(written, value_of(people, line.whole))

    change = after.people - before.people
    return Row(
        name=name,
        before=written.count(before.people),
        after=written.count(after.people),
        change=("+" if change > 0 else "") + written.count(change) if change else "0",
        share_before=share(before.people),
        share_after=share(after.people),
        money_before=written.all_money(before.money),
        money_after=written.all_money(after.money),
    )


def _problem(visit: Visit, field: str) -> str:
    """What to mend in a field, in the reader's language."""
    say = visit.say
    return {
        "programme": say("Choose a programme of the list."),
        "first": say("Choose a programme of the list."),
        "second": say("Choose two different programmes."),
        "age_from": say("Write an age in years from 0 to 130, or leave it empty."),
        "age_to": say("Write an age in years that is not below the youngest, or leave it empty."),
        "sex": say("Choose women, men, or everybody."),
        "area": say("Choose regions of the list."),
        "amount": say("Write an amount with its currency, for example XTS 500.00."),
        "take_up": say("Write a share from 0 to 100 percent."),
        "loses": say("Choose which of the two gives way; in households it cannot be the smaller."),
        "unit": say("Choose whether it is about a person or a household."),
    }.get(field, say("Choose what to simulate."))
