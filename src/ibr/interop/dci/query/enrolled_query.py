"""The query of an enrolled question, whatever its form: who, and which one programme.

Read are the standard's object of dotted attributes, the samples' attribute_name form, predicates,
expressions and idtype-value (digest.md 4.8, 4.9). A condition that is neither a person, a group
nor a programme is refused: it would ask for more than yes or no.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.protection.blind_index import canonical_type, canonical_value

MOST_SUBJECTS: Final = 1_000
_PROGRAMME: Final = ("programme_identifier", "program_identifier", "programme_code", "programme")
_PERSON: Final = ("person_identifier", "member_identifier", "identifier", "identifier_value")
_GROUP: Final = ("group_identifier", "household_identifier")
_OPERATORS: Final = ("eq", "in")

Condition = tuple[str, str, Any]


class Subject(msgspec.Struct, frozen=True):
    """Somebody asked about: as written, the canonical value, the type where it was given."""

    written: str
    value: str
    kind: str | None
    group: bool


class EnrolledQuery(msgspec.Struct, frozen=True):
    """One programme and one or more subjects; `several` when they came as a list."""

    programme: str
    subjects: list[Subject]
    several: bool


def _bad(reason: str) -> NotUnderstood:
    return NotUnderstood("query.criteria", reason, field="enrolled_criteria.query")


def read_enrolled_query(query: object) -> EnrolledQuery:
    """The query in order; NotUnderstood says what is missing or too much."""
    programmes: list[str] = []
    subjects: list[Subject] = []
    several = False
    for attribute, operator, value in _conditions(query):
        last = attribute.rsplit(".", 1)[-1]
        values = _values(operator, value, attribute)
        if last in _PROGRAMME:
            programmes.extend(values)
            continue
        if subjects:
            raise _bad("Ask about a person or a group by one attribute.")
        several = operator == "in"
        subjects = [_subject(attribute, last, each) for each in dict.fromkeys(values)]
    if len(set(programmes)) != 1:
        raise _bad(
            "Ask about exactly one programme: programme_identifier.programme_identifier with eq. "
            "Other programmes need questions of their own."
        )
    if not subjects:
        raise _bad(
            "Say who is asked about: person_identifier, group_identifier or an identifier type "
            "such as UIN, with eq or in."
        )
    if len(subjects) > MOST_SUBJECTS:
        raise _bad(f"One question may ask about {MOST_SUBJECTS} people at most.")
    return EnrolledQuery(programmes[0], subjects, several)


def _conditions(query: object) -> Iterator[Condition]:
    """Every condition, all joined by and."""
    if isinstance(query, list):
        for each in query:
            yield from _conditions(each)
        return
    if not isinstance(query, dict):
        raise _bad("query must be an object.")
    if "attribute_name" in query:
        yield (
            str(query["attribute_name"]),
            str(query.get("operator", "eq")).removeprefix("$"),
            query.get("attribute_value"),
        )
        return
    if "expression1" in query:
        if query.get("condition") not in (None, "", "and"):
            raise _bad("The conditions of an enrolled question are joined by and.")
        for name in sorted(query):
            if name.startswith("expression"):
                yield from _conditions(query[name])
        return
    if "type" in query and "value" in query:
        yield from _typed(query)
        return
    for name, value in query.items():
        if name in ("$and", "and"):
            yield from _conditions(value)
        elif name.startswith("$"):
            raise _bad(f"{name[:20]} has no place in an enrolled question; join by $and.")
        else:
            yield from _attribute(name, value)


def _typed(query: dict[str, Any]) -> Iterator[Condition]:
    """idtype-value beside a programme, or the wrapping of an expression."""
    inner = query["value"]
    if isinstance(inner, dict):
        inner = inner.get("expression", inner)
        inner = inner.get("query", inner) if isinstance(inner, dict) else inner
        yield from _conditions(inner)
        return
    yield (str(query["type"]), "eq", inner)
    for name, value in query.items():
        if name not in ("type", "value"):
            yield from _attribute(name, value)


def _attribute(name: str, value: object) -> Iterator[Condition]:
    if isinstance(value, dict):
        if not value:
            raise _bad(f"{name[:60]} has no condition.")
        for operator, operand in value.items():
            yield (name, operator.removeprefix("$"), operand)
    else:
        yield (name, "eq", value)


def _values(operator: str, value: object, attribute: str) -> list[str]:
    if operator not in _OPERATORS:
        raise _bad(f"{attribute[:60]} may be compared with eq or in, not with {operator[:20]}.")
    if operator == "in":
        given = value.split(",") if isinstance(value, str) else value
        if not isinstance(given, list) or not given:
            raise _bad(f"{attribute[:60]}: in needs a list.")
    else:
        given = [value]
    texts = []
    for each in given:
        if isinstance(each, bool) or not isinstance(each, (str, int)) or str(each).strip() == "":
            raise _bad(f"{attribute[:60]} needs a value.")
        # Spaces only: whatever else stands around an identifier is refused with it.
        texts.append(str(each).strip(" "))
    return texts


def _subject(attribute: str, last: str, value: str) -> Subject:
    try:
        canonical = canonical_value(value)
        if last in _GROUP:
            return Subject(value, canonical, None, group=True)
        if last in _PERSON:
            return Subject(value, canonical, None, group=False)
        if "." in attribute or not last.replace("_", "").isalnum():
            raise _bad(
                f"{attribute[:60]} is no attribute of an enrolled question: give a person or group "
                "identifier and one programme."
            )
        return Subject(value, canonical, canonical_type(last), group=False)
    except NotUnderstood as wrong:
        raise NotUnderstood(
            "query.criteria", wrong.message, field="enrolled_criteria.query"
        ) from None
