"""Figures as the registry's own interface answers them: plain objects, ready to be JSON."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import msgspec

from ibr.clock import written
from ibr.coverage.catalogue.model import Indicator, Words
from ibr.coverage.figures.model import Run
from ibr.publish.asked.read_asked import Paging
from ibr.publish.files.json_file import row_as_json, table_as_json
from ibr.publish.files.model import Dataset
from ibr.publish.files.rows import count_rows, rows


def indicator_list(indicators: Iterable[Indicator]) -> dict[str, Any]:
    """The catalogue: every definition, in both languages."""
    return {"indicators": [_definition(each) for each in indicators]}


def _definition(indicator: Indicator) -> dict[str, Any]:
    denominator = indicator.denominator
    return {
        "code": indicator.code,
        "version": indicator.version,
        "name": _both(indicator.name),
        "about": _both(indicator.about),
        "formula": _both(indicator.formula),
        "symbols": indicator.symbols,
        "unit": indicator.unit,
        "decimals": indicator.decimals,
        "numerator": _both(indicator.numerator),
        "denominator": _both(denominator) if denominator else None,
        "breakdowns": list(indicator.breakdowns),
        "yearly": list(indicator.yearly),
        "limits": _both(indicator.limits),
        "disclosure": indicator.disclosure,
        "better": indicator.better,
        "source": _both(indicator.source),
    }


def _both(words: Words) -> dict[str, str]:
    return {"en": words.en, "fr": words.fr}


def figures_answer(dataset: Dataset, paging: Paging) -> dict[str, Any]:
    """A page of figures, with what is true of their tables."""
    total = count_rows(dataset)
    first = (paging.page - 1) * paging.size
    shown = islice(rows(dataset), first, first + paging.size)
    return {
        "audience": dataset.audience,
        "release_no": dataset.release_no,
        "licence": dataset.licence,
        "tables": [table_as_json(table) for table in dataset.tables],
        "figures": [row_as_json(row) for row in shown],
        "page": paging.page,
        "pages": max(1, -(-total // paging.size)),
        "total": total,
    }


def run_list(runs: Iterable[Run], *, whole: bool) -> dict[str, Any]:
    """Runs, the newest first; without `whole` only what a reader of figures needs to cite one."""
    return {"runs": [_run(each) | (_inside(each) if whole else {}) for each in runs]}


def _run(run: Run) -> dict[str, Any]:
    return {
        "run_no": run.run_no,
        "kind": run.kind,
        "state": run.state,
        "as_known_at": written(run.as_known_at),
        "first_month": run.first_month,
        "last_month": run.last_month,
        "code_version": run.code_version,
    }


def _inside(run: Run) -> dict[str, Any]:
    return {
        "snapshot_no": run.snapshot_no,
        "inputs": msgspec.to_builtins(run.inputs),
        "tables": run.tables,
        "cells": run.cells,
        "reason": run.reason,
        "started_at": written(run.started_at),
        "finished_at": written(run.finished_at) if run.finished_at else None,
    }
