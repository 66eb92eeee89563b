"""A million rows of CSV and XLSX read, mapped and answered: what memory and time that takes.

    .venv/bin/python benchmarks/files.py run csv 1000000
    .venv/bin/python benchmarks/files.py run xlsx 1000000

Needs no database: reading, looking, making records and writing the response are what could hold a
whole file. Every tenth row is refused, and each must be in the response with its reason.
"""

from __future__ import annotations

import csv
import io
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO

import xlsxwriter

from ibr.files.mapping.look import body_of
from ibr.files.mapping.propose import Ground
from ibr.files.reading.open_rows import open_rows
from ibr.files.records.build import Builder, Terms
from ibr.files.records.items import Block
from ibr.files.response.model import Sink
from ibr.files.sending.look_at import look_at
from ibr.files.sending.outcomes import RowOutcomes, kept
from ibr.files.sending.respond import write_response
from ibr.periods import Month
from ibr.protection.spool import Spool
from ibr.reported.beneficiary import Refusal

TITLES = ["Beneficiary No", "National ID", "Surname", "First name", "Sex", "Date of birth"]
TITLES += ["District", "Status", "Payment date", "Amount"]
AT = datetime(2026, 11, 1, tzinfo=UTC)
BLOCK = 4_000


def rows(count: int) -> Iterator[list[str]]:
    yield TITLES
    for n in range(1, count + 1):
        yield [
            f"B-{n:07d}",
            f"{10_000_000 + n}",
            f"Surname{n % 5000}",
            f"Name {n}",
            "?" if n % 10 == 0 else "FM"[n % 2],
            f"{13 + n % 15}/{1 + n % 12:02d}/{1940 + n % 70}",
            f"District {n % 40}",
            "Active",
            f"{13 + n % 15}/10/2026",
            f"{1000 + n % 900}.50",
        ]


def make_csv(path: Path, count: int) -> None:
    with path.open("w", newline="") as out:
        csv.writer(out).writerows(rows(count))


def make_xlsx(path: Path, count: int) -> None:
    """With a table of shared texts, as Excel itself writes them: two million of them different."""
    texts: dict[str, int] = {}
    with (
        tempfile.TemporaryFile("w+") as shared,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book,
    ):
        total = 0
        empty = io.BytesIO()
        xlsxwriter.Workbook(empty).close()
        with zipfile.ZipFile(empty) as parts:
            for name in parts.namelist():
                if name not in ("xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"):
                    book.writestr(name, parts.read(name))
            relations = parts.read("xl/_rels/workbook.xml.rels").decode()
        more = (
            '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
        )
        book.writestr("xl/_rels/workbook.xml.rels", relations.replace("</Relationships>", more))
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b"<worksheet><sheetData>")
            for number, row in enumerate(rows(count), 1):
                cells = []
                for place, cell in enumerate(row):
                    at = f"{chr(65 + place)}{number}"
                    if place == 1 and number > 1:
                        cells.append(f'<c r="{at}"><v>{cell}</v></c>')
                        continue
                    # Those that come once are not looked for again.
                    known = texts.get(cell)
                    if known is None:
                        known, total = total, total + 1
                        shared.write(f"<si><t>{cell}</t></si>")
                        if place not in (0, 3):
                            texts[cell] = known
                    cells.append(f'<c r="{at}" t="s"><v>{known}</v></c>')
                sheet.write(f'<row r="{number}">{"".join(cells)}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        shared.seek(0)
        with book.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
            part.write(b"<sst>")
            while piece := shared.read(1024 * 1024):
                part.write(piece.encode())
            part.write(b"</sst>")


def peak() -> float:
    """The most memory this process ever had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def through(content: BinaryIO, folder: Path) -> tuple[Counter[str], int]:
    """Looked at, made records of, answered; the outcomes in the response, and its length."""
    ground = Ground(1, "KES", Month(2026, 10), date(2026, 11, 1))
    seen = look_at(content, folder, ground, lambda _name, _word: None)
    terms = Terms(
        programme_id=1,
        programme_code="P",
        as_of=AT,
        cycle_start=datetime(2026, 10, 1, tzinfo=UTC),
        currency="KES",
        benefit_type=1,
    )
    builder = Builder(seen.mapping, seen.look.titles, terms)
    blocks: list[bytes] = []
    block = Block(0, [], [], [], [])
    for row in body_of(seen.reader, seen.look.heading):
        read = builder.record(len(blocks) * BLOCK + len(block.items), [row])
        block.items.append(read if isinstance(read, Refusal) else [])
        block.rows.append([row[0]])
        if len(block.items) == BLOCK:
            blocks.append(_kept(block))
            block = Block(len(blocks) * BLOCK, [], [], [], [])
    if block.items:
        blocks.append(_kept(block))
    outcomes = RowOutcomes(blocks, seen.look.rows + 1)
    spool = Spool(folder)
    sink = Sink(spool)
    write_response(seen.reader, content, seen.look.heading, seen.look.width, outcomes.of, sink)
    length = sink.end()
    return _outcomes(spool, folder), length


def _kept(block: Block) -> bytes:
    return kept(block, ["refused" if isinstance(each, Refusal) else "new" for each in block.items])


def _outcomes(spool: Spool, folder: Path) -> Counter[str]:
    with tempfile.TemporaryFile(dir=folder) as made:
        for piece in spool:
            made.write(piece)
        spool.close()
        found: Counter[str] = Counter()
        for number, cells in open_rows(made, folder).rows():
            if number > 1:
                found[" | ".join(cells[10:])] += 1
        return found


def main() -> None:
    what, form, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if what == "make":
        (make_csv if form == "csv" else make_xlsx)(Path(sys.argv[4]), count)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / f"list.{form}"
        # In a process of its own: what making takes must not count as what reading takes.
        made = [sys.executable, __file__, "make", form, str(count), str(path)]
        subprocess.run(made, check=True)
        print(f"{form}, {count} rows, {path.stat().st_size / 1e6:.0f} MB", flush=True)
        through(io.BytesIO(small()), folder)
        before, started = peak(), time.process_time()
        with path.open("rb") as content:
            outcomes, length = through(content, folder)
        print(f"{time.process_time() - started:.0f} s of CPU")
        print(f"peak memory {before:.0f} MB after 2,000 rows, {peak():.0f} MB after all")
        print(f"response {length / 1e6:.0f} MB: {dict(outcomes)}")


def small() -> bytes:
    """Two thousand rows, so that what every run needs is there before it is measured."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows(2000))
    return text.getvalue().encode()


if __name__ == "__main__":
    main()
