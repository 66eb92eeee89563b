"""One applicant against everybody: whom the registry may know already.

The question is written to the ledger and the audit trail in the transaction that reads, so nothing
is told that was not recorded. What was typed is compared and forgotten. The answer is for whoever
enrols, to look closer; it decides nothing, and no yes/no question is ever answered from it.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.access.agreements.rules import agreed, must_have, not_agreed_purpose
from ibr.access.budgets.model import Seen, Spending
from ibr.access.budgets.spend import Budgets
from ibr.access.limits import RequestLimit
from ibr.access.scopes import POSSIBLE_DUPLICATES
from ibr.access.staff.rights import APPLICANT as APPLICANT_RIGHT
from ibr.asker import Asker
from ibr.audit.events import QUESTION_DUPLICATES
from ibr.audit.questions_asked import record_question
from ibr.audit.record import record_event
from ibr.db.pool import Connection, Database
from ibr.identity.applicants import store
from ibr.identity.applicants.model import Answer, Applicant, Area, Likelihood, Near, Possible
from ibr.identity.applicants.read_applicant import (
    check,
    is_enough,
    read_applicant,
    subjects_of,
    too_little,
)
from ibr.identity.model import STANDARD, Appearance, Features, Weighed
from ibr.identity.persons import kept_models
from ibr.identity.persons.kept_models import Model
from ibr.identity.persons.look import all_programmes
from ibr.identity.persons.reading.sealed import open_features
from ibr.identity.weights.explain import explain_levels
from ibr.identity.weights.prepared import prepare
from ibr.identity.weights.score import Table, table_of, weigh_prepared
from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer

MOST_SHOWN: Final = 10
A_MINUTE: Final = 120
"""So many questions one asker may put in a minute: an officer types, a system enrols."""
APPLICANT: Final = Appearance(0, 0)
_QUESTION: Final = "possible_duplicates"


class Candidate(msgspec.Struct, frozen=True):
    """An appearance that shares a key with the applicant, weighed."""

    weighed: Weighed
    features: Features
    programme_id: int
    person_id: int | None

    @property
    def appearance(self) -> Appearance:
        return self.weighed.high


class Applicants:
    """Compares applicants with everybody; one for a process, it remembers the model in use."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        index: BlindIndex,
        *,
        a_minute: int = A_MINUTE,
        budgets: Budgets | None = None,
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._index = index
        self._limits = {kind: RequestLimit(a_minute) for kind in ("officer", "partner")}
        self._budgets = budgets or Budgets()
        self._model: tuple[Model, Table] | None = None

    async def possible_duplicates(self, asker: Asker, applicant: Applicant, at: datetime) -> Answer:
        """Who may be the applicant. Whether the asker may ask at all is for its door to know.

        NotUnderstood where too little was said of the applicant; TooMuch where it is asked again
        and again.
        """
        check(applicant)
        features, keys = read_applicant(applicant, self._index)
        if not is_enough(features):
            raise too_little()
        self._limits[asker.kind].count(asker.id)
        within = _agreed(asker)
        right = APPLICANT_RIGHT if asker.kind == "officer" else POSSIBLE_DUPLICATES
        # Of programmes and areas out of reach it is told that there is somebody; nothing else
        # leaves here.
        programmes = await all_programmes(self._database)
        everywhere = msgspec.structs.replace(asker, areas=None)
        transaction = self._database.transaction(programmes, asker=everywhere, right=right)
        async with self._budgets.noting(self._database, asker, transaction) as connection:
            near, model = await self.weighed(connection, features, keys)
            inside = await _inside(connection, asker, within, near)
            answer, told = await self._answer(connection, inside, near, model)
            subjects = [*subjects_of(applicant, self._index), *told]
            await _write_down(connection, asker, subjects, answer, at)
            typed = {*subjects} - {*told}
            people = [Seen(each, each not in typed) for each in dict.fromkeys(subjects)]
            await self._budgets.spend(connection, [Spending(asker, people, at)])
        return answer

    async def areas(self) -> list[Area]:
        """Regions with their districts, for whoever fills in a form."""
        async with self._database.transaction(()) as connection:
            rows = await store.areas(connection)
        named = [(row, msgspec.json.decode(row["names"])) for row in rows]
        return [
            Area(
                row["code"],
                names,
                tuple(
                    Area(below["code"], theirs)
                    for below, theirs in named
                    if below["parent"] == row["code"]
                ),
            )
            for row, names in named
            if row["level"] == 1
        ]

    async def weighed(
        self, connection: Connection, features: Features, keys: Sequence[int]
    ) -> tuple[list[Candidate], Model | None]:
        """Everybody near, the likeliest first: with the weight that a run would give the pair."""
        known = await self._in_use(connection)
        if known is None:
            return [], None
        model, table = known
        weights = model.weights
        rows = await store.sharing(connection, keys, weights.most_in_block, STANDARD)
        ours = prepare(features, weights.bands)
        found = []
        for row in rows:
            each = Appearance(row["record_id"], row["appearance_no"])
            theirs = open_features(self._sealer, each, row["features"])
            pair = weigh_prepared(
                APPLICANT, ours, each, prepare(theirs, weights.bands), weights.prior, table
            )
            if pair.weight >= weights.review:
                found.append(Candidate(pair, theirs, row["programme_id"], row["person_id"]))
        return sorted(found, key=lambda each: (-each.weighed.weight, each.appearance)), model

    async def _in_use(self, connection: Connection) -> tuple[Model, Table] | None:
        number = await kept_models.number_in_use(connection)
        if self._model is None or self._model[0].number != number:
            model = await kept_models.in_use(connection)
            self._model = None if model is None else (model, table_of(model.weights))
        return self._model

    async def _answer(
        self,
        connection: Connection,
        within: Collection[int],
        near: Sequence[Candidate],
        model: Model | None,
    ) -> tuple[Answer, list[bytes]]:
        """What may be told, of the records `within` reach and of others, and the subjects of whom
        it was told."""
        if model is None:
            return Answer(), []
        link = model.weights.link
        inside = [each for each in near if each.appearance.record_id in within]
        outside = [
            each
            for each in near
            if each.appearance.record_id not in within and each.weighed.weight >= link
        ]
        persons = list(_by_person(inside).values())[:MOST_SHOWN]
        shown = [each for those in persons for each in those]
        facts = {
            Appearance(row["record_id"], row["appearance_no"]): row
            for row in await store.facts(
                connection, [each.appearance for each in (*shown, *outside)]
            )
        }
        found = tuple(self._possible(those, facts, model) for those in persons)
        told = [row["subject"] for row in facts.values() if row["subject"] is not None]
        return Answer(found, bool(outside)), told

    def _possible(
        self, those: Sequence[Candidate], facts: dict[Appearance, Any], model: Model
    ) -> Possible:
        best = those[0]
        likelihood: Likelihood = (
            "likely" if best.weighed.weight >= model.weights.link else "possible"
        )
        return Possible(
            reference=self._reference(best),
            likelihood=likelihood,
            weight=best.weighed.weight,
            why=_why(best.weighed, model),
            records=tuple(_record(each, facts[each.appearance]) for each in those),
        )

    def _reference(self, best: Candidate) -> str:
        """A name for the person that says nothing of it, the same each time it is asked."""
        who = (
            f"person {best.person_id}"
            if best.person_id is not None
            else f"appearance {best.appearance.record_id}.{best.appearance.appearance_no}"
        )
        return base64.b32encode(self._index.of("REFERENCE", who))[:12].decode()


def _agreed(asker: Asker) -> Collection[int]:
    """The programmes of which it may be told who it is; NotAgreedError where nothing is agreed."""
    if asker.terms is None:
        return asker.reach
    if not asker.report:
        must_have(asker, "possible_duplicates")
    found = agreed(asker, "possible_duplicates").keys() | asker.report
    if not found:
        raise not_agreed_purpose(asker, "possible_duplicates")
    return found


async def _inside(
    connection: Connection, asker: Asker, within: Collection[int], near: Sequence[Candidate]
) -> frozenset[int]:
    """The records near that the asker may be told of: of these programmes, in its areas."""
    reach = [each.appearance.record_id for each in near if each.programme_id in within]
    if asker.areas is None or not reach:
        return frozenset(reach)
    return frozenset(await store.living_in(connection, reach, sorted(asker.areas)))


def _by_person(near: Iterable[Candidate]) -> dict[tuple[int, int], list[Candidate]]:
    """The appearances of each person together; who is no person yet stands alone."""
    found: dict[tuple[int, int], list[Candidate]] = {}
    for each in near:
        alone = each.person_id is None
        key = each.appearance if alone else (-1, each.person_id or 0)
        found.setdefault((key[0], key[1]), []).append(each)
    return found


def _why(weighed: Weighed, model: Model) -> tuple[str, ...]:
    """What agrees and what does not, by code, the weightiest first."""
    steps = explain_levels(weighed.levels, model.weights)
    ordered = sorted(steps, key=lambda step: -abs(step.bits))
    return tuple(code for step in ordered for code in step.levels)


def _record(each: Candidate, row: Any) -> Near:
    """Enough to recognise somebody whom one knows, too little to make their acquaintance."""
    names = (each.features.given, each.features.family)
    return Near(
        programme=row["code"],
        names=msgspec.json.decode(row["names"]),
        status=row["status"],
        initials=" ".join(f"{name[0].upper()}." for name in names if name),
        birth_year=each.features.birth[:4],
    )


async def _write_down(
    connection: Connection, asker: Asker, subjects: Sequence[bytes], answer: Answer, at: datetime
) -> None:
    some = bool(answer.found or answer.elsewhere)
    await record_question(
        connection,
        asker,
        question=_QUESTION,
        subjects=subjects,
        programme_id=None,
        answer="records" if some else "none",
        message_key=None,
        at=at,
    )
    await record_event(
        connection,
        kind=QUESTION_DUPLICATES,
        asker=asker,
        details={
            "purpose": asker.purpose.code,
            "found": len(answer.found),
            "elsewhere": answer.elsewhere,
        },
        at=at,
    )
