"""Which record a report belongs to, and what two reports of it add up to; pure.

A report speaks for the attributes it carries and says nothing about the others. Of two reports
that carry the same attribute the one with the newer sender's clock stands; at the same moment the
one whose content is greater, so that the outcome never depends on the order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from ibr.codelists.identifier_types import LAST_OF_ALL, OF_A_PROGRAMME, trust
from ibr.protection.blind_index import canonical_type
from ibr.registry.beneficiaries.model import Document, encode_document
from ibr.reported.beneficiary import Reported
from ibr.reported.parts import OF_GROUP, OWN, KnownAs

_IDENTIFIERS: Final = ("member_identifier", "identifier", "group_identifier")


def record_identifier(reported: Reported) -> KnownAs | None:
    """The identifier that a record is found again by.

    The programme's own number first, wherever it stands; then the unit's own identifiers before
    the other's; the more trusted kind before the less; never a phone or an account.
    """
    roles = (OWN, OF_GROUP) if reported.unit == 1 else (OF_GROUP, OWN)
    candidates = [
        each
        for each in reported.facts.known_as
        if each.role in roles and trust(each.kind) < LAST_OF_ALL
    ]
    if not candidates:
        return None
    return min(
        candidates,
        key=lambda each: (
            each.kind not in OF_A_PROGRAMME,
            roles.index(each.role),
            trust(each.kind),
            # Never by their order in the report: the next one may give them the other way round.
            each.kind,
            each.value,
        ),
    )


def _attributes(document: Document) -> dict[str, Any]:
    """Every attribute by its path; identifiers one path a type."""
    return {
        **dict(_of("member", document.member or {})),
        **dict(_of("group", document.group or {})),
    }


def _of(path: str, part: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in part.items():
        if name == "demographic_info":
            yield from _of(f"{path}.{name}", value)
        elif name in _IDENTIFIERS:
            by_type: dict[str, list[Any]] = {}
            for each in value:
                # However a partner spells the type, the next number of it takes its place.
                kind = canonical_type(each["identifier_type"])
                by_type.setdefault(kind, []).append(each)
            for kind, several in sorted(by_type.items()):
                yield f"{path}.{name}:{kind}", several
        else:
            yield f"{path}.{name}", value


def _assemble(attributes: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    root: dict[str, Any] = {}
    for path, value in attributes.items():
        *parents, last = path.split(".")
        part = root
        for parent in parents:
            part = part.setdefault(parent, {})
        name, _, kind = last.partition(":")
        if kind:
            part.setdefault(name, []).extend(value)
        else:
            part[name] = value
    return root.get("member"), root.get("group")


def add_up(
    stored: Document, stored_as_of: datetime, news: Document, news_as_of: datetime, *, newer: bool
) -> Document:
    """The document after one more report; `newer` says that it is the newest of all so far."""
    have, says = _attributes(stored), _attributes(news)
    said_at = {path: _when(stored.older, path, stored_as_of) for path in have}
    for path, value in says.items():
        if path not in have or _wins(news_as_of, value, said_at[path], have[path]):
            have[path] = value
            said_at[path] = news_as_of
    newest = news_as_of if newer else stored_as_of
    member, group = _assemble(dict(sorted(have.items())))
    older = {path: at.isoformat() for path, at in said_at.items() if at < newest}
    return Document(member, group, older)


def _when(older: dict[str, str], path: str, otherwise: datetime) -> datetime:
    return datetime.fromisoformat(older[path]) if path in older else otherwise


def _wins(at: datetime, value: Any, other_at: datetime, other: Any) -> bool:
    if at != other_at:
        return at > other_at
    return _weight(value) > _weight(other)


def _weight(value: Any) -> bytes:
    return encode_document(Document(member={"value": value}))
