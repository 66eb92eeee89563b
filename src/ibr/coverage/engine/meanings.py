"""Which codes of the standard mean what in the figures, and how they are broken down: the same for
every engine."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.adequacy import ADEQUACY
from ibr.coverage.catalogue.numbers import NUMBERS

CASH: Final = 1
"""Kind of benefit."""
OLD_AGE: Final = 1
DISABILITY: Final = 2
MATERNITY: Final = 4
UNEMPLOYMENT: Final = 7
"""Functions of a programme; those for families and children are in facts/model.py."""
NON_CONTRIBUTORY: Final = 3
MEN: Final = 1
WOMEN: Final = 2
SERIES: Final = (1, 2, 3, 4, 5, 7, 9)
"""The series of SDG indicator 1.3.1 of which the registry knows something."""

_BREAKDOWNS: Final = {each.code: each for each in (*NUMBERS, *ADEQUACY)}
PEOPLE: Final = _BREAKDOWNS["N1"].breakdowns
YEARLY: Final = _BREAKDOWNS["N1"].yearly
HOUSEHOLDS: Final = _BREAKDOWNS["N4"].breakdowns
MONEY: Final = _BREAKDOWNS["N5"].breakdowns
YEARLY_MONEY: Final = _BREAKDOWNS["N5"].yearly
AVERAGE: Final = _BREAKDOWNS["A1"].breakdowns
