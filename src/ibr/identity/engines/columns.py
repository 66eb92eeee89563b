"""Appearances as columns: how they go into DuckDB, and how a helping process hands them over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ibr.identity.engines.found import Keyed
from ibr.identity.model import Appearance, Features
from ibr.identity.weights.prepared import Bands, Prepared, prepare

AT_ONCE: Final = 50_000
"""Appearances handed to DuckDB at once: bounds what stands in memory twice."""

_SMALL, _LONGS = pa.int16(), pa.list_(pa.int64())
_TYPES: Final[dict[str, pa.DataType]] = {
    "given_band": pa.int8(), "family_band": pa.int8(), "father_band": pa.int8(),
    "sex": pa.int8(), "year": _SMALL, "month": pa.int8(), "day": pa.int8(), "dated": pa.int8(),
    "uin": pa.int64(), "uin_near": _LONGS, "others": _LONGS, "others_near": _LONGS,
    "contacts": _LONGS, "other_kinds": pa.list_(pa.string()), "programme": pa.int32(),
}  # fmt: skip
COMPARED: Final = pa.schema([(name, _TYPES.get(name, pa.string())) for name in Prepared._fields])
"""What is compared of an appearance, a column for each field of Prepared."""


class Columns(NamedTuple):
    """Some appearances, in order."""

    records: NDArray[np.int64]
    numbers: NDArray[np.int16]
    compared: pa.Table
    """A row for each, with the columns of COMPARED."""
    keys: NDArray[np.int64]
    """The blocking keys of the first, then of the second, and so on."""
    keys_each: NDArray[np.int64]
    """How many keys each has."""

    def appearances(self) -> list[Appearance]:
        """The appearances by name."""
        return list(map(Appearance, self.records.tolist(), self.numbers.tolist()))

    def near(self, sought: NDArray[np.int64]) -> Columns:
        """Those of them that have one of these keys; `sought` is sorted."""
        places = np.searchsorted(sought, self.keys)
        places[places == len(sought)] = 0
        hit = sought[places] == self.keys if len(sought) else np.zeros(len(self.keys), np.bool_)
        whose = np.repeat(np.arange(len(self.records)), self.keys_each)
        kept = np.zeros(len(self.records), np.bool_)
        kept[whose[hit]] = True
        return Columns(
            self.records[kept],
            self.numbers[kept],
            self.compared.filter(pa.array(kept)),
            self.keys[kept[whose]],
            self.keys_each[kept],
        )


def columns_of(keyed: Iterable[Keyed], bands: Bands) -> Iterator[Columns]:
    """These appearances as columns, so many at a time."""
    left = iter(keyed)
    while block := list(islice(left, AT_ONCE)):
        flat = chain.from_iterable(keys for _, _, keys in block)
        yield Columns(
            np.fromiter((each.record_id for each, _, _ in block), np.int64, len(block)),
            np.fromiter((each.appearance_no for each, _, _ in block), np.int16, len(block)),
            compared_of([features for _, features, _ in block], bands),
            np.fromiter(flat, np.int64),
            np.fromiter((len(keys) for _, _, keys in block), np.int64, len(block)),
        )


def compared_of(block: Sequence[Features], bands: Bands) -> pa.Table:
    """What is compared of each, as rows in order."""
    columns = zip(*(prepare(features, bands) for features in block), strict=True)
    arrays = [
        pa.array(column, COMPARED.field(name).type)
        for name, column in zip(Prepared._fields, columns, strict=True)
    ]
    return pa.table(arrays, schema=COMPARED)
