"""Which of a file's rows came before, told by eight bytes of each in one sorted array."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


class Seen:
    """Rows that were seen. A million of them take eight megabytes."""

    def __init__(self) -> None:
        self._kept: npt.NDArray[np.uint64] = np.empty(0, np.uint64)

    def before(self, records: Iterable[bytes]) -> list[bool]:
        """For each record whether one that says the same came before it, here or earlier."""
        return self.before_marks(np.array([_mark(each) for each in records], np.uint64))

    def before_marks(self, marks: npt.NDArray[np.uint64]) -> list[bool]:
        """The same for marks that were made already."""
        known = np.isin(marks, self._kept, assume_unique=False)
        _, first = np.unique(marks, return_index=True)
        again = np.ones(len(marks), bool)
        again[first] = False
        self._kept = np.union1d(self._kept, marks)
        found: list[bool] = (known | again).tolist()
        return found


def _mark(record: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(record, digest_size=8).digest(), "big")
