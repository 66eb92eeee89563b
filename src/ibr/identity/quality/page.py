"""Measured quality as the sections of docs/linkage.md, between their markers. Pure text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ibr.errors import NotUnderstood
from ibr.identity.quality.judging import FEWEST_IN_STRATUM, Judged
from ibr.identity.quality.measures import Band, Counted, Interval, Measured, measured

_HARDNESS: Final = {
    "both_uin": "true pairs of which both carry the foundational number",
    "uin_equal_of_both": "… and it is equal, of those",
    "exact_names": "true pairs whose given and family name are written the same",
    "birth_equal": "true pairs with the same birth date",
    "same_programme": "true pairs within one programme",
    "two_scripts": "true pairs in two scripts",
    "account_of_records": "records with an account",
    "uin_of_appearances": "appearances with the foundational number",
    "phone_of_appearances": "appearances with a phone",
    "in_household_of_appearances": "appearances in a household's record",
    "twins_of_births": "births of twins",
    "married_name_of_women": "women who took their husband's name",
    "household_moved": "households that moved in the two years",
    "household_split": "households of which some left to found another",
}
_KINDS: Final = ("mistake", "script", "sex", "programme", "")


def rewritten(page: str, section: str, text: str) -> str:
    """The page with another text between the markers of a section; NotUnderstood without them."""
    start, end = f"<!-- quality:{section} -->", f"<!-- /quality:{section} -->"
    before, found, rest = page.partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise NotUnderstood(
            "linkage.page", f"The page has no section between {start} and {end}. Add both lines."
        )
    return f"{before}{start}\n{text.strip()}\n{end}{after}"


def of_judged(judged: Judged) -> str:
    """A linkage of known people: the whole, whole people, calibration, and by stratum."""
    whole = _table(
        ("pairs", "found", "right", "precision", "recall", "F1"),
        [
            _row("more likely one person than two", judged.even_odds),
            _row("in one person, if even odds were enough to link", judged.joined),
            _row("linked without a person", judged.linked),
            _row("put up for review, of those not linked", judged.review),
            _row("linked or put up for review", judged.linked_or_review),
        ],
    )
    clusters = judged.clusters
    people = _table(
        ("persons", "figure"),
        [
            ("true people", f"{clusters.people:,}"),
            ("persons found", f"{clusters.clusters:,}"),
            ("of people with several records, found whole and alone",
             _share(clusters.several_exactly_right)),
            ("persons that hold records of more than one", f"{clusters.mixed:,}"),
            ("records of the largest person", str(clusters.largest)),
            ("B-cubed precision, recall",
             f"{_share(clusters.precision)}, {_share(clusters.recall)}"),
        ],
    )  # fmt: skip
    return (
        f"{judged.appearances:,} appearances of {judged.people:,} people with "
        f"{judged.true_pairs:,} true pairs; {judged.candidates:,} pairs share a key and were "
        f"weighed, {_share(judged.candidates_hold)} of the true pairs among them.\n\n"
        f"{whole}\n\n{people}\n\nWhat weights promise and what is true:\n\n"
        f"{_bands(judged.calibration)}"
    )


def of_strata(judged: Judged) -> str:
    """The same by mistake, script, sex, programme and what else is known of the records."""
    rows = []
    for kind in _KINDS:
        for name, each in judged.even_odds_by.items():
            if name.partition(": ")[0 if ": " in name else 1] != kind:
                continue
            few = " (few)" if each.true < FEWEST_IN_STRATUM else ""
            rows.append(
                (
                    name.replace("_", " ") + few,
                    f"{each.true:,}",
                    _share(each.precision),
                    _share(each.recall),
                    _share(each.f1),
                    _share(_of(judged.joined_by, name).f1),
                    _share(_of(judged.linked_by, name).precision),
                    _share(_of(judged.linked_or_review_by, name).recall),
                )
            )
    table = _table(
        (
            "records", "true pairs", "precision", "recall", "F1", "F1 in one person",
            "precision of linked", "linked or reviewed",
        ),
        rows,
    )  # fmt: skip
    if not judged.furthest_below:
        return table
    return (
        f"Furthest below the whole in F1, of those with at least {FEWEST_IN_STRATUM} true pairs: "
        f"{_furthest(judged.furthest_below)}. In one person, if even odds were enough to link: "
        f"{_furthest(judged.furthest_below_joined)}.\n\n{table}"
    )


def _furthest(below: Mapping[str, tuple[str, float]]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} by {gap:.4f}" for name, gap in below.values())


def _of(by: Mapping[str, Measured], name: str) -> Measured:
    """A stratum in which nothing was found has no line of its own."""
    return by.get(name) or measured(Counted(0, 0, 0))


def of_febrl(judged: Mapping[str, Judged]) -> str:
    """FEBRL's sets in one table."""
    return _table(
        ("set", "records", "true pairs", "weighed pairs hold", "precision", "recall", "F1"),
        [
            (
                f"FEBRL {name}",
                f"{each.appearances:,}",
                f"{each.true_pairs:,}",
                _share(each.candidates_hold),
                _share(each.even_odds.precision),
                _share(each.even_odds.recall),
                _share(each.even_odds.f1),
            )
            for name, each in judged.items()
        ],
    )


def of_hardness(hardness: Mapping[str, object]) -> str:
    """What records of one person have in common, one line for each figure."""
    rows = []
    for name, value in hardness.items():
        if isinstance(value, Mapping):
            rows += [
                (f"appearances with the mistake: {kind}", _percent(share))
                for kind, share in value.items()
            ]
        else:
            rows.append((name, _percent(value) if isinstance(value, float) else f"{value:,}"))
    return _table(
        ("what", "share"),
        [(_HARDNESS.get(name, name.replace("_", " ")), share) for name, share in rows],
    )


def _row(what: str, each: Measured) -> tuple[str, ...]:
    return (
        what,
        f"{each.found:,}",
        f"{each.right:,}",
        _with(each.precision, each.precision_interval),
        _with(each.recall, each.recall_interval),
        _share(each.f1),
    )


def _bands(bands: Sequence[Band]) -> str:
    return _table(
        ("weight", "pairs", "one person", "promised", "seen"),
        [
            (
                _span(each),
                f"{each.pairs:,}",
                f"{each.same:,}",
                _share(each.expected),
                _with(each.seen, each.interval),
            )
            for each in bands
        ],
    )


def _span(band: Band) -> str:
    if band.low is None:
        return f"below {band.high:g}"
    return f"{band.low:g} and more" if band.high is None else f"{band.low:g} to {band.high:g}"


def _with(share: float | None, interval: Interval | None) -> str:
    if interval is None:
        return _share(share)
    return f"{_share(share)} ({interval.low:.4f} to {interval.high:.4f})"


def _share(share: float | None) -> str:
    return "none" if share is None else f"{share:.4f}"


def _percent(share: object) -> str:
    return f"{float(str(share)):.1%}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])
