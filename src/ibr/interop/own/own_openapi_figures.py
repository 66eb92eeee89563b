"""The addresses of figures in the published description, with their shapes and examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, get_args

from ibr.access.scopes import FIGURES, SCOPES
from ibr.coverage.catalogue.model import Disclosure, Unit
from ibr.coverage.figures.model import DIMENSIONS, NOTES
from ibr.interop.dci.openapi_parts import content
from ibr.interop.dci.openapi_schemas import refer
from ibr.publish.asked.read_asked import MOST_PER_PAGE
from ibr.publish.files.model import STATUSES, Audience

Schema = dict[str, Any]
_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "integer"}
_TEXTS: Final[Schema] = {"type": "array", "items": {"type": "string"}}
# What a reader of figures can be refused with: nothing is sent in, so nothing is too large.
_FAULTS: Final = ("400", "401", "403", "404", "429", "500", "503")
_WORDS: Final = {"en": "Population with a benefit", "fr": "Population avec une prestation"}
_TABLE: Final = {
    "indicator": "C2",
    "version": 1,
    "period": "2026-10",
    "breakdown": "area1",
    "run_no": 12,
    "as_known_at": "2026-11-16T03:00:00.000Z",
    "reports_received": 4,
    "reports_due": 5,
    "not_reported": [{"programme": "DIS", "due_on": "2026-11-15"}],
    "sources": ["Census 2024, projected"],
}
_FIGURE: Final = {
    "indicator": "C2",
    "period": "2026-10",
    "breakdown": "area1",
    "codes": {"area1": "R1"},
    "names": {"area1": "North"},
    "numerator": 4512,
    "denominator": 10000,
    "value": "0.4512",
    "unit": "share",
    "status": "shown",
    "notes": [],
    "run_no": 12,
}
_HIDDEN: Final = {
    **_FIGURE,
    "codes": {"area1": "R2"},
    "names": {"area1": "South"},
    "numerator": None,
    "denominator": None,
    "value": None,
    "status": "hidden",
}
_PAGE: Final = {
    "audience": "partners",
    "release_no": 3,
    "licence": "CC BY 4.0",
    "tables": [_TABLE],
    "figures": [_FIGURE, _HIDDEN],
    "page": 1,
    "pages": 1,
    "total": 2,
}
_INDICATOR: Final = {
    "code": "C2",
    "version": 1,
    "name": _WORDS,
    "about": {"en": "How many of all people receive anything.", "fr": "Qui reçoit quelque chose."},
    "formula": {"en": "people reached over population", "fr": "personnes sur population"},
    "symbols": "N1 / P",
    "unit": "share",
    "decimals": 4,
    "numerator": {"en": "people reached directly", "fr": "personnes atteintes directement"},
    "denominator": {"en": "population at mid-period", "fr": "population au milieu"},
    "breakdowns": ["", "area1", "sex*age"],
    "yearly": [""],
    "limits": {"en": "It says nothing of amounts.", "fr": "Rien sur les montants."},
    "disclosure": "persons",
    "better": "higher",
    "source": {"en": "this registry's definition", "fr": "définition de ce registre"},
}
_RUN: Final = {
    "run_no": 12,
    "kind": "month",
    "state": "done",
    "as_known_at": "2026-11-16T03:00:00.000Z",
    "first_month": "2026-10",
    "last_month": "2026-10",
    "code_version": "0.1.0+4f2a",
}


def _or_none(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _told(schema: Schema, about: str) -> Schema:
    return {**schema, "description": about}


def _list(name: str) -> Schema:
    return {"type": "array", "items": refer(name)}


def _object(told: str, optional: Iterable[str] = (), /, **members: Schema) -> Schema:
    required = [each for each in members if each not in set(optional)]
    return {"type": "object", "description": told, "properties": members, "required": required}


def _by_dimension(about: str) -> Schema:
    return {"type": "object", "description": about, "additionalProperties": {"type": "string"}}


def _table_schemas(shared: dict[str, Schema]) -> dict[str, Schema]:
    """What is true of whole tables."""
    return {
        "FigureTable": _object(
            "What is true of all figures of a table.",
            **shared,
            version=_told(_NUMBER, "Version of the definition."),
            run_no=_NUMBER,
            as_known_at=_or_none({"type": "string", "format": "date-time"}),
            reports_received=_or_none(_NUMBER),
            reports_due=_or_none(_NUMBER),
            not_reported=_told(
                _or_none({"type": "array", "items": refer("NotReported")}),
                "Whose reports were due and had not come; null where that was not noted.",
            ),
            sources=_told(_TEXTS, "What was divided by."),
        ),
        "NotReported": _object(
            "A programme whose report is not in the figures.",
            programme=_TEXT,
            due_on=_told({"type": "string", "format": "date"}, "The last day of the report."),
        ),
    }


def figure_schemas() -> dict[str, Schema]:
    """Every shape of figures by its name."""
    words = refer("BothLanguages")
    moment = {"type": "string", "format": "date-time"}
    shared = {"indicator": _TEXT, "period": _told(_TEXT, "2026-10 or 2026."), "breakdown": _TEXT}
    return {
        "BothLanguages": _object("A text in English and French.", en=_TEXT, fr=_TEXT),
        **_table_schemas(shared),
        "Figure": _object(
            "One figure as it was frozen.",
            **shared,
            codes=_by_dimension("Its code in each dimension; `_U` where it is not known."),
            names=_by_dimension("What the codes are called."),
            numerator=_or_none(_NUMBER),
            denominator=_or_none(_NUMBER),
            value=_told(_or_none(_TEXT), "A decimal as a text, so that no reader rounds it."),
            unit={"type": "string", "enum": ["", *get_args(Unit)]},
            status={"type": "string", "enum": list(STATUSES)},
            notes={"type": "array", "items": {"type": "string", "enum": list(NOTES)}},
            run_no=_NUMBER,
        ),
        "FiguresAnswer": _object(
            "A page of figures.",
            audience={"type": "string", "enum": list(get_args(Audience))},
            release_no=_told(_or_none(_NUMBER), "The newest release that any of them is from."),
            licence=_TEXT,
            tables=_list("FigureTable"),
            figures=_list("Figure"),
            page=_NUMBER,
            pages=_NUMBER,
            total=_NUMBER,
        ),
        "IndicatorsAnswer": _object("The library of indicators.", indicators=_list("Indicator")),
        "RunsAnswer": _object("Runs, the newest first.", runs=_list("FigureRun")),
        **_definitions(words),
        **_runs(moment),
    }


def _definitions(words: Schema) -> dict[str, Schema]:
    return {
        "Indicator": _object(
            "The definition of an indicator.",
            code=_TEXT,
            version=_NUMBER,
            name=words,
            about=words,
            formula=words,
            symbols=_TEXT,
            unit={"type": "string", "enum": list(get_args(Unit))},
            decimals=_NUMBER,
            numerator=words,
            denominator=_or_none(words),
            breakdowns=_told(_TEXTS, "Dimensions joined by `*`; empty for the total."),
            yearly=_told(_TEXTS, "Those that a calendar year has as well."),
            limits=words,
            disclosure={"type": "string", "enum": list(get_args(Disclosure))},
            better={"type": "string", "enum": ["higher", "lower", "neither"]},
            source=words,
        )
    }


def _runs(moment: Schema) -> dict[str, Schema]:
    """Officers see how a run went as well."""
    inside: dict[str, Schema] = {
        "snapshot_no": _or_none(_NUMBER),
        "inputs": {"type": "object"},
        "tables": _NUMBER,
        "cells": _NUMBER,
        "reason": _TEXT,
        "started_at": moment,
        "finished_at": _or_none(moment),
    }
    return {
        "FigureRun": _object(
            "A run that froze figures.",
            inside,
            run_no=_NUMBER,
            kind=_TEXT,
            state=_TEXT,
            as_known_at=moment,
            first_month=_TEXT,
            last_month=_TEXT,
            code_version=_TEXT,
            **inside,
        )
    }


def _query(name: str, about: str, schema: Schema | None = None) -> Schema:
    return {"name": name, "in": "query", "description": about, "schema": schema or _TEXT}


def _parameters() -> list[Schema]:
    most = {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE}
    return [
        {
            "name": "code",
            "in": "path",
            "required": True,
            "description": "The code of an indicator, as C2.",
            "schema": {"type": "string", "pattern": "^[A-Z0-9]{2,10}$"},
        },
        _query("period", "2026-10, 2026, several with commas, 2026-01..2026-10; else the newest."),
        _query("breakdown", "Dimensions joined by `*`, several with commas; none is the total."),
        *(_query(name, f"Only these: {about}.") for name, about in DIMENSIONS.items()),
        _query("language", "Of names.", {"type": "string", "enum": ["en", "fr"]}),
        _query("page", "From 1.", {"type": "integer", "minimum": 1, "maximum": 100_000}),
        _query("size", "Figures on a page; 1,000 unless said.", most),
    ]


def figure_paths(tag: str, errors: Iterable[str]) -> dict[str, Schema]:
    """The addresses; `errors` are the statuses that are described once for all."""
    faults = {
        status: {"$ref": f"#/components/responses/OwnError{status}"}
        for status in errors
        if status in _FAULTS
    }
    reads: tuple[tuple[str, str, str, list[Schema], tuple[str, Any]], ...] = (
        ("/api/v1/indicators", "indicators", "The library of indicators", [],
         ("IndicatorsAnswer", {"indicators": [_INDICATOR]})),
        ("/api/v1/indicators/{code}/figures", "figures", "Figures of an indicator", _parameters(),
         ("FiguresAnswer", _PAGE)),
        ("/api/v1/runs", "figure_runs", "The runs that froze figures", [],
         ("RunsAnswer", {"runs": [_RUN]})),
    )  # fmt: skip
    about = (
        "Partners read what was released for them, officers with the session of the pages exact "
        f"figures. Needs the scope `{FIGURES}`: {SCOPES[FIGURES]}."
    )
    return {
        path: {
            "get": {
                "operationId": name,
                "summary": title,
                "description": about,
                "tags": [tag],
                "security": [{"partner": [FIGURES]}],
                **({"parameters": parameters} if parameters else {}),
                "responses": {
                    "200": _found(*said),
                    "304": {"description": "The same as the answer whose ETag was sent."},
                    **faults,
                },
            }
        }
        for path, name, title, parameters, said in reads
    }


def _found(schema: str, example: Any) -> Schema:
    return {
        "description": "Done.",
        "headers": {
            "ETag": {
                "description": "Send it back as If-None-Match to hear whether anything changed.",
                "schema": {"type": "string"},
            }
        },
        "content": content(refer(schema), {"answer": example}),
    }
