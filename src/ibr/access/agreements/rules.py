"""What agreements allow an asker, and why not where they do not; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from ibr.access.agreements.model import UNKEPT, Act, Clause, Wish
from ibr.asker import Asker, Term
from ibr.errors import NotAllowed

Attributes = frozenset[str] | None
"""What comes back of a record: None is all of it."""

# What makes a programme one that the asker may ask about at all.
ASKING: Final = frozenset({"enrolled", "search", "possible_duplicates", "changes"})

OUT_OF_REACH: Final = "You may not ask about this programme. The registry's agreements say who may."


class NotAgreedError(NotAllowed):
    """What no agreement allows. The partner reads code and message; `because` says to those who
    may know which clause stood against it, and holds nothing that was sent but known codes."""

    def __init__(self, code: str, message: str, asker: Asker, because: dict[str, Any]) -> None:
        super().__init__(code, message)
        self.asker = asker
        self.because = because


def agreed(asker: Asker, act: str) -> dict[int, Attributes]:
    """The programmes with which this asker may do this for its purpose, and what comes back.

    Without terms, which is every asker but a partner, the programmes in reach and all of each.
    """
    if asker.terms is None:
        return dict.fromkeys(asker.ask, None)
    found: dict[int, Attributes] = {}
    for term in asker.terms:
        if act not in term.acts or not _covers(term, asker.purpose.code):
            continue
        for programme in term.programmes:
            found[programme] = _more(found.get(programme, frozenset()), term.attributes)
    return found


def _more(some: Attributes, others: Attributes) -> Attributes:
    return None if some is None or others is None else some | others


def told_by_itself(asker: Asker) -> dict[int, Attributes]:
    """The programmes that the asker reports for: of these it may read what it told."""
    return dict.fromkeys(asker.report, None)


def must_be_agreed(asker: Asker, act: str, programme: int) -> None:
    """NotAgreedError unless an agreement lets the asker do this with the programme for its purpose.

    A programme that is not agreed and one that there is not are refused in the same words.
    """
    if is_agreed(asker, act, programme):
        return
    raise not_agreed(asker, act, programme)


def not_agreed(asker: Asker, act: str, programme: int | None) -> NotAgreedError:
    """The refusal of what is not agreed, or of a programme that there is not (None)."""
    because = why_not(asker, act, programme)
    if because["why"] == "purpose":
        return NotAgreedError("purpose.not_agreed", purposes_refused(asker, act), asker, because)
    return NotAgreedError("programme.not_allowed", OUT_OF_REACH, asker, because)


def programmes_of(terms: Iterable[Term], act: str) -> frozenset[int]:
    """The programmes with which this may be done for some purpose."""
    return frozenset().union(*(term.programmes for term in terms if act in term.acts))


def must_have(asker: Asker, act: str) -> None:
    """NotAgreedError where no clause in force lets the asker do this at all, for any purpose."""
    if asker.terms is not None and not any(act in term.acts for term in asker.terms):
        raise NotAgreedError(
            "agreement.none",
            "No agreement in force lets you do this. Ask the registry what could be agreed.",
            asker,
            why_not(asker, act, None),
        )


def not_agreed_purpose(asker: Asker, act: str) -> NotAgreedError:
    """The refusal of a question to which no clause lets the asker have this purpose."""
    nearest = [term for term in asker.terms or () if act in term.acts]
    because = {
        "question": act,
        "programme": None,
        "why": "purpose",
        "clauses": _numbers(nearest),
    }
    return NotAgreedError("purpose.not_agreed", purposes_refused(asker, act), asker, because)


def purposes_refused(asker: Asker, act: str) -> str:
    """The words for a purpose that is not agreed: which ones are."""
    covered = {
        each for term in asker.terms or () if act in term.acts for each in term.purposes or ()
    }
    return (
        "Your agreement does not cover this purpose. Name one that it covers: "
        f"{', '.join(sorted(covered))}."
    )


def is_agreed(asker: Asker, act: str, programme: int) -> bool:
    """Whether the asker may do this with the programme for its purpose."""
    if asker.terms is None:
        return programme in asker.ask
    return any(
        act in term.acts and programme in term.programmes and _covers(term, asker.purpose.code)
        for term in asker.terms
    )


def why_not(asker: Asker, act: str, programme: int | None) -> dict[str, Any]:
    """Why the agreements in force do not allow it, and which clauses came nearest.

    `why` is none (no agreement in force), act (no clause for this question), programme (none of
    those clauses has it) or purpose.
    """
    terms = asker.terms or ()
    by_act = [term for term in terms if act in term.acts]
    by_programme = [term for term in by_act if programme in term.programmes]
    if by_programme:
        why, nearest = "purpose", by_programme
    elif by_act:
        why, nearest = "programme", by_act
    else:
        why, nearest = ("act" if terms else "none"), []
    return {"question": act, "programme": programme, "why": why, "clauses": _numbers(nearest)}


def _numbers(terms: Iterable[Term]) -> list[str]:
    return sorted({f"{term.agreement}.{term.clause}" for term in terms})


def _covers(term: Term, purpose: str) -> bool:
    return term.purposes is None or purpose in term.purposes


def default_purpose(terms: Iterable[Term]) -> str:
    """The purpose of a question that names none: the first that the agreements name."""
    for term in terms:
        if term.purposes:
            return min(term.purposes)
    return "enrolment_check"


def loose(
    partner_id: int, *, report: tuple[int, ...] | None, ask: tuple[int, ...] | None, today: date
) -> Wish:
    """What a partner is added with, as an agreement: None is every programme, `()` is none.

    Whoever tells works on cases of what it tells; whoever asks may put every question and hear of
    changes; which of these are switched on for the partner its scopes say. Figures that were
    released for partners are of no programme.
    """
    told: tuple[Act, ...] = ("report", "cases")
    asked: tuple[Act, ...] = ("enrolled", "search", "possible_duplicates", "changes")
    wanted = [(told, report), (asked, ask)]
    clauses = [(acts, programmes) for acts, programmes in wanted if programmes != ()]
    clauses.append((("figures",), None))
    return Wish(
        partner_id=partner_id,
        legal_basis=UNKEPT,
        valid_from=today,
        clauses=tuple(
            Clause(clause_no=number, acts=acts, programmes=programmes)
            for number, (acts, programmes) in enumerate(clauses, 1)
        ),
    )
