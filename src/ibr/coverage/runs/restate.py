"""What a run says anew: tables that differ from those that counted before, and why."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ibr.coverage.figures.model import Cell, Restated

_UNCHANGED: Final = (
    "The inputs that are noted are the same; records were corrected in the registry meanwhile."
)


def compared(
    place: tuple[str, str, str],
    run_no: int,
    before_run: int,
    before: Sequence[Cell],
    after: Sequence[Cell],
    why: Sequence[str],
) -> Restated:
    """How the cells of a table differ from those that counted before."""
    old = {cell.key: cell for cell in before}
    new = {cell.key: cell for cell in after}
    changed = [key for key in old.keys() | new.keys() if old.get(key) != new.get(key)]
    moved = [by for key in changed if (by := _moved(old.get(key), new.get(key))) is not None]
    total_before, total_after = old.get(()), new.get(())
    indicator, breakdown, period = place
    return Restated(
        run_no=run_no,
        before_run=before_run,
        indicator=indicator,
        period=period,
        breakdown=breakdown,
        cells_changed=len(changed),
        cells=len(new),
        value_before=total_before.value if total_before else None,
        value_after=total_after.value if total_after else None,
        largest_change=format(max(moved), "f") if moved else None,
        why=tuple(why),
    )


def _moved(before: Cell | None, after: Cell | None) -> Decimal | None:
    """By how much a value differs; a cell that is not there counts as nothing."""
    try:
        values = [Decimal(cell.value or 0) if cell else Decimal(0) for cell in (before, after)]
    except InvalidOperation:
        return None
    return abs(values[1] - values[0])


def reasons(
    before: dict[str, Any],
    after: dict[str, Any],
    code: tuple[str, str],
    deliveries: Sequence[tuple[int, str]] = (),
) -> list[str]:
    """In sentences, what was different between the inputs of two runs of the same period.

    `deliveries` are those that changed a record between the two, each with its state now.
    """
    said = []
    if code[0] != code[1]:
        said.append(f"The code that counts is another one: {code[0]}, now {code[1]}.")
    if before.get("link_run") != after.get("link_run"):
        said.append(
            "Who is the same person was worked out anew: run of linkage "
            f"{before.get('link_run') or 'none'}, now {after.get('link_run') or 'none'}."
        )
    if before.get("denominators") != after.get("denominators"):
        said.append("Other population figures are divided by.")
    if before.get("references") != after.get("references"):
        said.append("Other reference amounts are divided by.")
    if before.get("areas") != after.get("areas"):
        said.append("The list of areas changed.")
    earlier, later = before.get("programmes", {}), after.get("programmes", {})
    news = sorted(code for code in later if later[code] != earlier.get(code))
    if news:
        said.append(f"Reports arrived meanwhile from {_some(news)}.")
    merged = [str(number) for number, state in deliveries if state != "voided"]
    if merged:
        said.append(f"Records were changed by deliveries {_some(merged)}.")
    voided = [str(number) for number, state in deliveries if state == "voided"]
    if voided:
        said.append(f"Deliveries were voided: {_some(voided)}.")
    if before.get("rules") != after.get("rules"):
        said.append("Rules or pairs of programmes changed.")
    return said or [_UNCHANGED]


def _some(codes: Sequence[str], most: int = 12) -> str:
    more = f" and {len(codes) - most} more" if len(codes) > most else ""
    return ", ".join(codes[:most]) + more
