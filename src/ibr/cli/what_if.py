"""`ibr indicators what-if`: what a change would do, over the people recorded. Keeps nothing."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ibr.cli.show import command, data, said, settings_and_database, table, wait_for
from ibr.coverage.engine.ground import ground_folder
from ibr.coverage.what_if.model import Line, Step
from ibr.coverage.what_if.read_step import NEW, step_of
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood
from ibr.questions.what_if import Simulated, ground_in, simulated
from ibr.reported.values import write_money
from ibr.web.what_if_words import Teller, assumptions, change_in_words, not_known

_LISTS = {"area", "also_in", "not_in"}
_NAMED = {
    "age": {"ages", "take_up"},
    "exclude": {"loses", "unit"},
    "open": {"ages", "sex", "disability", "amount", "take_up", *_LISTS},
}
_MARK = "SIMULATION: not a figure of the registry."


_EXAMPLES = """Changes, one after the other, each in quotes:
"close PEN DIS",
"age PEN 62- take_up=70" (ages as 62-, -17, 18-64 or any),
"exclude PEN DIS loses=DIS unit=household" (without loses the smaller one gives way),
"open ages=60-64 sex=female disability=yes area=R01,R02 also_in=PEN not_in=DIS
amount='XTS 500.00' take_up=80"."""


@command
def what_if(
    changes: Annotated[list[str], typer.Argument(help=_EXAMPLES)],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What closing or opening programmes, another age limit or an incompatible pair would do."""
    steps = [step_of(asked_by(each)) for each in changes]
    settings, location = settings_and_database()
    found = wait_for(_simulated(location.dsn, ground_folder(settings.data_dir), steps))
    if json:
        data({"simulation": found})
    else:
        _show(found)


def asked_by(text: str) -> dict[str, list[str]]:
    """A change in words, as fields: the kind, its programmes, and what is named with `=`."""
    try:
        kind, *words = shlex.split(text)
    except ValueError:
        raise _not_understood() from None
    plain = [word for word in words if "=" not in word]
    asked = {"kind": [kind]}
    for word in words:
        name, between, value = word.partition("=")
        if between and name not in _NAMED.get(kind, ()):
            raise _not_understood()
        if between:
            asked[name] = value.split(",") if name in _LISTS else [value]
    if kind == "age" and len(plain) == 2:
        asked["ages"] = [plain.pop()]
    fields = {"close": len(plain), "age": 1, "exclude": 2, "open": 0}.get(kind)
    if fields is None or len(plain) != fields:
        raise _not_understood()
    if kind == "exclude":
        asked |= {"first": plain[:1], "second": plain[1:]}
    else:
        asked["programme"] = plain
    youngest, between, oldest = asked.pop("ages", ["any"])[0].partition("-")
    if between:
        asked |= {"age_from": [youngest], "age_to": [oldest]}
    elif youngest != "any":
        raise _not_understood()
    return asked


def _not_understood() -> NotUnderstood:
    return NotUnderstood(
        "what_if.words", "A change could not be read. See: ibr indicators what-if --help"
    )


async def _simulated(dsn: str, folder: Path, steps: Sequence[Step]) -> Simulated:
    ground = await ground_in(folder)
    async with owner_transaction(dsn) as connection:
        return await simulated(connection, ground, steps)


def _show(found: Simulated) -> None:
    outcome = found.outcome
    to = Teller(
        say=str,
        name=lambda code: "the new programme" if code == NEW else code,
        area=str,
        count=lambda value: f"{value:,}",
        money=write_money,
    )
    said(_MARK)
    for step in outcome.steps:
        said(change_in_words(step, to) + ".")
    said(
        f"Over {outcome.recorded:,} people recorded, in {outcome.month}, as known at "
        f"{outcome.as_known_at:%Y-%m-%d %H:%M} UTC."
    )
    for late in found.not_reported:
        said(f"Not in these figures: {late.programme}, due by {late.due_on}.")
    _lines("Everybody", [outcome.whole])
    _lines("By programme", outcome.programmes)
    _lines("By sex (1 male, 2 female)", outcome.sexes)
    _lines("By age", outcome.ages)
    _lines("By region", outcome.areas)
    table(
        "Overlap",
        ("programmes", "people before", "people after"),
        [
            (" + ".join(map(to.name, each.key)), f"{each.before:,}", f"{each.after:,}")
            for each in (*outcome.by_number, *outcome.pairs)
        ],
    )
    said(
        f"{outcome.lose_all:,} lose every benefit, {outcome.lose_some:,} lose one and keep "
        f"another; {outcome.reached_anew:,} are reached anew, {outcome.gain_more:,} come to one "
        "more."
    )
    if found.agrees is False:
        said(
            "What stands before is not what was frozen for the month: figures were worked out anew."
        )
    for title, sentences in (
        ("Assumed:", assumptions(outcome, to)),
        ("Not known:", not_known(outcome, to)),
    ):
        said(title)
        for each in sentences:
            said(f"- {each}")
    said(_MARK)


def _lines(title: str, lines: Sequence[Line]) -> None:
    table(
        title,
        ("", "people before", "people after", "population", "money before", "money after"),
        [
            (
                "the new programme" if each.key == NEW else each.key or "–",
                f"{each.before.people:,}",
                f"{each.after.people:,}",
                None if each.whole is None else f"{each.whole:,}",
                _money(each.before.money),
                _money(each.after.money),
            )
            for each in lines
        ],
    )


def _money(money: Mapping[str, int]) -> str:
    return " + ".join(write_money(money[each], each) for each in sorted(money))
