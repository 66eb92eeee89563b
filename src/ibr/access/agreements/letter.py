"""An agreement in plain words: one sentence for each thing that may be done; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from ibr.access.agreements.model import ATTRIBUTES, UNKEPT, Agreement, Clause

Say = Callable[[str], str]


class Names(msgspec.Struct, frozen=True):
    """What numbers are called, and how a day is written, for whoever reads the letter."""

    who: str
    programmes: Mapping[int, str]
    day: Callable[[date], str]
    say: Say


class Written(msgspec.Struct, frozen=True):
    """A clause in words; `sees` is empty where nothing of a record comes back."""

    clause_no: int
    may: list[str]
    sees: list[str]


def written(agreement: Agreement, names: Names) -> list[Written]:
    """The clauses of an agreement, each in its sentences."""
    return [
        Written(each.clause_no, [_may(act, each, names) for act in each.acts], _sees(each, names))
        for each in agreement.clauses
    ]


def by_law(agreement: Agreement, names: Names) -> str:
    """By which law and until when."""
    say, last = names.say, agreement.last_day
    if agreement.legal_basis == UNKEPT:
        law = say("No law was entered: it was in force before agreements were kept")
    elif agreement.legal_reference:
        law = say("By {section} of {law}").format(
            section=agreement.legal_reference, law=agreement.legal_basis
        )
    else:
        law = say("By {law}").format(law=agreement.legal_basis)
    if last is None:
        term = say("from {first} until further notice")
    else:
        term = say("from {first} until {last}")
    first = names.day(agreement.valid_from)
    return f"{law}, {term.format(first=first, last=names.day(last) if last else '')}."


def _sentences(say: Say) -> dict[str, str]:
    return {
        "report": say("{who} may report for {programmes}."),
        "enrolled": say("{who} may ask whether a person is enrolled in {programmes}, {purposes}."),
        "search": say("{who} may search the records of {programmes}, {purposes}."),
        "possible_duplicates": say(
            "{who} may ask whether an applicant may be known already in {programmes}, {purposes}."
        ),
        "changes": say("{who} may be told of changes in {programmes}, {purposes}."),
        "cases": say("{who} may work on the cases of {programmes}, {purposes}."),
        "figures": say("{who} may read the figures that are released for partners."),
    }


def _may(act: str, clause: Clause, names: Names) -> str:
    return _sentences(names.say)[act].format(
        who=names.who,
        programmes=_programmes(clause, names),
        purposes=_purposes(clause, names),
    )


def _programmes(clause: Clause, names: Names) -> str:
    if clause.programmes is None:
        return names.say("every programme")
    return listed((names.programmes.get(each, str(each)) for each in clause.programmes), names.say)


def _purposes(clause: Clause, names: Names) -> str:
    if clause.purposes is None:
        return names.say("for any purpose that it names")
    known = purposes_in_words(names.say)
    other = names.say("for the purpose {code}")
    return listed(
        (known.get(each) or other.format(code=each) for each in clause.purposes), names.say
    )


def purposes_in_words(say: Say) -> dict[str, str]:
    """The purposes that the registry knows, as they stand in a sentence."""
    return {
        "enrolment_check": say("to check enrolment"),
        "complaint": say("to answer a complaint"),
        "data_correction": say("to correct data"),
        "audit": say("for an audit"),
        "help_desk_request": say("to answer the person who asks"),
        "identity_review": say("to find out who is who"),
        "case_work": say("to work on cases"),
    }


def attributes_in_words(say: Say) -> dict[str, str]:
    """What may come back of a record."""
    return {
        "name": say("names"),
        "identifiers": say("identifiers"),
        "sex": say("sex"),
        "birth_date": say("dates of birth and death"),
        "contact": say("phone numbers and e-mail addresses"),
        "address": say("where people live"),
        "family": say("family ties"),
        "disability": say("disability"),
        "household": say("the household and its members"),
        "enrolment": say("the status of the enrolment and since when"),
        "benefits": say("benefits that were given"),
        "other": say("schooling, work and whatever else was reported"),
    }


_SHOWING: Final = frozenset({"search", "changes"})


def _sees(clause: Clause, names: Names) -> list[str]:
    if not _SHOWING & set(clause.acts):
        return []
    words = attributes_in_words(names.say)
    if clause.attributes is None:
        return [names.say("It sees everything that the records say.")]
    seen = [words[each] for each in ATTRIBUTES if each in clause.attributes]
    hidden = [words[each] for each in ATTRIBUTES if each not in clause.attributes]
    found = [names.say("It sees {attributes}.").format(attributes=listed(seen, names.say))]
    if hidden:
        text = names.say("It may not see {attributes}.")
        found.append(text.format(attributes=listed(hidden, names.say)))
    return found


def listed(words: Iterable[str], say: Say) -> str:
    """Words one after the other, the last one after "and"."""
    found: Sequence[str] = list(words)
    if len(found) < 2:
        return "".join(found)
    return say("{first} and {last}").format(first=", ".join(found[:-1]), last=found[-1])
