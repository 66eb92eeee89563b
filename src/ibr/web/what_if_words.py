"""What a simulation assumed and cannot know, in sentences of the reader's language."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ibr.coverage.what_if.model import (
    HOUSEHOLD,
    SMALLER,
    WHOLE,
    ChangeAge,
    Close,
    Counted,
    Exclude,
    Open,
    Outcome,
    Step,
)


class Teller(msgspec.Struct, frozen=True):
    """How a reader is told: their language, names, numbers and money."""

    say: Callable[[str], str]
    name: Callable[[str], str]
    """Of a programme by its code."""
    area: Callable[[str], str]
    count: Callable[[int], str]
    money: Callable[[int, str], str]


def change_in_words(step: Step, to: Teller) -> str:
    """The change as a title."""
    say = to.say
    match step:
        case Close():
            return say("Closing %(programmes)s") % {
                "programmes": ", ".join(to.name(code) for code in step.programmes)
            }
        case Open():
            whom = "; ".join(_target(step, to))
            return say("Opening a programme for %(whom)s") % {"whom": whom}
        case ChangeAge():
            return say("%(programme)s for %(ages)s") % {
                "programme": to.name(step.programme),
                "ages": _ages(step.age_from, step.age_to, to),
            }
        case Exclude():
            return say("%(first)s and %(second)s exclude each other") % {
                "first": to.name(step.first),
                "second": to.name(step.second),
            }


def _ages(youngest: int | None, oldest: int | None, to: Teller) -> str:
    say = to.say
    if youngest is None and oldest is None:
        return say("people of every age")
    if oldest is None:
        return say("people from the age of %(from)s") % {"from": youngest}
    if youngest is None:
        return say("people up to the age of %(to)s") % {"to": oldest}
    return say("people from the age of %(from)s to %(to)s") % {"from": youngest, "to": oldest}


def _target(step: Open, to: Teller) -> list[str]:
    say = to.say
    said = [_ages(step.age_from, step.age_to, to)]
    if step.sex:
        said.append(say("men") if step.sex == 1 else say("women"))
    if step.disability:
        said.append(say("with a recorded disability"))
    if step.areas:
        said.append(
            say("in %(areas)s") % {"areas": ", ".join(to.area(each) for each in step.areas)}
        )
    if step.also_in:
        said.append(
            say("who receive from %(programmes)s")
            % {"programmes": ", ".join(to.name(code) for code in step.also_in)}
        )
    if step.not_in:
        said.append(
            say("who do not receive from %(programmes)s")
            % {"programmes": ", ".join(to.name(code) for code in step.not_in)}
        )
    return said


def assumptions(outcome: Outcome, to: Teller) -> list[str]:
    """Everything that was taken to be so, each step in its turn."""
    say = to.say
    said = []
    for step, counted in zip(outcome.steps, outcome.counted, strict=True):
        match step:
            case Close():
                said.append(say("Whoever loses the benefit gets no other one in its place."))
            case Open():
                said += _of_opening(step, counted, to)
            case ChangeAge():
                said += _of_ages(step, counted, to)
            case Exclude():
                said += _of_excluding(step, counted, to)
    said.append(
        say(
            "One month is simulated as if the change were in force in all of it; who would come or "
            "go of themselves is not."
        )
    )
    return list(dict.fromkeys(said))


def _of_opening(step: Open, counted: Counted, to: Teller) -> list[str]:
    say = to.say
    said = [
        say(
            "Of %(entitled)s recorded people whom it fits, %(share)s percent come to receive it: "
            "%(enter)s. Who they are is drawn evenly and always alike."
        )
        % {
            "entitled": to.count(counted.entitled),
            "share": step.take_up,
            "enter": to.count(counted.enter),
        }
    ]
    if step.amount_minor:
        said.append(
            say("Each of them receives %(amount)s a month.")
            % {"amount": to.money(step.amount_minor, step.currency)}
        )
    else:
        said.append(say("No amount was named, so it costs nothing here."))
    if counted.age_unknown:
        said.append(
            say("%(count)s people whose age is not known do not receive it.")
            % {"count": to.count(counted.age_unknown)}
        )
    return said


def _of_ages(step: ChangeAge, counted: Counted, to: Teller) -> list[str]:
    say = to.say
    said = []
    if counted.no_limit:
        said.append(
            say(
                "No age is recorded in the rules of %(programme)s, so nobody is newly let in; only "
                "those whom the new limit does not fit leave."
            )
            % {"programme": to.name(step.programme)}
        )
    elif counted.entitled:
        said.append(
            say(
                "Of %(entitled)s recorded people whom only the new limit fits, %(share)s percent "
                "come to receive it: %(enter)s. How many truly would is not known."
            )
            % {
                "entitled": to.count(counted.entitled),
                "share": step.take_up,
                "enter": to.count(counted.enter),
            }
        )
    if counted.enter:
        said.append(
            say("Each new one receives the average of today: %(amount)s.")
            % {"amount": to.money(counted.average_minor, counted.currency)}
            if counted.currency and counted.average_minor
            else say("The programme gave nothing with a value, so new ones cost nothing here.")
        )
    return said + _who_stays(counted, to)


def _who_stays(counted: Counted, to: Teller) -> list[str]:
    say = to.say
    said = []
    if counted.outside_already:
        said.append(
            say(
                "%(count)s people receive it though the limit of today does not fit them either; "
                "they are left as they are."
            )
            % {"count": to.count(counted.outside_already)}
        )
    if counted.age_unknown:
        said.append(
            say("%(count)s people in the programme whose age is not known stay in it.")
            % {"count": to.count(counted.age_unknown)}
        )
    if counted.of_others:
        said.append(
            say(
                "The rule asks for the age of the head or of a member; here it is asked of the "
                "person who receives."
            )
        )
    return said


def _of_excluding(step: Exclude, counted: Counted, to: Teller) -> list[str]:
    say = to.say
    if step.loses == SMALLER:
        said = [
            say(
                "Whoever is in both loses the one that gave less in the month; where that is not "
                "clear, %(programme)s gives way: %(count)s people."
            )
            % {"programme": to.name(step.second), "count": to.count(counted.without_amount)}
        ]
    else:
        said = [
            say("Whoever is in both loses %(programme)s.") % {"programme": to.name(step.loses)}
            if step.unit != HOUSEHOLD
            else say("Whoever lives with somebody in the other one loses %(programme)s.")
            % {"programme": to.name(step.loses)}
        ]
    return [*said, say("Nobody is lawfully exempt, and there are no days of transition.")]


def not_known(outcome: Outcome, to: Teller) -> list[str]:
    """What a simulation over recorded people cannot tell."""
    say = to.say
    said = [
        say(
            "People whom no programme has recorded are not in it: a new or wider programme would "
            "reach some of them, and how many is not known."
        ),
        say("How people, prices and other programmes would answer to the change is not known."),
        say("A programme that paid nothing in the month, or did not report, stands with nobody."),
    ]
    if any(isinstance(each, Open | ChangeAge) and each.take_up < WHOLE for each in outcome.steps):
        said.append(say("How many of those entitled come is an assumption and not a finding."))
    return said
