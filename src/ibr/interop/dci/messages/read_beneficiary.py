"""One reported beneficiary from its bytes: strictly and fast, else tolerantly with warnings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from ibr.codelists.people import (
    EDUCATION_LEVEL,
    EMPLOYMENT_STATUS,
    MARITAL_STATUS,
    OCCUPATION,
)
from ibr.interop.dci.messages.beneficiary import WireBeneficiary, to_reported
from ibr.interop.dci.messages.strict_forms import strict_forms
from ibr.reported.beneficiary import Refusal, Reported
from ibr.reported.facts import Unreadable
from ibr.reported.person import Member

_strict = msgspec.json.Decoder(WireBeneficiary)

CurrencyOf = Callable[[str], str | None]


def read_beneficiary(
    encoded: bytes, item_no: int, as_of: datetime, currency_of: CurrencyOf
) -> list[Reported] | Refusal:
    """The news in one record: one entry a programme, or the reason why it was set aside.

    `currency_of` gives a programme's currency by its code, for amounts that name none.
    """
    if b'""' in encoded:
        # An empty string means that nothing is said; the strict form would take it for a word.
        return _tolerantly(encoded, item_no, as_of, currency_of)
    try:
        wire = _strict.decode(encoded)
        if not _coded(wire.member) or not all(
            map(_coded, wire.group.member_list if wire.group else ())
        ):
            return _tolerantly(encoded, item_no, as_of, currency_of)
        code = (
            wire.programme_identifier[0].programme_identifier if wire.programme_identifier else ""
        )
        return [to_reported(wire, item_no, as_of, currency_of(code))]
    except (msgspec.ValidationError, Unreadable):
        return _tolerantly(encoded, item_no, as_of, currency_of)


def _coded(member: Member | None) -> bool:
    """Whether what comes from a code list is a code, not its label."""
    return member is None or all(
        value is None or value in codes.labels
        for value, codes in (
            (member.marital_status, MARITAL_STATUS),
            (member.education_level, EDUCATION_LEVEL),
            (member.employment_status, EMPLOYMENT_STATUS),
            (member.occupation, OCCUPATION),
        )
    )


def _tolerantly(
    encoded: bytes, item_no: int, as_of: datetime, currency_of: CurrencyOf
) -> list[Reported] | Refusal:
    raw: Any = msgspec.json.decode(encoded)
    own_id = raw.get("@id") if isinstance(raw, dict) else None
    reference_id = own_id[:200] if isinstance(own_id, str) and own_id else str(item_no)
    try:
        forms, warnings = strict_forms(raw)
        if not forms:
            raise Unreadable(
                "record.field",
                "Name the programme: programme_identifier: [{programme_identifier: …}].",
                field="programme_identifier",
            )
        return [
            to_reported(
                wire := msgspec.convert(form, WireBeneficiary),
                item_no,
                as_of,
                currency_of(wire.programme_identifier[0].programme_identifier),
                warnings,
            )
            for form in forms
        ]
    except Unreadable as wrong:
        return Refusal(item_no, reference_id, wrong.code, wrong.message, wrong.field)
    except msgspec.ValidationError as wrong:
        return Refusal(item_no, reference_id, "record.shape", *_shape(str(wrong)))


def _shape(message: str) -> tuple[str, str | None]:
    """msgspec's message as a sentence and a field; it names types and places, never values."""
    what, _, place = message.partition(" - at `")
    field = place.rstrip("`").removeprefix("$.") or None
    field = field[:100] if field else None
    return f"{what[:200]}{f' at {field}' if field else ''}. See docs/standard/records.md.", field
