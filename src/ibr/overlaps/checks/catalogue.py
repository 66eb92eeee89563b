"""Every check, in the order of its code."""

from __future__ import annotations

from typing import Final

from ibr.overlaps.checks.k01_same_person_twice import CHECK as K01
from ibr.overlaps.checks.k02_one_number_several_people import CHECK as K02
from ibr.overlaps.checks.k03_same_person_unlinked import CHECK as K03
from ibr.overlaps.checks.k04_same_household_twice import CHECK as K04
from ibr.overlaps.checks.k05_child_with_two_payees import CHECK as K05
from ibr.overlaps.checks.k06_incompatible_programmes import CHECK as K06
from ibr.overlaps.checks.k07_paid_after_death import CHECK as K07
from ibr.overlaps.checks.k08_dead_before_enrolment import CHECK as K08
from ibr.overlaps.checks.k09_age_outside_rule import CHECK as K09
from ibr.overlaps.checks.k10_sex_or_disability_outside_rule import CHECK as K10
from ibr.overlaps.checks.k13_account_of_many import CHECK as K13
from ibr.overlaps.checks.k14_caregiver_above_cap import CHECK as K14
from ibr.overlaps.checks.k16_amount_outside_schedule import CHECK as K16
from ibr.overlaps.checks.k17_paid_or_enrolled_alone import CHECK as K17
from ibr.overlaps.checks.k18_caseload_above_cap import CHECK as K18
from ibr.overlaps.checks.k20_no_longer_received import CHECK as K20
from ibr.overlaps.checks.k21_implausible_values import CHECK as K21
from ibr.overlaps.checks.k23_entitled_and_missing import CHECK as K23
from ibr.overlaps.checks.k24_missing_complement import CHECK as K24
from ibr.overlaps.checks.model import Check

CHECKS: Final[tuple[Check, ...]] = (
    K01,
    K02,
    K03,
    K04,
    K05,
    K06,
    K07,
    K08,
    K09,
    K10,
    K13,
    K14,
    K16,
    K17,
    K18,
    K20,
    K21,
    K23,
    K24,
)
BY_CODE: Final[dict[str, Check]] = {check.code: check for check in CHECKS}
