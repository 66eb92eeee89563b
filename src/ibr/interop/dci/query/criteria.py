"""The criteria of one search: query, sort, pagination and purpose, read and checked."""

from __future__ import annotations

from typing import Any, Final

from ibr.asker import Purpose
from ibr.errors import NotUnderstood
from ibr.interop.dci.messages.header import read_count
from ibr.interop.dci.query import expression, idtype_value, predicate
from ibr.interop.dci.query.attributes import PUBLISHED, path_of
from ibr.questions.filters import And, Filter, Sort, check_limits, compare, refuse, sort_by
from ibr.questions.find_beneficiaries import MOST_PER_PAGE, USUAL_PER_PAGE, Wanted

FORMS: Final = {
    "idtype-value": idtype_value.read,
    "expression": expression.read,
    "predicate": predicate.read,
}
# Which assistance units a kind of record narrows the search to; all of them where it says none.
_UNITS: Final = {
    "": None,
    "beneficiary": None,
    "member": ["1"],
    "person": ["1"],
    "group": ["2", "3"],
}
_MOST_SORTS: Final = 5
_LAST_PAGE: Final = 1_000_000_000
_LONGEST_CODE: Final = 60
_LONGEST_TEXT: Final = 200


def read_pagination(criteria: dict[str, Any], item: dict[str, Any]) -> tuple[int, int]:
    """Page size and number; NotUnderstood for anything but integers from 1 (behaviour.md 17)."""
    given = criteria.get("pagination")
    if given in (None, "", {}):
        given = item.get("pagination")
    if given in (None, "", {}):
        return USUAL_PER_PAGE, 1
    if not isinstance(given, dict):
        raise NotUnderstood("query.pagination", "pagination is an object with page_size.")
    size = _from_one(given, "page_size", USUAL_PER_PAGE)
    number = _from_one(given, "page_number", 1)
    return min(size, MOST_PER_PAGE), number


def _from_one(given: dict[str, Any], name: str, otherwise: int) -> int:
    value = given.get(name)
    count = otherwise if value in (None, "") else read_count(value)
    if count is None or not 1 <= count <= _LAST_PAGE:
        raise NotUnderstood(
            "query.pagination", f"pagination.{name} must be a whole number from 1.", field=name
        )
    return count


def read_wanted(criteria: dict[str, Any], page: tuple[int, int]) -> Wanted:
    """What one search wants; NotUnderstood says which attribute, operator or value is at fault."""
    kind, query = criteria.get("query_type"), criteria.get("query")
    if not isinstance(kind, str) or kind not in FORMS:
        refuse(f"query_type is one of {', '.join(FORMS)}.")
    check_registry(criteria.get("reg_type"))
    wanted = read_query(kind, query)
    size, number = page
    return Wanted(
        filter=narrowed(wanted, criteria.get("reg_record_type"), "reg_record_type"),
        sort=_sort(criteria.get("sort"), _one_value(kind, query)),
        page_size=size,
        page_number=number,
    )


def check_registry(registry: Any) -> None:
    """NotUnderstood where another kind of registry is asked."""
    if registry not in (None, "") and str(registry).rsplit(":", 1)[-1].lower() != "ibr":
        refuse("reg_type of this registry is ns:org:RegistryType:IBR.")


def read_query(kind: str, query: Any) -> Filter:
    """The filter of a query in one of the forms; NotUnderstood says what is at fault."""
    form = FORMS[kind]
    # The official samples give a predicate under the name of an expression; a list tells them.
    if form is expression.read and isinstance(query, list):
        form = predicate.read
    return check_limits(form(query))


def narrowed(wanted: Filter, record_type: Any, name: str) -> Filter:
    """The filter for one kind of record; `name` is what the asker calls that member."""
    if not isinstance(record_type, (str, type(None))):
        refuse(f"{name} is Beneficiary, Member or Group.")
    kind = (record_type or "").rsplit(":", 1)[-1].strip().lower()
    if kind not in _UNITS:
        refuse(f"{name} is Beneficiary, Member or Group.")
    units = _UNITS[kind]
    if units is None:
        return wanted
    return And((compare("unit", "in", units, name), wanted))


def _one_value(kind: str | None, query: Any) -> str | None:
    """The identifier type of which every record found carries the value that was asked for."""
    named = query.get("type") if isinstance(query, dict) else None
    return named if kind == "idtype-value" and isinstance(named, str) else None


def _sort(given: Any, one_value: str | None) -> tuple[Sort, ...]:
    if given in (None, "", [], {}):
        return ()
    listed = given if isinstance(given, list) else [given]
    if len(listed) > _MOST_SORTS:
        raise NotUnderstood("query.sort", f"Sort by {_MOST_SORTS} attributes at most.")
    # All records of such a search have the same value, so any order is sorted by it; the official
    # samples ask for just that.
    return tuple(
        _one_sort(each)
        for each in listed
        if not (isinstance(each, dict) and one_value and each.get("attribute_name") == one_value)
    )


def _one_sort(given: Any) -> Sort:
    if not isinstance(given, dict):
        raise NotUnderstood("query.sort", "sort is a list of attribute_name and sort_order.")
    path = path_of(given.get("attribute_name"))
    if path is None:
        raise NotUnderstood(
            "query.sort", f"sort names no attribute that records can be sorted by. See {PUBLISHED}."
        )
    order = given.get("sort_order") or "asc"
    if not isinstance(order, str) or order.lower() not in ("asc", "desc"):
        raise NotUnderstood("query.sort", "sort_order is asc or desc.")
    return sort_by(path.attribute, path.name, descending=order.lower() == "desc")


def read_purpose(criteria: dict[str, Any]) -> Purpose | None:
    """The purpose that consent, or else authorize, names; None where neither does."""
    for name in ("consent", "authorize"):
        part = criteria.get(name)
        purpose = part.get("purpose") if isinstance(part, dict) else None
        if isinstance(purpose, str):
            purpose = {"code": purpose}
        if not isinstance(purpose, dict):
            continue
        code = purpose.get("code")
        if isinstance(code, str) and 0 < len(code.strip()) <= _LONGEST_CODE:
            text = purpose.get("text")
            text = text.strip()[:_LONGEST_TEXT] if isinstance(text, str) else ""
            return Purpose(code.strip(), text or None)
    return None
