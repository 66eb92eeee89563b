"""Where sealed values of visits and requests stand: bound to a record of the person first, so that
they are sealed with that record's own key and nobody opens them when it was destroyed."""

from __future__ import annotations

from collections.abc import Iterable

from ibr.protection.seal import place_of


def _row(record_id: int, number: int) -> bytes:
    return b"".join(each.to_bytes(8, "big", signed=True) for each in (record_id, number))


def request_place(column: str, record_id: int, request_no: int) -> bytes:
    """Where a column of a request about a record stands."""
    return place_of("person_request", column, _row(record_id, request_no))


def visit_place(records: Iterable[int], visit_no: int) -> bytes:
    """Where stands what the visitor proved: with the first of the records that are theirs."""
    return place_of("help_visit", "proved", _row(min(records), visit_no))
