"""The attributes that may be learned from other registries, by the standard's names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from ibr.errors import NotUnderstood
from ibr.sources.model import Kind

Form = Literal[
    "number", "count", "truth", "code", "text", "address", "phones", "limitations", "day", "vital"
]


class Attribute(msgspec.Struct, frozen=True):
    """One attribute: its code, how its value is written, and whether it is a whole household's."""

    code: str
    form: Form
    label: str
    of_group: bool = False


ATTRIBUTES: Final = {
    each.code: each
    for each in (
        Attribute("poverty_score", "number", "Poverty score", of_group=True),
        Attribute("poverty_score_type", "text", "Kind of poverty score", of_group=True),
        Attribute("group_size", "count", "Size of the household", of_group=True),
        Attribute("address", "address", "Lives in"),
        Attribute("phone_number", "phones", "Phone number"),
        Attribute("income_level", "text", "Income level"),
        Attribute("employment_status", "code", "Employment"),
        Attribute("occupation", "code", "Occupation"),
        Attribute("education_level", "code", "Education"),
        Attribute("marital_status", "code", "Marital status"),
        Attribute("is_disabled", "truth", "Lives with a disability"),
        Attribute("disability_info", "limitations", "Functional limitations"),
        Attribute("disability_identifier", "text", "Disability card number"),
        Attribute("vital_status", "vital", "Alive or deceased"),
        Attribute("death_date", "day", "Date of death"),
    )
}
# What each kind of registry is asked for where the agreement names nothing narrower. Those beyond
# may still be named: a social registry too may hear of a death.
USUAL: Final[dict[Kind, tuple[str, ...]]] = {
    "social": (
        "poverty_score",
        "poverty_score_type",
        "group_size",
        "address",
        "phone_number",
        "income_level",
        "employment_status",
    ),
    "disability": ("is_disabled", "disability_info", "disability_identifier"),
    "civil": ("vital_status", "death_date"),
}
# reg_type, reg_record_type and event of each kind, in the spelling of its own standard.
WORDS: Final[dict[Kind, tuple[str, str, str]]] = {
    "social": ("ns:org:RegistryType:Social", "Group", "REGISTER"),
    "disability": ("ns:org:RegistryType:DR", "DisabledPerson", "REGISTER"),
    "civil": ("ns:org:RegistryType:Civil", "Person", "Death"),
}


def read_attributes(kind: Kind, given: Iterable[str]) -> tuple[str, ...]:
    """The attributes of an agreement; the usual ones of the kind where it names none."""
    names = tuple(dict.fromkeys(name.strip() for name in given))
    for name in names:
        if name not in ATTRIBUTES:
            raise NotUnderstood(
                "source.attribute",
                f"There is no attribute {name[:40]}; choose from {', '.join(ATTRIBUTES)}.",
            )
    return names or USUAL[kind]
