"""What other registries told, written for a reader: the value of an attribute as lines of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ibr.codelists.people import (
    EDUCATION_LEVEL,
    EMPLOYMENT_STATUS,
    FUNCTIONAL_LIMITATION,
    FUNCTIONAL_SEVERITY,
    MARITAL_STATUS,
    OCCUPATION,
)
from ibr.reported.values import read_day
from ibr.sources.attributes import ATTRIBUTES, Form
from ibr.web.codes import TRUTH, VITAL
from ibr.web.written import Written

_CODES: Final = {
    "employment_status": EMPLOYMENT_STATUS,
    "occupation": OCCUPATION,
    "education_level": EDUCATION_LEVEL,
    "marital_status": MARITAL_STATUS,
}
_Write = Callable[[Written, str, Any], list[str]]


def lines(written: Written, attribute: str, value: Any) -> list[str]:
    """The value in the reader's language, each part on a line of its own."""
    return _FORMS[ATTRIBUTES[attribute].form](written, attribute, value)


def day(written: Written, value: str | None) -> str:
    """A day as exactly as it is known."""
    read = read_day(value) if value else None
    return written.birth(*read) if read else "–"


def _number(written: Written, _attribute: str, value: Any) -> list[str]:
    return [written.count(float(value))]


def _truth(written: Written, _attribute: str, value: Any) -> list[str]:
    return [written.code(TRUTH, "true" if value else "false")]


def _code(written: Written, attribute: str, value: Any) -> list[str]:
    return [written.code(_CODES[attribute], value)]


def _text(_written: Written, _attribute: str, value: Any) -> list[str]:
    return [str(value)]


def _address(written: Written, _attribute: str, value: Any) -> list[str]:
    return [", ".join(each if isinstance(each, str) else written.name(each) for each in value)]


def _phones(_written: Written, _attribute: str, value: Any) -> list[str]:
    return list(value)


def _limitations(written: Written, _attribute: str, value: Any) -> list[str]:
    return [
        " – ".join(
            written.code(codes, each[name])
            for name, codes in (("type", FUNCTIONAL_LIMITATION), ("severity", FUNCTIONAL_SEVERITY))
            if name in each
        )
        for each in value
    ]


def _day(written: Written, _attribute: str, value: Any) -> list[str]:
    return [day(written, value)]


def _vital(written: Written, _attribute: str, value: Any) -> list[str]:
    return [written.code(VITAL, value)]


_FORMS: Final[dict[Form, _Write]] = {
    "number": _number,
    "count": _number,
    "truth": _truth,
    "code": _code,
    "text": _text,
    "address": _address,
    "phones": _phones,
    "limitations": _limitations,
    "day": _day,
    "vital": _vital,
}
