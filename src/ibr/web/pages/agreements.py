"""Agreements: the list, one as a letter, what was refused lately, and the form for a second person
to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response

from ibr.access.agreements.letter import (
    Names,
    attributes_in_words,
    by_law,
    listed,
    purposes_in_words,
    written,
)
from ibr.access.agreements.model import ACTS, ATTRIBUTES, Agreement, Clause
from ibr.access.staff.rights import AGREEMENTS_EDIT, PURPOSES
from ibr.errors import Conflict, NotUnderstood
from ibr.questions import agreements
from ibr.questions.agreements import AgreementSeen, ProgrammeNamed, RefusedSeen
from ibr.web.answers import go_to, page
from ibr.web.pages.deliveries import number_in
from ibr.web.pages.developers import chosen, must_choose
from ibr.web.visit import Visit

CLAUSES: Final = 3
_LINES: Final = (
    *("partner", "legal_basis", "legal_reference", "legal_link", "signed_by", "signed_on"),
    *("document_digest", "valid_from", "valid_to"),
)


async def show(visit: Visit) -> Response[str]:
    """Every agreement, those that end soon first, and partners that have none."""
    found = await agreements.agreement_list(visit.services.database, visit.asker(), visit.at)
    return page(
        visit,
        "agreements.html",
        found=found,
        letters=_letters(visit, found.agreements, found.programmes),
        may_edit=AGREEMENTS_EDIT in visit.asker().scopes,
        done=visit.query.get("done", ""),
    )


async def show_one(visit: Visit) -> Response[str]:
    """One agreement as a letter, with the others there were."""
    return await _one(visit, {}, 200)


async def _one(visit: Visit, problems: dict[str, str], status: int) -> Response[str]:
    number = number_in(visit.path("number"), 0)
    found = await agreements.one_agreement(visit.services.database, visit.asker(), number, visit.at)
    return page(
        visit,
        "agreement.html",
        status=status,
        found=found,
        letter=_letters(visit, [found.seen], found.programmes)[number],
        may_edit=AGREEMENTS_EDIT in visit.asker().scopes,
        problems=problems,
        given=visit.form,
        today=visit.at.date().isoformat(),
    )


async def end(visit: Visit) -> Response[str]:
    """Proposes that it ends; a second person approves it."""
    number = number_in(visit.path("number"), 0)
    day, why = visit.form.get("day", ""), visit.form.get("why", "")
    try:
        proposal = await agreements.propose_end(
            visit.services.database, visit.asker(), number, day, why, visit.at
        )
    except (NotUnderstood, Conflict) as wrong:
        return await _one(visit, {"end": visit.say(wrong.message)}, 400)
    return go_to(visit, f"/approvals/{proposal}")


async def refused(visit: Visit) -> Response[str]:
    """What partners were refused lately, and by which clause."""
    found = await agreements.refused_lately(visit.services.database, visit.asker())
    return page(
        visit,
        "agreements_refused.html",
        found=found,
        explained=[_explained(visit, each) for each in found],
    )


async def own(visit: Visit) -> Response[str]:
    """A partner's own agreements, for those who build its system."""
    partner = await chosen(visit)
    if partner is None:
        return await must_choose(visit)
    found = await agreements.own_agreements(
        visit.services.database, visit.asker(), partner.partner_id, visit.at
    )
    return page(
        visit,
        "developers_agreements.html",
        partner=partner,
        found=found,
        letters=_letters(visit, found.agreements, found.programmes),
    )


async def ask(visit: Visit) -> Response[str]:
    """The form, empty or filled from the agreement that the new one is to follow."""
    follows = number_in(visit.query.get("after"), 0)
    given: dict[str, str] = {"valid_from": visit.at.date().isoformat()}
    given["partner"] = visit.query.get("partner", "")
    if follows:
        found = await agreements.one_agreement(
            visit.services.database, visit.asker(), follows, visit.at
        )
        codes = {number: each.code for number, each in found.programmes.items()}
        plain = agreements.plain(found.seen.agreement, found.seen.party, codes)
        given = _as_form(plain) | {"valid_from": given["valid_from"], "valid_to": ""}
        given["takes_place_of"] = str(follows)
    return await _form(visit, given, None)


async def enter(visit: Visit) -> Response[str]:
    """Proposes what the form says, or shows it again with what to mend."""
    form = dict(visit.form)
    try:
        proposal = await agreements.propose_agreement(
            visit.services.database, visit.asker(), _as_plain(form), form.get("why", ""), visit.at
        )
    except (NotUnderstood, Conflict) as wrong:
        return await _form(visit, form, wrong)
    return go_to(visit, f"/approvals/{proposal}")


async def _form(
    visit: Visit, given: Mapping[str, str], wrong: NotUnderstood | Conflict | None
) -> Response[str]:
    found = await agreements.agreement_list(visit.services.database, visit.asker(), visit.at)
    say = visit.say
    return page(
        visit,
        "agreement_form.html",
        status=400 if wrong else 200,
        parties=found.parties,
        programmes=found.programmes,
        given=given,
        problem=say(wrong.message) if wrong else "",
        field=wrong.field if wrong else None,
        clauses=range(1, CLAUSES + 1),
        acts=_acts_in_words(visit),
        attributes=[(each, attributes_in_words(say)[each]) for each in ATTRIBUTES],
        purposes=[(each, purposes_in_words(say)[each]) for each in PURPOSES],
    )


def _acts_in_words(visit: Visit) -> list[tuple[str, str]]:
    say = visit.say
    words = {
        "report": say("report for these programmes"),
        "enrolled": say("ask whether a person is enrolled"),
        "search": say("search the records"),
        "possible_duplicates": say("ask whether an applicant may be known already"),
        "changes": say("be told of changes"),
        "cases": say("work on cases"),
        "figures": say("read the figures released for partners"),
    }
    return [(act, words[act]) for act in ACTS]


def _as_plain(form: Mapping[str, str]) -> dict[str, Any]:
    """The agreement that the form says; each box that was ticked has a name of its own."""
    given: dict[str, Any] = {name: form.get(name, "").strip() or None for name in _LINES}
    follows = number_in(form.get("takes_place_of"), 0)
    clauses = []
    for number in range(1, CLAUSES + 1):
        ticked = {
            kind: _ticked(form, f"c{number}.{kind}.")
            for kind in ("act", "programme", "attribute", "purpose")
        }
        if ticked["act"]:
            clauses.append(
                {
                    "acts": ticked["act"],
                    "programmes": "all" if "all" in ticked["programme"] else ticked["programme"],
                    "attributes": "all" if "all" in ticked["attribute"] else ticked["attribute"],
                    "purposes": ticked["purpose"] or None,
                }
            )
            _leave_out_what_is_of_no_matter(clauses[-1])
    return given | {"clauses": clauses} | ({"takes_place_of": follows} if follows else {})


def _leave_out_what_is_of_no_matter(clause: dict[str, Any]) -> None:
    """A clause that shows no record needs no word on what comes back; figures are of no
    programme."""
    acts = set(clause["acts"])
    if not acts & {"search", "changes"}:
        clause["attributes"] = "all"
    if acts == {"figures"}:
        clause["programmes"] = "all"


def _ticked(form: Mapping[str, str], beginning: str) -> list[str]:
    return [name.removeprefix(beginning) for name in form if name.startswith(beginning)]


def _as_form(plain: Mapping[str, Any]) -> dict[str, str]:
    given = {name: str(plain[name]) for name in _LINES if plain.get(name)}
    for number, clause in enumerate(plain["clauses"][:CLAUSES], 1):
        for kind, values in (
            ("act", clause["acts"]),
            ("programme", clause["programmes"]),
            ("attribute", clause["attributes"]),
            ("purpose", clause["purposes"] or []),
        ):
            for value in ["all"] if values == "all" else values:
                given[f"c{number}.{kind}.{value}"] = "yes"
    return given


def _names(visit: Visit, who: str, programmes: Mapping[int, ProgrammeNamed]) -> Names:
    return Names(
        who=who,
        programmes={
            number: visit.written.name(each.names, each.code) for number, each in programmes.items()
        },
        day=visit.written.date,
        say=visit.say,
    )


def _letters(
    visit: Visit, found: list[AgreementSeen], programmes: Mapping[int, ProgrammeNamed]
) -> dict[int, dict[str, Any]]:
    """Each agreement in words, by its number."""
    letters = {}
    for each in found:
        agreement: Agreement = each.agreement
        names = _names(visit, each.party.name, programmes)
        letters[agreement.agreement_no] = {
            "clauses": written(agreement, names),
            "law": by_law(agreement, names),
        }
    return letters


def _explained(visit: Visit, seen: RefusedSeen) -> str:
    """Why it was refused, in one sentence."""
    say, programme = visit.say, seen.programme
    about = visit.written.name(programme.names, programme.code) if programme else ""
    if seen.why == "none":
        return say("No agreement with this partner was in force.")
    if seen.why == "act":
        return say("No clause lets it put this question.")
    if seen.why == "scope":
        return say("This is not switched on for the partner: its token lacks the scope.")
    if seen.why == "purpose":
        return say("The purpose that it named is not one of: {purposes}.").format(
            purposes=_purposes_of(visit, [clause for _, clause in seen.clauses])
        )
    if seen.why == "programme" and about:
        return say("No clause for this question names {programme}.").format(programme=about)
    if seen.why == "programme":
        return say("It asked about a programme that there is not.")
    return say("It was refused for another reason than an agreement.")


def _purposes_of(visit: Visit, clauses: list[Clause]) -> str:
    known = purposes_in_words(visit.say)
    codes = sorted({each for clause in clauses for each in clause.purposes or ()})
    return listed((known.get(code, code) for code in codes), visit.say)
