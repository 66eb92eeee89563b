"""The record of processing and the pack for an impact assessment as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ibr.keeping.model import CLASSES, FIXED
from ibr.keeping.processing.model import MEASURES, RISKS, Measure, Processing

_DUE = {
    "never": "Nobody has gone through this record yet.",
    "changed": "A feed, rule, column or measure has changed since the last review.",
    "year": "The last review is more than a year ago.",
}


def as_markdown(record: Processing) -> str:
    """Both documents, one after the other."""
    return "\n".join([*_record(record), "", *_assessment(record), ""])


def lacking(record: Processing) -> dict[str, list[Measure]]:
    """By risk the measures that are not there, or cannot be seen."""
    by_code = {each.code: each for each in record.measures}
    return {
        risk.code: [
            by_code[code] for code in risk.measures if code in by_code and not by_code[code].there
        ]
        for risk in RISKS
    }


def _record(record: Processing) -> Iterator[str]:
    yield "# Record of processing"
    yield ""
    yield f"Registry `{record.registry_id}`, profile {record.profile}."
    yield f"Digest `{record.digest.hex()}`."
    yield ""
    yield from (f"**Review due.** {_DUE[each]}" for each in record.due)
    if record.review is not None:
        at = record.review.reviewed_at
        yield f"Last review: {at:%Y-%m-%d}, {_cell(record.review.reviewed_by_name or '–')}."
    yield from _part("Programmes", ("Code", "Institution", "Reported by"), (
        (each.code, each.institution or "–", ", ".join(each.feeds) or "–")
        for each in record.programmes
    ))  # fmt: skip
    yield from _part(
        "Who tells, asks and sees what",
        ("Partner", "May", "Programmes", "Purposes", "Sees", "Law", "Until"),
        (
            (
                each.partner,
                ", ".join(each.acts),
                ", ".join(each.programmes) or "all",
                ", ".join(each.purposes) or "any that is named",
                ", ".join(each.attributes) or "all",
                each.legal_basis or "**none named**",
                each.until or "open",
            )
            for each in record.flows
        ),
    )
    yield from _part("Other registries that are asked", ("Registry", "Kind", "Learned", "Law"), (
        (each.partner, each.kind, ", ".join(each.attributes), each.legal_basis or "–")
        for each in record.sources
    ))  # fmt: skip
    yield from _part("Purposes of officers", ("Purpose",), ((each,) for each in record.purposes))
    yield from _kept(record)


def _kept(record: Processing) -> Iterator[str]:
    yield from _part("Data of people", ("Table", "What it is", "Personal", "Sensitive"), (
        (each.name, each.about, ", ".join(each.personal) or "–", ", ".join(each.sensitive) or "–")
        for each in record.tables
    ))  # fmt: skip
    yield from _part("How long it is kept", ("Class", "Days", "Then", "Law"), (
        (CLASSES[each.data_class], each.keep_days or "kept", each.disposal, each.legal_basis)
        for each in record.rules
    ))  # fmt: skip
    yield from _part("Kept by other rules", ("What", "How long"), FIXED.items())
    yield from _part("Holds in force", ("No.", "What", "Why", "Until"), (
        (each.hold_id, each.programme or each.data_class or each.kind, each.reason,
         each.until or "further notice")
        for each in record.holds
    ))  # fmt: skip
    yield from _part("Measures", ("Measure", "There", "Seen"), (
        (MEASURES[each.code], _there(each), each.seen) for each in record.measures
    ))  # fmt: skip


def _assessment(record: Processing) -> Iterator[str]:
    yield "# Pack for an impact assessment"
    yield ""
    yield "Made from the record above. What people are affected how much only people can judge."
    by_code = {each.code: each for each in record.measures}
    missing = lacking(record)
    for risk in RISKS:
        yield ""
        yield f"## {risk.words}"
        yield ""
        for code in risk.measures:
            measure = by_code.get(code)
            if measure is not None:
                yield f"- {_cell(MEASURES[code])} {_there(measure)}: {_cell(measure.seen)}"
        if missing[risk.code]:
            yield "- **To do:** what is not there."


def _there(measure: Measure) -> str:
    return "there" if measure.there else "**missing**"


def _part(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""
    lines = [f"| {' | '.join(_cell(each) for each in row)} |" for row in rows]
    if not lines:
        yield "None."
        return
    yield f"| {' | '.join(columns)} |"
    yield f"|{' --- |' * len(columns)}"
    yield from lines


def _cell(value: object) -> str:
    """A value that cannot leave its cell."""
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")
