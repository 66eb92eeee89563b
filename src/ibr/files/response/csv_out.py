"""A response as CSV: the sender's separator and encoding, their rows as they stand."""

from __future__ import annotations

import csv
import io

from ibr.files.reading.csv_rows import CsvRows
from ibr.files.response.model import ADDED, RowOutcome, Sink, harmless

_AT_ONCE = 2_000


def write_csv(
    reader: CsvRows, heading_row: int, width: int, outcome: RowOutcome, sink: Sink
) -> None:
    """Writes every row above, in and below the heading; the added columns stand behind the widest
    row, `width`."""
    encoding = "utf-8-sig" if reader.encoding == "utf-8" else reader.encoding
    text = io.TextIOWrapper(
        io.BufferedWriter(sink), encoding, errors="replace", newline="", write_through=False
    )
    writer = csv.writer(text, delimiter=reader.delimiter, lineterminator="\r\n")
    for done, (number, cells) in enumerate(reader.rows(), 1):
        filled = [harmless(cell) for cell in cells] + [""] * (width - len(cells))
        if number == heading_row:
            filled += ADDED
        elif number > heading_row:
            filled += outcome(number)
        writer.writerow(filled)
        if done % _AT_ONCE == 0:
            text.flush()
    text.flush()
    # Without this the wrappers would close what is still to be read.
    text.detach().detach()
