"""The form in which a person says what the columns of a file mean, read back into a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ibr.errors import NotUnderstood
from ibr.files.mapping.model import Column
from ibr.files.mapping.model import Mapping as FileMapping
from ibr.files.mapping.targets import aim_of
from ibr.files.model import FileSent

_ORDERS: Final = ("dmy", "mdy", "ymd")


def mapping_in(form: Mapping[str, str], file: FileSent) -> FileMapping:
    """The file's mapping with what the form says of each column.

    Fields are numbered by the place of the column: `to-3` is the meaning, `other-3` one that is
    not in the list, `dates-3`, `decimal-3`, and `code-3-2` the code of the column's third word.
    """
    if file.look is None or file.mapping is None:
        raise NotUnderstood("mapping.no_file", "The file was not looked at yet.")
    header = form.get("header", "")
    sheet = form.get("sheet") or file.mapping.sheet
    moved = header.isascii() and header.isdigit() and len(header) < 8
    if sheet != file.mapping.sheet or (moved and int(header) != file.mapping.header):
        # Other rows or another sheet have other columns: they are guessed anew.
        row = int(header) if moved and sheet == file.mapping.sheet else 0
        return FileMapping([], header=row, sheet=sheet)
    before = {column.column: column for column in file.mapping.columns}
    columns = [
        _column(form, place, title, before.get(title), file.look.words.get(title, []))
        for place, title in enumerate(file.look.titles)
    ]
    unit = form.get("unit", "")
    currency = form.get("currency", "").strip().upper()
    constants = {
        name: value
        for name, value in file.mapping.constants.items()
        if name not in ("benefit.currency", "benefit.type")
    }
    if currency:
        constants["benefit.currency"] = currency[:3]
    if form.get("benefit_type"):
        constants["benefit.type"] = form["benefit_type"]
    changes: dict[str, Any] = {
        "columns": columns,
        "constants": constants,
        "rows": "member" if form.get("rows") == "member" else "record",
    }
    if unit in ("1", "2", "3"):
        changes["unit"] = int(unit)
    return msgspec.structs.replace(file.mapping, **changes)


def _column(
    form: Mapping[str, str], place: int, title: str, before: Column | None, words: list[str]
) -> Column:
    target = (form.get(f"other-{place}") or form.get(f"to-{place}") or "").strip()
    if target:
        aim_of(target)
    codes = dict(before.codes) if before and before.to == target else {}
    for number, word in enumerate(words):
        code = form.get(f"code-{place}-{number}")
        if code:
            codes[word] = code
    order = form.get(f"dates-{place}", "")
    decimal = form.get(f"decimal-{place}", "")
    return Column(
        title,
        target,
        codes=codes,
        dates=order if order in _ORDERS else None,  # type: ignore[arg-type]  # one of the three
        decimal=decimal if decimal in (".", ",") else None,  # type: ignore[arg-type]  # one of two
        day=before.day if before and before.to == target else None,
    )
