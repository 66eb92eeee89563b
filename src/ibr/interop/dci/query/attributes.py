"""The standard's names for what can be asked: dotted paths into the record as it is written.

This table is the only list there is; docs/standard/query-attributes.md is made from it.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from ibr.codelists.identifier_types import OF_A_GROUP, OF_A_PERSON, OF_A_PROGRAMME
from ibr.questions.filters import (
    ATTRIBUTES,
    MOST_VALUES,
    Attribute,
    Compare,
    Operator,
    compare,
    compare_identifier,
    refuse,
)

PUBLISHED: Final = "docs/standard/query-attributes.md"


class Path(msgspec.Struct, frozen=True):
    """One name of the standard: what it asks about, and its other spellings.

    For identifiers, `whom` says whom the identifier identifies.
    """

    name: str
    attribute: Attribute
    aliases: tuple[str, ...] = ()
    whom: tuple[str, ...] = ()


PATHS: Final = (
    Path(
        "programme_identifier.programme_identifier",
        "programme",
        ("programme_identifier",),
    ),
    Path("enrollment_status", "status", ("programme_identifier.enrollment_status",)),
    Path("enrollment_date", "enrolled_on", ("programme_identifier.enrollment_date",)),
    Path("status_change_date", "status_changed_on", ("programme_identifier.status_change_date",)),
    Path("assistance_unit", "unit", ("group.group_type", "group_type")),
    Path("benefits.benefit_type", "benefit_type", ("benefit_type",)),
    Path("benefits.benefit_date", "benefit_given_on", ("benefit_date",)),
    Path("member.demographic_info.sex", "sex", ("sex", "demographic_info.sex")),
    Path(
        "member.demographic_info.birth_date",
        "born_on",
        ("birth_date", "demographic_info.birth_date"),
    ),
    Path(
        "member.demographic_info.address.region_code",
        "region",
        ("region_code", "address.region_code", "group.address.region_code"),
    ),
    Path(
        "member.demographic_info.address.sub_region_code",
        "sub_region",
        ("sub_region_code", "address.sub_region_code", "group.address.sub_region_code"),
    ),
    Path(
        "member.is_disabled",
        "disabled",
        ("is_disabled", "member.self_id_disability", "self_id_disability"),
    ),
    Path("group.group_size", "group_size", ("group_size",)),
    Path(
        "group.group_identifier",
        "identifier",
        ("group_identifier", "group.group_identifier.identifier_value"),
        ("group",),
    ),
    Path(
        "member.member_identifier",
        "identifier",
        (
            "person_identifier",
            "member_identifier",
            "identifier",
            "member.member_identifier.identifier_value",
            "member.demographic_info.identifier",
            "member.demographic_info.identifier.identifier_value",
        ),
        ("person", "record"),
    ),
)
_BY_NAME: Final = {name: path for path in PATHS for name in (path.name, *path.aliases)}
_OPERATORS: Final[dict[str, Operator]] = {
    "eq": "eq",
    "ne": "ne",
    "gt": "gt",
    "ge": "ge",
    "gte": "ge",
    "lt": "lt",
    "le": "le",
    "lte": "le",
    "in": "in",
}
_CERTAIN: Final = frozenset((*OF_A_PROGRAMME, *OF_A_PERSON, *OF_A_GROUP))
_KIND = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)
_SPELLINGS = re.compile(r"\benroll?e?ment_", re.ASCII)


def read_operator(name: object, attribute: str) -> Operator:
    """An operator with or without its dollar sign; NotUnderstood for any other word."""
    plain = name.strip().lower().removeprefix("$") if isinstance(name, str) else ""
    if plain not in _OPERATORS:
        refuse(
            f"{_shown(name)} is no operator for {_shown(attribute)}; "
            f"write one of {', '.join(_OPERATORS)}. See {PUBLISHED}."
        )
    return _OPERATORS[plain]


def path_of(name: object) -> Path | None:
    """The path that a name or one of its other spellings stands for."""
    if not isinstance(name, str):
        return None
    plain = _SPELLINGS.sub("enrollment_", name.strip())
    # The standard's own examples lead to the programme's code by several paths (digest.md 4.8).
    if plain.endswith(".programme_identifier"):
        plain = "programme_identifier"
    return _BY_NAME.get(plain)


def read_compare(name: object, operator: object, value: Any) -> Compare:
    """One comparison of a query; NotUnderstood names what is not known or does not fit."""
    if not isinstance(name, str) or not name.strip():
        refuse(f"A comparison names no attribute. See {PUBLISHED}.")
    read = read_operator(operator, name)
    if value is None or value in ("", [], {}):
        refuse(f"There is no value to compare {_shown(name)} with.")
    path = path_of(name)
    if path is None:
        return _by_kind(name.strip(), read, value)
    if path.attribute == "identifier":
        return compare_identifier(read, value, name.strip(), whom=path.whom)
    return compare(path.attribute, read, value, name.strip())


def _by_kind(name: str, operator: Operator, value: Any) -> Compare:
    """A kind of identifier by its name. Whether it is one may only be known by the database."""
    if not _KIND.fullmatch(name) or name.startswith("$"):
        refuse(f"{_shown(name)} is no attribute that can be asked about. See {PUBLISHED}.")
    kind = name.upper().replace("-", "_")
    return compare_identifier(operator, value, name, kind=kind, certain=kind in _CERTAIN)


def _shown(text: object) -> str:
    """A name as it may be repeated in an answer: short, and only of plain letters."""
    plain = re.sub(r"[^A-Za-z0-9_.$-]", "?", str(text)[:60])
    return plain or "An empty name"


def attribute_table() -> str:
    """The published list as a Markdown table."""
    rows = [
        "| attribute | also read | values | operators |",
        "|---|---|---|---|",
    ]
    for path in PATHS:
        about = ATTRIBUTES[path.attribute]
        values = f"{about.kind}: {about.note}" if about.note else about.kind
        also = ", ".join(f"`{alias}`" for alias in path.aliases)
        rows.append(f"| `{path.name}` | {also} | {values} | {', '.join(about.operators)} |")
    kinds = ", ".join(f"`{kind}`" for kind in (*OF_A_PERSON, *OF_A_GROUP, *OF_A_PROGRAMME))
    rows.append(
        f"| a kind of identifier by its name | {kinds}, and any kind that was reported "
        f"| identifier: exact value | {', '.join(ATTRIBUTES['identifier'].operators)} |"
    )
    rows.append("")
    rows.append(
        "Any path that ends in `.programme_identifier` is the programme's code, and `enrolment_` "
        f"is read as `enrollment_`. `in` takes up to {MOST_VALUES} values."
    )
    return "\n".join(rows) + "\n"
