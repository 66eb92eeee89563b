"""Indicators of identity and of cases: Q1 to Q5, Q7, K1 to K5 and S1."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.casework import CASEWORK
from ibr.coverage.catalogue.identity import IDENTITY
from ibr.coverage.catalogue.model import Indicator

CASES: Final[tuple[Indicator, ...]] = (*IDENTITY, *CASEWORK)
