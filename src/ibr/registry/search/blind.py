"""A filter with its identifiers as blind indexes: nothing else of them reaches the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ibr.codelists.identifier_types import OF_A_GROUP, OF_A_PERSON, OF_A_PROGRAMME, identifies
from ibr.db.pool import Connection
from ibr.errors import NotUnderstood
from ibr.protection.blind_index import BlindIndex
from ibr.registry.search import store
from ibr.registry.search.model import And, Compare, Filter, Named, Not, Or

_NAMED_HERE: Final = (*OF_A_PROGRAMME, *OF_A_PERSON, *OF_A_GROUP)


def identifiers_in(wanted: Filter) -> Iterator[Named]:
    """Every identifier that a filter names."""
    if isinstance(wanted, Compare):
        yield from (each for each in wanted.values if isinstance(each, Named))
        return
    for part in (wanted.part,) if isinstance(wanted, Not) else wanted.parts:
        yield from identifiers_in(part)


class Blinder:
    """Filters of one transaction, made blind; the kinds of identifier are read once."""

    def __init__(self, connection: Connection, blind_index: BlindIndex) -> None:
        self._connection = connection
        self._blind_index = blind_index
        self._kinds: Mapping[str, str] | None = None

    async def blinded(self, wanted: Filter) -> Filter:
        """The filter with every identifier as its blind indexes.

        An identifier without a kind becomes one index for each kind known now that identifies
        whom it asks about. NotUnderstood for a name that is no kind of identifier either.
        """
        named = identifiers_in(wanted)
        if self._kinds is None and any(not each.kind or not each.certain for each in named):
            self._kinds = {
                **{kind: identifies(kind) for kind in _NAMED_HERE},
                **await store.identifier_types(self._connection),
            }
        return self._of(wanted)

    def _of(self, wanted: Filter) -> Filter:
        if isinstance(wanted, And):
            return And(tuple(self._of(part) for part in wanted.parts))
        if isinstance(wanted, Or):
            return Or(tuple(self._of(part) for part in wanted.parts))
        if isinstance(wanted, Not):
            return Not(self._of(wanted.part))
        if wanted.attribute != "identifier":
            return wanted
        indexes = [
            self._blind_index.of(kind, each.value)
            for each in wanted.values
            if isinstance(each, Named)
            for kind in self._kinds_of(each)
        ]
        return Compare("identifier", wanted.operator, tuple(indexes))

    def _kinds_of(self, named: Named) -> list[str]:
        kinds = self._kinds or {}
        if named.kind is None:
            return [kind for kind, whom in kinds.items() if whom in named.whom]
        if not named.certain and named.kind not in kinds:
            raise NotUnderstood(
                "query.criteria",
                f"{named.kind.lower()} is no attribute and no known kind of identifier; "
                "docs/standard/query-attributes.md lists what can be asked.",
            )
        return [named.kind]
