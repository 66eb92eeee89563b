"""The criteria of a search page by page, and the page that answers them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import UNSET

from ibr_client.failures import AnswerNotTrusted, AnswerNotUnderstood, QueryRefused
from ibr_client.results import Page
from ibr_client.wanted import Wanted
from ibr_messages.types import (
    Authorize,
    Consent,
    Pagination,
    SearchCriteria,
    SearchResponseItem,
    Sort,
)

REGISTRY_TYPE: Final = "ns:org:RegistryType:IBR"


def criteria_of(
    wanted: Wanted,
    *,
    page_size: int,
    page_number: int,
    sort: Sequence[Sort],
    record_type: str,
    consent: Consent | None,
    authorize: Authorize | None,
) -> SearchCriteria:
    """The criteria of a search, with everything that the standard has a place for."""
    return SearchCriteria(
        version="1.0.0",
        reg_type=REGISTRY_TYPE,
        reg_record_type=record_type,
        query_type=wanted.query_type,
        query=wanted.query,
        sort=list(sort) or UNSET,
        pagination=Pagination(page_size=page_size, page_number=page_number),
        consent=consent or UNSET,
        authorize=authorize or UNSET,
    )


def next_page(criteria: SearchCriteria, page: Page) -> SearchCriteria:
    """The criteria of the page after this one."""
    pagination = Pagination(page_size=page.size, page_number=page.number + 1)
    return msgspec.structs.replace(criteria, pagination=pagination)


def page_of(items: Sequence[SearchResponseItem], reference_id: str) -> Page:
    """The one page that answers this search; QueryRefused where it was refused."""
    if len(items) != 1 or items[0].reference_id != reference_id:
        raise AnswerNotTrusted("answer.other", "The answer belongs to another search.")
    item = items[0]
    if item.status == "rjct":
        raise QueryRefused(
            item.status_reason_code or "rjct.search_criteria.invalid",
            item.status_reason_message or "The search was refused.",
        )
    if not item.data or not item.pagination:
        raise AnswerNotUnderstood("answer.shape", "The answer has no records and no refusal.")
    return Page(
        item.pagination.page_number,
        item.pagination.page_size,
        item.pagination.total_count,
        item.data.reg_records,
    )
