"""The page of code lists: classifications as the standard numbers them, and identifier types."""

from __future__ import annotations

import importlib
import pkgutil

from docs_tools.markdown import table
from ibr import codelists
from ibr.codelists import identifier_types
from ibr.codelists.code_list import CodeList
from ibr.codelists.enrolment_status import COUNTS_AS_ENROLLED, RANK_AT_SAME_MOMENT, SUSPENDED


def every_list() -> list[CodeList]:
    """Every code list of the registry, by name."""
    found: dict[str, CodeList] = {}
    for module in pkgutil.iter_modules(codelists.__path__):
        for value in vars(importlib.import_module(f"ibr.codelists.{module.name}")).values():
            if isinstance(value, CodeList):
                found[value.name] = value
    return [found[name] for name in sorted(found)]


def codes_page() -> str:
    parts = [
        "# Codes\n\nCodes are written as strings. A label, a number or a prefixed form "
        "(`enrolment_status:1`) is read as its code, and counted as a warning.\n"
    ]
    for codes in every_list():
        parts.append(f"## {codes.name}\n")
        if codes.name == "enrolment_status":
            parts.append(_statuses(codes))
        else:
            rows = [(f"`{code}`", label) for code, label in codes.labels.items()]
            parts.append(table(("code", "label"), rows))
    parts.append(_identifiers())
    return "\n".join(parts)


def _statuses(codes: CodeList) -> str:
    rows = []
    for code, label in codes.labels.items():
        counts = "yes" if int(code) in COUNTS_AS_ENROLLED else "no"
        if int(code) == SUSPENDED:
            counts = "no, unless the programme says so"
        rows.append((f"`{code}`", label, counts, str(RANK_AT_SAME_MOMENT[int(code)])))
    return "Of two statuses reported for the same moment, the higher rank stands.\n\n" + table(
        ("code", "label", "counts as enrolled", "rank"), rows
    )


def _identifiers() -> str:
    rows = [
        ("one programme's record", identifier_types.OF_A_PROGRAMME),
        ("a person", identifier_types.OF_A_PERSON),
        ("a group", identifier_types.OF_A_GROUP),
        ("only a contact", identifier_types.OF_A_CONTACT),
    ]
    return (
        "## identifier_type\n\nThe list is open: a type that is not here is kept as sent and "
        "taken as a person's. The first of a row is trusted most when a report says whose record "
        "it is. A contact is never used for that.\n\n"
        + table(
            ("identifies", "types"),
            [(whom, ", ".join(f"`{each}`" for each in kinds)) for whom, kinds in rows],
        )
    )
