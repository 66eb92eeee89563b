"""Every indicator of the catalogue, in the order in which the library shows them."""

from __future__ import annotations

from typing import Final

from ibr.coverage.catalogue.adequacy import ADEQUACY
from ibr.coverage.catalogue.coverage import COVERAGE
from ibr.coverage.catalogue.identity_and_cases import CASES
from ibr.coverage.catalogue.model import Indicator
from ibr.coverage.catalogue.numbers import NUMBERS
from ibr.coverage.catalogue.overlap import OVERLAP
from ibr.coverage.catalogue.reporting import REPORTING

INDICATORS: Final[tuple[Indicator, ...]] = (
    *NUMBERS,
    *COVERAGE,
    *ADEQUACY,
    *OVERLAP,
    *REPORTING,
    *CASES,
)
BY_CODE: Final[dict[str, Indicator]] = {each.code: each for each in INDICATORS}
