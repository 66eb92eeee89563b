"""A Parquet file: typed columns, and what a reader has to know in its metadata."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ibr.publish.files.definitions import definition_of, facts_of, indicators_in
from ibr.publish.files.json_file import table_as_json
from ibr.publish.files.model import Dataset
from ibr.publish.files.rows import NUMBERS, Text, columns, dimensions_in, fields, rows

TEXT: Final = "value_text"
ROWS_AT_ONCE: Final = 20_000


def parquet_bytes(dataset: Dataset) -> bytes:
    """The file. `value` is a float for reckoning, `value_text` the figure as it was frozen."""
    made = io.BytesIO()
    schema = _schema(dataset)
    with pq.ParquetWriter(made, schema, compression="zstd", use_dictionary=True) as writer:
        for part in _parts(dataset):
            writer.write_table(_table(part, schema))
    return made.getvalue()


def _schema(dataset: Dataset) -> Any:
    kinds: list[tuple[str, Any]] = []
    for name in columns(dataset):
        if name == "value":
            kinds += [(name, pa.float64()), (TEXT, pa.string())]
        else:
            kinds.append((name, pa.int64() if name in NUMBERS else pa.string()))
    language = dataset.labels.language
    about = {
        "title": dataset.title,
        "audience": dataset.audience,
        "licence": dataset.licence,
        "release_no": dataset.release_no,
        "facts": facts_of(dataset),
        "tables": [table_as_json(table) for table in dataset.tables],
        "definitions": {
            each.code: dict(definition_of(each, language)) for each in indicators_in(dataset)
        },
    }
    return pa.schema(kinds, metadata={b"ibr": msgspec.json.encode(about)})


def _parts(dataset: Dataset) -> Iterator[list[list[Text]]]:
    dimensions = dimensions_in(dataset)
    lines = (fields(dataset, row, dimensions) for row in rows(dataset))
    while part := list(islice(lines, ROWS_AT_ONCE)):
        yield part


def _table(part: list[list[Text]], schema: Any) -> Any:
    at = schema.names.index("value")
    taken: list[list[Any]] = [list(column) for column in zip(*part, strict=True)]
    texts = taken[at]
    taken[at : at + 1] = [[None if each is None else float(each) for each in texts], texts]
    arrays = [pa.array(values, kind.type) for values, kind in zip(taken, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
