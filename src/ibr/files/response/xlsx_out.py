"""A response as XLSX, written as a stream and never in the clear on a disk.

Libraries that write large workbooks put the rows into a file of their own first, readable for
whoever has the disk. A sheet of texts, numbers and dates is simple enough to be written straight
into the zip that is being sealed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import Final

from ibr.errors import TooMuch
from ibr.files.reading.model import Reader
from ibr.files.response.model import ADDED, RowOutcome, Sink, harmless

MOST_ROWS: Final = 1_048_576
_AT_ONCE: Final = 512 * 1024
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,10})?", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST_DAY: Final = date(1899, 12, 30).toordinal()
# Excel's calendar is right from here on.
_RIGHT_FROM: Final = date(1900, 3, 1).toordinal()
# What XML 1.0 cannot hold.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_PLAIN, _DATE, _BOLD = "", ' s="1"', ' s="2"'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS: Final = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default '
        'Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
        f'ContentType="{_TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
        f'ContentType="{_TYPE}.worksheet+xml"/><Override PartName="/xl/styles.xml" '
        f'ContentType="{_TYPE}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
        f'Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" '
        'formatCode="yyyy\\-mm\\-dd"/></numFmts><fonts count="2"><font/><font><b/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill '
        'patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/>'
        '<xf numFmtId="164" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs>'
        "</styleSheet>"
    ),
}


def write_xlsx(
    reader: Reader, heading_row: int, width: int, outcome: RowOutcome, sink: Sink
) -> None:
    """Writes every row at its own number, so that a reason is found where the mistake is; the
    added columns stand behind the widest row, `width`."""
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as book:
        for name, content in _PARTS.items():
            book.writestr(name, _HEAD + content)
        book.writestr("xl/workbook.xml", _HEAD + _workbook(reader.sheet or "Response"))
        with book.open("xl/worksheets/sheet1.xml", "w") as part:
            part.write((_HEAD + f'<worksheet xmlns="{_MAIN}">').encode())
            part.write(_frozen(heading_row).encode())
            waiting: list[str] = []
            size = 0
            for number, cells in reader.rows():
                if number > MOST_ROWS:
                    raise TooMuch("file.large", f"A sheet may have {MOST_ROWS} rows at most.")
                filled = [*cells, *[""] * (width - len(cells))]
                if number == heading_row:
                    filled += ADDED
                elif number > heading_row:
                    filled += outcome(number)
                row = _row(number, filled, bold=number == heading_row)
                waiting.append(row)
                size += len(row)
                if size > _AT_ONCE:
                    part.write("".join(waiting).encode())
                    waiting, size = [], 0
            part.write(("".join(waiting) + "</sheetData></worksheet>").encode())


def _workbook(sheet: str) -> str:
    name = _escaped(re.sub(r"[\[\]:*?/\\']", " ", sheet)[:31].strip() or "Response")
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _frozen(heading_row: int) -> str:
    """The heading stays in sight."""
    if not 0 < heading_row < 100:
        return "<sheetData>"
    return (
        f'<sheetViews><sheetView workbookViewId="0"><pane ySplit="{heading_row}" '
        f'topLeftCell="A{heading_row + 1}" activePane="bottomLeft" state="frozen"/></sheetView>'
        "</sheetViews><sheetData>"
    )


def _row(number: int, cells: Sequence[str], *, bold: bool) -> str:
    written = "".join(
        _cell(f"{_letters(place)}{number}", cell, _BOLD if bold else _PLAIN)
        for place, cell in enumerate(cells)
        if cell
    )
    return f'<row r="{number}">{written}</row>'


def _cell(at: str, cell: str, style: str) -> str:
    if not style and len(cell) <= 26:
        if _NUMBER.fullmatch(cell) and len(cell.replace(".", "").lstrip("-")) <= 15:
            return f'<c r="{at}"><v>{cell}</v></c>'
        if _DAY.fullmatch(cell):
            serial = _serial(cell)
            if serial is not None:
                return f'<c r="{at}"{_DATE}><v>{serial}</v></c>'
    text = _escaped(harmless(cell))
    return f'<c r="{at}"{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _serial(day: str) -> int | None:
    try:
        ordinal = date.fromisoformat(day).toordinal()
    except ValueError:
        return None
    return ordinal - _FIRST_DAY if ordinal >= _RIGHT_FROM else None


def _escaped(text: str) -> str:
    text = _FORBIDDEN.sub(" ", text)
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


_LETTERS: list[str] = []


def _letters(place: int) -> str:
    """A column's letters: A to Z, AA and on."""
    while len(_LETTERS) <= place:
        number, letters = len(_LETTERS) + 1, ""
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(65 + rest) + letters
        _LETTERS.append(letters)
    return _LETTERS[place]
